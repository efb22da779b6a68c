"""Constants as formulas: what they say is what they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.emit import formulas
from partialc.emit.formulas import (
    Formula,
    Places,
    repeated_formula,
    spaced_formula,
    statements,
    table_formula,
)
from partialc.realise.support import _diagonals, _grid

SIDE = 30
AROUND = np.array([-SIDE, -1, 0, 1, SIDE])


def stencil() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The five-point stencil on a square."""
    at = np.arange(SIDE * SIDE)
    row, col = np.divmod(at, SIDE)
    inside = np.stack([row > 0, col > 0, row >= 0, col < SIDE - 1, row < SIDE - 1], 1)
    rows, which = np.nonzero(inside)
    return rows, rows + AROUND[which]


ROWS, COLS = stencil()
PLACES = [Places(("D_ROWS", ROWS), ("D_COLS", COLS))]


def read(text: str) -> NDArray[np.generic]:
    """What an expression says, as generated modules read it."""
    names = {"np": np, "_grid": _grid, "_diagonals": _diagonals}
    found = eval(text, {**names, "D_ROWS": ROWS, "D_COLS": COLS})
    return np.asarray(found)


def test_diagonals() -> None:
    text = formulas._diagonals(ROWS, COLS)
    assert text is not None
    assert text.count("_grid(") == len(AROUND)
    rows, cols = read(text)
    assert np.array_equal(rows, ROWS)
    assert np.array_equal(cols, COLS)


@pytest.mark.parametrize("seed", range(5))
def test_no_diagonals(seed: int) -> None:
    """Where there are too many of them, or rows without a rule."""
    random = np.random.default_rng(seed)
    rows = np.sort(random.choice(400, 60, replace=False))
    assert formulas._diagonals(rows, rows) is None
    assert formulas._diagonals(np.arange(60), random.permutation(60)) is None


TABLES = {
    "the main diagonal": np.flatnonzero(ROWS == COLS),
    "above it": np.flatnonzero(COLS - ROWS == SIDE),
    "below it": np.flatnonzero(ROWS - COLS == 1),
    "its row, or zero": np.where(ROWS == COLS, ROWS + 1, 0),
    "by diagonals": np.select(
        [COLS - ROWS == SIDE, ROWS == COLS], [ROWS + 7, 2 * ROWS + 3], 5
    ),
    "less than the row": np.where(ROWS - COLS == SIDE, ROWS - SIDE, ROWS),
    "evenly": np.arange(5, 5000, 7),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("dtype", [np.uint32, np.int64])
def test_tables(name: str, dtype: type) -> None:
    table = TABLES[name].astype(dtype)
    text = table_formula(table, PLACES)
    assert text is not None
    assert len(text) < 200
    found = read(text)
    assert found.dtype == dtype
    assert np.array_equal(found, table)


@settings(max_examples=60)
@given(st.data())
def test_tables_with_errors(data: st.DataObject) -> None:
    """A table that differs in one place from a rule is listed, or told as it is."""
    table = TABLES[data.draw(st.sampled_from(sorted(TABLES)))].astype(np.uint32)
    table[data.draw(st.integers(0, table.size - 1))] += 1
    text = table_formula(table, PLACES)
    assert text is None or np.array_equal(read(text), table)


def test_no_tables() -> None:
    random = np.random.default_rng(0)
    assert table_formula(random.permutation(1000).astype(np.uint32), PLACES) is None
    assert table_formula(np.ones(3), PLACES) is None
    assert table_formula(np.ones((3, 3), np.uint32), PLACES) is None
    assert table_formula(np.zeros(0, np.uint32), PLACES) is None


def test_statements() -> None:
    """A formula of two names stands where the first of them would."""
    constants = {"A": 1, "D_ROWS": 2, "D_COLS": 3, "B": 4}
    found = statements(
        constants, [Formula(("D_ROWS", "D_COLS"), "f()"), Formula(("B",), "1")]
    )
    assert found == {"D_ROWS": "D_ROWS, D_COLS = f()", "D_COLS": "", "B": "B = 1"}


def test_tables_that_repeat_themselves_are_told_once() -> None:
    for count in (4, 9):
        data = np.array([[7, *[1, 2, 2] * count, 1, 5]], np.int32)
        text = repeated_formula(data)
        assert text == (
            f"np.concatenate([[7], np.tile([1, 2, 2], {count}), [1, 5]])"
            f".astype(np.int32).reshape(1, {3 * count + 3})"
        )
        assert np.array_equal(eval(text, {"np": np}), data)


def test_tables_that_do_not_repeat_themselves_have_no_such_rule() -> None:
    assert repeated_formula(np.arange(40)) is None
    assert repeated_formula(np.random.RandomState(0).rand(40)) is None


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (np.linspace(0, 1, 31), "np.linspace(0.0, 1.0, 31).astype(np.float64)"),
        (np.linspace(0, 2, 9)[1:], "np.linspace(0.0, 2.0, 9)[1:].astype(np.float64)"),
        (np.arange(31) / 31, "(np.arange(31) / 31).astype(np.float64)"),
        (np.sin(np.arange(31)), None),
        (np.arange(31), None),
        (np.array([np.nan, 1.0, 2.0, 3.0]), None),
        (np.array([0.0, 5e-324, 2.0, 3.0]), None),
    ],
)
def test_evenly_spaced_floats_are_told_by_their_ends(
    data: NDArray[np.generic], text: str | None
) -> None:
    assert spaced_formula(data) == text
    assert text is None or np.array_equal(eval(text, {"np": np}), data)
