"""How fast the partial results of a program grow: what overflows, and loses others.

Let one argument go to infinity, or to zero: every partial result then behaves like a
power of it. These powers are found bottom-up,

    sums                the largest
    products            the sum, quotients the difference
    roots, powers       a half, n times
    sin, tanh, ...      0, or what goes to zero as their operand does

for each element, for all elements together, and for each exponential of something
unbounded, which counts as an argument of its own. `E * (1 / (1 + E)) ** 2` grows no
faster than E, but `E**2 * (1 / (1 + E)) ** 3` like its square, and overflows where the
other one does not.

What overflows, or vanishes, does no harm by itself: it is where something else undoes
it (`inf * 0`, `inf - inf`, the root of what overflowed) that numbers are lost. Both are
found: the fastest power that occurs, and the fastest that is undone, be it by another
power or by what is steeper than any (`steepness`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.ir.program import Value
from partialc.lowering.scalar.samples import Samples
from partialc.lowering.scalar.steepness import STEEP, Steepness, steepness
from partialc.lowering.scalar.terms import ELEMENT, Term, reachable, unknown

Powers: TypeAlias = NDArray[np.float64]
"""A power for each direction."""

MOST_ELEMENTS: Final = 16
"""Of more elements those of one array go to infinity together."""

MOST_EXPONENTIALS: Final = 12
"""Of more exponentials all others go to infinity with the last."""

HARMLESS: Final = 2.0
"""Squares of arguments, and of their reciprocals, overflow where nobody goes."""

FAR: Final = 1e3
"""An argument that stays within this, and away from its inverse, overflows nothing."""

Limits: TypeAlias = tuple[float, float] | None
NOTHING: Final[Mapping[Value, Limits]] = MappingProxyType({})

_ROUNDING: Final = 1e-9

SIMPLEST: Final = 12
"""Exponents are one multiple of another up to this denominator."""

UNKNOWN_POWERS: Final = np.errstate(invalid="ignore")
"""Powers that are not known are infinite; what comes of two of them is nan, and within
no limits."""

EXPONENTIAL: Final = frozenset({"exp", "exp2", "expm1", "sinh", "cosh", "pow"})
_SAME: Final = frozenset(
    {"neg", "abs", "convert_element_type", "copy", "real", "reduce_precision"}
)
_LARGEST: Final = frozenset({"add", "add_any", "sub", "max", "min", "reduce_sum"})
_ODD: Final = frozenset(
    {
        *("sin", "tan", "asin", "atan", "tanh", "asinh", "atanh", "erf", "erf_inv"),
        *("log1p", "expm1", "sinh"),
    }
)
"""They go to zero as their operands do."""
_ROOTS: Final = {"sqrt": 0.5, "rsqrt": -0.5, "cbrt": 1 / 3}
_UNDOING: Final = frozenset({*_ROOTS, "log", "log1p", "pow"})
"""What has overflowed, or vanished, is lost to them."""


@dataclass(frozen=True, eq=False, slots=True)
class Extent:
    """What happens within a term, for each direction.

    Attributes:
        fastest: The highest power of a partial result.
        undone: The highest power of one that something undoes.
    """

    fastest: Powers
    undone: Powers


@dataclass(frozen=True, eq=False, slots=True)
class _State:
    """All there is to know of a term."""

    powers: Powers
    steepness: Steepness
    extent: Extent


class Growth:
    """The powers of the terms of a program, and of those that may replace them."""

    def __init__(
        self,
        roots: Sequence[Term],
        *,
        given: Collection[Value] | None = None,
        carried: Collection[Value] = (),
        bounded: Mapping[Value, Limits] = NOTHING,
    ) -> None:
        """Find the directions.

        Args:
            roots: What is replaced.
            given: The arrays that are arguments; elements of others may be
                exponentials. If not given, all are but those that are carried.
            carried: Arrays that operations on whole arrays give.
            bounded: Between which numbers the elements of some arrays are.
        """
        self._samples = Samples()
        self._states: dict[Term, _State] = {}
        self._alike: dict[object, _State] = {}
        self._distinct: dict[object, _State] = {}
        self._limits: dict[tuple[Extent, bool], Extent] = {}
        self._within: dict[tuple[Extent, Extent], bool] = {}
        self._elements: dict[object, int] = {}
        self._exponents: list[float] = []

        terms = list(reachable(roots))
        elements = [term for term in terms if term.op == ELEMENT]
        self._by_element = len(elements) <= MOST_ELEMENTS
        for term in elements:
            self._elements.setdefault(self._key(term), len(self._elements))
        for term in terms:
            if term.op in EXPONENTIAL and self._ratio(term) is None:
                self._exponents.append(self._exponent(term))
        self._half = 2 + len(self._elements) + len(self._exponents)
        self._none = np.zeros(2 * self._half)
        self._even = np.zeros(2 * self._half, np.int8)
        # Place 0 is all elements together, the last one all exponentials.
        harmless = np.zeros((2, self._half))
        for term in elements:
            assert term.array is not None
            is_given = (
                term.array not in carried if given is None else term.array in given
            )
            own = _harmless(bounded.get(term.array)) if is_given else np.zeros(2)
            harmless[:, 1 + self._elements[self._key(term)]] = own
        if elements:
            harmless[:, 0] = harmless[:, 1 : 1 + len(self._elements)].min(axis=1)
        self._harmless: Powers = harmless.reshape(-1)

    def _key(self, term: Term) -> object:
        return (term.array, term.position) if self._by_element else term.array

    # --- exponentials

    def _exponent(self, term: Term) -> float:
        """A number for an exponent; that of its negative is its negative."""
        found = self._samples.of(term if term.op == "pow" else term.args[0])
        return found if isfinite(found) else 0.0

    def _ratio(self, term: Term) -> tuple[int, float] | None:
        """Which exponential this one is a power of, and which."""
        own = self._exponent(term)
        for place, other in enumerate(self._exponents):
            if not other:
                continue
            if not isfinite(own / other) or not _may_be_simple(own / other):
                continue
            simple = Fraction(own / other).limit_denominator(SIMPLEST)
            if simple and abs(own / other - simple) <= 1e-9 * abs(simple):
                return place, float(simple)
        if len(self._exponents) == MOST_EXPONENTIALS:
            return MOST_EXPONENTIALS - 1, 1.0
        return None

    # --- powers

    def of(self, term: Term) -> Powers:
        """The power of a term in each direction."""
        return self._state(term).powers

    def extent(self, term: Term) -> Extent:
        """The fastest power within a term, and the fastest that is undone."""
        return self._state(term).extent

    def is_within(self, term: Term, limits: Extent) -> bool:
        """Whether nothing within a term grows faster, or loses more, than it may."""
        key = self.extent(term), limits
        if key not in self._within:
            found, _ = key
            self._within[key] = bool(
                (found.fastest <= limits.fastest).all()
                and (found.undone <= limits.undone).all()
            )
        return self._within[key]

    def limits(self, reference: Term, *, safe: bool) -> Extent:
        """How fast what replaces a term may grow, and what it may undo.

        What nothing undoes may grow by one more power of an argument: a factor that is
        taken out of a sum, and not of the other.

        Args:
            reference: The term.
            safe: Whether it is to undo nothing that grows faster than what has to
                overflow first, even where the term itself does.
        """
        there = self.extent(reference)
        if (there, safe) not in self._limits:
            self._limits[there, safe] = self._new_limits(there, safe)
        return self._limits[there, safe]

    def _new_limits(self, there: Extent, safe: bool) -> Extent:
        is_plain = self._harmless > 0
        fastest = np.maximum(there.fastest + is_plain, self._harmless) + _ROUNDING
        undone = np.maximum(there.undone, self._harmless) + _ROUNDING
        return Extent(fastest, np.minimum(undone, fastest) if safe else undone)

    def tightest(self, limits: Sequence[Extent]) -> Extent:
        """What keeps within each of some limits."""
        return Extent(
            np.min(np.stack([each.fastest for each in limits]), axis=0),
            np.min(np.stack([each.undone for each in limits]), axis=0),
        )

    def undone_here(self, term: Term) -> Powers:
        """The power of what a term itself undoes."""
        parts = [self._state(arg) for arg in term.args]
        if term.op in ("mul", "div"):
            first, second = parts
            against = np.maximum(
                np.where(first.steepness == STEEP, np.abs(second.powers), 0),
                np.where(second.steepness == STEEP, np.abs(first.powers), 0),
            )
            signed = second.powers if term.op == "mul" else -second.powers
            return np.maximum(against, _undone_by_product(first.powers, signed))
        if term.op in ("add", "sub"):
            first, second = parts
            return np.maximum(np.minimum(first.powers, second.powers), 0)
        if term.op in _UNDOING:
            return np.abs(parts[0].powers)
        return self._none

    def _state(self, term: Term) -> _State:
        if term not in self._states:
            for each in unknown([term], self._states):
                self._states[each] = self._learned(each)
        return self._states[term]

    def _learned(self, term: Term) -> _State:
        """The state of a term whose operands have theirs.

        What is computed alike of operands that are alike is: there are few states.
        """
        args = tuple(self._states[arg] for arg in term.args)
        key: object = (term.op, term.params.get("y"), term.dtype.is_float, args)
        if term.op == ELEMENT:
            key = self._key(term)
        elif not args:
            key = None
        elif term.op in EXPONENTIAL:
            return self._new(term, args)
        if key not in self._alike:
            self._alike[key] = self._new(term, args)
        return self._alike[key]

    def _new(self, term: Term, args: Sequence[_State]) -> _State:
        powers = self._found(term, [arg.powers for arg in args])
        found = steepness(
            term, [arg.steepness for arg in args], [arg.powers > 0 for arg in args]
        )
        steep = self._even if found is None else found
        undone = self.undone_here(term) if args else self._none
        fastest = _largest([powers, *(arg.extent.fastest for arg in args)])
        undone = _largest([undone, *(arg.extent.undone for arg in args)])
        state = _State(powers, steep, Extent(fastest, undone))
        name = tuple(part.tobytes() for part in (powers, steep, fastest, undone))
        return self._distinct.setdefault(name, state)

    def _found(self, term: Term, parts: Sequence[Powers]) -> Powers:
        if term.op == ELEMENT:
            return self._towards(self._elements.get(self._key(term)), 1.0)
        if not parts or not term.dtype.is_float:
            return self._none
        if term.op in EXPONENTIAL:
            return self._exponential(term, parts)
        if term.op in _SAME:
            return parts[0]
        if term.op in _LARGEST:
            return _largest(parts)
        if term.op == "select_n":
            return _largest(parts[1:])
        if term.op in ("mul", "reduce_prod"):
            total: Powers = np.sum(np.stack(parts), axis=0)
            return total
        if term.op == "div":
            return parts[0] - parts[1]
        if term.op in _ROOTS:
            return parts[0] * _ROOTS[term.op]
        exponent = term.params.get("y")
        if term.op == "integer_pow" and isinstance(exponent, int):
            return parts[0] * exponent
        if term.op == "square":
            return parts[0] * 2.0
        if term.op in _ODD:
            return np.minimum(parts[0], 0)
        return self._none

    def _exponential(self, term: Term, parts: Sequence[Powers]) -> Powers:
        exponent = term.args[1].number if term.op == "pow" else None
        if exponent is not None:
            return parts[0] * float(exponent)
        if not any((part > 0).any() for part in parts):
            return np.minimum(parts[0], 0) if term.op in _ODD else self._none
        known = self._ratio(term)
        if known is None:
            return np.full_like(self._none, np.inf)
        place, ratio = known
        place = 1 + len(self._elements) + place
        found = self._none.copy()
        for at in (place, self._half - 1):
            found[at], found[self._half + at] = ratio, -ratio
        if term.op in ("sinh", "cosh"):
            return np.abs(found)
        return np.maximum(found, 0) if term.op == "expm1" else found

    def _towards(self, place: int | None, power: float) -> Powers:
        """What goes to infinity with one argument, or with all, and to zero with it."""
        found = self._none.copy()
        for at in (0,) if place is None else (0, place + 1):
            found[at], found[self._half + at] = power, -power
        return found


def _harmless(limits: Limits) -> Powers:
    """How fast what is large, and what is small, may grow with an argument."""
    found = np.full(2, HARMLESS)
    if limits is not None:
        low, high = limits
        size = max(abs(low), abs(high))
        nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
        found[0] = np.inf if size <= FAR else HARMLESS
        found[1] = np.inf if nearest >= 1 / FAR else HARMLESS
    return found


def _may_be_simple(ratio: float) -> bool:
    """Whether some fraction of a small denominator may be near to a number."""
    near = 2e-9 * SIMPLEST * abs(ratio)
    return near > 1 or any(
        abs(ratio * denominator - round(ratio * denominator)) <= near
        for denominator in range(1, SIMPLEST + 1)
    )


def _largest(parts: Sequence[Powers]) -> Powers:
    found: Powers = np.max(np.stack(parts), axis=0)
    return found


def _undone_by_product(first: Powers, second: Powers) -> Powers:
    """What overflows against what vanishes."""
    larger = np.maximum(np.abs(first), np.abs(second))
    return np.where(first * second < 0, larger, 0.0)
