"""Lists of many results as tables: several entries in a line, where black has one."""

from __future__ import annotations

import ast
from textwrap import fill
from typing import Final

from partialc.printing.readability import columns, leaves, listed
from partialc.printing.text import unparse

MANY: Final = 6
"""Fewer entries are left to black, which gives each a line where they are too wide."""

WIDTH: Final = 76
"""Columns of a table: it may stand three levels deep, the last its own."""


def is_table(expression: ast.expr) -> bool:
    """Whether an expression is an array of many entries that do not fit their lines.

    Lists of lists whose rows fit stay as they are: black writes a row a line.
    """
    entries = listed(expression)
    if entries is None or sum(1 for _ in leaves(entries)) < MANY:
        return False
    return max(columns(row) for row in _rows(entries)) > WIDTH


def table(target: str, expression: ast.expr) -> list[str]:
    """The lines of a statement that gives an array of many entries a name.

    Args:
        target: The name, with its annotation if it has one.
        expression: The array, for which `is_table` holds.
    """
    entries = listed(expression)
    assert isinstance(expression, ast.Call)
    assert entries is not None
    first = f"{target} = {unparse(expression.func)}(["
    return ["# fmt: off", first, *_inside(entries, 1), "])", "# fmt: on"]


def _rows(entries: ast.List) -> list[ast.List]:
    """The innermost lists of lists of lists, or the list itself."""
    inner = [each for each in entries.elts if isinstance(each, ast.List)]
    return [row for each in inner for row in _rows(each)] if inner else [entries]


def _inside(entries: ast.List, level: int) -> list[str]:
    """The lines of what is in a list."""
    inner = [each for each in entries.elts if isinstance(each, ast.List)]
    if not inner:
        return _filled(entries, level, is_nested=False)
    margin = "    " * level
    lines: list[str] = []
    for each in inner:
        if _rows(each) == [each]:
            lines += _filled(each, level, is_nested=True)
        else:
            lines += [f"{margin}[", *_inside(each, level + 1), f"{margin}],"]
    return lines


def _filled(row: ast.List, level: int, *, is_nested: bool) -> list[str]:
    """The entries of one list side by side, broken where the columns end."""
    texts = [unparse(each).replace(" ", "\0") for each in row.elts]
    listed_text = ", ".join(texts)
    margin = "    " * level
    text = fill(
        f"[{listed_text}]," if is_nested else listed_text,
        WIDTH,
        initial_indent=margin,
        subsequent_indent=f"{margin} " if is_nested else margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return text.replace("\0", " ").splitlines()
