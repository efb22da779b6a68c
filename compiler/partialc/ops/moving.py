"""Entries of primitives that move elements: most of their rules follow from one."""

from __future__ import annotations

from dataclasses import replace

from partialc.errors import InternalError
from partialc.ops.linear_moves import linear
from partialc.ops.moves import elements
from partialc.ops.registry import Op


def moving(op: Op) -> Op:
    """The entry with the rules that follow from its `moves`, where it has no own."""
    if op.moves is None:
        raise InternalError(f"nobody says what {op.name!r} moves")
    return replace(
        op,
        elements=op.elements or elements(op.moves),
        linear=op.linear or linear(op.moves),
    )
