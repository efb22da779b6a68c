"""What vanishes is computed by expm1 and log1p, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.ir.check import check
from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Function
from partialc.ir.structure import all_equations
from partialc.lowering.near_zero import near_zero
from partialc.lowering.pipeline import FINAL, run
from partialc.ops.evaluation import evaluate

SMALL = np.array([1e-12, -3e-9, 1e-5])


def rewritten(function: Callable[..., Any], shape: tuple[int, ...] = (3,)) -> Function:
    traced = trace_one(
        lambda x: [function(x)],
        [ArrayType(FLOAT, shape)],
        Regime.WIDE,
        name="f",
        input_names=["x"],
    )
    after = near_zero(run(traced, FINAL))
    check(after)
    return after


def names(function: Function) -> set[str]:
    return {equation.op for equation in all_equations(function)}


VANISHING: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "exp(x) - 1": (lambda x: jnp.exp(x) - 1, np.expm1),
    "1 - exp(x)": (lambda x: 1 - jnp.exp(x), lambda x: -np.expm1(x)),
    "exp(x) + -1": (lambda x: jnp.exp(x) + -1.0, np.expm1),
    "log(1 + x)": (lambda x: jnp.log(1 + x), np.log1p),
    "log(1 - x)": (lambda x: jnp.log(1 - x), lambda x: np.log1p(-x)),
}


@pytest.mark.parametrize("name", VANISHING)
def test_no_digit_is_lost_near_zero(name: str) -> None:
    function, exact = VANISHING[name]
    after = rewritten(function)
    with jax.enable_x64(True):
        (found,) = evaluate(after, [SMALL])
    np.testing.assert_allclose(found, exact(SMALL), rtol=1e-15)
    # As it is written, most digits are gone.
    assert abs(function(SMALL) / exact(SMALL) - 1).max() > 1e-6


@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_scalars_and_arrays_alike(shape: tuple[int, ...]) -> None:
    after = rewritten(lambda x: x / (jnp.exp(2 * x) - 1), shape)
    assert "expm1" in names(after)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: jnp.exp(x) - 2,
        lambda x: jnp.exp(x) + 1,
        lambda x: -1 - jnp.exp(x),
        lambda x: jnp.log(x + 2),
        lambda x: jnp.log(x - 1),
        lambda x: jnp.exp2(x) - 1,
        lambda x: jnp.where(jnp.exp(x) - 1 > 0.5, x, 2 * x),
    ],
)
def test_what_does_not_vanish_or_decides_stays(function: Callable[..., Any]) -> None:
    assert names(rewritten(function)).isdisjoint({"expm1", "log1p"})


def test_loops_are_entered() -> None:
    def looped(x: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, 3, lambda _, y: y * (jnp.exp(y) - 1), x)

    assert "expm1" in names(rewritten(looped))
