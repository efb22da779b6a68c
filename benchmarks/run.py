"""Times the kernels side by side with what one would write by hand.

    python benchmarks/run.py               everything
    python benchmarks/run.py founding      one file of this folder
    python benchmarks/run.py --write       everything, into RESULTS.md as well

A benchmark is a file beside this one: its docstring is its title, and its `cases()`
yields `partialc.benching.case.Case` objects. Every case names the kernel, its rivals,
how to draw arguments, and the bars the kernel must reach; `kernel_cases` makes one from
a compiled module and a kernel's name. What is no contest (how long a build takes) it
yields from `measurements()`, as `partialc.benching.measurement.Measurement` objects.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import jax
from rich.console import Console

from partialc.benching.contest import Limits, contest
from partialc.benching.measurement import Measurement, measurements_json
from partialc.benching.result import Result
from partialc.benching.table import markdown, renderable, to_json
from partialc.benching.timing import ROUNDS, Pace

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "RESULTS.md"
FIRST = ("founding", "example_kernels")
OTHERS = ("run", "accuracy", "calibrate", "cutest")
INTRODUCTION = """\
# Kernels beside what one would write by hand

Written by `make bench-write`; `make bench` prints the same.

Every number but those in the column `partialc` is a ratio, rival over kernel: above
one, the kernel is better. All contenders of a row compute the same numbers (checked
before they are timed), in one process, in turns; shown are medians over {rounds} turns
for run times and {builds} for trace + compile times, with JAX's caches emptied before
each. Rivals are jitted and, where there are rows, mapped over them by `jax.vmap`.
Single evaluations are mostly the cost of starting a call, about the same for everyone.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks; returns 0, or 2 when there is none of such a name."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="files of this folder")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--builds", type=int, default=Limits().builds)
    given = parser.parse_args(arguments)
    known = names()
    for name in given.names:
        if name not in known:
            print(f"no benchmark {name}; there are {', '.join(known)}", file=sys.stderr)
            return 2
    if given.write and given.names:
        print(
            "--write writes the results of all benchmarks: name none", file=sys.stderr
        )
        return 2
    pace, limits = Pace(given.rounds), Limits(given.builds)
    pages, everything = [introduction(pace, limits)], []
    console = Console(width=None if sys.stdout.isatty() else 200)
    for name in given.names or known:
        module = load(name)
        results = run(module, pace, limits)
        measured = measure(module)
        everything += [*to_json(results), *measurements_json(measured)]
        print(f"\n{title(module)}\n")
        if results:
            console.print(renderable(results))
        print(*measured, sep="\n")
        lines = [f"- {each}\n" for each in measured]
        pages.append(f"## {title(module)}\n\n{markdown(results)}{''.join(lines)}")
    if given.write:
        RESULTS.write_text("\n".join(pages), encoding="utf-8")
    if given.json is not None:
        given.json.write_text(json.dumps(everything, indent=2), encoding="utf-8")
    return 0


def names() -> list[str]:
    """The benchmarks of this folder; the examples first, the long ones after them."""
    found = sorted({path.stem for path in FOLDER.glob("*.py")} - {*OTHERS})
    return sorted(found, key=lambda name: (name not in FIRST, name != FIRST[0]))


def load(name: str) -> ModuleType:
    """A benchmark's file, imported."""
    spec = importlib.util.spec_from_file_location(
        f"benchmarks_{name}", FOLDER / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def title(module: ModuleType) -> str:
    """The first line of a benchmark's docstring."""
    return (module.__doc__ or module.__name__).partition("\n")[0]


def run(module: ModuleType, pace: Pace, limits: Limits) -> list[Result]:
    """All cases of a benchmark."""

    def tell(step: str) -> None:
        print(step, file=sys.stderr)

    cases = module.cases() if hasattr(module, "cases") else ()
    return [contest(case, pace=pace, limits=limits, tell=tell) for case in cases]


def measure(module: ModuleType) -> list[Measurement]:
    """All figures of a benchmark that are no contests."""
    measurements = getattr(module, "measurements", None)
    return [] if measurements is None else list(measurements())


def introduction(pace: Pace, limits: Limits) -> str:
    """How the numbers came about."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("jax", "jaxlib"))
    return (
        INTRODUCTION.format(rounds=pace.rounds, builds=limits.builds)
        + f"\nTaken with {versions}, Python {platform.python_version()}, "
        f"on {jax.default_backend()}.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
