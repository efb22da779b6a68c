"""Terms that meet in some entries: cut where they meet, and added there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.tangents.arrays import Factor
from partialc.tangents.maps import IndexMap
from partialc.tangents.overlaps import separated
from partialc.tangents.term import Term
from tests.unit.tangents.dense_terms import Ground, few
from tests.unit.tangents.numpy_arrays import FLOAT

STEPS, STATES = 6, 3


def every(ground: Ground, shift: int = 0) -> Term:
    """A diagonal of all states of all steps."""
    sizes = (STEPS, STATES)
    data = ground.input(np.arange(1.0, 1 + STEPS * STATES).reshape(sizes))
    rows = IndexMap.flat(sizes)
    return Term(sizes, (rows,), rows.shifted(shift), (Factor(data, (0, 1)),), FLOAT)


def one_state(ground: Ground, row: int, col: int) -> Term:
    """What a state of each step does to a state of it."""
    sizes = (STEPS,)
    data = ground.input(np.linspace(2.0, 3.0, STEPS))
    rows = (IndexMap.along(sizes, 0, row, STATES),)
    cols = IndexMap.along(sizes, 0, col, STATES)
    return Term(sizes, rows, cols, (Factor(data, (0,)),), FLOAT)


def keys_of(terms: Sequence[Term], width: int) -> list[np.ndarray]:
    """The numbers of the entries."""
    return [term.rows[0].values() * width + term.cols.values() for term in terms]


def check(ground: Ground, terms: Sequence[Term], separate: bool = True) -> list[Term]:
    """The same matrix; no entry belongs to two places."""
    width = STEPS * STATES + STATES
    found = separated(terms, keys_of(terms, width), ground.arrays)
    assert found is not None
    want = ground.dense(terms, (STEPS * STATES,), width)
    np.testing.assert_allclose(ground.dense(found, (STEPS * STATES,), width), want)
    keys = np.concatenate([key.reshape(-1) for key in keys_of(found, width)])
    assert (np.unique(keys).size == keys.size) == separate
    return found


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("state", range(STATES))
def test_one_of_a_diagonal(state: int, order: int) -> None:
    ground = Ground()
    terms = [every(ground), one_state(ground, state, state)][::order]
    found = check(ground, terms)
    assert sorted(term.places for term in found)[0] == STEPS
    assert sum(term.places for term in found) == STEPS * STATES


def test_two_of_a_diagonal() -> None:
    ground = Ground()
    pair = [one_state(ground, state, state) for state in (0, 2)]
    assert len(check(ground, [every(ground), *pair])) == 3


def test_all_of_a_diagonal_one_by_one() -> None:
    ground = Ground()
    states = [one_state(ground, state, state) for state in range(STATES)]
    assert len(check(ground, [every(ground), *states])) == STATES
    assert len(check(ground, [*states, every(ground)])) == STATES


def test_what_meets_everywhere_is_added_whole() -> None:
    ground = Ground()
    assert len(check(ground, [every(ground), every(ground)])) == 1


def test_what_meets_here_and_there_stays() -> None:
    ground = Ground()
    short = one_state(ground, 1, 1)
    sizes = (STEPS - 2,)
    rows = (IndexMap.along(sizes, 0, 1 + STATES, STATES),)
    part = Term(sizes, rows, rows[0], (), FLOAT)
    check(ground, [short, part], separate=False)


def test_nothing_to_separate() -> None:
    ground = Ground()
    terms = [every(ground), one_state(ground, 0, 1)]
    assert separated(terms, keys_of(terms, 21), ground.arrays) is None
    assert separated([], [], ground.arrays) is None


@few
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), max_size=5))
def test_any_states(pairs: list[tuple[int, int]]) -> None:
    ground = Ground()
    terms = [every(ground), every(ground, 3)]
    terms += [one_state(ground, row, col) for row, col in pairs]
    width = STEPS * STATES + STATES
    found = separated(terms, keys_of(terms, width), ground.arrays)
    if found is not None:
        check(ground, terms)
