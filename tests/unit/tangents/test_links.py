"""Pairs of elements that depend on each other, beside matrices of truth values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.tangents import links
from partialc.tangents.links import Links, TooManyLinksError, by_lanes, stacked
from tests.unit.tangents.dense_terms import few


def dense(found: Links) -> NDArray[np.bool_]:
    """A matrix that is true where there is a pair."""
    table = np.zeros((found.rows, found.cols), bool)
    table[found.row, found.col] = True
    assert found.keys.size == table.sum()
    assert (np.diff(found.keys) > 0).all()
    return table


@st.composite
def tables(draw: st.DrawFn, rows: int, cols: int) -> NDArray[np.bool_]:
    """Matrices with few or many pairs."""
    share = draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    seed = draw(st.integers(0, 2**32 - 1))
    return np.random.default_rng(seed).uniform(size=(rows, cols)) < share


def linked(table: NDArray[np.bool_]) -> Links:
    """The pairs of a matrix, in another order and some of them twice."""
    rows, cols = np.nonzero(table)
    order = np.concatenate([np.arange(rows.size)[::-1], np.arange(rows.size)[:2]])
    return Links.of(*table.shape, rows[order], cols[order])


sizes = st.integers(0, 5)


@few
@given(st.data(), sizes, sizes, sizes, st.sampled_from([0, 1, 100]))
def test_after(
    data: st.DataObject, rows: int, middle: int, cols: int, full: int
) -> None:
    """By pairs and by whole rows."""
    first, second = (
        data.draw(tables(*shape)) for shape in ((middle, cols), (rows, middle))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links, "FULL", full)
        found = linked(second).after(linked(first))
    assert np.array_equal(dense(found), second.astype(int) @ first.astype(int) > 0)


@few
@given(st.data(), sizes, sizes)
def test_unions(data: st.DataObject, rows: int, cols: int) -> None:
    one, other = (data.draw(tables(rows, cols)) for _ in range(2))
    assert np.array_equal(dense(linked(one) | linked(other)), one | other)
    below = stacked([linked(one), linked(other)])
    assert np.array_equal(dense(below), np.vstack([one, other]))
    assert linked(one).same(linked(other)) == np.array_equal(one, other)


@few
@given(st.data(), sizes, st.integers(1, 6))
def test_some_columns(data: st.DataObject, rows: int, cols: int) -> None:
    table = data.draw(tables(rows, cols))
    first = data.draw(st.integers(0, cols - 1))
    count = data.draw(st.integers(0, cols - first))
    found = linked(table).columns(first, count)
    assert np.array_equal(dense(found), table[:, first : first + count])


@few
@given(st.data(), st.integers(1, 6), sizes)
def test_some_rows(data: st.DataObject, rows: int, cols: int) -> None:
    table = data.draw(tables(rows, cols))
    first = data.draw(st.integers(0, rows - 1))
    count = data.draw(st.integers(0, rows - first))
    found = linked(table).some_rows(first, count)
    assert np.array_equal(dense(found), table[first : first + count])


def test_plain_ones() -> None:
    assert not dense(Links.none(2, 3)).any()
    assert dense(Links.full(2, 3)).all()
    assert np.array_equal(dense(Links.identity(2, 5, 3)), np.eye(2, 5, k=3, dtype=bool))


def test_lanes() -> None:
    """Batches share an axis, the rest is read whole; a lane of one place is none."""
    found = by_lanes((2, 3), (0, None), (2, 2), (0, None))
    want = np.kron(np.eye(2, dtype=bool), np.ones((3, 2), bool))
    assert np.array_equal(dense(found), want)
    turned = by_lanes((3, 2), (None, 0), (2, 2), (0, None))
    order = np.arange(6).reshape(3, 2).T.reshape(-1)
    assert np.array_equal(dense(turned)[order], want)
    assert dense(by_lanes((3,), (0,), (1,), (0,))).all()


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    second, first = Links.full(2, 3), Links.full(3, 4)
    monkeypatch.setattr(links, "MOST", 8)
    assert dense(Links.full(2, 4)).all()
    with pytest.raises(TooManyLinksError):
        Links.full(3, 3)
    with pytest.raises(TooManyLinksError):
        by_lanes((3,), (None,), (3,), (None,))
    with pytest.raises(TooManyLinksError):
        stacked([Links.full(2, 4), Links.full(1, 4)])
    assert dense(second.after(first)).all()  # 24 ways to 8 pairs, by whole rows
    monkeypatch.setattr(links, "LARGEST", 8)
    with pytest.raises(TooManyLinksError):
        second.after(first)
