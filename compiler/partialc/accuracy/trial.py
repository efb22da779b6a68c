"""Trying a written-out kernel out beside its chain, before it is taken.

Both are compiled, XLA's rewriting included, and run at many hard points in every width
that a caller may use; `contract` judges.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from partialc.accuracy.contract import Array, Breach, Judgement
from partialc.accuracy.running import Reference, program_runner
from partialc.accuracy.truth import Truth
from partialc.accuracy.verdict import Verdict
from partialc.ir.dtypes import Regime
from partialc.ir.program import ArrayType, Program
from partialc.ir.structure import all_equations, digest
from partialc.sampling.domain import INTEGERS, Region
from partialc.sampling.loops import has_while
from partialc.sampling.stress import CONTRACT, closer, hard_points

MOST_POINTS: Final = 2000
"""Points are cheap beside compiling, and some kernels fail at one in hundreds."""

FEWEST_POINTS: Final = 12
STRAINED: Final = 40
"""As many points again are drawn around so many, where a kernel comes closest to a
breach: it may err more than it should in a place that few points are in."""

LUCK: Final = 2
"""So many breaches around a point are none. A reference that errs much more than the
kernel does has places where it is right by luck, at a point and close to it."""

SHARE: Final = 0.75
"""So much of what the contract allows is allowed: the same references err a little more
or less when they are compiled in other company, or on another machine."""

ELEMENTS: Final = 3_000_000
"""Large programs are tried at fewer points: so many elements are computed in all."""

MOST_IN_BOTH: Final = 500
"""Chains of more operations are tried in the smaller float width alone, in which
kernels overflow and cancel first: else it would take longer than the rest of a build.
"""

TRUTHS: Final = 200_000
"""How many scalar operations are spent on the truth, for each width."""

RULE: Final = 11
"""Counts up when what is judged, or where, changes: older verdicts then are void."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is tried out.

    Attributes:
        kernel: The kernel's name.
        program: The written-out kernel, in every regime.
        chain: What it replaces.
        others: Other ways to the same derivatives.
        types: The type of each flat input; floats may follow the caller.
        names: A name for each flat input.
        regions: What each flat input is drawn from.
        values: The numbers of the results that are values of the function itself.
    """

    kernel: str
    program: Program
    chain: Reference
    others: tuple[Reference, ...]
    types: tuple[ArrayType, ...]
    names: tuple[str, ...]
    regions: tuple[Region, ...]
    values: tuple[int, ...]

    @property
    def key(self) -> str:
        """The same for the same program, chain and domain, on every machine."""
        held = hashlib.sha256()
        held.update(f"{RULE} {self.values} {_regions_text(self.regions)}".encode())
        for regime, function in self.program.variants.items():
            held.update(f"{regime.value} {digest(function)}".encode())
        held.update(digest(self.chain.traced).encode())
        return f"{self.kernel} {held.hexdigest()[:16]}"


_NARROW_ONLY: Final = "tried out at hard points in the smaller float width: it is long"


def try_out(subject: Subject) -> Verdict:
    """Judge a written-out kernel at hard points of its domain.

    Returns:
        The verdict; the reason tells the worst breach, or why nothing was tried.
    """
    refusal = _refusal(subject)
    if refusal is not None:
        return Verdict((), refusal)
    truth = Truth(subject.chain.scalars())
    regimes = list(_regimes(subject))
    tried = regimes[:1] if _is_long(subject) else regimes
    for regime in tried:
        breaches = _judged(subject, truth, regime)
        if breaches:
            parts = tuple(sorted({breach.part for breach in breaches}))
            return Verdict(parts, _sentence(breaches[0], subject.names))
    return Verdict((), _NARROW_ONLY if tried != regimes else "")


def _is_long(subject: Subject) -> bool:
    """Whether trying it out takes so long that one width must do."""
    return _is_costly(subject) or subject.chain.length > MOST_IN_BOTH


def _is_costly(subject: Subject) -> bool:
    """Whether the chain takes long however it is run: it then is the one reference."""
    chain = subject.chain
    return not chain.is_taken_apart and (chain.is_long or _count(subject) < CONTRACT)


def _refusal(subject: Subject) -> str | None:
    """Why a kernel cannot be tried out, if that is so."""
    types = subject.types
    if any(kind.dtype.is_key or kind.dtype.is_complex for kind in types):
        return "not tried: an argument is a random key, or complex"
    if not any(kind.dtype.is_float for kind in types):
        return "not tried: no argument is real"
    if has_while(subject.chain.traced):
        return "not tried: a loop need not end everywhere"
    if not any(True for _ in _regimes(subject)):
        return "not tried: the arguments mix float widths"
    return None


def _regimes(subject: Subject) -> Iterator[Regime]:
    """The regimes that differ in the width of the floats, if that is one width."""
    seen: set[str] = set()
    for regime in (Regime.NARROW, Regime.WIDE):
        widths = {
            kind.dtype.at(regime) for kind in subject.types if kind.dtype.is_float
        }
        usual = widths <= {"float32", "float64"} and regime in subject.program.variants
        if len(widths) == 1 and usual and not widths & seen:
            seen |= widths
            yield regime


def _judged(subject: Subject, truth: Truth, regime: Regime) -> list[Breach]:
    types = subject.types
    width = next(t.dtype.at(regime) for t in types if t.dtype.is_float)
    is_costly = _is_costly(subject)
    others = [] if is_costly else [each for each in subject.others if each.is_cheap]
    held = partial(
        Judgement,
        program_runner(subject.program.variants[regime], regime),
        [each.runner(regime) for each in (subject.chain, *others)],
        truth,
        width=width,
        wide=subject.chain.runner(Regime.WIDE),
        values=subject.values,
        share=SHARE,
    )
    points = _points(types, subject.regions, width, regime, _count(subject))
    judgement = held(points=points, limit=truth.work + TRUTHS)
    breaches = list(judgement.breaches())
    if breaches or is_costly:
        return breaches
    rows = judgement.most_strained(STRAINED)
    if not rows:
        return []
    points = _closer(points, rows, types, subject.regions)
    found = held(points=points, limit=truth.work + TRUTHS).breaches()
    return _no_luck(list(found), len(rows))


def _no_luck(breaches: list[Breach], places: int) -> list[Breach]:
    """Those breaches that have others of the same entry around the same point.

    Args:
        breaches: At points drawn around others, one after the other.
        places: How many these are.
    """

    def place(breach: Breach) -> tuple[int, int, int]:
        return breach.part, breach.position, breach.row % places

    many = Counter(map(place, breaches))
    return [breach for breach in breaches if many[place(breach)] > LUCK]


def _count(subject: Subject) -> int:
    elements = sum(
        value.type.size
        for equation in all_equations(subject.chain.traced)
        for value in equation.outputs
    )
    return min(max(ELEMENTS // max(elements, 1), FEWEST_POINTS), MOST_POINTS)


def _points(
    types: Sequence[ArrayType],
    regions: Sequence[Region],
    width: str,
    regime: Regime,
    count: int,
) -> list[Array]:
    """Points for all leaves: hard ones for floats, some of what fits for the others."""
    floats = _floats(types)
    ranges = _ranges(floats, regions)
    shapes = [types[number].shape for number in floats]
    drawn = iter(hard_points(shapes, width, ranges=ranges, count=count))
    random = np.random.RandomState(0)
    points = []
    for kind, region in zip(types, regions, strict=True):
        dtype = kind.dtype.numpy(regime)
        if kind.dtype.is_float:
            points.append(next(drawn))
        else:
            low, high = (0, 1) if kind.dtype.is_bool else region.limits or INTEGERS
            whole = random.randint(int(low), int(high) + 1, (count, *kind.shape))
            points.append(whole.astype(dtype))
        if region.values:
            rows = [region.values[n % len(region.values)] for n in range(count)]
            points[-1] = np.stack(rows).astype(dtype)
    return points


def _closer(
    points: Sequence[Array],
    rows: Sequence[int],
    types: Sequence[ArrayType],
    regions: Sequence[Region],
) -> list[Array]:
    """Points around some: what is not drawn from a range of floats stays as it is."""
    floats = [number for number in _floats(types) if not regions[number].values]
    if not floats:
        return list(points)
    drawn = closer(
        [points[number] for number in floats],
        rows,
        ranges=_ranges(floats, regions),
    )
    chosen = np.resize(np.asarray(rows), len(points[0]))
    moved = [leaf[chosen] for leaf in points]
    for number, leaf in zip(floats, drawn, strict=True):
        moved[number] = leaf
    return moved


def _floats(types: Sequence[ArrayType]) -> list[int]:
    return [number for number, kind in enumerate(types) if kind.dtype.is_float]


def _ranges(
    floats: Sequence[int], regions: Sequence[Region]
) -> dict[int, tuple[float, float]]:
    """The limits of those leaves that have some, by their place among the floats."""
    return {
        place: limits
        for place, number in enumerate(floats)
        if (limits := regions[number].limits) is not None
    }


def _sentence(breach: Breach, names: Sequence[str]) -> str:
    """A breach in words: `at x = -30.0 (float32) it gives nan, true is 9.36e-14`."""
    many = Counter(names)
    shown = [
        f"{name} = {_numbers(leaf)}"
        for name, leaf in zip(names, breach.point, strict=True)
        if many[name] == 1
    ]
    place = ", ".join(shown[:4]) + (", ..." if len(shown) > 4 else "")
    true = "the function is nan" if np.isnan(breach.truth) else f"{breach.truth:.6g}"
    instead = f"where {true}" if np.isnan(breach.truth) else f"instead of {true}"
    return f"at {place} in {breach.width} it gives {breach.kernel:.6g} {instead}"


def _numbers(leaf: Array) -> str:
    flat = leaf.reshape(-1)
    if not leaf.shape:
        return f"{flat[0]:.9g}"
    shown = ", ".join(f"{number:.9g}" for number in flat[:4])
    return f"[{shown}{', ...' if flat.size > 4 else ''}]"


def _regions_text(regions: Sequence[Region]) -> str:
    held = hashlib.sha256()
    for region in regions:
        held.update(repr(region.limits).encode())
        for value in region.values:
            held.update(value.tobytes())
    return held.hexdigest()
