"""Whole solves of one problem with derivatives from several sources, in turns."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

import jax
import numpy as np
from scipy.sparse import csr_matrix

from matrices.problems import Array
from partialc.benching.measurement import Measurement

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # for `examples`

from examples.clock import Clock

OURS: Final = "partialc"
COLOURED: Final = "asdex"
ROUNDS: Final = 3
FASTER: Final = 0.5
"""The whole solve, over that of a rival."""

Functions = Mapping[str, Callable[..., Any]]
"""What a solver calls, by the names under which its time is told."""

Solver = Callable[[Functions], Array]
"""Solves the problem by these functions, and returns the answer."""


@dataclass(frozen=True)
class Run:
    """One solve: its answer, its seconds, and those of its parts."""

    answer: Array
    seconds: float
    parts: Mapping[str, float]
    calls: Mapping[str, int]


def solved(solver: Solver, functions: Functions) -> Run:
    """One solve on the clock; the functions have been compiled."""
    clock = Clock()
    timed = {name: clock(name, function) for name, function in functions.items()}
    start = perf_counter()
    answer = solver(timed)
    return Run(answer, perf_counter() - start, clock.seconds, clock.calls)


def placed(rows: Array, cols: Array, shape: tuple[int, int]) -> Callable[[Any], Any]:
    """Makes SciPy's matrices of values at known places, sorted once."""
    order = np.lexsort((cols, rows))
    starts = np.searchsorted(np.asarray(rows)[order], np.arange(shape[0] + 1))
    indices = np.asarray(cols)[order]
    is_sorted = bool((order == np.arange(order.size)).all())

    def matrix(values: Any) -> csr_matrix:
        data = np.asarray(values)
        data = data if is_sorted else data[order]
        return csr_matrix((data, indices, starts), shape)

    return matrix


def race(
    name: str,
    sources: Mapping[str, tuple[Solver, Functions]],
    *,
    derivatives: tuple[str, ...],
    apart: float,
) -> Iterator[Measurement]:
    """Ratios of whole solves, how far answers are apart, and where the time goes.

    Args:
        name: What the problem is called.
        sources: For each source of derivatives the solver and what it calls; `OURS` is
            among them. Each runs once before it is timed.
        derivatives: The parts whose time is that of derivatives.
        apart: By how much of the largest element answers may differ: what the solver
            is asked for.
    """
    runs: dict[str, list[Run]] = {source: [] for source in sources}
    with jax.enable_x64(True):
        for turn in range(ROUNDS + 1):
            for source, (solver, functions) in sources.items():
                run = solved(solver, functions)
                runs[source] += [run] if turn else []
    ours = runs[OURS]
    for source, others in runs.items():
        if source == OURS:
            continue
        pairs = zip(ours, others, strict=True)
        ratio = median(one.seconds / other.seconds for one, other in pairs)
        yield Measurement(
            f"{name}: whole solve over that by {source}", ratio, "", FASTER
        )
        answers = np.asarray(ours[0].answer), np.asarray(others[0].answer)
        gap = np.abs(answers[0] - answers[1]).max() / np.abs(answers[0]).max()
        yield Measurement(f"{name}: apart from that by {source}", float(gap), "", apart)
    for source, given in runs.items():
        seconds = median(run.seconds for run in given)
        yield Measurement(f"{name}, {source}: whole solve", seconds, "s")
        for part in given[0].parts:
            spent = median(run.parts[part] for run in given)
            kind = " (derivatives)" if part in derivatives else ""
            calls = given[0].calls[part]
            what = f"{name}, {source}: {part}{kind}, {calls} calls"
            yield Measurement(what, spent, "s")
