"""A trace is the same whatever was traced, or run, before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import regimes_of, trace_one
from partialc.ir.program import ArrayType, Constant, Function
from partialc.ir.structure import all_equations, same
from partialc.spec.arguments import ArrayText, parse_argument

REAL = np.linspace(0.1, 0.9, 9).reshape(3, 3)
COMPLEX = REAL * (1 + 2j)
WHOLE = np.arange(2**40, 2**40 + 3)


def of_real() -> Callable[[Any], Any]:
    return lambda x: REAL @ jnp.exp(x)


def of_complex() -> Callable[[Any], Any]:
    return lambda x: jnp.abs(COMPLEX @ (x + 0j)) ** 2


def of_integers() -> Callable[[Any], Any]:
    return lambda x: x * WHOLE


def of_a_jitted_helper() -> Callable[[Any], Any]:
    helper = jax.jit(lambda x: jnp.sin(REAL @ x))
    return lambda x: 2 * helper(x)


def of_lax() -> Callable[[Any], Any]:
    return lambda x: jax.lax.add(jnp.asarray(REAL[0], x.dtype), x) * jnp.dot(REAL, x)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What a test leaves with JAX is not for the next one."""
    jax.clear_caches()
    yield
    jax.clear_caches()


def traces(function: Callable[[Any], Any]) -> dict[Regime, Function]:
    text = parse_argument("float[3]")
    assert isinstance(text, ArrayText)
    types: list[ArrayType] = [text.type]
    return {
        regime: trace_one(
            lambda x: [function(x)], types, regime, name="f", input_names=["x"]
        )
        for regime in regimes_of(types)
    }


def constants(function: Function) -> set[str]:
    return {
        str(atom.type.dtype)
        for equation in all_equations(function)
        for atom in equation.inputs
        if isinstance(atom, Constant) and atom.type.shape
    }


@pytest.mark.parametrize("x64", [False, True])
@pytest.mark.parametrize(
    "made", [of_real, of_complex, of_integers, of_a_jitted_helper, of_lax]
)
def test_what_was_run_before_leaves_no_trace(
    made: Callable[[], Callable[[Any], Any]], x64: bool
) -> None:
    fresh = traces(made())
    jax.clear_caches()
    function = made()
    kept = jax.jit(function)
    with jax.enable_x64(x64):
        kept(jnp.ones(3))
        again = traces(function)
    for regime, expected in fresh.items():
        assert same(again[regime], expected), regime


def test_wide_constants_are_wide_where_a_helper_is_jitted() -> None:
    found = traces(of_a_jitted_helper())
    assert constants(found[Regime.NARROW]) == {"float32"}
    assert constants(found[Regime.WIDE]) == {"float64"}


def test_what_fails_by_itself_fails_as_before() -> None:
    def wrong(x: Any) -> Any:
        return jax.lax.add(x, jnp.ones(3, "int32"))

    with pytest.raises(TypeError, match="dtypes"):
        traces(wrong)
