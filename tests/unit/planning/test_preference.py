"""Which way is taken: what it costs its callers, and what there is to read."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from partialc.ops.registry import Cost
from partialc.planning.cost import Burden
from partialc.planning.preference import LONG, LONGEST, STAYS, Preference
from partialc.spec.model import Form, Rows


@dataclass(frozen=True)
class Way:
    """A way of which no more is known than what ranks it."""

    short_key: str
    weighed: Burden | None
    form: str = "expanded"

    @property
    def kind(self) -> str:
        """What it is at every size."""
        return self.short_key


def _burden(flops: float, statements: int, *, launches: float = 1.0) -> Burden:
    cost = Cost(flops=flops, launches=launches)
    return Burden(cost, operations=10, statements=statements)


def _taken(
    ways: list[Way], rows: Rows = "many", form: Form = "auto", kept: str | None = None
) -> str:
    preference = Preference(form, rows, ways, kept)
    return min(ways, key=preference.rank).short_key


def test_one_row_and_many_rows_want_opposite_plans() -> None:
    parts = Way("parts", _burden(1e3, 9, launches=1e4))
    whole = Way("whole", _burden(1e6, 9))
    assert _taken([parts, whole], "many") == "parts"
    assert _taken([parts, whole], "one") == "whole"


def test_what_is_pinned_is_taken_whatever_it_costs() -> None:
    ways = [Way("dear", _burden(1e9, 9)), Way("cheap", _burden(1.0, 9))]
    preference = Preference("auto", "many", ways, "cheap", "dear")
    assert min(ways, key=preference.rank).short_key == "dear"


@pytest.mark.parametrize(
    ("statements", "flops", "is_taken"),
    [
        (LONG, 8e7, True),
        (LONG + 1, 8e7, False),
        (LONG + 1, 4e7, True),
        (LONGEST + 1, 1.0, False),
    ],
)
def test_long_texts_have_to_be_twice_as_fast(
    statements: int, flops: float, is_taken: bool
) -> None:
    ways = [Way("long", _burden(flops, statements)), Way("short", _burden(1e8, 5))]
    assert (_taken(ways) == "long") == is_taken
    assert _taken(ways, form="expanded") == "long"


def test_a_long_text_is_refused_with_a_reason() -> None:
    ways = [Way("long", _burden(1.0, LONGEST + 1)), Way("short", _burden(1e8, 5))]
    refused = Preference("auto", "many", ways).refusal(ways[0])
    assert refused is not None
    assert str(LONGEST) in refused
    assert Preference("expanded", "many", ways).refusal(ways[0]) is None


@pytest.mark.parametrize(("dearer", "stays"), [(0.95, True), (1.05, False)])
def test_what_was_chosen_stays_while_others_are_hardly_better(
    dearer: float, stays: bool
) -> None:
    best = _burden(1e9, 5)
    flops = 1e9 * (1 + (STAYS - 1) * dearer)
    ways = [Way("best", best), Way("old", _burden(flops, 5))]
    assert _taken(ways) == "best"
    assert (_taken(ways, kept="old") == "old") == stays
    assert _taken(ways, kept="gone") == "best"


def test_what_jax_refuses_comes_last() -> None:
    ways = [Way("refused", None), Way("dear", _burden(1e12, 5))]
    assert _taken(ways) == "dear"
