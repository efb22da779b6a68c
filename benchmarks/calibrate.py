"""Measures what plans cost, and fits the constants that they are chosen by.

    python benchmarks/calibrate.py --measure FILE       times pairs, into FILE
    python benchmarks/calibrate.py --fit FILE           fits the constants, prints them
    python benchmarks/calibrate.py --regret FILE        how much choices lose now
    python benchmarks/calibrate.py --write FILE         the same, into CALIBRATION.md

Pairs of `choices/` are planned, trials included: those that calibrate and every other
one that is held out, or with `--all` all of them; every candidate and plain JAX is
compiled and run in turns, for one row and for a thousand (`partialc.benching.regret`).
Of a candidate that breaks the accuracy contract no choice is made. The constants
stand in `compiler/partialc/planning/weights.py`: put there what `--fit` prints. Those
pairs that are held out judge, and take no part in the fit. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import jax

import partialc
from calibrating.fit import fitted
from calibrating.page import PAGE, page, summary
from calibrating.record import Record
from choices import CALIBRATION, HELD_OUT, PAIRS, Pair
from partialc.benching.regret import regret
from partialc.errors import PartialcError, PartialcWarning

KERNEL: Final = "kernel"
SAMPLE: Final = [*CALIBRATION, *list(HELD_OUT)[1::2]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, fit, or tell; returns 0, or 2 for wrong arguments."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    wish = parser.add_mutually_exclusive_group(required=True)
    for name in ("measure", "fit", "regret", "write"):
        wish.add_argument(f"--{name}", type=Path, metavar="FILE")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--only", nargs="+", default=SAMPLE, metavar="PAIR")
    chosen.add_argument("--all", action="store_true", help="measure all pairs")
    given = parser.parse_args(arguments)
    for name in given.only:
        if name not in PAIRS:
            print(f"no pair {name}; see benchmarks/choices", file=sys.stderr)
            return 2
    if given.measure:
        names = PAIRS if given.all else given.only
        measure(given.measure, [PAIRS[name] for name in names])
        return 0
    records = read(given.fit or given.regret or given.write)
    if given.fit:
        for line in fitted([each for each in records if each.pair in CALIBRATION]):
            print(line)
    if given.regret:
        print(summary(records, CALIBRATION))
    if given.write:
        PAGE.write_text(page(records, CALIBRATION), encoding="utf-8")
    return 0


def measure(file: Path, pairs: Sequence[Pair]) -> None:
    """Time pairs, one after the other; what is in the file already is kept."""
    known = {each.pair for each in read(file)} if file.exists() else set()
    with file.open("a", encoding="utf-8") as out:
        for number, pair in enumerate(pairs, 1):
            if pair.name in known:
                continue
            start = time.perf_counter()
            record = measured(pair)
            passed = time.perf_counter() - start
            print(f"[{number}/{len(pairs)}] {pair.name}: {passed:.1f} s", flush=True)
            out.write(json.dumps(record.to_json()) + "\n")
            out.flush()


def measured(pair: Pair) -> Record:
    """All ways to deliver a pair, timed; none if it cannot be built."""
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PartialcWarning)
            module = partialc.compile(
                pair.function,
                args=dict(pair.args),
                kernels={KERNEL: pair.requests},
                name="pair",
                domain={name: pair.range_of(name) for name in pair.args},
            )
    except PartialcError as error:
        return Record(pair.name, (), 0.0, str(error).partition("\n")[0])
    seconds = time.perf_counter() - start
    found = regret(module.compiled, KERNEL)
    jax.clear_caches()
    return Record(pair.name, found.ways, seconds, rows=found.rows)


def read(file: Path) -> list[Record]:
    """The records of a file."""
    return list(_lines(file))


def _lines(file: Path) -> Iterator[Record]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            values: dict[str, Any] = json.loads(line)
            yield Record.from_json(values)


if __name__ == "__main__":
    sys.exit(main())
