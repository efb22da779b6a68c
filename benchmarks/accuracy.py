"""Measures how right kernels are on a corpus of formulas, beside plain JAX.

    python benchmarks/accuracy.py                       everything, in two processes
    python benchmarks/accuracy.py --only morse_potential --form expanded
    python benchmarks/accuracy.py --slice               a few formulas, in seconds
    python benchmarks/accuracy.py --write               into ACCURACY.md as well

Every formula of `formulas/` is built as one module with a kernel for each order, in the
forms `auto` and `expanded`. Each kernel is run at hard points, in float32 and float64,
and held against nested `jax.jacfwd`, forward over reverse, and its own chain
(`partialc.accuracy.contract` says what it must keep). Exit code 1: something is broken,
or all kernels together err more than their chains.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

import jax

from formulas import CORPUS
from judging.measure import POINTS, WIDTHS, Wanted, measure
from judging.modules import FORMS
from judging.report import page, summary
from judging.row import Row, geometric_mean
from partialc.errors import PartialcWarning

PAGE: Final = Path(__file__).resolve().with_name("ACCURACY.md")
SLICE: Final = ("logistic_curve", "fermi_tail")
SLICE_KERNELS: Final = ("order_0", "order_3")
EVERY: Final = 5
"""Of every so many formulas all orders are also measured as one list kernel."""

INTRODUCTION: Final = """\
# How right the kernels are

Written by `make accuracy`.

{formulas} formulas from eleven fields, one module each, one kernel an order: the value,
the first four derivatives and mixed ones; of every fifth formula a list kernel with all
of them too. Each is run, compiled, at {points} points that are hard on numbers: in its
domain if it has one, else at zero, at magnitudes from 1e-5 to 1e18 (float64: 1e150) of
both signs, and where exponentials saturate.

*Broken* counts kernels that are not finite, or farther from the truth than four times
the largest error of plain JAX (nested `jax.jacfwd`, forward over reverse, the kernel's
own chain; at the point and eight float neighbours) plus two units in the last place.
*Error* is the rms error over that of the chain, both in units in the last place and at
least a quarter of one, as a geometric mean: below one, kernels are better than chains.
*Limited* takes no ratio farther from one than four times: how most rows are, not those
few where the chain has no digit right.
*Better* and *worse* count the rows where it is less than half, and more than twice.
*Fresh* counts the rows that break it at as many other points of the same kind, and
these points: the compiler tries kernels out at those of the contract, and at 1,700
more, and takes what keeps it there. What is left are points at which JAX errs less than
it does around them.
*Beyond* counts the rows that would be broken somewhere at smaller or larger numbers,
down to 1e-30 and up to 1e30 (float64: 1e290): these are reported, not held.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; returns 0, 1 if kernels are not right enough, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--form", choices=FORMS)
    parser.add_argument("--width", choices=WIDTHS)
    parser.add_argument("--slice", action="store_true", help="a few formulas only")
    parser.add_argument("--points", type=int, default=POINTS)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    given = parser.parse_args(arguments)
    names = given.only or (SLICE if given.slice else tuple(CORPUS))
    for name in names:
        if name not in CORPUS:
            print(f"no formula {name}; see benchmarks/formulas", file=sys.stderr)
            return 2
    if given.write and (given.only or given.slice or given.form or given.width):
        print(
            "--write writes the results of everything: narrow nothing", file=sys.stderr
        )
        return 2
    wanted = Wanted(
        forms=(given.form,) if given.form else FORMS,
        widths=(given.width,) if given.width else WIDTHS,
        kernels=SLICE_KERNELS if given.slice else (),
        points=given.points,
    )
    rows = list(_told(measured(names, wanted, given.jobs), len(names)))
    rows.sort(key=lambda row: list(CORPUS).index(row.formula))
    print(summary(rows))
    if given.write:
        how = INTRODUCTION.format(formulas=len(names), points=given.points)
        PAGE.write_text(page(rows, CORPUS, f"{how}\n{_taken()}"), encoding="utf-8")
    is_worse = tuple(names) == tuple(CORPUS) and (geometric_mean(rows) or 0) > 1
    return 1 if is_worse or any(row.is_broken for row in rows) else 0


def measured(
    names: Sequence[str], wanted: Wanted, jobs: int = 1
) -> Iterator[tuple[str, float, list[Row]]]:
    """The rows of each formula, and the seconds they took; in `jobs` processes."""
    one = partial(_measured, wanted=wanted)
    if jobs == 1 or len(names) == 1:
        yield from map(one, names)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, maxtasksperchild=20) as pool:
        yield from pool.imap_unordered(one, names)


def _measured(name: str, wanted: Wanted) -> tuple[str, float, list[Row]]:
    start = time.perf_counter()
    is_listed = list(CORPUS).index(name) % EVERY == 0
    with warnings.catch_warnings():
        # A formula that asks for float64 by name gets float32 while x64 is off.
        warnings.filterwarnings("ignore", message=".*is not available.*truncated")
        # Without a domain most are not finite somewhere.
        warnings.simplefilter("ignore", PartialcWarning)
        rows = measure(CORPUS[name], replace(wanted, together=is_listed))
    jax.clear_caches()
    return name, time.perf_counter() - start, rows


def _told(found: Iterable[tuple[str, float, list[Row]]], total: int) -> Iterator[Row]:
    """The rows as they come, with a line of progress for each formula."""
    start = time.perf_counter()
    for number, (name, seconds, rows) in enumerate(found, 1):
        passed = time.perf_counter() - start
        print(f"[{number}/{total}, {passed:.0f} s] {name}: {seconds:.1f} s", flush=True)
        for row in rows:
            if row.is_broken:
                place = f"{row.kernel}, {row.form}, {row.width}"
                what = row.failure or f"{row.breaches} points, {row.worst}"
                print(f"  BROKEN {place}: {what}", flush=True)
        yield from rows


def _taken() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("jax", "jaxlib"))
    return (
        f"Taken with {versions}, Python {platform.python_version()}, "
        f"on {jax.default_backend()}."
    )


if __name__ == "__main__":
    sys.exit(main())
