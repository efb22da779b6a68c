"""What to say about a primitive that is not in the table."""

from __future__ import annotations

from difflib import get_close_matches

from partialc.errors import UnsupportedError
from partialc.ir.program import Equation
from partialc.ops.registry import Op, all_ops, find


def lookup(equation: Equation) -> Op:
    """The entry for an equation's operation.

    Raises:
        UnsupportedError: There is none.
    """
    op = find(equation.op)
    if op is None:
        raise unknown_primitive(equation)
    return op


def unknown_primitive(equation: Equation) -> UnsupportedError:
    """The error for an operation without an entry: near names, and how to add one."""
    names = [op.name for op in all_ops()]
    near = get_close_matches(equation.op, names, n=3)
    hint = f"; the nearest that are: {', '.join(near)}" if near else ""
    return UnsupportedError(
        f"the primitive {equation.op!r} is not supported",
        where=equation.location,
        why=f"it is not in partialc's table of operations{hint}",
        fix=(
            "(a) write this line with functions that `partialc ops` lists, "
            "(b) or add the primitive: an elementwise one is a row of the tables in "
            "partialc/ops/elementwise.py, any other an `Op` with evaluate, source and "
            "cost in partialc/ops, and a case in tests/ops"
        ),
    )


def unprintable(
    equation: Equation, what: str, why: str, fix: str | None = None
) -> UnsupportedError:
    """The error for an operation of the table that has no public spelling."""
    return UnsupportedError(what, where=equation.location, why=why, fix=fix)
