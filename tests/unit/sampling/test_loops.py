"""Loops that do not end are cut short, however deep they are, and told of."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from partialc.frontends.load import load_primal
from partialc.ops.evaluation import evaluate
from partialc.sampling.loops import Loops, Watch, has_while


def _falling(x: Any) -> Any:
    """Ends for positive numbers."""
    return lax.while_loop(lambda h: h < 3, lambda h: h + x, jnp.zeros_like(x))


def _twice(x: Any) -> Any:
    """An outer loop that never ends, of inner ones that never end."""

    def step(state: Any) -> Any:
        return state + _falling(x)

    return lax.while_loop(lambda h: h < 9, step, jnp.zeros_like(x))


def _condition(x: Any) -> Any:
    return lax.while_loop(lambda h: _falling(x) + h < 9, lambda h: h + x, 0.0 * x)


def _thrice(x: Any) -> Any:
    return lax.while_loop(lambda h: h < 99, lambda h: h + _twice(x), 0.0 * x)


def _scanned(x: Any) -> Any:
    step = lambda carry, _: (carry + lax.cond(carry < 9, _twice, _falling, x), None)  # noqa: E731
    return lax.scan(step, jnp.zeros_like(x), None, length=20_000)[0]


def _mapped(x: Any) -> Any:
    return jax.vmap(_twice)(jnp.stack([x, 2 * x]))


@pytest.mark.parametrize(
    "function", [_falling, _twice, _condition, _thrice, _scanned, _mapped]
)
def test_the_time_is_bounded_for_nests_too(function: Callable[..., Any]) -> None:
    loops = Loops(load_primal(function, {"x": "float"}, name="m", folder=None).program)
    started = time.perf_counter()
    assert not loops.end_at([-0.5])
    assert time.perf_counter() - started < 20
    assert loops.end_at([0.5])


def test_a_limited_run_computes_the_same() -> None:
    for function in (_falling, _twice, _condition, _thrice):
        primal = load_primal(function, {"x": "float"}, name="m", folder=None)
        program = primal.program.widest
        assert has_while(program)
        watch = Watch(1000)
        results = watch.over(lambda x, program=program: evaluate(program, [x]))(0.7)
        assert watch.ended(results)
        assert results == evaluate(program, [0.7])
