"""Figures beside the contests: what a build takes, how much text changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from time import perf_counter
from typing import Any, TypeVar

from partialc.benching.timing import Clock

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure and how large it may be.

    Attributes:
        what: What was measured, in a few words.
        value: The figure.
        unit: Its unit: `s`, `%`, `GiB`.
        most: The bar; infinite for a figure that is only told.
    """

    what: str
    value: float
    unit: str
    most: float = inf

    @property
    def is_met(self) -> bool:
        """Whether the figure reaches the bar."""
        return self.value <= self.most

    def __str__(self) -> str:
        """The line that is printed."""
        if self.most == inf:
            return f"{self.what}: {self.value:.3g} {self.unit}".rstrip()
        met = "met" if self.is_met else "MISSED"
        bar = f"at most {self.most:.3g} {self.unit}"
        return f"{self.what}: {bar}: {self.value:.3g} {self.unit} {met}"


def timed(call: Callable[[], _T], clock: Clock = perf_counter) -> tuple[_T, float]:
    """What a call returns, and how many seconds it took."""
    start = clock()
    result = call()
    return result, clock() - start


def measurements_json(measurements: Sequence[Measurement]) -> list[dict[str, Any]]:
    """Measurements as plain data, beside those of results."""
    return [
        {
            "name": each.what,
            "value": each.value,
            "unit": each.unit,
            "most": None if each.most == inf else each.most,
            "met": each.is_met,
        }
        for each in measurements
    ]
