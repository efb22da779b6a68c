"""Whole solves: an integrator, Newton's method and an interior point method.

Nothing is faster than what a solver does besides: where linear algebra takes most of
the time, derivatives for nothing would not halve it. Lines without a bar say where the
time of each solve goes; prices of detection and compilation are not in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from partialc.benching.measurement import Measurement
from solving import brusselator, optimal_flow, rubber


def measurements() -> Iterator[Measurement]:
    """All of them."""
    for solve in (brusselator, rubber, optimal_flow):
        yield from solve.measurements()
