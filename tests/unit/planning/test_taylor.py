"""Taylor propagation as a way to deliver kernels, and what is differentiated again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import partialc
from partialc.frontends.load import load_primal
from partialc.ir.dtypes import Regime
from partialc.lowering.pipeline import FULL, IN_ORDER
from partialc.planning import written_out
from partialc.planning.choose import Wish, plan_kernel
from partialc.planning.patterns import pattern_of
from partialc.planning.plan import KernelPlan
from partialc.planning.realisation import Chained, WrittenOut
from partialc.planning.taylor import (
    TaylorPropagation,
    may_propagate,
    taylor_propagation,
)
from partialc.planning.tracer import Tracer
from partialc.realise.execute import kernel_types
from partialc.request.resolve import resolve_kernel

Params = list[dict[str, Any]]


def layers(*widths: int) -> Params:
    """Weights of a network with these widths."""
    rng = np.random.default_rng(0)
    return [
        {
            "w": (rng.normal(size=(one, other)) / np.sqrt(one)).astype(np.float32),
            "b": (rng.normal(size=other) / 10).astype(np.float32),
        }
        for one, other in pairwise(widths)
    ]


def field(params: Params, t: jax.Array, x: jax.Array) -> jax.Array:
    """A field u(t, x) that a network represents, of shape ()."""
    hidden = jnp.stack([t, x])
    for layer in params[:-1]:
        hidden = jnp.tanh(hidden @ layer["w"] + layer["b"])
    return (hidden @ params[-1]["w"] + params[-1]["b"])[0]


FIELDS = {
    "u": "value",
    "u_t": "partial(t)",
    "u_x": "partial(x)",
    "u_xx": "partial(x, x)",
    "u_xt": "partial(x, t)",
    "u_xxxx": "partial(x, x, x, x)",
}


def fields_by_nested_jvps(params: Params, t: jax.Array, x: jax.Array) -> list[Any]:
    """The same by plain JAX."""

    def along(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda z: jax.jvp(function, (z,), (jnp.ones_like(z),))[1]

    def u(z: Any) -> Any:
        return field(params, t, z)

    def u_t(z: Any) -> Any:
        return along(lambda s: field(params, s, z))(t)

    second = along(along(u))
    found = [u, u_t, along(u), second, along(u_t), along(along(second))]
    return [each(x) for each in found]


def vector(x: jax.Array, k: jax.Array) -> dict[str, jax.Array]:
    """Outputs of several shapes; one does not depend on x."""
    found = jnp.tanh(k * x) * x[0] + jnp.exp(-x[1] * x[::-1]) / (1 + x[2] ** 2)
    return {"field": found, "energy": jnp.sum(found**2) * k, "gain": k * k}


def scalar(x: jax.Array) -> jax.Array:
    """Of all kinds of elementary functions."""
    parts = jnp.sin(x[0] * x[1]) * jnp.log1p(x[2] ** 2), jnp.sqrt(x[0] + x[2])
    return parts[0] + parts[1] ** 3 * jnp.arctan(x[1]) + jnp.prod(x)


REQUESTS: list[tuple[Callable[..., Any], Mapping[str, str], Sequence[str]]] = [
    (scalar, {"x": "float[3]"}, ["partial(x[0], x[1], x[2])", "value"]),
    (scalar, {"x": "float[3]"}, ["hessian(x)", "gradient(x)"]),
    (scalar, {"x": "float[3]"}, ["derivatives(x, order=3)"]),
    (scalar, {"x": "float[3]"}, ["lower(hessian(x))", "diagonal(hessian(x))"]),
    (scalar, {"x": "float[3]"}, ["laplacian(x)", "biharmonic(x[0:2])"]),
    (scalar, {"x": "float[3]"}, ["entries(hessian(x), [(x[0], x[1]), (x[2], x[2])])"]),
    (
        vector,
        {"x": "float[3]", "k": "float"},
        ['partial(x[0], k, of=out["field"])', 'hessian(x[1:3], of=out["energy"])'],
    ),
    (
        vector,
        {"x": "float[3]", "k": "float"},
        ['partial(k, k, of=out["field"][1:3])', 'partial(x[0], k, of=out["gain"])'],
    ),
    (vector, {"x": "float[3]", "k": "float"}, ["partial(x[0], x[0])", "value"]),
]


def planned(
    function: Callable[..., Any], args: Mapping[str, str], requests: Sequence[str]
) -> tuple[KernelPlan, Tracer]:
    """A plan, and what its chains were traced by."""
    primal = load_primal(function, dict(args), name="module")
    kernel = resolve_kernel(
        "k",
        list(requests),
        primal.signature,
        load_object=lambda _: None,
        patterns=partial(pattern_of, primal),
    )
    plan = plan_kernel(kernel, primal, "f", Wish("chain", False, frozenset(), {}))
    return plan, Tracer(kernel, primal, "f", constants={})


@pytest.mark.parametrize(("function", "args", "requests"), REQUESTS)
@pytest.mark.parametrize("variant", [FULL, IN_ORDER], ids=lambda each: each.name)
def test_all_kinds_of_partials_are_as_the_chain_has_them(
    function: Callable[..., Any],
    args: Mapping[str, str],
    requests: Sequence[str],
    variant: Any,
) -> None:
    plan, tracer = planned(function, args, requests)
    partials = may_propagate(tracer)
    assert partials is not None
    way = taylor_propagation(tracer, plan.chosen.origin, partials, variant)
    assert way.refusal is None
    assert way.work() == f"{len(partials.downset.indices)} Taylor coefficients"
    rng = np.random.default_rng(3)
    types = kernel_types(plan.kernel, tracer.primal.signature)
    with jax.enable_x64(True):
        flat = [jnp.asarray(rng.uniform(0.5, 1.5, kind.shape)) for kind in types]
        found = jax.jit(way.call(Regime.WIDE))(*flat)
        wanted = jax.jit(plan.chosen.call(Regime.WIDE))(*flat)
        for got, want in zip(found, wanted, strict=True):
            assert (got.shape, got.dtype) == (want.shape, want.dtype)
            np.testing.assert_allclose(got, want, 1e-11, 1e-12)


@pytest.mark.parametrize(
    ("args", "request_"),
    [
        ({"x": "float[3]"}, "gradient(x)"),
        ({"x": "float[3]"}, "hvp(x)"),
        ({"x": "float[300]"}, "hessian(x)"),
    ],
)
def test_what_is_no_set_of_few_partials_is_not_for_it(
    args: Mapping[str, str], request_: str
) -> None:
    _, tracer = planned(lambda x: jnp.sum(jnp.sin(x) ** 3), args, [request_])
    assert may_propagate(tracer) is None


def test_custom_rules_are_left_to_chains() -> None:
    _, tracer = planned(
        lambda x: jnp.sum(jax.nn.relu(x) ** 3), {"x": "float[2]"}, ["hessian(x)"]
    )
    assert may_propagate(tracer) is None


def test_a_key_names_multi_indices_and_nothing_else() -> None:
    plan, tracer = planned(*REQUESTS[0])
    partials = may_propagate(tracer)
    assert partials is not None
    way = taylor_propagation(tracer, plan.chosen.origin, partials, FULL)
    assert way.key.startswith("taylor full: along 0[0] 0[1] 0[2] | 0.0.0 ")
    assert way.form == "expanded"
    assert way.title == "Taylor propagation"


def test_loops_with_solves_are_refused_with_a_reason() -> None:
    def iterated(x: jax.Array) -> jax.Array:
        matrix = jnp.outer(x, x) + jnp.eye(2, dtype=x.dtype)
        found = jax.lax.fori_loop(0, 2, lambda _, y: jnp.linalg.solve(matrix, y), x)
        return found[0]

    plan, tracer = planned(iterated, {"x": "float[2]"}, ["hessian(x)"])
    partials = may_propagate(tracer)
    assert partials is not None
    way = taylor_propagation(tracer, plan.chosen.origin, partials, FULL)
    assert way.burden is None
    assert way.refusal == "no Taylor series goes through custom_linear_solve"


@pytest.fixture(scope="module")
def network() -> Any:
    """The kernel of a training step's fields, of a network of three hidden layers."""
    return partialc.compile(
        field,
        args={"params": layers(2, 64, 64, 64, 1), "t": "float", "x": "float"},
        kernels={"fields": FIELDS},
        name="training",
        batch=["t", "x"],
        domain={"t": [0, 1], "x": [-1, 1]},
        differentiable=True,
    )


def test_a_training_step_takes_one_series(network: Any) -> None:
    chosen = network.plan.kernels["fields"].chosen
    assert isinstance(chosen, TaylorPropagation | WrittenOut)
    if isinstance(chosen, TaylorPropagation):
        assert chosen.work() == "7 Taylor coefficients"
    assert chosen.training is not None
    assert chosen.burden is not None
    assert chosen.training.cost.flops > chosen.burden.cost.flops


@pytest.mark.parametrize(
    ("width", "tolerance"), [("float64", 1e-11), ("float32", 3e-4)]
)
def test_its_gradient_is_right(network: Any, width: str, tolerance: float) -> None:
    with jax.enable_x64(width == "float64"):
        params = jax.tree.map(
            lambda leaf: jnp.asarray(leaf, width), layers(2, 64, 64, 64, 1)
        )
        rng = np.random.default_rng(5)
        t, x = (jnp.asarray(rng.uniform(-1, 1, 12), width) for _ in range(2))
        fields = network.load().fields

        def loss(params: Params, t: Any, x: Any) -> Any:
            return sum(jnp.sum(jnp.sin(each)) for each in fields(params, t, x))

        def plain(params: Params, t: Any, x: Any) -> Any:
            rows = jax.vmap(fields_by_nested_jvps, (None, 0, 0))(params, t, x)
            return sum(jnp.sum(jnp.sin(each)) for each in rows)

        found, wanted = (
            jax.tree.leaves(jax.jit(jax.grad(each, (0, 1, 2)))(params, t, x))
            for each in (loss, plain)
        )
        for got, want in zip(found, wanted, strict=True):
            scale = np.abs(want).max()
            np.testing.assert_allclose(got, want, rtol=0, atol=tolerance * scale)


def powers(x: jax.Array, w: jax.Array) -> jax.Array:
    return jnp.sum((w * x) ** 2.5) * x[0] ** 3 / (1 + jnp.sum(w**2))


def choices(x: jax.Array, w: jax.Array) -> jax.Array:
    safe = jnp.where(x > 0, x, 1.0)
    return jnp.sum(jnp.where(x > 0, jnp.sqrt(safe) * w, x * w**2)) * jnp.exp(x[1])


def looped(x: jax.Array, w: jax.Array) -> jax.Array:
    def step(state: jax.Array, _: None) -> tuple[jax.Array, None]:
        return state + 0.1 * jnp.sin(w * state), None

    return jnp.sum(jax.lax.scan(step, x, None, length=3)[0] ** 2)


DIFFERENTIATED: dict[str, tuple[Callable[..., Any], tuple[float, ...]]] = {
    "powers": (powers, (0.0, 0.7)),
    "choices": (choices, (-0.4, 0.7)),
    "looped": (looped, (0.3, 0.7)),
}


@pytest.mark.parametrize("width", ["float32", "float64"])
@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_gradients_of_kernels_by_all_arguments(
    name: str, width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also at zeros of powers, and beside a choice that is not taken.

    Series are tried beside short texts too.
    """
    function, at = DIFFERENTIATED[name]
    monkeypatch.setattr(written_out, "SHORT", -1)
    module = partialc.compile(
        function,
        args={"x": "float[2]", "w": "float[2]"},
        kernels={"k": ["value", "partial(x[0], x[1])", "partial(x[1], x[1])"]},
        name="m",
        differentiable=True,
    )
    ways = module.plan.kernels["k"]
    tried = [type(each) for each in (ways.chosen, *ways.rejected)]
    assert TaylorPropagation in tried
    with jax.enable_x64(width == "float64"):
        x, w = jnp.asarray(at, width), jnp.asarray([0.5, 1.25], width)
        kernel = module.load().k

        def loss(x: Any, w: Any) -> Any:
            return sum(jnp.sin(each) for each in kernel(x, w))

        def plain(x: Any, w: Any) -> Any:
            hessian = jax.jacfwd(jax.jacfwd(function))(x, w)
            return sum(map(jnp.sin, (function(x, w), hessian[0, 1], hessian[1, 1])))

        tolerance = 1e-12 if width == "float64" else 3e-5
        pairs = zip(
            jax.grad(loss, (0, 1))(x, w), jax.grad(plain, (0, 1))(x, w), strict=True
        )
        for got, want in pairs:
            assert np.isfinite(want).any()
            where = np.isfinite(want)
            np.testing.assert_allclose(got[where], want[where], tolerance, tolerance)


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_gradients_of_series(name: str) -> None:
    """Whatever is chosen: those of what a series is printed as."""
    function, at = DIFFERENTIATED[name]
    requests = ["value", "partial(x[0], x[1])", "partial(x[1], x[1], x[1])"]
    args = {"x": "float[2]", "w": "float[2]"}
    plan, tracer = planned(function, args, requests)
    partials = may_propagate(tracer)
    assert partials is not None
    way = taylor_propagation(tracer, plan.chosen.origin, partials, IN_ORDER)
    with jax.enable_x64(True):
        point = jnp.asarray(at), jnp.asarray([0.5, 1.25])

        def loss(call: Any) -> Any:
            return lambda *flat: sum(jnp.sin(each) for each in call(*flat))

        found, wanted = (
            jax.grad(loss(each.call(Regime.WIDE)), (0, 1))(*point)
            for each in (way, plan.chosen)
        )
        for got, want in zip(found, wanted, strict=True):
            where = np.isfinite(want)
            np.testing.assert_allclose(got[where], want[where], 1e-11, 1e-11)


def stopped(x: jax.Array, w: jax.Array) -> jax.Array:
    return jnp.sum(jnp.sin(x * jax.lax.stop_gradient(x * w)) * w)


def solved(x: jax.Array, w: jax.Array) -> jax.Array:
    return jnp.linalg.solve(jnp.outer(w, w) + jnp.eye(2), x)[0] ** 3


@pytest.mark.parametrize("function", [stopped, solved], ids=["stopped", "solved"])
def test_what_hides_its_derivatives_stays_a_chain(
    function: Callable[..., Any],
) -> None:
    """A text would have lost what a gradient of it must not see."""
    module = partialc.compile(
        function,
        args={"x": "float[2]", "w": "float[2]"},
        kernels={"k": "partial(x[0], x[1])"},
        name="m",
        differentiable=True,
    )
    assert isinstance(module.plan.kernels["k"].chosen, Chained)
    with jax.enable_x64(True):
        at = jnp.asarray([0.3, 0.7]), jnp.asarray([0.5, 1.25])

        def plain(x: Any, w: Any) -> Any:
            return jax.jacfwd(jax.jacfwd(function))(x, w)[0, 1]

        found = jax.grad(module.load().k, (0, 1))(*at)
        for got, want in zip(found, jax.grad(plain, (0, 1))(*at), strict=True):
            np.testing.assert_allclose(got, want, 1e-12, 1e-12)
