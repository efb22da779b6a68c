"""What was found out, as a page of Markdown and as a few lines."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

import jax

from cutest_problems.judge import DENSE, POINTS
from cutest_problems.record import Record
from cutest_problems.worker import LIMITS

_INTRODUCTION: Final = f"""\
# CUTEst: Hessians of unconstrained and bounded problems

Written by `python benchmarks/cutest.py --write`.

The objectives of `sif2jax` at their usual sizes; of each, the structural nonzeros of
the lower triangle of the Hessian, `sparse(lower(hessian(y)))`, in float64. A problem is
*built* if that takes no more than {LIMITS["build"]:.0f} s. It is *wrong* if numbers
differ from those of plain JAX by more than rounding anywhere that is finite: up to
{DENSE} unknowns the whole `jax.hessian` is compared, at the start and at {POINTS}
random points; beyond, products with random directions and columns. *Excess* counts the
structural nonzeros that are zero at all random points: in branches not taken, by
numbers that cancel, by underflow. *asdex* counts the nonzeros that library lists, where
it finishes within {LIMITS["peer"]:.0f} s.
"""

_HEAD: Final = (
    "| problem | n | build | plan | lines | nonzeros | asdex | excess |\n"
    "|---|---|---|---|---|---|---|---|"
)


def summary(records: Sequence[Record]) -> str:
    """The figures in short, as a list."""
    built = [each for each in records if each.is_built]
    judged = [each for each in built if each.is_judged]
    behind = [each for each in built if each.is_behind]
    peers = [each for each in built if each.peers is not None]
    unequal = [each for each in built if each.excess]
    seconds = sorted(each.seconds or 0.0 for each in built)
    lines = []
    for family in ("unconstrained", "bounded"):
        some = [each for each in records if each.family == family]
        ready = sum(each.is_built for each in some)
        lines.append(f"{family}: {ready} of {len(some)} built")
    lines += [
        f"wrong: {_names([each for each in built if each.wrong])}",
        f"judged: {len(judged)} of {len(built)}; without a finite number to compare: "
        + _names([each for each in judged if not each.points]),
        f"more nonzeros than asdex: {_names(behind)} (of {len(peers)} that it "
        f"finishes; fewer in {sum(_ahead(each) for each in peers)})",
        f"excess over the random points: {_named_excess(unequal)}",
    ]
    if seconds:
        middle, most = seconds[len(seconds) // 2], seconds[-1]
        lines.append(f"build: {middle:.1f} s in the middle, at most {most:.0f} s")
    return "\n".join(f"- {line}" for line in lines)


def page(
    records: Sequence[Record],
    untried: Sequence[str] = (),
    kept: Sequence[str] = (),
) -> str:
    """The page: in short, what was not built, every problem.

    Args:
        records: What is known of them.
        untried: The names of those yet to be tried.
        kept: The names of those that were not taken again since an earlier page.
    """
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("jax", "jaxlib", "sif2jax", "asdex")
    )
    taken = (
        f"Taken with {versions}, Python {platform.python_version()}, "
        f"on {jax.default_backend()}."
    )
    missing = [
        f"- {each.name} (n = {each.n:,}): {_short(each.failure)}"
        for each in records
        if not each.is_built
    ]
    partly = [
        f"- {each.name} (n = {each.n:,}): {_short(each.failure)}"
        for each in records
        if each.is_built and each.failure
    ]
    table = "\n".join([_HEAD, *(_row(each) for each in records if each.is_built)])
    parts = [
        f"{_INTRODUCTION}\n{taken}",
        f"## In short\n\n{summary(records)}",
        "## Not built\n\n" + ("\n".join(missing) or "Nothing."),
        "## Built, and not all known of it\n\n" + ("\n".join(partly) or "Nothing."),
        f"## Every problem\n\n{table}",
    ]
    if kept:
        before = f"Not taken again since an earlier page: {', '.join(kept)}"
        parts.insert(2, f"## Kept\n\n{before}")
    if untried:
        parts.insert(2, f"## Not tried yet\n\n{', '.join(untried)}")
    return "\n\n".join(parts) + "\n"


def _ahead(record: Record) -> bool:
    return (record.nonzeros or 0) < (record.peers or 0)


def _names(records: Sequence[Record]) -> str:
    listed = ", ".join(each.name for each in records)
    return f"{len(records)} ({listed})" if records else "0"


def _named_excess(records: Sequence[Record]) -> str:
    total = sum(each.excess or 0 for each in records)
    listed = ", ".join(f"{each.name} {each.excess:,}" for each in records)
    return f"{total:,} ({listed})" if records else "0"


def _short(failure: str) -> str:
    return failure.partition("\n")[0]


def _row(record: Record) -> str:
    cells = (
        record.name,
        f"{record.n:,}",
        f"{record.seconds:.1f} s",
        record.way,
        f"{record.lines:,}",
        _number(record.nonzeros),
        _number(record.peers),
        _number(record.excess),
    )
    return f"| {' | '.join(cells)} |"


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
