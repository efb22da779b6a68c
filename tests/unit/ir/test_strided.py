"""Rectangles that come to rectangles, against numpy on the numbers 0, 1, 2, ..."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.ir.boxes import line
from partialc.ir.element_sets import ElementSet
from partialc.ir.strided import Strided

Draw = st.DrawFn
plain = settings(deadline=None)


@st.composite
def runs(draw: Draw, size: int, count: int | None = None) -> range:
    """Some places of an axis, evenly spaced and ascending."""
    first = draw(st.integers(0, size - 1))
    step = draw(st.integers(1, 3))
    most = (size - 1 - first) // step + 1
    if count is None:
        return line(first, step, draw(st.integers(1, most)))
    spread = draw(st.integers(1, max(1, (size - 1) // max(1, count - 1))))
    spread = spread if count > 1 else 1
    last = size - 1 - spread * (count - 1)
    return line(draw(st.integers(0, last)), spread, count)


@st.composite
def moves(draw: Draw, operand: tuple[int, ...]) -> Strided:
    """Any rectangle of an operand to any of a result."""
    order = draw(st.permutations(range(len(operand))))
    taken, axes = [range(0)] * len(operand), [None] * len(operand)
    result, put = list[int](), list[range]()
    for axis in order:
        while draw(st.integers(0, 5)) == 0:
            result.append(draw(st.integers(1, 3)))
            put.append(draw(runs(result[-1])))
        each = draw(runs(operand[axis]))
        if draw(st.integers(0, 4)) == 0:
            taken[axis] = range(each.start, each.start + 1)
            continue
        taken[axis] = each[::-1] if draw(st.booleans()) else each
        axes[axis] = len(result)  # type: ignore[call-overload]
        tight = draw(st.booleans())
        result.append(len(each) if tight else draw(st.integers(len(each), 7)))
        put.append(draw(runs(result[-1], len(each))))
    return Strided.of(operand, tuple(result), axes, taken=taken, put=put)


SHAPES = st.sampled_from([(), (1,), (5,), (1, 4), (3, 4), (2, 1, 3)])


@st.composite
def any_move(draw: Draw) -> Strided:
    return draw(moves(draw(SHAPES)))


def numbers(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """0, 1, 2, ... in row-major order."""
    return np.arange(prod(shape), dtype=np.int64).reshape(shape)


def moved(move: Strided, array: NDArray[Any]) -> NDArray[Any]:
    """What numpy's slices make of it; -1 where nothing comes to."""
    into = np.full(move.result, -1, array.dtype)
    move.move(array, into)
    return into


@plain
@given(any_move())
def test_the_places_that_are_read(move: Strided) -> None:
    want = moved(move, numbers(move.operand)).reshape(-1)
    every = numbers(move.result).reshape(-1)
    assert np.array_equal(move.reads(every), want)
    assert np.array_equal(move.reads(every[::2]), want[::2])
    assert move.fills == bool((want >= 0).all())
    assert move.takes_all == (set(want) - {-1} == set(range(prod(move.operand))))
    if move.keeps_order:
        assert np.array_equal(want, every)


@plain
@given(any_move())
def test_the_places_that_are_written(move: Strided) -> None:
    want = moved(move, numbers(move.operand)).reshape(-1)
    for place in range(prod(move.operand)):
        written = np.sort(move.writes(np.array([place])))
        assert np.array_equal(written, np.flatnonzero(want == place))
    written = move.writes(numbers(move.operand).reshape(-1))
    assert np.array_equal(np.sort(written), np.flatnonzero(want >= 0))


@plain
@given(st.data())
def test_one_after_the_other(data: st.DataObject) -> None:
    first = data.draw(any_move())
    second = data.draw(moves(first.result))
    both = first.then(second)
    want = moved(second, moved(first, numbers(first.operand)))
    if both is None:
        assert (want == -1).all()
    else:
        assert np.array_equal(moved(both, numbers(first.operand)), want)


@plain
@given(st.data())
def test_on_a_rectangle_of_the_result(data: st.DataObject) -> None:
    move = data.draw(any_move())
    box = tuple(data.draw(runs(size)) for size in move.result)
    found = move.onto(box)
    inside = np.zeros(move.result, bool)
    inside[np.ix_(*box)] = True
    want = np.where(inside, moved(move, numbers(move.operand)), -1)
    if found is None:
        assert (want == -1).all()
        return
    assert np.array_equal(moved(found, numbers(move.operand)), want)
    read = numbers(move.operand)[np.ix_(*found.source)]
    assert set(read.reshape(-1)) == set(want[want >= 0])


@plain
@given(st.data())
def test_sets_of_elements(data: st.DataObject) -> None:
    """A rectangle stays one, and a list of places is listed."""
    move = data.draw(any_move())
    mask = np.zeros(move.operand, bool)
    if data.draw(st.booleans()):
        box = tuple(data.draw(runs(size)) for size in move.operand)
        mask[np.ix_(*box)] = True
        given_set = ElementSet.box(move.operand, box)
    else:
        mask = np.array(
            [data.draw(st.booleans()) for _ in range(mask.size)], bool
        ).reshape(mask.shape)
        given_set = ElementSet.of(move.operand, np.flatnonzero(mask))
    want = np.zeros(move.result, bool)
    move.move(mask, want)
    found = np.zeros(move.result, bool)
    found.reshape(-1)[given_set.through(move).listed()] = True
    assert np.array_equal(found, want)


@plain
@given(any_move())
def test_brackets_are_what_numpy_reads_by_them(move: Strided) -> None:
    bracket = move.bracket
    if bracket is None:
        return
    index = tuple(
        slice(*entry) if isinstance(entry, tuple) else entry for entry in bracket
    )
    array = numbers(move.operand)
    assert np.array_equal(array[index], moved(move, array))


@pytest.mark.parametrize(
    ("move", "bracket"),
    [
        (Strided.of((5,), (2,), taken=[range(1, 5, 2)]), ((1, 4, 2),)),
        (Strided.of((5,), (), [None], taken=[range(3, 4)]), (3,)),
        (Strided.of((5,), (1,), taken=[range(3, 4)]), ((3, 4, 1),)),
        (Strided.of((5,), (1, 5), [1]), (None, (0, 5, 1))),
        (Strided.of((1, 5), (5, 1), [None, 0]), (0, (0, 5, 1), None)),
        (Strided.of((5,), (0,), taken=[range(2, 2)]), ((2, 2, 1),)),
        (Strided.of((5,), (5,), taken=[range(4, -1, -1)]), None),
        (Strided.of((2, 3), (3, 2), [1, 0]), None),
        (Strided.of((), (3,)), None),
    ],
)
def test_brackets(move: Strided, bracket: object) -> None:
    assert move.bracket == bracket


def test_reshapes_of_axes_of_size_one() -> None:
    assert Strided.ones((2, 3), (3, 2)) is None
    assert Strided.ones((1, 3), (3, 1)) == Strided.of((1, 3), (3, 1), [None, 0])
    same = Strided.ones((1, 3), (1, 3))
    assert same is not None
    assert same.is_identity
    assert Strided.ones((3,), (1, 3)) == Strided.of((3,), (1, 3), [1])


def test_new_axes_are_left_out_again() -> None:
    wide = Strided.of((5,), (1, 5), [1])
    assert wide.without(0) == Strided.of((5,), (5,))
    assert wide.without(1) is None
    assert Strided.of((), (3,)).without(0) is None


def test_huge_arrays_are_never_listed() -> None:
    shape = (100_000, 100_000)
    turned = Strided.of(shape, shape, [1, 0])
    row = ElementSet.box(shape, (range(3, 4), range(100_000)))
    assert row.through(turned).hull() == (range(100_000), range(3, 4))
    wide = Strided.broadcast((1, 100_000), shape, (0, 1))
    assert ElementSet.all((1, 100_000)).through(wide).is_all
