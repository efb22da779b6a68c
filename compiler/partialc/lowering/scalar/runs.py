"""Stretches of terms that are one expression over neighbouring elements.

`x[0]*y[3], x[1]*y[4], x[2]*y[5]` is `x[0:3] * y[3:6]`: the terms have one operation,
and their operands, place by place, are again a run, one and the same term, constants,
or elements of one array at regular distances. (Superword-level parallelism: Larsen and
Amarasinghe, "Exploiting superword level parallelism with multimedia instruction sets",
PLDI 2000.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeAlias

from partialc.lowering.scalar.terms import CONSTANT, ELEMENT, REDUCTIONS, Term

_DEEPEST: Final = 60
_FIRST: Final = 3
"""So many elements tell the order of terms that are alike."""

Column: TypeAlias = tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Some consecutive terms.

    Attributes:
        terms: The terms.
        is_vector: Whether they make one vector; else there is one.
    """

    terms: Column
    is_vector: bool


def find_runs(
    terms: Sequence[Term], shortest: int, checker: Checker | None = None
) -> Iterator[Run]:
    """Cut terms into vectors of at least `shortest` terms, and single ones.

    Args:
        terms: What to cut, in this order.
        shortest: How many terms a vector has at least.
        checker: Remembers what earlier calls have found out.
    """
    checker = checker or Checker()
    for _, group in groupby(terms, key=checker.shape):
        alike = tuple(group)
        place = 0
        while place < len(alike):
            length = _longest(alike, place, shortest, checker)
            if length >= shortest:
                yield Run(alike[place : place + length], is_vector=True)
                place += length
            else:
                yield Run((alike[place],), is_vector=False)
                place += 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """Terms that are one vector and stand at regular distances.

    Attributes:
        terms: The terms.
        start: The position of the first.
        step: How far it is from one to the next.
    """

    terms: Column
    start: int
    step: int


MAX_STRETCHES: Final = 12
SHORTEST_STRETCH: Final = 8


class Places:
    """Tells which elements terms are made of, and remembers it."""

    def __init__(self) -> None:
        self._known: dict[Term, tuple[int, ...]] = {}

    def first(self, term: Term) -> tuple[int, ...]:
        """The positions of the first elements of a term, as it is written."""
        pending = [term]
        while pending:
            current = pending[-1]
            missing = [arg for arg in current.args if arg not in self._known]
            if missing:
                pending.extend(missing)
                continue
            pending.pop()
            found = [place for arg in current.args for place in self._known[arg]]
            if current.op == ELEMENT:
                found = [current.position]
            self._known[current] = tuple(found[:_FIRST])
        return self._known[term]


def sorted_alike(
    terms: Sequence[Term],
    places: Places | None = None,
    checker: Checker | None = None,
) -> list[Term]:
    """Terms of one shape together, each group by the elements they are made of.

    Args:
        terms: The terms.
        places: Remembers what earlier calls have found out.
        checker: Likewise.
    """
    shape = (checker or Checker()).shape
    first = (places or Places()).first
    groups: dict[int, list[Term]] = {}
    for term in terms:
        groups.setdefault(shape(term), []).append(term)
    return [term for group in groups.values() for term in sorted(group, key=first)]


def find_strides(
    terms: Sequence[Term], checker: Checker | None = None
) -> list[Stretch] | None:
    """The diagonals of a matrix, say, among zeros; None if the terms are not like that.

    All terms but zeros must belong to a few long stretches.

    Args:
        terms: The terms.
        checker: Remembers what earlier calls have found out.
    """
    checker = checker or Checker()
    groups: dict[int, list[int]] = {}
    for place, term in enumerate(terms):
        if term.number != 0:
            groups.setdefault(checker.shape(term), []).append(place)
    filled = sum(map(len, groups.values()))
    if len(groups) > MAX_STRETCHES or 2 * filled > len(terms):
        return None
    found: list[Stretch] = []
    for places in groups.values():
        for start, step, count in _progressions(places):
            stretch = tuple(terms[start + n * step] for n in range(count))
            if len(found) == MAX_STRETCHES or not checker.is_vector(stretch):
                return None
            found.append(Stretch(stretch, start, step))
    if not found or filled < SHORTEST_STRETCH * len(found):
        return None
    return sorted(found, key=lambda stretch: stretch.start)


def _progressions(places: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Ascending places as arithmetic progressions, cut where the step changes."""
    place = 0
    while place < len(places):
        if place + 1 == len(places):
            yield places[place], 1, 1
            return
        step = places[place + 1] - places[place]
        last = place + 1
        while last + 1 < len(places) and places[last + 1] - places[last] == step:
            last += 1
        yield places[place], step, last - place + 1
        place = last + 1


def _longest(terms: Column, start: int, shortest: int, checker: Checker) -> int:
    """How many terms from a start on are a vector: by doubling, then by halving."""
    whole = len(terms) - start
    if whole < shortest or not checker.is_vector(terms[start : start + shortest]):
        return 0
    if checker.is_vector(terms[start:]):
        return whole
    low, high = shortest, whole
    while high - low > 1:
        middle = (low + high) // 2
        if checker.is_vector(terms[start : start + middle]):
            low = middle
        else:
            high = middle
    return low


class Checker:
    """Tells vectors, and remembers what it has found out of the terms within them.

    Attributes:
        shape: A number for the form of a term: what differs in it shares no vector.
    """

    def __init__(self) -> None:
        self.shape = _Shapes().shape
        self._known: dict[tuple[Column, int], bool] = {}

    def is_vector(self, terms: Column) -> bool:
        """Whether terms are one expression over neighbouring elements."""
        return self._is_known(terms, 0)

    def _is_known(self, terms: Column, depth: int) -> bool:
        key = terms, depth
        if key not in self._known:
            self._known[key] = self._check(terms, depth)
        return self._known[key]

    def _check(self, terms: Column, depth: int) -> bool:
        first, *others = terms
        if all(term is first for term in others):
            return True
        if depth > _DEEPEST or any(
            term.op != first.op or term.dtype != first.dtype for term in others
        ):
            return False
        if first.op == CONSTANT:
            return True
        if first.op == ELEMENT:
            return _is_regular(terms)
        if first.op in REDUCTIONS:
            return False
        if any(
            len(term.args) != len(first.args)
            or (term.params is not first.params and term.params != first.params)
            for term in others
        ):
            return False
        columns = zip(*(term.args for term in terms), strict=True)
        return all(self._is_known(column, depth + 1) for column in columns)


def _is_regular(terms: Column) -> bool:
    array = terms[0].array
    if any(term.array is not array for term in terms):
        return False
    step = terms[1].position - terms[0].position
    return step != 0 and all(
        term.position - terms[0].position == place * step
        for place, term in enumerate(terms)
    )


class _Shapes:
    """A number for each form of expression, to a bounded depth."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._known: dict[tuple[Term, int], int] = {}

    def shape(self, term: Term, depth: int = 4) -> int:
        """Terms of different shapes never share a vector."""
        key = term, depth
        if key not in self._known:
            inner: tuple[int, ...] = ()
            if depth:
                inner = tuple(self.shape(arg, depth - 1) for arg in term.args)
            form = (
                term.op,
                str(term.dtype),
                inner,
                term.array if not term.args else None,
            )
            self._known[key] = self._numbers.setdefault(form, len(self._numbers))
        return self._known[key]
