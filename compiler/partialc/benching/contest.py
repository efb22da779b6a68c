"""One case from start to end: check the rivals, compile them, run them in turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf
from statistics import median
from typing import Any, Final

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.benching.building import Built, build
from partialc.benching.case import KERNEL, Bar, Case, Contender, Measure
from partialc.benching.timing import Clock, Pace, race, ratio, wait
from partialc.errors import InternalError

_CHECKED_ROWS: Final = 32
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """What a contest may cost.

    Attributes:
        builds: How often everything is traced and compiled.
        memory: How many bytes a rival may take.
        patience: How many seconds a call of a rival may last.
    """

    builds: int = 3
    memory: int = 2**31
    patience: float = 5.0


_PACE: Final = Pace()
_LIMITS: Final = Limits()


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
        ratio: Kernel over rival; None if one of them was not measured.
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
    bars: tuple[Bar, ...] = field(default=())

    def ratio(self, rival: Measured, measure: Measure) -> float | None:
        """Rival over kernel: above one, the kernel is better; None if not measured."""
        return _ratio(rival, self.kernel, measure)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Every bar with what was measured."""
        named = {rival.name: rival for rival in self.rivals}
        return tuple(
            Verdict(
                bar, _ratio(self.kernel, named.get(bar.rival, _NOTHING), bar.measure)
            )
            for bar in self.bars
        )


_NOTHING: Final = Measured("")


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


def contest(
    case: Case,
    *,
    pace: Pace = _PACE,
    limits: Limits = _LIMITS,
    x64: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Result:
    """Check, compile and time all contenders of a case.

    Args:
        case: The case.
        pace: How carefully to measure run times.
        limits: What it may cost.
        x64: Whether to time in float64.
        tell: Told what is being done.

    Raises:
        InternalError: A rival's numbers are not the kernel's.
    """
    contenders = [Contender(KERNEL, case.kernel), *case.rivals]
    tell(f"{case.name}: checking")
    with jax.enable_x64(True):
        refusals = _checked(case, contenders, pace, limits)
    tell(f"{case.name}: compiling")
    x64 = x64 or case.x64
    with jax.enable_x64(x64):
        arguments = case.draw(case.rows)
        built = _built(contenders, refusals, arguments, pace, limits)
        tell(f"{case.name}: running")
        running = list(built)
        times = race([_bound(built[name][-1], arguments) for name in running], pace)
    timed = dict(zip(running, times, strict=True))
    measured = [
        _measured(each.name, built.get(each.name, []), timed, refusals)
        for each in contenders
    ]
    precision = "float64" if x64 else "float32"
    kernel, *rivals = measured
    return Result(case.name, case.rows, precision, kernel, tuple(rivals), case.bars)


def _bound(built: Built, arguments: Sequence[Any]) -> Callable[[], Any]:
    return partial(built.call, *arguments)


def _measured(
    name: str,
    built: Sequence[Built],
    timed: Mapping[str, tuple[float, ...]],
    refusals: Mapping[str, str],
) -> Measured:
    if not built:
        return Measured(name, refusal=refusals[name])
    return Measured(
        name,
        timed[name],
        tuple(each.seconds for each in built),
        built[-1].flops,
        built[-1].transcendentals,
    )


def _built(
    contenders: Sequence[Contender],
    refusals: dict[str, str],
    arguments: Sequence[Any],
    pace: Pace,
    limits: Limits,
) -> dict[str, list[Built]]:
    """Compile in turns; who would take too much memory is refused."""
    built: dict[str, list[Built]] = {}
    build(lambda: np.zeros(()), (), pace.clock)  # the first of a process is slow
    for number in range(limits.builds):
        for each in contenders:
            if each.name in refusals or each.call is None:
                continue
            made = build(each.call, arguments, pace.clock)
            if number == 0 and each.name != KERNEL and made.memory > limits.memory:
                refusals[each.name] = f"takes {made.memory / 2**30:,.1f} GiB of memory"
                continue
            built.setdefault(each.name, []).append(made)
    return built


def _checked(
    case: Case, contenders: Sequence[Contender], pace: Pace, limits: Limits
) -> dict[str, str]:
    """Compare all rivals with the kernel in float64, on a few rows.

    Returns:
        Why contenders are not run, by name.
    """
    rows = None if case.rows is None else min(_CHECKED_ROWS, case.rows)
    arguments = case.draw(rows)
    refusals: dict[str, str] = {}
    expected: list[NDArray[Any]] = []
    for each in contenders:
        if each.call is None:
            refusals[each.name] = each.refusal or "there is no such way"
            continue
        run = jax.jit(each.call)
        found = [np.asarray(leaf) for leaf in jax.tree.leaves(run(*arguments))]
        if each.name == KERNEL:
            expected = found
            continue
        fault = compare(found, expected, case.tolerance)
        if fault is not None:
            if not (case.order_matters or fault.is_nan):
                raise InternalError(
                    f"the rival `{each.name}` of {case.name} is wrong: {fault.text}"
                )
            refusals[each.name] = f"gives other numbers: {fault.text}"
            continue
        if rows is not None and case.rows is not None:
            least = _least_seconds(partial(run, *arguments), pace.clock)
            lasting = least * case.rows / rows
            if lasting > limits.patience:
                refusals[each.name] = f"a call would take about {lasting:,.0f} s"
    return refusals


def _least_seconds(call: Callable[[], Any], clock: Clock) -> float:
    """How long a call takes if nothing disturbs it."""
    found = []
    for _ in range(_TRIES):
        start = clock()
        wait(call())
        found.append(clock() - start)
    return min(found)


@dataclass(frozen=True, slots=True)
class Fault:
    """A difference between a rival and the kernel.

    Attributes:
        text: The difference.
        is_nan: Whether it is only that the rival is not finite somewhere.
    """

    text: str
    is_nan: bool = False


def compare(
    found: Sequence[NDArray[Any]], expected: Sequence[NDArray[Any]], tolerance: float
) -> Fault | None:
    """How a rival's arrays differ from the kernel's; None if they do not."""
    if len(found) != len(expected):
        return Fault(f"{len(found)} arrays instead of {len(expected)}")
    for number, (array, wanted) in enumerate(zip(found, expected, strict=True)):
        if array.shape != wanted.shape:
            return Fault(f"result {number} is {array.shape}, not {wanted.shape}")
        if array.dtype != wanted.dtype:
            return Fault(f"result {number} is {array.dtype}, not {wanted.dtype}")
        if not np.isfinite(wanted).all():
            return Fault(f"result {number} of the kernel is not finite")
        if not np.isfinite(array).all():
            return Fault(f"result {number} is not finite", is_nan=True)
        scale = np.abs(wanted).max(initial=0.0)
        error = np.abs(array - wanted) - tolerance * (np.abs(wanted) + scale)
        if error.size and error.max() > 0:
            at = np.unravel_index(error.argmax(), error.shape)
            return Fault(f"result {number} holds {array[at]}, not {wanted[at]}")
    return None


def median_seconds(times: Sequence[float]) -> float | None:
    """The median time; None if there is none."""
    return median(times) if times else None
