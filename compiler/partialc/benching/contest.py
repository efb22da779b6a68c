"""One case from start to end: check the rivals, compile them, run them in turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import jax
import numpy as np

from partialc.benching.building import Built, build
from partialc.benching.case import KERNEL, Case, Contender
from partialc.benching.checking import check
from partialc.benching.result import Measured, Result
from partialc.benching.timing import Pace, race


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
        refusals = check(case, contenders, limits.patience, pace.clock)
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
            made = build(each.call, arguments, pace.clock, each.compiler_options)
            if number == 0 and each.name != KERNEL and made.memory > limits.memory:
                refusals[each.name] = f"takes {made.memory / 2**30:,.1f} GiB of memory"
                continue
            built.setdefault(each.name, []).append(made)
    return built
