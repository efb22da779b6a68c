"""Truth is what mpmath says, wherever it can be had."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp

from partialc.accuracy.scalars import Scalars
from partialc.accuracy.truth import Truth
from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType
from tests.unit.accuracy.problems import fermi, flat, pushed


def _truth(call: object, *shapes: tuple[int, ...]) -> Truth:
    types = [ArrayType(FLOAT, shape) for shape in shapes]
    names = [f"x{number}" for number in range(len(shapes))]
    traced = trace_one(call, types, Regime.WIDE, name="f", input_names=names)
    return Truth(Scalars(traced))


@pytest.mark.parametrize("x", [-30.0, 0.5, 30.0, 300.0, 600.0])
def test_a_third_derivative_has_all_digits(x: float) -> None:
    found = _truth(flat(pushed(fermi, 3)), ()).entry(0, 0, [np.float64(x)])
    with mp.workdps(600):
        p, q = 1 / (1 + mp.exp(-mp.mpf(x))), 1 / (1 + mp.exp(mp.mpf(x)))
        want = -p * q * (p * p - 4 * p * q + q * q)
        assert abs(found - want) <= abs(want) * mp.mpf(10) ** -19


def test_a_number_that_needs_hundreds_of_digits_is_not_taken_for_zero() -> None:
    truth = _truth(lambda x: [1 - jnp.tanh(x) ** 2], ())
    found = truth.entry(0, 0, [np.float64(200.0)])
    assert abs(float(found) - 4 * np.exp(-400.0)) <= 1e-12 * 4 * np.exp(-400.0)


def test_what_is_not_finite_has_none() -> None:
    truth = _truth(lambda x: [1 / x, jnp.log(x)], ())
    assert truth.entry(0, 0, [np.float64(0.0)]) is None
    assert truth.entry(1, 0, [np.float64(-1.0)]) is None


def test_entries_of_arrays_behind_products_and_sums() -> None:
    weights = np.arange(12.0).reshape(4, 3) / 7

    def call(x: jax.Array) -> list[jax.Array]:
        hidden = 1 / (1 + jnp.exp(-weights @ x))
        return [jnp.sum(hidden), jnp.cumsum(jnp.flip(hidden))[1:]]

    point = np.array([0.3, -2.0, 1.5])
    truth = _truth(call, (3,))
    with jax.enable_x64(True):
        want = [np.asarray(each).reshape(-1) for each in call(jnp.asarray(point))]
    for output, right in enumerate(want):
        found = [float(truth.entry(output, n, [point])) for n in range(right.size)]
        np.testing.assert_allclose(found, right, rtol=1e-14)


def test_what_digits_leave_of_an_identity_is_zero_before_thousands_are_tried() -> None:
    truth = _truth(lambda x: [jnp.sin(x) ** 2 + jnp.cos(x) ** 2 - 1], ())
    found = truth.entry(0, 0, [np.float64(0.3)])
    assert float(found) == 0
    operations = truth.operations(0, 0)
    assert operations is not None
    assert truth.work < 100 * operations


def test_branches_are_taken_by_the_true_value() -> None:
    truth = _truth(lambda x: [jnp.where(x > 1, x * x, -x)], ())
    assert truth.entry(0, 0, [np.float64(3.0)]) == 9
    assert truth.entry(0, 0, [np.float64(0.5)]) == -0.5


def test_a_loop_has_none_and_leaves_others_theirs() -> None:
    def call(x: jax.Array) -> list[jax.Array]:
        def body(carry: jax.Array, _: None) -> tuple[jax.Array, None]:
            return jnp.sin(carry), None

        return [jax.lax.scan(body, x, None, length=3)[0], x * x]

    truth = _truth(call, ())
    assert truth.operations(0, 0) is None
    assert truth.entry(0, 0, [np.float64(0.5)]) is None
    assert truth.entry(1, 0, [np.float64(0.5)]) == 0.25


def test_rounding_to_few_bits_errs_as_a_machine_does() -> None:
    truth = _truth(lambda x: [(1 + x) - 1], ())
    point = [np.float64(1e-17)]
    assert truth.rounded(0, 0, point, bits=53) == 0
    assert float(truth.entry(0, 0, point)) == 1e-17
