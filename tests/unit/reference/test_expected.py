"""Written references against the ones computed directly, over every kind of request."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.frontends.load import load_primal
from partialc.frontends.primal import Primal
from partialc.reference import derivatives
from partialc.reference.body import Names
from partialc.reference.derivatives import Policy
from partialc.reference.expected import Expected, expected_text
from partialc.request.resolved import Kernel
from partialc.verify.test_module import HELPERS
from tests.oracle import reference_value
from tests.unit.verify.building import kernel_for, x64


def scalar(x: Any, t: Any) -> Any:
    return jnp.sum(jnp.sin(x) * jnp.roll(x, 1)) * t + x[0] * x[1] ** 2 * t**3


def matrix(w: Any, x: Any) -> Any:
    return jnp.tanh(w @ x)[:, None] * jnp.stack([x[0] * x[1], w[0, 2] ** 2])


def tree(params: Any, x: Any, k: Any) -> Any:
    hidden = jnp.tanh(params["w"] @ x + params["b"])
    return {"e": jnp.sum(hidden**2) * x[0], "h": (hidden, k + 1)}


FUNCTIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "scalar": (scalar, {"x": "float[4]", "t": "float"}),
    "matrix": (matrix, {"w": "float[3,4]", "x": "float[4]"}),
    "tree": (
        tree,
        {"params": {"w": "float[2,3]", "b": "float[2]"}, "x": "float[3]", "k": "int32"},
    ),
}
REQUESTS = [
    ("scalar", "value"),
    ("scalar", "partial(x[0], x[2])"),
    ("scalar", "partial(t, x[1], t)"),
    ("scalar", "partial(x[1], x[1], x[0])"),
    ("scalar", "gradient(x, t)"),
    ("scalar", "hessian(x)"),
    ("scalar", "hessian(x[1:3], x[0:2])"),
    ("scalar", "hessian(x, t)"),
    ("scalar", "hessian(x[::2])"),
    ("scalar", "derivatives(x, order=3)"),
    ("scalar", "derivatives(x[1:3], t, order=2)"),
    ("scalar", "diagonal(hessian(x))"),
    ("scalar", "diagonal(hessian(x), k=1)"),
    ("scalar", "lower(hessian(x))"),
    ("scalar", "entries(hessian(x), [(x[0], x[1]), (x[3], x[3]), (x[2], x[0])])"),
    ("scalar", "hvp(x)"),
    ("scalar", "jvp(x, t)"),
    ("scalar", "vjp(out)"),
    ("scalar", "partial(x[0], x[2], x[0], t)"),
    ("matrix", "value(of=out[1:3, 0])"),
    ("matrix", "partial(w[0, 2], x[3], w[0, 2], w[1, 0], x[1])"),
    ("matrix", "jacobian(w)"),
    ("matrix", "jacobian(w[0, 1:3], of=out[1])"),
    ("matrix", "partial(w[0, 2], x[3])"),
    ("matrix", "hessian(x, of=out[0, 1])"),
    ("matrix", "hessian(w[1], x)"),
    ("matrix", "derivatives(x, order=2, of=out[:, 0])"),
    ("matrix", "diagonal(jacobian(x, of=out[:, 1]))"),
    ("matrix", "diagonal(jacobian(x, of=out[:, 1]), k=1)"),
    ("matrix", "entries(jacobian(x), [(out[0, 0], x[2]), (out[2, 1], x[0])])"),
    ("matrix", "jvp(w, x)"),
    ("matrix", "vjp(out, x)"),
    ("matrix", "vjp(out[0])"),
    ("tree", "gradient(params, of=out['e'])"),
    ("tree", "jacobian(params['w'], x, of=out['h'][0])"),
    ("tree", "hessian(params, of=out['e'])"),
    ("tree", "partial(params['w'][0, 1], x[2], of=out['h'][0])"),
    ("tree", "derivatives(params['b'], x[0:2], order=2, of=out['e'])"),
    ("tree", "jvp(params, x, of=out['h'][0])"),
    ("tree", "hvp(params, of=out['e'])"),
    ("tree", "vjp(out['h'][0])"),
    ("scalar", "weighted(hessian(x, t))"),
    ("matrix", "weighted(hessian(x))"),
    ("matrix", "weighted(hessian(w[1], x, of=out[1:3]))"),
    ("matrix", "lower(weighted(hessian(x)))"),
    ("matrix", "diagonal(weighted(hessian(w)))"),
    ("matrix", "entries(weighted(hessian(x)), [(x[0], x[1]), (x[3], x[3])])"),
    ("tree", "weighted(hessian(params, of=out['e']))"),
    ("tree", "lower(weighted(hessian(x, of=out['h'][0])))"),
]
BUDGETS = {"whole": 10**9, "restricted": 60, "sampled": 4}


@pytest.fixture(scope="module")
def primals() -> dict[str, Primal]:
    return {
        name: load_primal(function, args, name=name)
        for name, (function, args) in FUNCTIONS.items()
    }


def _arguments(primal: Primal, random: np.random.RandomState) -> list[Any]:
    def leaf(kind: Any) -> Any:
        if kind.dtype.is_inexact:
            return jnp.asarray(random.uniform(0.5, 1.5, kind.shape))
        return jnp.asarray(2, kind.dtype.wide)

    return [
        jax.tree.unflatten(each.structure, [leaf(entry.type) for entry in each.leaves])
        for each in primal.signature.arguments.values()
    ]


def _written(kernel: Kernel, primal: Primal) -> Expected:
    names = Names(primal.signature)
    return expected_text(kernel, names, policy=Policy.MIXED, work=1)


def _run(expected: Expected, primal: Primal, *arguments: Any) -> Any:
    space: dict[str, Any] = {"jax": jax, "jnp": jnp, "np": np, "reference": primal.call}
    exec("from itertools import combinations_with_replacement", space)
    for helper in HELPERS.values():
        exec(helper, space)
    exec(expected.reference, space)
    if expected.part is not None:
        exec(expected.part, space)
    written = jax.jit(space["expected_k"])(*arguments)
    return written, space.get("part_k", lambda result: result)


WAYS = [(*request, Policy.MIXED, budget) for request in REQUESTS for budget in BUDGETS]
WAYS += [
    (function, text, policy, "whole")
    for function, text in (
        ("scalar", "partial(t, x[1], t)"),
        ("matrix", "hessian(x, of=out[0, 1])"),
        ("tree", "vjp(out['h'][0])"),
    )
    for policy in Policy
    if policy is not Policy.MIXED
]


@pytest.mark.drawn(3)
@pytest.mark.parametrize(
    ("function", "request_text", "policy", "budget"),
    WAYS,
    ids=lambda way: way.name if isinstance(way, Policy) else way,
)
def test_written_reference_is_the_direct_one(
    function: str,
    request_text: str,
    budget: str,
    policy: Policy,
    primals: dict[str, Primal],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    primal = primals[function]
    kernel = kernel_for(primal.signature, request_text)
    monkeypatch.setattr(derivatives, "MOST_ELEMENTS", BUDGETS[budget])
    expected = expected_text(kernel, Names(primal.signature), policy=policy, work=1)
    random = np.random.RandomState(0)
    with x64():
        arguments = _arguments(primal, random)
        directions = {
            each.name: (
                arguments[list(primal.signature.arguments).index(each.argument)]
                if each.argument is not None
                else jax.tree.map(
                    lambda out: jnp.asarray(random.uniform(1, 2, out.shape)),
                    each.outputs,
                )
            )
            for each in kernel.directions
        }
        direct = jax.jit(partial(reference_value, primal, kernel.fields[0]))(
            arguments, directions
        )
        written, part = _run(expected, primal, *arguments, *directions.values())
        direct = part(jax.tree.map(jnp.asarray, direct))
        assert jax.tree.structure(written) == jax.tree.structure(direct)
        for one, other in zip(
            jax.tree.leaves(written), jax.tree.leaves(direct), strict=True
        ):
            assert one.shape == other.shape
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)
            assert np.isfinite(one).all()


def test_the_whole_tensor_is_what_a_person_would_write(
    primals: dict[str, Primal],
) -> None:
    primal = primals["scalar"]
    kernel = kernel_for(primal.signature, "partial(x[0], x[2])")
    expected = expected_text(
        kernel, Names(primal.signature), policy=Policy.MIXED, work=1
    )
    assert expected.reference.splitlines() == [
        "def expected_k(x, t):",
        "    hessian_x = jax.hessian(reference)(x, t)  # shape (4, 4)",
        "    return hessian_x[0, 2]",
    ]


def test_overlapping_restrictions_do_not_hide_each_other(
    primals: dict[str, Primal], monkeypatch: pytest.MonkeyPatch
) -> None:
    primal = primals["scalar"]
    kernel = kernel_for(primal.signature, "hessian(x[0:2], x[1:3])")
    monkeypatch.setattr(derivatives, "MOST_ELEMENTS", 8)
    expected = expected_text(
        kernel, Names(primal.signature), policy=Policy.MIXED, work=1
    )
    assert ".at[0:2].add(" in expected.reference
    assert ".at[1:3].add(" in expected.reference


def test_an_argument_named_like_a_helper_is_renamed() -> None:
    primal = load_primal(
        lambda reference, moved: reference * moved,
        {"reference": "float", "moved": "float"},
        name="f",
    )
    kernel = kernel_for(primal.signature, "partial(moved)")
    expected = expected_text(
        kernel, Names(primal.signature), policy=Policy.MIXED, work=1
    )
    with x64():
        value, _ = _run(expected, primal, jnp.asarray(3.0), jnp.asarray(5.0))
    assert float(value) == 3.0
