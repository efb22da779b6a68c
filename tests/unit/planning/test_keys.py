"""Keys of plans: readable, and the same for the same plan."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from partialc.frontends.load import load_primal
from partialc.lowering.pipeline import FULL, IN_ORDER
from partialc.planning.choose import Wish, plan_kernel
from partialc.planning.plan import KernelPlan
from partialc.planning.realisation import Chained
from partialc.planning.tracer import Tracer
from partialc.realise.chain import Basis
from partialc.request.resolve import resolve_kernel

ARGS = {"x": "float[3]", "t": "float"}


def energy(x: jax.Array, t: jax.Array) -> jax.Array:
    """Something of a vector and a scalar."""
    return jnp.sum(jnp.sin(x) * t) ** 2


def planned(*requests: str, form: str = "expanded") -> KernelPlan:
    primal = load_primal(energy, ARGS, name="module")
    asked = requests[0] if len(requests) == 1 else list(requests)
    kernel = resolve_kernel("k", asked, primal.signature, load_object=lambda _: None)
    return plan_kernel(kernel, primal, "energy", Wish(form, False, frozenset(), {}))


REQUESTS = [
    ("partial(x[0], x[2])",),
    ("hessian(x)", "gradient(t)"),
    ("lower(hessian(x))",),
    ("hvp(x)",),
    ("vjp(out)",),
    ("value", "partial(t)", "partial(x[1], t)"),
]


@pytest.mark.parametrize("requests", REQUESTS)
def test_candidates_have_keys_of_their_own(requests: tuple[str, ...]) -> None:
    plan = planned(*requests)
    candidates = (plan.chosen, *plan.rejected)
    assert len({each.key for each in candidates}) == len(candidates)
    again = planned(*requests)
    assert [each.key for each in (again.chosen, *again.rejected)] == [
        each.key for each in candidates
    ]


@pytest.mark.parametrize(
    ("request_", "key"),
    [
        (
            "partial(x[0], x[2])",
            "chain: out 0 > jvp 0[0] > jvp 0[2] | reads: path 0 along 0,1 of 0",
        ),
        (
            "gradient(x[1:])",
            "chain: out 0 > vjp one to 0 | reads: path 0 to 0 of 0 [1:3]",
        ),
        (
            "hvp(x)",
            "chain: out 0 > vjp one to 0 > jvp along 0"
            " | reads: path 0 to 0 along 0 of 0",
        ),
    ],
)
def test_a_key_can_be_read(request_: str, key: str) -> None:
    plan = planned(request_, form="chain")
    assert key in {each.key for each in (plan.chosen, *plan.rejected)}


@pytest.mark.parametrize(
    ("positions", "key"),
    [
        ((0, 1, 2, 3), "jvps 0{0:4}"),
        ((0, 2, 4, 5), "jvps 0{0:6:2,5}"),
        ((5, 2, 9, 1), "jvps 0{5,2,9,1}"),
        ((0, 1, 0, 1, 2), "jvps 0{0,1,0:3}"),
        ((3, 3, 3), "jvps 0{3,3,3}"),
        ((), "jvps 0{}"),
    ],
)
def test_positions_are_written_as_runs(positions: tuple[int, ...], key: str) -> None:
    assert Basis(0, positions).key == key


def test_a_key_names_the_pipeline() -> None:
    primal = load_primal(energy, ARGS, name="module")
    kernel = resolve_kernel(
        "k", "partial(t)", primal.signature, load_object=lambda _: None
    )
    tracer = Tracer(kernel, primal, "energy", constants={})
    chain = planned("partial(t)", form="chain").chosen
    assert isinstance(chain, Chained)
    full = tracer.finish(chain, FULL)
    in_order = tracer.finish(full.of, IN_ORDER)
    assert full.key == f"expanded full: {chain.chain.key}"
    assert in_order.key == f"expanded in order: {chain.chain.key}"
    assert in_order.regrouped == ()
