"""Comparing run times in one process: interleaved, repeated, blocked, medians.

Absolute times drift with the machine's load and its clock frequency. Contenders are
therefore run in turns, many times each, and compared turn by turn: what disturbs one of
them disturbs its neighbours as well.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any, Final, TypeAlias

import jax

Clock: TypeAlias = Callable[[], float]
Call: TypeAlias = Callable[[], Any]

wait: Callable[[Any], Any] = jax.block_until_ready
"""Returns when a result is there: JAX computes asynchronously."""

ROUNDS: Final = 9
LEAST_SECONDS: Final = 0.02
"""A turn lasts at least so long: a hundred thousand ticks of the clock, and long enough
for the jitter of single calls to cancel."""

_MOST_CALLS: Final = 100_000
_SLOW_SECONDS: Final = 0.5
_SLOW_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """How carefully to measure.

    Attributes:
        rounds: How many turns each contender has.
        least_seconds: How long a turn lasts at least.
        clock: Seconds since some moment.
    """

    rounds: int = ROUNDS
    least_seconds: float = LEAST_SECONDS
    clock: Clock = perf_counter


def race(calls: Sequence[Call], pace: Pace) -> list[tuple[float, ...]]:
    """Run contenders in turns.

    Each turn repeats the call as often as its calibration found necessary, and waits
    for every result. Every round begins with another contender, so that none always
    follows the same one. A contender whose call lasts half a second or more takes part
    in the first three rounds only.

    Args:
        calls: What to run; compiled already.
        pace: How carefully to measure.

    Returns:
        For each contender the seconds per call of each of its turns.
    """
    repeats = [calibrate(call, pace) for call in calls]
    times: list[list[float]] = [[] for _ in calls]
    with _no_collection():
        for number in range(pace.rounds):
            for place in range(len(calls)):
                which = (number + place) % len(calls)
                if number < _SLOW_ROUNDS or repeats[which].seconds < _SLOW_SECONDS:
                    seconds = _turn(calls[which], repeats[which].count, pace.clock)
                    times[which].append(seconds)
    return [tuple(each) for each in times]


@dataclass(frozen=True, slots=True)
class Repeats:
    """What calibration found.

    Attributes:
        count: How often a turn repeats the call.
        seconds: How long one call takes, roughly.
    """

    count: int
    seconds: float


def calibrate(call: Call, pace: Pace) -> Repeats:
    """Find how often a turn must repeat a call to last long enough.

    The first call is not counted: it may load code and fill caches.
    """
    wait(call())
    count = 1
    while True:
        seconds = _turn(call, count, pace.clock)
        if seconds * count >= pace.least_seconds or count >= _MOST_CALLS:
            return Repeats(count, seconds)
        wanted = 1.2 * pace.least_seconds / seconds if seconds > 0 else 10 * count
        count = min(_MOST_CALLS, max(2 * count, int(min(wanted, 10 * count)) + 1))


def _turn(call: Call, count: int, clock: Clock) -> float:
    """Seconds per call."""
    start = clock()
    for _ in range(count):
        wait(call())
    return (clock() - start) / count


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage collection while the clock runs."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def ratio(times: Sequence[float], base: Sequence[float]) -> float:
    """The median of the ratios of two contenders' turns in the same rounds."""
    return median(one / other for one, other in zip(times, base, strict=False))
