"""Arrays that are mostly zero: their other elements are set in zeros."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Function
from partialc.lowering.light_cone import LIGHT_CONE
from partialc.lowering.pipeline import FLAT, run
from partialc.lowering.scalar.filling import FEWEST
from partialc.ops.evaluation import evaluate
from tests.unit.tangents.numpy_arrays import FLOAT

SIDE = 9
POINT = np.random.default_rng(0).uniform(0.5, 1.5, SIDE)


def written_out(count: int, rank: int = 2) -> Function:
    """Products of unlike elements at random places of a square of zeros."""
    random = np.random.default_rng(count)
    places = np.sort(random.permutation(SIDE**rank)[:count])

    def function(x):
        found = jnp.zeros(SIDE**rank, x.dtype)
        for number, place in enumerate(places.tolist()):
            one, other = x[number % SIDE], x[(number * number + 3) % SIDE]
            found = found.at[place].set(
                one * other if number % 2 else jnp.sin(one) + other
            )
        return (found.reshape((SIDE,) * rank),)

    types = [ArrayType(FLOAT, (SIDE,))]
    traced = trace_one(function, types, Regime.WIDE, name="f", input_names=["x"])
    with jax.enable_x64(True):
        want = np.asarray(function(jnp.asarray(POINT))[0])
    after = LIGHT_CONE(run(traced, FLAT))
    (got,) = evaluate(after, [POINT], Regime.WIDE)
    np.testing.assert_allclose(np.asarray(got), want, rtol=1e-14)
    return after


def scatters(function: Function) -> int:
    return sum(equation.op == "scatter" for equation in function.equations)


def test_what_is_not_zero_is_set() -> None:
    after = written_out(30)
    assert scatters(after) == 1
    (scatter,) = [each for each in after.equations if each.op == "scatter"]
    assert scatter.inputs[2].type.shape == (30,)


@pytest.mark.parametrize("count", [FEWEST - 1, 70])
def test_what_is_nearly_empty_or_nearly_full_is_put_together(count: int) -> None:
    assert not scatters(written_out(count))
