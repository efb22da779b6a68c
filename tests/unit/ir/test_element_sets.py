"""Sets of elements against dense arrays of truth values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partialc.ir import element_sets
from partialc.ir.element_sets import ElementSet

SHAPES = ((), (1,), (7,), (3, 4), (2, 1, 5), (0,), (3, 0))


def dense(found):
    """The set as an array of truth values, from its own listing."""
    mask = np.zeros(found.shape, bool)
    mask.reshape(-1)[found.listed()] = True
    return mask


@st.composite
def ranges(draw, size):
    start = draw(st.integers(0, size - 1))
    return range(start, draw(st.integers(start + 1, size)), draw(st.integers(1, 4)))


@st.composite
def sets(draw, shape):
    """A union of boxes, or a list of indices."""
    if 0 in shape or draw(st.booleans()):
        size = int(np.prod(shape))
        chosen = draw(st.lists(st.integers(0, size - 1))) if size else []
        return ElementSet.of(shape, np.array(chosen, np.int64))
    found = ElementSet.none(shape)
    for _ in range(draw(st.integers(0, 3))):
        box = tuple(draw(ranges(size)) for size in shape)
        found = found | ElementSet.box(shape, box)
    return found


def draw_set(data, shapes=SHAPES):
    return data.draw(sets(data.draw(st.sampled_from(shapes))))


@settings(deadline=None)
@given(st.data())
def test_unions_and_intersections(data):
    shape = data.draw(st.sampled_from(SHAPES))
    first, second = data.draw(sets(shape)), data.draw(sets(shape))
    assert np.array_equal(dense(first | second), dense(first) | dense(second))
    assert np.array_equal(dense(first & second), dense(first) & dense(second))
    assert (first & second).bound >= (dense(first) & dense(second)).sum()
    assert first.is_none == (not dense(first).any())


@settings(deadline=None)
@given(st.data())
def test_membership_and_hull(data):
    found = draw_set(data)
    every = np.arange(dense(found).size)
    assert np.array_equal(found.contains(every), dense(found).ravel())
    if not found.is_none:
        hull = ElementSet.box(found.shape, found.hull())
        assert not (dense(found) & ~dense(hull)).any()


@settings(deadline=None)
@given(st.data())
def test_sets_follow_reductions_and_reshapes(data):
    """What becomes of them elsewhere: `test_strided`."""
    found = draw_set(data, ((3, 4), (2, 1, 5)))
    mask, ndim = dense(found), len(found.shape)
    axes = data.draw(st.lists(st.integers(0, ndim - 1), unique=True))
    assert np.array_equal(dense(found.reduced(axes)), mask.any(axis=tuple(axes)))
    for shape in ((mask.size,), (*found.shape, 1), (2, mask.size // 2)):
        assert np.array_equal(dense(found.reshaped(shape)), mask.reshape(shape))


def test_sets_of_huge_arrays_stay_small():
    shape = (100_000, 100_000)
    row = ElementSet.box(shape, (range(3, 4), range(100_000)))
    column = ElementSet.box(shape, (range(100_000), range(7, 8)))
    assert (row | column).bound == 200_000
    assert list((row & column).listed()) == [300_007]
    assert ElementSet.all(shape).is_all
    assert (row | column).reduced((0, 1)).is_all


def test_too_many_boxes_become_a_superset(monkeypatch):
    monkeypatch.setattr(element_sets, "MAX_INDICES", 4)
    shape = (100, 100)
    found = ElementSet.none(shape)
    for place in range(0, 80, 4):
        found = found | ElementSet.of(shape, np.array([place * 101]))
    assert found.contains(np.arange(0, 80, 4) * 101).all()


def test_the_nonzeros_of_an_array():
    data = np.array([[0.0, -0.0, 2.0], [np.nan, 0.0, 0.0]])
    assert list(ElementSet.nonzero(data).listed()) == [2, 3]
    assert ElementSet.nonzero(np.ones((2, 2))).is_all


@pytest.mark.parametrize("shape", SHAPES)
def test_none_and_all(shape):
    assert not dense(ElementSet.none(shape)).any()
    assert dense(ElementSet.all(shape)).all()
