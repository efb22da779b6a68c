"""Arrays at module level: how they are written."""

from __future__ import annotations

import numpy as np
import pytest

from partialc.printing import constant_source
from partialc.printing.formatting import LINE_LENGTH, format_source


@pytest.mark.parametrize(
    "array",
    [
        np.array([3.5, -1.25, 7.0]),
        np.cos(np.arange(60.0)),
        np.cos(np.arange(60.0)).reshape(12, 5),
        np.random.default_rng(0).integers(0, 1000, 100).astype(np.int32),
    ],
)
def test_they_mean_what_they_are(array: np.ndarray) -> None:
    scope = {"np": np}
    exec(constant_source("_ARRAY", array), scope)
    found = np.asarray(scope["_ARRAY"])
    assert np.array_equal(found, array)
    assert found.shape == array.shape


def test_many_numbers_stand_side_by_side() -> None:
    text = format_source(constant_source("_ARRAY", np.cos(np.arange(60.0))))
    lines = text.splitlines()
    assert len(lines) < 30
    assert max(map(len, lines)) <= LINE_LENGTH


def test_few_numbers_are_left_to_black() -> None:
    text = constant_source("_ARRAY", np.array([1.0, 2.5]))
    assert text == "_ARRAY = np.array([1.0, 2.5])"


def test_a_row_that_is_too_long_for_a_line_takes_few() -> None:
    for shape in ((9,), (1, 9), (9, 1)):
        text = format_source(
            constant_source("_ARRAY", np.cos(np.arange(9.0).reshape(shape)))
        )
        assert len(text.splitlines()) <= 8, text
    table = format_source(
        constant_source("_ARRAY", np.cos(np.arange(9.0).reshape(3, 3)))
    )
    assert "# fmt: off" not in table
