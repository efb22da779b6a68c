"""The machinery of timing, on a clock that only the contenders move."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from partialc.benching.timing import Pace, calibrate, race, ratio


@dataclass
class Track:
    """A clock, and who ran in which order."""

    now: float = 0.0
    order: list[str] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def runner(self, name: str, costs: Sequence[float]) -> Callable[[], None]:
        """A call that lasts as long as the next cost says; the last one stays."""
        rest = list(costs)

        def call() -> None:
            self.order.append(name)
            self.now += rest.pop(0) if len(rest) > 1 else rest[0]

        return call

    def pace(self, rounds: int = 9, least_seconds: float = 1.0) -> Pace:
        return Pace(rounds, least_seconds, self.clock)


@pytest.mark.parametrize(("cost", "most"), [(2.0, 1), (0.3, 6), (0.001, 2500)])
def test_a_turn_is_long_enough_and_not_much_longer(cost: float, most: int) -> None:
    track = Track()
    repeats = calibrate(track.runner("a", [cost]), track.pace())
    assert repeats.count * cost >= 1.0
    assert repeats.count <= most
    assert repeats.seconds == pytest.approx(cost)


def test_the_first_call_does_not_count() -> None:
    track = Track()
    repeats = calibrate(track.runner("a", [50.0, 0.5]), track.pace())
    assert repeats.seconds == pytest.approx(0.5)
    assert repeats.count > 1


def test_a_clock_that_stands_still_is_given_up_on() -> None:
    assert calibrate(lambda: None, Pace(9, 1.0, lambda: 0.0)).count == 100_000


def test_contenders_take_turns_and_everyone_begins_once() -> None:
    track = Track()
    calls = [track.runner(name, [0.2]) for name in "abc"]
    pace = track.pace(rounds=3, least_seconds=0.0)
    for call in calls:
        call()
    calibration = len(track.order)
    times = race(calls, pace)
    raced = track.order[calibration + 6 :]  # each is calibrated by two calls
    assert raced == [*"abc", *"bca", *"cab"]
    assert times == [pytest.approx((0.2,) * 3)] * 3


def test_times_are_per_call() -> None:
    track = Track()
    times = race([track.runner("a", [0.01]), track.runner("b", [0.04])], track.pace())
    assert times[0] == pytest.approx((0.01,) * 9)
    assert times[1] == pytest.approx((0.04,) * 9)
    assert ratio(times[1], times[0]) == pytest.approx(4.0)


def test_slow_contenders_run_three_times_only() -> None:
    track = Track()
    calls = [track.runner("slow", [0.7]), track.runner("fast", [0.1])]
    slow, fast = race(calls, track.pace(rounds=9))
    assert (len(slow), len(fast)) == (3, 9)


def test_a_ratio_is_the_median_over_rounds_and_survives_disturbance() -> None:
    # The machine is ten times slower in two rounds, for both, and stalls one once.
    base = (1.0, 1.0, 10.0, 10.0, 1.0)
    times = (2.0, 2.0, 20.0, 20.0, 500.0)
    assert ratio(times, base) == 2.0
    assert ratio((6.0,) * 3, (2.0,) * 9) == 3.0


def test_no_garbage_is_collected_while_the_clock_runs() -> None:
    seen: list[bool] = []
    race([lambda: seen.append(gc.isenabled())], Pace(2, 0.0))
    assert seen[-2:] == [False, False]
    assert gc.isenabled()


def test_collection_is_restored_when_a_contender_fails() -> None:
    calls = 0

    def failing() -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        race([failing], Pace(2, 0.0))
    assert gc.isenabled()
