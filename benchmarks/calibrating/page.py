"""How much choices lose, as a page of Markdown and as a few lines."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

from calibrating.record import Record
from partialc.benching.regret import Regret, Timed
from partialc.spec.model import ROWS, Rows

PAGE: Final = Path(__file__).resolve().parents[1] / "CALIBRATION.md"

_INTRODUCTION: Final = """\
# How much choices lose

Written by `make calibration`.

A pair is a function and what is requested of it. Every candidate, and plain JAX with an
index behind it, is compiled and run for one row and for a thousand, in turns. What a
way costs is its first call and 100,000 more: of one row (`one`), of a row among many
(`many`), or the geometric mean (`both`); without an option a kernel is built for many
where it is made of single numbers, else for both (`as built`). *Regret* is the cost of
the chosen way over that of the best that keeps the accuracy contract; what is chosen
has to earn its length, too (`compiler/partialc/planning/preference.py`). The model's
constants (`compiler/partialc/planning/weights.py`) are fitted on half of the pairs that
are not held out.
"""


_RESPECTS: Final = """\
First calls and run times for one row and for many, and statements, all at once; however
little, so that some of it is noise."""

_WISHES: Final[tuple[Rows | None, ...]] = (None, *ROWS)

_HEAD: Final = "| pair | one | many | both | build |\n|---|---|---|---|---|"


def summary(records: Sequence[Record], calibration: Collection[str]) -> str:
    """The regrets in short, and the worst."""
    lines = []
    for title, some in _groups(records, calibration):
        lines += [
            f"{title}, {_named(rows)}: {_figures(_ratios(some, rows))}"
            for rows in _WISHES
        ]
    lines += [f"  {line}" for line in _worst(records)]
    lines += [f"  beaten: {line}" for line in _beaten(records)]
    return "\n".join(lines)


def page(records: Sequence[Record], calibration: Collection[str]) -> str:
    """The page: in short, what loses most, every pair."""
    short = [
        f"| {title} | {_named(rows)} | {len(some)} | "
        + " | ".join(_columns(_ratios(some, rows)))
        + " |"
        for title, some in _groups(records, calibration)
        for rows in _WISHES
    ]
    head = "| pairs | rows | number | mean | three quarters below | 95 % below | most |"
    table = "\n".join([head, "|---|---|---|---|---|---|---|", *short])
    lost = "\n".join(f"- {line}" for line in _worst(records)) or "Nothing."
    beaten = "\n".join(f"- {line}" for line in _beaten(records)) or "Nothing."
    every = "\n".join(
        f"| {each.pair} | {_ratio_cells(each)} | {each.build:.1f} s |"
        for each in records
        if each.ways
    )
    return (
        "\n\n".join(
            [
                _INTRODUCTION + "\n" + _machine(),
                f"## In short\n\n{table}",
                f"## What loses more than half\n\n{lost}",
                f"## What another way beats in all respects\n\n{_RESPECTS}\n\n{beaten}",
                f"## Every pair\n\n{_HEAD}\n{every}",
            ]
        )
        + "\n"
    )


def _groups(
    records: Sequence[Record], calibration: Collection[str]
) -> list[tuple[str, list[Record]]]:
    built = [each for each in records if each.ways]
    return [
        ("calibration", [each for each in built if each.pair in calibration]),
        ("held out", [each for each in built if each.pair not in calibration]),
    ]


def _named(rows: Rows | None) -> str:
    return rows or "as built"


def _ratios(records: Sequence[Record], rows: Rows | None) -> list[float]:
    return [each.regret(rows).ratio for each in records]


def _columns(ratios: Sequence[float]) -> list[str]:
    if not ratios:
        return ["-"] * 4
    mean = float(np.exp(np.mean(np.log(ratios))))
    quarters = (np.quantile(ratios, 0.75), np.quantile(ratios, 0.95), max(ratios))
    return [f"{number:.2f}" for number in (mean, *quarters)]


def _figures(ratios: Sequence[float]) -> str:
    mean, most_of, nearly_all, most = _columns(ratios)
    return (
        f"mean {mean}, three quarters below {most_of}, 95 % below {nearly_all}, "
        f"at most {most} ({len(ratios)} pairs)"
    )


def _worst(records: Sequence[Record], least: float = 1.5) -> list[str]:
    found = [each.regret(rows) for each in records if each.ways for rows in ROWS]
    found = [each for each in found if each.ratio >= least]
    return [_line(each) for each in sorted(found, key=lambda each: -each.ratio)]


def _beaten(records: Sequence[Record]) -> list[str]:
    found = [each.regret(rows) for each in records if each.ways for rows in ROWS]
    return [
        f"{each.kernel}, {each.rows}: {each.chosen.title}: {_all(each.chosen)}; "
        f"{better.title}: {_all(better)}"
        for each in found
        if (better := each.outdone_by) is not None
    ]


def _all(way: Timed) -> str:
    statements = 0 if way.burden is None else way.burden.statements
    return f"{_times(way.first, way.run)}, {statements} statements"


def _line(regret: Regret) -> str:
    chosen, best, rows = regret.chosen, regret.best, regret.rows
    return (
        f"{regret.kernel}, {rows}: {regret.ratio:.2f}; {chosen.title}: "
        f"{_times(chosen.first, chosen.run)}; {best.title}: "
        f"{_times(best.first, best.run)}"
    )


def _times(first: Sequence[float], run: Sequence[float]) -> str:
    return (
        f"{1e3 * first[0]:.0f} ms then {1e6 * run[0]:.3g} us, "
        f"many {1e3 * first[1]:.0f} ms then {1e9 * run[1]:.3g} ns"
    )


def _ratio_cells(record: Record) -> str:
    return " | ".join(f"{record.regret(rows).ratio:.2f}" for rows in ROWS)


def _machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("jax", "jaxlib"))
    return (
        f"Taken with {versions}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores of {platform.machine()}."
    )
