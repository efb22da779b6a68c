"""Where elements come from, against what the oracle makes of 1, 2, 3, ..."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partialc.ir.boxes import is_within
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import ArrayType, Value
from partialc.lowering.restated import restricted, stated
from partialc.ops.elements import Operands
from partialc.ops.linear_moves import carry, uncovered
from partialc.ops.moved_elements import columns_of
from partialc.ops.moves import Moves, Scattered
from partialc.ops.registry import all_ops, find
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import Term, kept
from tests.unit.ir.test_strided import runs
from tests.unit.ops.moving import FAMILIES, Case, evaluated
from tests.unit.tangents.dense_terms import Ground, grids, places, terms_on

few = settings(max_examples=30, deadline=None)
every_family = pytest.mark.parametrize("family", FAMILIES)


def moves_of(case: Case) -> Moves:
    op = find(case.equation.op)
    assert op is not None
    assert op.moves is not None
    pairs = zip(case.arrays, case.is_index, strict=True)
    known = [array if is_index else None for array, is_index in pairs]
    found = op.moves(case.equation, known.__getitem__)
    assert found is not None
    return found


def operands_of(case: Case, supports: list[ElementSet] | None = None) -> Operands:
    every = [ElementSet.all(array.shape) for array in case.arrays]
    pairs = zip(case.arrays, case.is_index, strict=True)
    known = [array if is_index else None for array, is_index in pairs]
    return Operands(tuple(every if supports is None else supports), tuple(known))


def is_repeated(moves: Moves) -> bool:
    """Whether some element is written twice: which stays, nobody promises."""
    return any(
        isinstance(move, Scattered) and not move.is_injective
        for row in moves.rows
        for move in row
    )


def test_all_that_moves_is_drawn() -> None:
    drawn = "slice rev transpose squeeze reshape broadcast_in_dim pad stack concatenate"
    more = "unstack split tile dynamic_slice dynamic_update_slice gather scatter"
    moving = {op.name for op in all_ops() if op.moves is not None}
    assert moving == {*drawn.split(), *more.split()}


@every_family
@few
@given(st.data())
def test_elements_are_those_they_are_said_to_be(
    family: str, data: st.DataObject
) -> None:
    case = data.draw(FAMILIES[family])
    moves = moves_of(case)
    for number, result in enumerate(case.run()):
        wanted = np.arange(result.size, dtype=np.int64)
        columns = columns_of(moves, number, wanted)
        if columns is None:
            assert moves.is_filled or is_repeated(moves)
            continue
        found = np.zeros(result.size, np.int64)
        for column, array in zip(columns, case.arrays, strict=True):
            here = column >= 0
            assert not found[here].any()
            found[here] = array.reshape(-1)[column[here]]
        assert np.array_equal(found, result.reshape(-1))
        some = columns_of(moves, number, wanted[1::2])
        assert some is not None
        for column, few in zip(columns, some, strict=True):
            assert np.array_equal(column[1::2], few)


@every_family
@few
@given(st.data())
def test_known_operands_are_moved_at_once(family: str, data: st.DataObject) -> None:
    case = data.draw(FAMILIES[family])
    moves = moves_of(case)
    found = moves.applied(case.arrays)
    if found is None:
        assert moves.is_filled or is_repeated(moves)
        return
    for result, want in zip(found, case.run(), strict=True):
        assert np.array_equal(result, want)


@every_family
@few
@given(st.data())
def test_rectangles_are_made_of_rectangles(family: str, data: st.DataObject) -> None:
    case = data.draw(FAMILIES[family])
    equation = case.equation
    if not all(value.type.size for value in equation.outputs):
        return
    needed = [
        tuple(data.draw(runs(size)) for size in value.type.shape)
        for value in equation.outputs
    ]
    plan = restricted(equation, needed)
    if plan is None or is_repeated(moves_of(case)):
        return
    parts, inputs = [], []
    for array, atom, box in zip(
        case.arrays, equation.inputs, plan.operands, strict=True
    ):
        if box is not None:
            parts.append(array[np.ix_(*box)])
            inputs.append(Value(ArrayType(atom.type.dtype, parts[-1].shape)))
    found = evaluated(stated(equation, plan, inputs), parts)
    for part, whole, box in zip(found, case.run(), plan.results, strict=True):
        assert np.array_equal(part, whole[np.ix_(*box)])
    for box, computed in zip(needed, plan.results, strict=True):
        assert is_within(box, computed)


@every_family
@few
@given(st.data())
def test_results_are_zero_where_operands_are(family: str, data: st.DataObject) -> None:
    """No less is ever said, and no more of rectangles."""
    case = data.draw(FAMILIES[family])
    op = find(case.equation.op)
    assert op is not None
    assert op.elements is not None
    supports, masks = [], [np.zeros(1, bool)]
    for array, is_index in zip(case.arrays, case.is_index, strict=True):
        if is_index:
            supports.append(ElementSet.all(array.shape))
            continue
        bits = data.draw(st.integers(0, 2**array.size - 1))
        mask = np.array([bits >> n & 1 for n in range(array.size)], bool)
        supports.append(ElementSet.of(array.shape, np.flatnonzero(mask)))
        masks.append(mask)
    is_live = np.concatenate(masks)
    found = op.elements.support(case.equation, operands_of(case, supports))
    moves = moves_of(case)
    if is_repeated(moves):
        return
    for support, result in zip(found, case.run(), strict=True):
        live = np.zeros(result.size, bool)
        live[support.listed()] = True
        want = is_live[np.maximum(result.reshape(-1), 0)]
        assert live[want].all()
        if moves.beneath is None and not moves.is_filled:
            assert np.array_equal(live, want)


@st.composite
def terms_within(draw: st.DrawFn, shape: tuple[int, ...], ground: Ground) -> Term:
    """A term of an operand."""
    sizes = draw(grids())
    rows = tuple(
        IndexMap.of(draw(places(sizes)).compact() % size, sizes) for size in shape
    )
    return draw(terms_on(sizes, rows, ground))


@every_family
@few
@given(st.data())
def test_terms_are_carried_where_elements_go(family: str, data: st.DataObject) -> None:
    case = data.draw(FAMILIES[family])
    moves = moves_of(case)
    if is_repeated(moves):
        return
    results = case.run()
    pairs = zip(case.arrays, case.is_index, strict=True)
    first = np.cumsum([1, *(0 if is_index else a.size for a, is_index in pairs)])
    for row, result in zip(moves.rows, results, strict=True):
        ground = Ground()
        above = [m for n, m in enumerate(row) if m is not None and n != moves.beneath]
        for number, move in enumerate(row):
            if move is None:
                continue
            operand = case.arrays[number].shape
            if not prod(operand):
                continue
            term = data.draw(terms_within(operand, ground))
            before = ground.dense(term, operand, 7)
            carried = carry(term, move, ground.arrays)
            if number == moves.beneath and carried is not None:
                keep = uncovered(carried, above)
                assert keep is not None
                carried = kept(carried, keep, ground.arrays)
            source = result.reshape(-1) - first[number]
            is_own = (source >= 0) & (source < prod(operand))
            is_own &= result.reshape(-1) > 0
            want = np.zeros((result.size, 7))
            want[is_own] = before[source[is_own]]
            assert np.allclose(ground.dense(carried, result.shape, 7), want)
