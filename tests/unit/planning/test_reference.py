"""What the full reference costs, and that kernels share its traces."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from partialc.frontends.load import load_primal
from partialc.frontends.primal import Primal
from partialc.planning.reference import References
from partialc.request.resolve import resolve_kernel
from partialc.request.resolved import Kernel

ARGS = {"x": "float[4]", "t": "float"}


def f(x: jax.Array, t: jax.Array) -> jax.Array:
    """A scalar of a vector and a scalar."""
    return jnp.sum(jnp.sin(x) * x[::-1]) * t**2


def _kernel(primal: Primal, text: str) -> Kernel:
    return resolve_kernel("k", text, primal.signature, load_object=lambda _: None)


def _counting() -> tuple[Primal, list[int]]:
    primal = load_primal(f, ARGS, name="m")
    calls: list[int] = []

    def call(*arguments: Any) -> Any:
        calls.append(1)
        return primal.call(*arguments)

    return replace(primal, call=call), calls


def test_kernels_with_one_reference_trace_it_once() -> None:
    primal, calls = _counting()
    references = References(primal)
    costs = [
        references.cost(_kernel(primal, text))
        for text in ("partial(x[0], x[2])", "hessian(x)", "diagonal(hessian(x))")
    ]
    assert len(calls) == 1
    assert costs[0] == costs[1] == costs[2]


def test_order_and_arguments_tell_references_apart() -> None:
    primal, _ = _counting()
    shared = References(primal)
    texts = ("value", "gradient(x)", "partial(t)", "gradient(x, t)", "hessian(x)")
    costs = []
    for text in texts:
        kernel = _kernel(primal, text)
        costs.append(shared.cost(kernel))
        assert costs[-1] == References(primal).cost(kernel)
    assert len(set(costs)) == len(texts)
    assert None not in costs


def test_what_jax_cannot_trace_has_no_cost() -> None:
    """Loops have no reverse mode, functions with a rule of their own no forward one."""

    @jax.custom_vjp
    def rounded(x: jax.Array) -> jax.Array:
        return jnp.round(x)

    rounded.defvjp(lambda x: (rounded(x), None), lambda _, bar: (bar,))

    def loop(x: jax.Array) -> jax.Array:
        return jax.lax.while_loop(lambda c: c < 3.0, lambda c: c * x, x)

    def both(x: jax.Array) -> jax.Array:
        return loop(rounded(x))

    def cost(function: Any, text: str) -> Any:
        primal = load_primal(function, {"x": "float"}, name="m")
        references = References(primal)
        found = [references.cost(_kernel(primal, text)) for _ in range(2)]
        assert found[0] == found[1]
        return found[0]

    assert cost(both, "partial(x)") is None
    assert cost(both, "value") is not None
    assert cost(loop, "partial(x)") is not None
    assert cost(rounded, "partial(x)") is not None
