"""Python text for indices, positions, numbers and containers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partialc.request.resolved import Coordinates

_MOST_LITERALS = 64


def index_text(index: Sequence[int | slice], shape: Sequence[int]) -> str:
    """What stands between the brackets: `0:3, 1`; empty when it selects everything."""
    entries = [
        _entry_text(entry, length) for entry, length in zip(index, shape, strict=True)
    ]
    while entries and entries[-1] == ":":
        entries.pop()
    return ", ".join(entries)


def _entry_text(entry: int | slice, length: int) -> str:
    if isinstance(entry, int):
        return str(entry)
    count = len(range(entry.start, entry.stop, entry.step))
    if count == length and entry.start == 0 and entry.step == 1:
        return ":"
    # A negative stop would count from the end; it is the way to say "through 0".
    stop = "" if entry.stop < 0 else str(entry.stop)
    step = "" if entry.step == 1 else f":{entry.step}"
    return f"{entry.start}:{stop}{step}"


def is_whole(coordinates: Coordinates, shape: Sequence[int]) -> bool:
    """Whether every element of the leaf is selected, in order."""
    return index_text(coordinates.index, shape) == "" and not (
        coordinates.is_scalar and len(shape) > 0
    )


def positions_text(positions: NDArray[np.int64]) -> str:
    """A one-dimensional list of integers as an array expression, as short as can be."""
    values = [int(value) for value in positions]
    steps = set(itertools.starmap(lambda a, b: b - a, itertools.pairwise(values)))
    if len(values) > 3 and len(steps) == 1 and (step := steps.pop()) > 0:
        start, stop = values[0], values[-1] + 1
        if step > 1:
            return f"np.arange({start}, {stop}, {step})"
        return f"np.arange({start}, {stop})" if start else f"np.arange({stop})"
    return f"np.array({values})" if values else "np.zeros(0, int)"


def indices_text(columns: NDArray[np.int64], length: int) -> str | None:
    """A list of multi-indices as an expression whose transpose are index arrays.

    A formula that numpy or itertools documents is preferred, so that the list itself is
    proven and not repeated; then a literal, if it is short.

    Args:
        columns: Integers of shape (k, order).
        length: How long the axis is that every column indexes.

    Returns:
        An expression of shape (order, k); None when it is too long to be written.
    """
    count, order = columns.shape
    if order == 2 and np.array_equal(columns.T, np.tril_indices(length)):
        return f"np.tril_indices({length})"
    if count > 1 and _is_every_combination(columns, length):
        listed = f"combinations_with_replacement(range({length}), {order})"
        return f"np.array(list({listed})).T"
    if order == 2 and np.array_equal(columns.T, np.triu_indices(length, 1)):
        return f"np.triu_indices({length}, 1)"
    texts = [positions_text(column) for column in columns.T]
    if count > 3 and all(text.startswith("np.arange") for text in texts):
        return f"({', '.join(texts)},)"
    first, second = columns[:, ::2], columns[:, 1::2]
    if count > 3 and np.array_equal(first, second):
        half = indices_text(first, length)
        return half and f"np.repeat({half}, 2, axis=0)"
    if count > _MOST_LITERALS:
        return None
    rows = [tuple(int(entry) for entry in row) for row in columns]
    return f"np.array({rows}).T"


def _is_every_combination(columns: NDArray[np.int64], length: int) -> bool:
    count, order = columns.shape
    if count != math.comb(length + order - 1, order):
        return False
    listed = itertools.combinations_with_replacement(range(length), order)
    return np.array_equal(columns, np.array(list(listed)))


def literal_text(value: Any) -> str | None:
    """A value as source text; None if it is made of more than Python's literals."""
    return repr(value) if _is_literal(value) else None


def _is_literal(value: Any) -> bool:
    match value:
        case None | bool() | int() | float() | complex() | str():
            finite = not isinstance(value, float | complex) or bool(np.isfinite(value))
            return type(value).__module__ == "builtins" and finite
        case tuple() | list() if type(value) in (tuple, list):
            return all(map(_is_literal, value))
        case dict() if type(value) is dict:
            return all(map(_is_literal, (*value, *value.values())))
        case _:
            return False
