"""Hessians of CUTEst's unconstrained and bounded problems, all of them.

    python benchmarks/cutest.py                   what is not in the file yet
    python benchmarks/cutest.py -k PALMER         problems with such names, anew
    python benchmarks/cutest.py --limit 20        twenty more
    python benchmarks/cutest.py --write           the same, and CUTEST.md
    python benchmarks/cutest.py --write --keep    with its rows for what is not taken

The problems are those of `sif2jax`, which is in the extra `bench`. Each is built with
`partialc.compile`, held against plain JAX, and its nonzeros are counted beside asdex's;
what was found out is kept in a file, so that a run goes on where the last one stopped.
Exit code 1: a number is wrong, or less than 95 % is built.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import jax

from cutest_problems.collection import problems
from cutest_problems.earlier import earlier
from cutest_problems.page import page, summary
from cutest_problems.record import Record, read
from cutest_problems.worker import Worker

FOLDER: Final = Path(__file__).resolve().parent
PAGE: Final = FOLDER / "CUTEST.md"
FILE: Final = FOLDER.parent / "build" / "cutest.jsonl"
LEAST: Final = 0.95


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge problems; returns 0, 1 if they fall short, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-k", dest="part", default="", help="a part of the name")
    parser.add_argument("--limit", type=int, help="at most so many problems")
    parser.add_argument("--file", type=Path, default=FILE, help="what is known already")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    parser.add_argument(
        "--keep",
        action="store_true",
        help=f"what {PAGE.name} tells stands for what is not in the file",
    )
    given = parser.parse_args(arguments)
    jax.config.update("jax_enable_x64", True)
    families = {name: family for name, (family, _) in problems().items()}
    names = list(families)
    known = read(given.file)
    wanted = [name for name in names if given.part in name]
    if not wanted:
        print(f"no problem has {given.part} in its name", file=sys.stderr)
        return 2
    if not given.part:
        wanted = [name for name in wanted if name not in known]
    known |= judge(wanted[: given.limit], given.file)
    kept: list[str] = []
    if given.keep and PAGE.exists():
        before = earlier(PAGE.read_text(encoding="utf-8"), families)
        kept = [name for name in names if name in before and name not in known]
        known = before | known
    records = [known[name] for name in names if name in known]
    print(summary(records))
    if given.write:
        untried = [name for name in names if name not in known]
        PAGE.write_text(page(records, untried, kept), encoding="utf-8")
    built = sum(each.is_built for each in records)
    is_short = any(each.wrong for each in records) or built < LEAST * len(records)
    return 1 if is_short else 0


def judge(names: Sequence[str], file: Path) -> dict[str, Record]:
    """Judge problems one after the other; each is appended to the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    found = {}
    with Worker() as worker, file.open("a", encoding="utf-8") as out:
        for number, name in enumerate(names, 1):
            start = time.perf_counter()
            record = found[name] = worker.record(name)
            out.write(json.dumps(record.to_json()) + "\n")
            out.flush()
            passed = time.perf_counter() - start
            print(f"[{number}/{len(names)}, {passed:.0f} s] {told(record)}", flush=True)
    return found


def told(record: Record) -> str:
    """A problem in a line."""
    parts = [f"{record.name} (n = {record.n:,})"]
    if record.is_built:
        parts.append(f"built in {record.seconds:.1f} s, {record.way}")
        parts.append(f"{record.nonzeros} nonzeros, asdex {record.peers}")
        parts.append(f"excess {record.excess}")
    if record.failure:
        parts.append("FAILED " + record.failure.partition("\n")[0])
    if record.wrong:
        parts.append(f"WRONG {record.wrong}")
    return "; ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
