"""Lists of numbers, against sets."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.ir.distinct import are_distinct, distinct_numbers


@given(st.lists(st.integers(-5, 5)))
def test_numbers_come_once_and_ascend(numbers: list[int]) -> None:
    array = np.array(numbers, np.int64)
    assert distinct_numbers(array).tolist() == sorted(set(numbers))
    assert are_distinct(array) == (len(set(numbers)) == len(numbers))


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint32])
def test_the_type_stays_and_axes_go(kind: type) -> None:
    found = distinct_numbers(np.array([[3, 1], [1, 2]], kind))
    assert found.dtype == kind
    assert found.tolist() == [1, 2, 3]


def test_millions_take_no_minute() -> None:
    numbers = np.random.default_rng(0).permutation(4_000_000)
    start = time.perf_counter()
    assert distinct_numbers(numbers).size == numbers.size
    assert time.perf_counter() - start < 5.0
