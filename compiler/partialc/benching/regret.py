"""How much a choice loses: all candidates of a kernel measured beside the chosen one.

What a plan costs whoever calls it is

    J = first call + 100,000 x run time

the run time that of one call (`one`), that of a row of a thousand (`many`), or the
geometric mean of both costs. The regret of a choice is its J over the least J of all
candidates and of plain JAX with an index behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import jax
import numpy as np

from partialc.benching.arguments import Arguments
from partialc.benching.building import build
from partialc.benching.matrices import whole
from partialc.benching.rivals import rivals_of
from partialc.benching.timing import Pace, race
from partialc.driver import Compiled
from partialc.ir.dtypes import Regime
from partialc.planning import weights
from partialc.planning.cost import Burden, for_rows
from partialc.planning.realisation import FlatCall
from partialc.request.resolved import Kernel
from partialc.spec.model import Rows

ROWS: Final = 1000
PACE: Final = Pace(rounds=40, least_seconds=0.002)
"""Many short turns: their lower quartile is stable where a median is not."""

PLAIN: Final = "plain JAX"
_MOST_ELEMENTS: Final = 2**26
_MEMORY: Final = 2**29


@dataclass(frozen=True, slots=True)
class Timed:
    """What was measured of one way to deliver a kernel.

    Attributes:
        name: Its key; of plain JAX the name of the rival.
        title: The same in a few words.
        first: Seconds until the first result of one call, and of many rows.
        run: Seconds of one call, and of one row of many.
        burden: What the model counts; None for plain JAX.
        is_broken: Whether it breaks the accuracy contract: then it is no choice.
    """

    name: str
    title: str
    first: tuple[float, float]
    run: tuple[float, float]
    burden: Burden | None
    is_broken: bool = False

    @property
    def form(self) -> str:
        """`chain` or `expanded`."""
        return self.name.partition(" ")[0].rstrip(":")

    @property
    def short_key(self) -> str:
        """Its name."""
        return self.name

    @property
    def weighed(self) -> Burden | None:
        """What the model counts."""
        return self.burden

    def cost(self, rows: Rows) -> float:
        """J, in seconds."""
        one, many = (
            first + weights.CALLS * run
            for first, run in zip(self.first, self.run, strict=True)
        )
        return for_rows(one, many, rows)

    @property
    def figures(self) -> tuple[float, ...]:
        """All that is better small."""
        statements = 0 if self.burden is None else self.burden.statements
        return (*self.first, *self.run, statements)


@dataclass(frozen=True, slots=True)
class Regret:
    """A choice and what it was made from.

    Attributes:
        kernel: `module.kernel`.
        rows: What it was made for.
        ways: All that was measured, the chosen one first.
    """

    kernel: str
    rows: Rows
    ways: tuple[Timed, ...]

    @property
    def chosen(self) -> Timed:
        """What ships."""
        return self.ways[0]

    @property
    def best(self) -> Timed:
        """What costs least, of all that keep the accuracy contract."""
        ways = [way for way in self.ways if not way.is_broken]
        return min(ways, key=lambda way: way.cost(self.rows))

    @property
    def ratio(self) -> float:
        """The J of the chosen one over the least J; one is the best there is."""
        return self.chosen.cost(self.rows) / self.best.cost(self.rows)

    @property
    def outdone_by(self) -> Timed | None:
        """A candidate that is better in every respect; None if there is none."""
        ours = self.chosen.figures
        for way in self.ways[1:]:
            if way.burden is None or way.is_broken:
                continue
            pairs = zip(way.figures, ours, strict=True)
            if all(their < our for their, our in pairs):
                return way
        return None


def regret(
    compiled: Compiled,
    name: str,
    *,
    folder: Path | None = None,
    pace: Pace = PACE,
    tell: Callable[[str], None] = lambda _: None,
) -> Regret:
    """Measure all candidates of a kernel, and plain JAX, in turns.

    Args:
        compiled: The module.
        name: The kernel.
        folder: The spec's folder.
        pace: How carefully to measure.
        tell: Told what is being done.
    """
    tell(f"{compiled.name}.{name}: timing all candidates")
    arguments = Arguments.of(compiled, name, folder)
    ways = list(_ways(compiled, name, arguments))
    calls = [way.call for way in ways]
    axes, count = arguments.in_axes, _rows(compiled, arguments)
    one = _measured(calls, arguments.draw(None), pace)
    mapped = [jax.vmap(call, in_axes=axes) for call in calls]
    many = _measured(mapped, arguments.draw(count), pace)
    timed = [
        Timed(
            way.name,
            way.title,
            (a.first, b.first),
            (a.run, b.run / count),
            way.burden,
            way.is_broken,
        )
        for way, a, b in zip(ways, one, many, strict=True)
    ]
    plan = compiled.plan.kernels[name]
    return Regret(f"{compiled.name}.{name}", plan.rows, tuple(timed))


@dataclass(frozen=True, slots=True)
class _Way:
    name: str
    title: str
    call: Callable[..., Any]
    burden: Burden | None
    is_broken: bool = False


def _ways(compiled: Compiled, name: str, arguments: Arguments) -> Iterator[_Way]:
    """The candidates, the chosen one first; then what a person would write."""
    plan = compiled.plan.kernels[name]
    seen: set[str] = set()
    for each in (plan.chosen, *plan.rejected):
        if each.burden is not None and each.key not in seen:
            seen.add(each.key)
            call = partial(_on_leaves, plan.kernel, each.call(Regime.NARROW))
            title = f"{each.label}, {each.title}"
            yield _Way(each.key, title, call, each.burden, each.is_broken)
    example = arguments.draw(None)
    kernel = compiled.kernels[name]
    for rival in rivals_of(kernel, compiled.primal, example, rows=ROWS, memory=_MEMORY):
        if rival.call is not None:
            yield _Way(rival.name, f"{PLAIN}, {rival.name}", rival.call, None)


def _on_leaves(kernel: Kernel, call: FlatCall, *arguments: Any) -> Any:
    return whole(kernel, call(*jax.tree.leaves(arguments)))


def _rows(compiled: Compiled, arguments: Arguments) -> int:
    """A thousand rows, or as many as fit."""
    results = sum(leaf.type.size for leaf in compiled.primal.signature.result.leaves)
    elements = arguments.row_elements * max(results, arguments.row_elements)
    return max(min(ROWS, _MOST_ELEMENTS // max(elements, 1)), 1)


@dataclass(frozen=True, slots=True)
class _Taken:
    first: float
    run: float


def _measured(
    calls: Sequence[Callable[..., Any]], arguments: Sequence[Any], pace: Pace
) -> list[_Taken]:
    """Seconds of the first call and of the others, for each contender."""
    build(lambda: np.zeros(()), (), pace.clock)  # the first of a process is slow
    built = [build(call, arguments, pace.clock) for call in calls]
    times = race([partial(each.call, *arguments) for each in built], pace)
    return [
        _Taken(each.seconds, float(np.quantile(taken, 0.25)))
        for each, taken in zip(built, times, strict=True)
    ]
