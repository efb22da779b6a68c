"""Results in groups: how they are returned, and the types they are given."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from partialc.ops.registry import Layout
from partialc.printing.build import tuple_of


def indented(lines: Iterable[str]) -> list[str]:
    """Lines one level deeper; empty ones stay empty."""
    return [f"    {line}" if line else "" for line in lines]


def grouped(results: Sequence[int]) -> Layout:
    """The layout of results that come in groups; an empty group is None."""
    groups: list[Layout] = []
    start = 0
    for size in results:
        members = tuple(range(start, start + size))
        groups.append(None if not size else members[0] if size == 1 else members)
        start += size
    return groups[0] if len(groups) == 1 else tuple(groups)


def laid_out(outputs: Sequence[ast.expr], layout: Layout) -> ast.expr:
    """The results nested in a layout."""
    match layout:
        case None:
            return ast.Constant(None)
        case int():
            return outputs[layout]
        case _:
            return tuple_of(laid_out(outputs, entry) for entry in layout)


def annotation(layout: Layout, loose: str | None = None) -> str:
    """The type of results nested in a layout.

    Args:
        layout: How they nest.
        loose: What to write for a tuple too long to be read.
    """
    match layout:
        case None:
            return "None"
        case int():
            return "jax.Array"
        case ():
            return "tuple[()]"
        case _ if len(layout) > 3 and all(isinstance(entry, int) for entry in layout):
            return loose or "tuple[jax.Array, ...]"
        case _:
            entries = ", ".join(annotation(entry, loose) for entry in layout)
            return f"tuple[{entries}]"
