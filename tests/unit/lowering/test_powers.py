"""Powers that are computed from each other are what they were."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import partialc
from partialc.ir.check import check
from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Constant
from partialc.ir.structure import all_equations
from partialc.lowering.dead_code import dead_code
from partialc.lowering.pipeline import FINAL, IN_ORDER, run
from partialc.lowering.powers import POWERS, powers
from partialc.ops.evaluation import evaluate

EXPONENTS = [
    *(0.3125, 1.3125, 4.3125, -0.6875, -1.6875, 0.5, 1.5, 3.5, -0.5, -1.5, -2.5),
    *(2.0, 3.0, -1.0, -2.0, 1.0, 0.25),
]
POINTS = [
    *(0.0, 1e-300, 1e-130, 0.3, 1.0, 7.25, 1e60, 1e130, 1e300),
    *(np.inf, np.nan, -1.5),
]


@pytest.mark.parametrize("point", POINTS)
def test_powers_are_zero_infinite_and_nan_where_they_were(point: float) -> None:
    traced = trace_one(
        lambda x: [x**exponent for exponent in EXPONENTS],
        [ArrayType(FLOAT, ())],
        Regime.WIDE,
        name="f",
        input_names=["x"],
    )
    before = run(traced, FINAL)
    after = powers(before)
    check(after)
    with jax.disable_jit(), np.errstate(all="ignore"):
        found = evaluate(after, [point])
        expected = np.float64(point) ** np.array(EXPONENTS)
    np.testing.assert_allclose(found, expected, rtol=4e-15, atol=1e-307)


def test_one_power_of_each_sign_is_left() -> None:
    def slopes(x: jax.Array) -> list[jax.Array]:
        first = jax.grad(lambda x: x**2.7)
        third = jax.grad(jax.grad(first))
        return [first(x), third(x), jax.grad(third)(x)]

    traced = trace_one(
        slopes, [ArrayType(FLOAT, ())], Regime.WIDE, name="f", input_names=["x"]
    )
    after = run(traced, [*FINAL, powers, dead_code])
    exponents = [
        each.inputs[1].data.item()
        for each in all_equations(after)
        if each.op == "pow" and isinstance(each.inputs[1], Constant)
    ]
    assert sorted(exponents) == [-0.3, 1.7]


@pytest.mark.parametrize("tiny", [1e-13, -1e-13, 1e-14])
@pytest.mark.parametrize("near", [0.0, 1.0, 1.5])
def test_exponents_close_to_whole_and_half_ones_are_their_own(
    near: float, tiny: float
) -> None:
    traced = trace_one(
        lambda x: [x ** (near + tiny), x ** (near + 1 + tiny), x ** (near + 1)],
        [ArrayType(FLOAT, ())],
        Regime.WIDE,
        name="f",
        input_names=["x"],
    )
    after = powers(run(traced, FINAL))
    with jax.disable_jit():
        found = np.asarray(evaluate(after, [1e100]))
    exponents = np.array([near + tiny, near + 1 + tiny, near + 1])
    np.testing.assert_allclose(np.log10(found), 100 * exponents, rtol=0, atol=5e-13)
    assert found[1] != found[2]


def test_derivatives_take_one_root() -> None:
    module = partialc.compile(
        lambda x: jnp.sum(x**2) ** -1.5,
        args={"x": "float[3]"},
        kernels={"k": {"value": "value", "force": "gradient(x)"}},
        name="gravity",
        form="expanded",
    )
    assert module.source.count("jnp.sqrt(") == 1
    x = jnp.array([0.3, -1.1, 0.7])
    result = module.load().k(x)
    distance = np.linalg.norm(x)
    np.testing.assert_allclose(result.value, distance**-3, rtol=1e-6)
    np.testing.assert_allclose(result.force, -3 * x / distance**5, rtol=1e-6)


def test_powers_stay_where_nothing_is_regrouped() -> None:
    assert POWERS not in IN_ORDER.passes
