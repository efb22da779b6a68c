"""The places of matrices as formulas: they say the same as the lists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.emit import grids
from partialc.emit.grids import FEWEST, MOST_GRIDS, place_formulas
from partialc.realise.support import _grid

Places = tuple[NDArray[np.int64], NDArray[np.int64]]


def read(texts: tuple[str, str]) -> Places:
    """What the formulas say, as generated modules read them."""
    names = {"np": np, "_grid": _grid}
    rows, cols = (np.asarray(eval(text, dict(names))) for text in texts)
    return rows, cols


def places(matrix: object) -> Places:
    """Where a matrix is nonzero, row by row."""
    rows, cols = np.nonzero(np.asarray(matrix))
    return rows.astype(np.int64), cols.astype(np.int64)


def checked(found: Places) -> tuple[str, str]:
    """The formulas of a list, which say the same as it."""
    texts = place_formulas(*found)
    assert texts is not None
    rows, cols = read(texts)
    assert rows.shape == cols.shape == found[0].shape
    assert np.array_equal(rows, found[0])
    assert np.array_equal(cols, found[1])
    return texts


def neighbours(shape: tuple[int, ...]) -> Places:
    """The matrix of a stencil: each place and those next to it along each axis."""
    size = int(np.prod(shape))
    at = np.indices(shape).reshape(len(shape), -1)
    apart = np.abs(at[:, :, None] - at[:, None, :]).sum(0)
    assert apart.shape == (size, size)
    return places(apart <= 1)


BANDS = np.eye(30) + np.eye(30, k=1) + np.eye(30, k=-1)
PATTERNS = {
    "diagonal": np.eye(20),
    "band": BANDS,
    "wrapped band": BANDS + np.eye(30, k=29) + np.eye(30, k=-29),
    "triangle": np.tril(np.ones((6, 6))),
    "full": np.ones((4, 5)),
    "one row": np.ones((1, 20)),
    "one column": np.ones((20, 1)),
    "some rows": np.eye(40)[:, ::2] + np.eye(40, k=1)[:, ::2],
    "every third row": np.kron(np.eye(18), [[0], [1], [0]]),
    "blocks": np.kron(np.eye(6), np.ones((3, 2))),
    "arrow": np.eye(20) + np.eye(20, 1)[:, :1] @ np.ones((1, 20)),
    "arrow of a column": np.eye(20) + np.ones((20, 1)) @ np.eye(1, 20),
    "antidiagonal": np.eye(20)[::-1],
    "uneven offsets": sum(np.eye(20, k=k) for k in (0, 1, 3, 7)),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns(name: str) -> None:
    checked(places(PATTERNS[name]))


@pytest.mark.parametrize("shape", [(16,), (5, 6), (6, 5), (2, 9), (4, 3, 5)])
def test_stencils(shape: tuple[int, ...]) -> None:
    checked(neighbours(shape))


def test_texts_do_not_grow_with_the_matrix() -> None:
    texts = [checked(neighbours(shape)) for shape in ((8, 9), (16, 15))]
    counts = [[text.count("_grid") for text in pair] for pair in texts]
    assert counts[0] == counts[1]
    assert checked(places(np.eye(16))) == ("_grid(0, (16, 1))", "_grid(0, (16, 1))")


@settings(max_examples=50)
@given(st.data())
def test_random_rows_again_and_again(data: st.DataObject) -> None:
    """Rows of a few kinds, each some way further, in groups that come again."""
    kinds = data.draw(
        st.lists(
            st.sets(st.integers(0, 7), min_size=1, max_size=4), min_size=1, max_size=3
        )
    )
    rows: list[int] = []
    cols: list[int] = []
    row, shift = 0, 0
    for _ in range(data.draw(st.integers(1, 6))):
        for kind in kinds:
            step, apart = data.draw(st.integers(0, 2)), data.draw(st.integers(1, 2))
            for _ in range(data.draw(st.integers(1, 3))):
                rows += [row] * len(kind)
                cols += sorted(each + shift for each in kind)
                row, shift = row + apart, shift + step
    found = np.array(rows, np.int64), np.array(cols, np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grids, "FEWEST", 1)
        patch.setattr(grids, "MOST_GRIDS", 1000)
        checked(found)


@settings(max_examples=50)
@given(st.data())
def test_random_matrices(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    truths = st.lists(st.booleans(), min_size=height * width, max_size=height * width)
    matrix = np.array(data.draw(truths)).reshape(height, width)
    if not matrix.any():
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grids, "FEWEST", 1)
        patch.setattr(grids, "MOST_GRIDS", 1000)
        checked(places(matrix))


def test_short_lists_are_listed() -> None:
    assert place_formulas(*places(np.eye(FEWEST - 1))) is None
    assert place_formulas(*places(np.eye(FEWEST))) is not None
    none = np.zeros(0, np.int64)
    assert place_formulas(none, none) is None


def test_lists_without_a_rule_are_listed() -> None:
    rng = np.random.default_rng(0)
    assert place_formulas(*places(rng.random((60, 60)) < 0.2)) is None
    assert MOST_GRIDS < 60


def test_too_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    found = places(np.tril(np.ones((6, 6))))
    monkeypatch.setattr(grids, "MOST_BLOCKS", 3)
    assert place_formulas(*found) is None


def test_rows_of_many_grids_are_counted() -> None:
    counts = [4, 7, 0, 5, 5, 3, 9, 2]
    rows = np.repeat(np.arange(len(counts)), counts)
    cols = np.concatenate([np.sort(RANDOM.permutation(12)[:count]) for count in counts])
    text, _ = checked((rows, cols))
    assert text == f"np.repeat(np.arange(8), {counts})"
    grids_text = place_formulas(rows, cols, by_counts=False)
    assert grids_text is not None
    assert "_grid" in grids_text[0]


def test_counts_that_do_not_fit_a_line_are_not_taken() -> None:
    counts = np.tile([2, 11, 3], 12)
    rows = np.repeat(np.arange(counts.size), counts)
    found = grids._counted(rows)
    assert found is None


RANDOM = np.random.default_rng(0)
