"""What a contest has found: times, counts, ratios, and whether bars are met."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Final

from partialc.benching.case import Bar, Measure
from partialc.benching.timing import ratio


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one contender.

    Attributes:
        name: The contender's.
        run: Seconds per call, turn by turn; empty if it was not run.
        build: Seconds of tracing and compiling, turn by turn; empty if it was not.
        flops: Operations of the optimised HLO; None if XLA does not count them.
        transcendentals: Likewise.
        refusal: Why it was not run; None if it was.
    """

    name: str
    run: tuple[float, ...] = ()
    build: tuple[float, ...] = ()
    flops: float | None = None
    transcendentals: float | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bar and what was measured.

    Attributes:
        bar: The bar.
        ratio: Kernel over rival, or what the kernel takes where the bar names no
            rival; None if one of them was not measured.
    """

    bar: Bar
    ratio: float | None

    @property
    def is_met(self) -> bool:
        """Whether the kernel reaches the bar."""
        return self.ratio is not None and self.ratio <= self.bar.most


@dataclass(frozen=True, slots=True)
class Result:
    """What a contest has found.

    Attributes:
        name: The case's.
        rows: The case's.
        precision: `float32` or `float64`.
        kernel: The generated kernel.
        rivals: The others, in the order of the case.
        bars: What the kernel must reach.
    """

    name: str
    rows: int | None
    precision: str
    kernel: Measured
    rivals: tuple[Measured, ...]
    bars: tuple[Bar, ...] = ()

    def ratio(self, rival: Measured, measure: Measure) -> float | None:
        """Rival over kernel: above one, the kernel is better; None if not measured."""
        return _ratio(rival, self.kernel, measure)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Every bar with what was measured."""
        named = {rival.name: rival for rival in self.rivals}

        def found(bar: Bar) -> float | None:
            if bar.rival is None:
                return _figure(self.kernel, bar.measure)
            return _ratio(self.kernel, named.get(bar.rival, _NOTHING), bar.measure)

        return tuple(Verdict(bar, found(bar)) for bar in self.bars)


_NOTHING: Final = Measured("")


def _figure(one: Measured, measure: Measure) -> float | None:
    match measure:
        case "run":
            return median(one.run) if one.run else None
        case "build":
            return median(one.build) if one.build else None
        case "flops":
            return one.flops


def _ratio(one: Measured, other: Measured, measure: Measure) -> float | None:
    match measure:
        case "run":
            return ratio(one.run, other.run) if one.run and other.run else None
        case "build":
            return ratio(one.build, other.build) if one.build and other.build else None
        case "flops":
            if one.flops is None or other.flops is None:
                return None
            if one.flops == other.flops:
                return 1.0  # zeros compare too
            return one.flops / other.flops if other.flops else inf
