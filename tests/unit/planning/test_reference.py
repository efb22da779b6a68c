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
    def loop(x: jax.Array) -> jax.Array:
        return jax.lax.while_loop(lambda c: c < 3.0, lambda c: c * x, x)

    primal = load_primal(loop, {"x": "float"}, name="m")
    references = References(primal)
    for _ in range(2):
        assert references.cost(_kernel(primal, "partial(x)")) is None
    assert references.cost(_kernel(primal, "value")) is not None
