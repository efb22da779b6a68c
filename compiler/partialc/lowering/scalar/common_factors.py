"""The addends of a sum, and which factor most of them have in common.

Factors are taken out one after the other. Each time a few addends become one, so what
is known of the others stays: a sum of n addends with as many factors would take n ** 2
steps otherwise.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import heappop, heappush

from partialc.lowering.scalar.addends import Addend, Powers, merged
from partialc.lowering.scalar.terms import Term


def common_factor(addends: Sequence[Addend]) -> Term | None:
    """The factor that most addends have, the first of several; None if none has two.

    Args:
        addends: The addends, in order.
    """
    return Together(addends).common_factor()


class Together:
    """Addends in their order: those with equal factors and one sign are one."""

    def __init__(self, addends: Sequence[Addend]) -> None:
        """Merge them, and note their factors.

        Args:
            addends: The addends, in order.
        """
        self._addends = dict(enumerate(merged(addends)))
        # t - t may be meant, as (x + t) - t is: to round x. Nothing is taken out.
        self._alike: dict[frozenset[tuple[Term, int]], list[int]] = {}
        self._users: dict[Term, list[int]] = {}
        for place, addend in self._addends.items():
            self._alike.setdefault(frozenset(addend.powers), []).append(place)
        for places in self._alike.values():
            if len(places) == 1:
                self._note(places[0])
        self._ranked: list[tuple[int, int, int, int, Term]] = []
        self._pushed = 0
        self._rank(self._users)

    def __len__(self) -> int:
        """How many addends are left."""
        return len(self._addends)

    @property
    def addends(self) -> list[Addend]:
        """All that are left, in order; a zero where there is none."""
        found = [self._addends[place] for place in sorted(self._addends)]
        return found or [Addend(0.0, ())]

    def common_factor(self) -> Term | None:
        """The factor that most have, the first of several; None if none has two."""
        while self._ranked:
            *rank, _, factor = self._ranked[0]
            if self._rank_of(factor) == tuple(rank):
                return factor
            heappop(self._ranked)  # it was so before others were taken out
        return None

    def taken(self, factor: Term) -> tuple[int, list[Addend]]:
        """Those with a factor, which leave; and the place of the first of them.

        Args:
            factor: A factor that some have.
        """
        places = list(dict.fromkeys(self._users[factor]))
        found = []
        for place in places:
            addend = self._addends.pop(place)
            self._forget(place, addend.powers)
            del self._alike[frozenset(addend.powers)]
            found.append(addend)
        self._rank(dict.fromkeys(base for each in found for base, _ in each.powers))
        return places[0], found

    def put(self, place: int, addend: Addend) -> None:
        """One more.

        Args:
            place: Where; nothing is there.
            addend: The addend.
        """
        if not addend.number:
            return
        alike = self._alike.setdefault(frozenset(addend.powers), [])
        for other in alike:
            known = self._addends[other]
            if (known.number > 0) == (addend.number > 0):
                number = known.number + addend.number
                if other < place:
                    self._addends[other] = replace(known, number=number)
                    return
                self._remove(other, alike)
                addend = replace(addend, number=number)
                break
        alike.append(place)
        self._addends[place] = addend
        if len(alike) == 1:
            self._note(place)
        else:
            (other,) = [each for each in alike if each != place]
            self._forget(other, self._addends[other].powers)
        self._rank(base for base, _ in addend.powers)

    def _remove(self, place: int, alike: list[int]) -> None:
        alike.remove(place)
        addend = self._addends.pop(place)
        if not alike:
            self._forget(place, addend.powers)

    def _note(self, place: int) -> None:
        for factor, _ in self._addends[place].powers:
            insort(self._users.setdefault(factor, []), place)

    def _forget(self, place: int, powers: Powers) -> None:
        for factor, _ in powers:
            users = self._users.get(factor, [])
            at = bisect_left(users, place)
            if at < len(users) and users[at] == place:
                del users[at]

    def _rank(self, factors: Iterable[Term]) -> None:
        """Note where factors stand among others, after what has them has changed."""
        for factor in factors:
            rank = self._rank_of(factor)
            if rank is not None:
                self._pushed += 1
                heappush(self._ranked, (*rank, self._pushed, factor))

    def _rank_of(self, factor: Term) -> tuple[int, int, int] | None:
        """What most have leads, then what comes first, read from left to right."""
        users = self._users.get(factor, [])
        if len(users) < 2:
            return None
        powers = self._addends[users[0]].powers
        inside = next(n for n, (base, _) in enumerate(powers) if base is factor)
        return -len(users), users[0], inside
