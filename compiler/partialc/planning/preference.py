"""Which of several ways to deliver a kernel is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, Protocol

from partialc.planning.cost import Burden
from partialc.spec.model import Form, Rows

LONG: Final = 150
TWICE: Final = 2.0
"""More statements than `LONG` are shipped only where they are so much faster than all
that is shorter: a person has to read them."""

LONGEST: Final = 500
"""More are shipped only where that is asked for."""

STATEMENT: Final = 0.006
MOST: Final = 0.2
"""What a statement weighs beside the costs, as a part of them, and all of them at the
most: somebody has to read them, and estimates are no better than that."""

STAYS: Final = 1.2
"""What an earlier build has chosen stays while it costs at most so much more than the
best: a review shows no change that nobody could measure."""


class Way(Protocol):
    """What is ranked: a `Realisation`, or what is known of one."""

    @property
    def form(self) -> str:
        """`chain` or `expanded`."""

    @property
    def short_key(self) -> str:
        """What the lock calls it."""

    @property
    def kind(self) -> str:
        """Its key without numbers: what it is at every size of the arguments."""

    @property
    def weighed(self) -> Burden | None:
        """What it takes; None where it cannot be had."""


@dataclass(frozen=True, slots=True)
class Preference:
    """Ranks ways by what they cost, and by what there is to read.

    Attributes:
        form: The form asked for.
        rows: What the kernel is called for.
        ways: All there are.
        kept: The short key of what an earlier build has chosen.
        pinned: The kind of way that is taken if there is one, whatever it costs.
    """

    form: Form
    rows: Rows
    ways: Sequence[Way]
    kept: str | None = None
    pinned: str | None = None

    def rank(self, way: Way) -> tuple[object, ...]:
        """The pinned, the form asked for, the readable, the kept; then the price."""
        burden = way.weighed
        if burden is None:
            return (True, True, True, True, inf, 0)
        price = self._price(burden)
        is_kept = way.short_key == self.kept and price <= STAYS * self._least
        is_other = self.pinned is not None and way.kind != self.pinned
        return (is_other, *self._group(way), not is_kept, price, burden.statements)

    def _price(self, burden: Burden) -> float:
        """What a way costs its callers, reading included."""
        reading = 1 + min(STATEMENT * burden.statements, MOST)
        return reading * burden.total(self.rows)

    def refusal(self, way: Way) -> str | None:
        """Why its text is too long to be taken; None if it is not."""
        if way.weighed is None or not self._is_bounded:
            return None
        return too_long(way.weighed, self)

    def reason(self, way: Way, chosen: Way) -> str | None:
        """Why a way that looks better than the chosen one is not taken."""
        if way.weighed is None or chosen.weighed is None:
            return None
        total, taken = way.weighed.total(self.rows), chosen.weighed.total(self.rows)
        if self._group(way) != self._group(chosen) or total >= taken:
            return self.refusal(way)
        saved = f"saves no more than {1 - total / taken:.0%}"
        more = way.weighed.statements - chosen.weighed.statements
        if more > 0:
            return f"{saved}, for {more} statements more"
        if chosen.short_key == self.kept:
            return f"{saved}, so that what was built before is kept"
        return None

    @property
    def burdens(self) -> list[Burden]:
        """What the ways take that were not refused."""
        return [each.weighed for each in self.ways if each.weighed is not None]

    @property
    def _is_bounded(self) -> bool:
        return self.form != "expanded"

    @property
    def _least(self) -> float:
        """The least price of those that are preferred otherwise."""
        weighed = [each for each in self.ways if each.weighed is not None]
        first = min(map(self._group, weighed))
        return min(
            self._price(each.weighed)
            for each in weighed
            if each.weighed is not None and self._group(each) == first
        )

    def _group(self, way: Way) -> tuple[bool, bool]:
        is_other = self.form == "expanded" != way.form
        return (is_other, self.refusal(way) is not None)


def too_long(burden: Burden, preference: Preference) -> str | None:
    """Why a text is too long to be taken; None if it is not."""
    if burden.is_chain or burden.statements <= LONG:
        return None
    if burden.statements > LONGEST:
        return too_many(burden.statements)
    rows = preference.rows
    shorter = [
        each.run(rows)
        for each in preference.burdens
        if each.statements < burden.statements
    ]
    if TWICE * burden.run(rows) > min(shorter, default=inf):
        return f"longer than {LONG} statements, and not twice as fast as the rest"
    return None


def too_many(statements: int) -> str:
    """Why a text of so many statements is taken only where that is asked for."""
    return (
        f'{statements:,} statements, more than {LONGEST}: `form = "expanded"` takes it'
    )
