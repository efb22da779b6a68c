"""Tracing and compiling, from nothing each time."""

from __future__ import annotations

from itertools import count

import jax
import jax.numpy as jnp
import pytest

from partialc.benching.building import build


def test_everything_is_traced_anew_each_time() -> None:
    traced = 0

    @jax.jit
    def inner(x: jax.Array) -> jax.Array:
        nonlocal traced
        traced += 1
        return jnp.sin(x) * 2.0

    ticks = count()
    for number in range(1, 4):
        built = build(inner, (jnp.ones(3),), lambda: float(next(ticks)))
        assert traced == number
        assert built.seconds == 1.0


def test_what_is_counted_is_what_runs() -> None:
    x = jnp.arange(1.0, 101.0)
    built = build(lambda x: (jnp.sin(x) * x, jnp.sum(x)), (x,), lambda: 0.0)
    product, total = built.call(x)
    assert product.shape == (100,)
    assert total == 5050.0
    assert built.flops is not None
    assert 100 <= built.flops <= 300
    assert built.transcendentals == 100
    assert built.memory >= 101 * 4


def test_no_operations_are_zero_not_unknown() -> None:
    assert build(lambda x: x, (jnp.ones(2),), lambda: 0.0).flops == 0.0


def test_compiler_options_reach_the_compiler() -> None:
    with pytest.raises(RuntimeError, match="no_such_option"):
        build(lambda x: x, (jnp.ones(2),), lambda: 0.0, {"no_such_option": "1"})
