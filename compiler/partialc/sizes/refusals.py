"""Why there is no one module for every size, as errors with their place in the spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from partialc.errors import SpecError
from partialc.sizes.builds import PartingError, phrase
from partialc.sizes.forms import Point
from partialc.sizes.unify import TABLE
from partialc.spec.model import ModuleSpec

LONGEST: Final = 100
"""So many characters are shown of the lines where two builds part."""

_BY_SIZE: Final = (
    "the program depends on the sizes, or its plan does: give the argument a number, "
    "build at larger sizes, or say how kernels are delivered (`form`)"
)


def no_module(spec: ModuleSpec, why: str, fix: str, kernel: str = "") -> SpecError:
    """The error that tells why a module cannot be one for every size.

    Args:
        spec: The module.
        why: What stands against it.
        fix: What to do.
        kernel: The kernel it is about, if it is about one.
    """
    part = f"kernels.{kernel}" if kernel in spec.kernels else "args"
    return SpecError(
        f"there is no one module for every {', '.join(spec.sizes)}",
        where=spec.place(part) or part,
        why=why,
        fix=fix,
    )


def parted(spec: ModuleSpec, error: PartingError, points: Sequence[Point]) -> SpecError:
    """The error that shows the first place where the texts of two builds part."""
    sizes = tuple(spec.sizes)
    first, second = (
        phrase(dict(zip(sizes, points[number], strict=True))) for number in error.builds
    )
    one, other = (_shown(line, error.lines) for line in error.lines)
    if error.within.startswith("_"):
        return no_module(
            spec,
            f"a table follows no rule: at {first} it reads `{one}`, and at {second} "
            f"`{other}`",
            "keep it out of the module: compute it in the function from its arguments, "
            "or pass it as an argument",
        )
    within = f"in `{error.within}` " if error.within else ""
    fix = _BY_SIZE
    if error.reason == TABLE:
        fix = (
            f"build at more sizes, [module.sizes] {sizes[0]} = {{ build = [...] }}, or "
            "write the number as a sum or a product of sizes"
        )
    return no_module(
        spec,
        f"{within}at {first} it reads `{one}`, and at {second} `{other}`",
        fix,
        error.within,
    )


def _shown(line: str, lines: tuple[str, str]) -> str:
    """What of a line is shown: all, or what is around the place where two part."""
    if len(line) <= LONGEST:
        return line
    pairs = zip(*lines, strict=False)
    place = next((i for i, (a, b) in enumerate(pairs) if a != b), 0)
    start = max(0, place - LONGEST // 2)
    head = "..." if start else ""
    tail = "..." if start + LONGEST < len(line) else ""
    return f"{head}{line[start : start + LONGEST]}{tail}"
