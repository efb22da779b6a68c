"""Values that are noted must be the same on every machine."""

from __future__ import annotations

import numpy as np
import pytest

from partialc.ir.dtypes import FLOAT, DType
from partialc.verify.rounding import digits_of, noted


def test_digits_are_kept_relative_to_the_largest() -> None:
    values = np.array([123.456789, 0.000123456789, -1e-14])
    assert noted(values, values, 6) == [123.457, 0.0, 0.0]


def test_tiny_scales_are_no_noise() -> None:
    values = np.array([1.380649e-23])
    assert noted(values, values, 6) == [1.38065e-23]


def test_noise_and_the_infinite_are_not_noted() -> None:
    assert noted(np.array(1e-17), np.array(3e-17), 6) is None
    assert noted(np.array(np.nan), np.array(np.nan), 6) is None
    assert noted(np.array(np.inf), np.array(np.inf), 6) is None


@pytest.mark.parametrize("value", [5e-324, 1e-310, 3e-300])
def test_what_has_few_digits_is_not_noted(value: float) -> None:
    assert noted(np.array(value), np.array(value), 6) is None


def test_zero_is_zero() -> None:
    assert noted(np.zeros(2), np.zeros(2), 6) == [0.0, 0.0]


def test_of_a_large_leaf_some_elements_are_noted() -> None:
    values = np.arange(100.0)
    found = noted(values, values, 6)
    assert found is not None
    assert len(found) == 7
    assert found[1] == 16.0


def test_integers_and_complex_numbers() -> None:
    assert noted(np.array([3, -4]), np.array([3, -4]), 6) == [3, -4]
    value = np.array([1.2345678 - 2.3456789j])
    assert noted(value, value, 6) == [pytest.approx(1.23457 - 2.34568j)]


def test_a_single_precision_result_is_noted_with_fewer_digits() -> None:
    assert digits_of(DType.fixed("float32")) < digits_of(FLOAT)
