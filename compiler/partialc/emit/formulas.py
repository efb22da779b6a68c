"""Constants of modules as formulas: places of matrices, and tables that follow them.

A table of a million numbers beside a module says less than the rule that it follows,
and takes longer to load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.emit.grids import place_formulas, rows_formula
from partialc.ir.distinct import distinct_numbers
from partialc.ir.patterns import Pattern
from partialc.request.names import constant_name
from partialc.request.resolved import Kernel, Matrix

Integers = NDArray[np.int64]

SHORTER: Final = 500
"""So many characters fewer diagonals must take to stand in the place of grids of rows:
with them goes a function that puts them in order."""

_ENDLESS: Final = 1_000_000

MOST_DIAGONALS: Final = 12
"""Matrices of more diagonals are listed, or told row by row."""

LONGEST_PERIOD: Final = 12
FEWEST_PERIODS: Final = 3
MOST_AT_ENDS: Final = 12
"""Tables are told as what is repeated if it is no longer, often enough, and if no more
stands before and after it."""

MOST_LEFT_OUT: Final = 2
"""So many of evenly spaced numbers may be missing at the start."""

MOST_BRANCHES: Final = 4
"""Tables that say other things on more diagonals are listed."""


@dataclass(frozen=True, slots=True)
class Formula:
    """One statement that defines constants.

    Attributes:
        names: The constants: one, or several that the expression is taken apart into.
        text: The expression.
    """

    names: tuple[str, ...]
    text: str


@dataclass(frozen=True, eq=False, slots=True)
class Places:
    """The places of a matrix, and what a module calls them.

    Attributes:
        rows: The name of the rows, and the rows.
        cols: The same of the columns.
    """

    rows: tuple[str, Integers]
    cols: tuple[str, Integers]


def formulas_of(kernel: Kernel, *, always: bool = False) -> list[Formula]:
    """The rules that the places of a kernel's matrices follow.

    Args:
        kernel: The kernel.
        always: Whether a rule is taken that is longer than the list, too: that of a
            module for every size.
    """
    found: list[Formula] = []
    for field in kernel.fields:
        if not isinstance(field.parts, Matrix):
            continue
        pattern = field.parts.pattern
        names = [constant_name(kernel, field, suffix) for suffix in ("ROWS", "COLS")]
        lengths = [
            _ENDLESS if always else _length(each)
            for each in (pattern.rows, pattern.cols)
        ]
        found += _of_places(pattern, names, lengths, by_counts=not always)
        if "INDPTR" in field.constants:
            starts = pattern.indptr.astype(np.int64)
            pointers = place_formulas(np.arange(starts.size), starts)
            most = _ENDLESS if always else _length(starts)
            if pointers is not None and len(pointers[1]) <= most:
                name = constant_name(kernel, field, "INDPTR")
                found.append(Formula((name,), pointers[1]))
    return found


def _of_places(
    pattern: Pattern,
    names: Sequence[str],
    lengths: Sequence[int],
    *,
    by_counts: bool,
) -> list[Formula]:
    """By grids of rows, or by diagonals where that is much shorter."""
    places = place_formulas(pattern.rows, pattern.cols, by_counts=by_counts)
    each = [
        Formula((name,), text)
        for name, text, length in zip(names, places or (), lengths, strict=False)
        if len(text) <= length
    ]
    taken = sum(len(formula.text) for formula in each)
    taken += sum(lengths) if not each else 0
    diagonals = _diagonals(pattern.rows, pattern.cols)
    if diagonals is None or len(diagonals) + SHORTER > taken:
        return each
    return [Formula(tuple(names), diagonals)]


def _diagonals(rows: Integers, cols: Integers) -> str | None:
    """`_diagonals({offset: rows, ...})`; None where these follow no rule."""
    offsets = cols - rows
    distinct = distinct_numbers(offsets)
    if not 0 < distinct.size <= MOST_DIAGONALS:
        return None
    entries = []
    for offset in distinct.tolist():
        text = rows_formula(rows[offsets == offset])
        if text is None:
            return None
        entries.append(f"{offset}: {text}")
    return f"_diagonals({{{', '.join(entries)}}})"


def _length(listed: Integers) -> int:
    """About how many characters a list of numbers takes."""
    return len(listed) * (2 + len(str(int(listed.max(initial=0)))))


def places_of(kernel: Kernel) -> list[Places]:
    """Where the entries of a kernel's matrices stand, by name."""
    found = []
    for field in kernel.fields:
        if isinstance(field.parts, Matrix):
            pattern = field.parts.pattern
            rows, cols = (
                constant_name(kernel, field, suffix) for suffix in ("ROWS", "COLS")
            )
            found.append(
                Places(
                    (rows, pattern.rows.astype(np.int64)),
                    (cols, pattern.cols.astype(np.int64)),
                )
            )
    return found


def table_formula(data: NDArray[np.generic], places: Sequence[Places]) -> str | None:
    """A table of indices by the rule that it follows; None where it follows none.

    Args:
        data: The table.
        places: The places of the module's matrices.
    """
    if data.ndim != 1 or data.dtype.kind not in "iu" or not data.size:
        return None
    table = data.astype(np.int64)
    for each in places:
        text = _on_a_diagonal(table, each) or _by_diagonals(table, each)
        if text is not None:
            return f"{text}.astype(np.{data.dtype})"
    found = rows_formula(table)
    return None if found is None else f"{found}.astype(np.{data.dtype})"


def spaced_formula(data: NDArray[np.generic]) -> str | None:
    """Floats that are evenly spaced, bit by bit as numpy spaces them; None of others.

    Args:
        data: The table.
    """
    if data.ndim != 1 or data.dtype.kind != "f" or data.size < FEWEST_PERIODS:
        return None
    first, last = float(data[0]), float(data[-1])
    step = float(data[1]) - first
    inverse = 1 / step if step else 1.0
    parts = round(inverse) if isfinite(inverse) else 1
    found: dict[str, NDArray[np.floating]] = {}
    for left_out in range(MOST_LEFT_OUT + 1):  # what is zero has no entry
        count = data.size + left_out
        tail = f"[{left_out}:]" if left_out else ""
        found |= {
            f"np.linspace(0.0, {last!r}, {count}){tail}": np.linspace(0, last, count)[
                left_out:
            ],
            f"(np.arange({count}) / {parts}){tail}": (np.arange(count) / max(parts, 1))[
                left_out:
            ],
        }
    between = np.linspace(first, last, data.size)
    found[f"np.linspace({first!r}, {last!r}, {data.size})"] = between
    for text, values in found.items():
        if np.array_equal(values.astype(data.dtype), data):
            return f"{text}.astype(np.{data.dtype})"
    return None


def repeated_formula(data: NDArray[np.generic]) -> str | None:
    """A table that repeats itself but for its ends; None of one that does not.

    Args:
        data: The table, of any shape.
    """
    flat = data.ravel()
    for period in range(1, LONGEST_PERIOD + 1):
        if flat.size < FEWEST_PERIODS * period:
            break
        same = np.flatnonzero(flat[:-period] != flat[period:])
        bounds = [-1, *same.tolist(), flat.size - period]
        lengths = np.diff(bounds) - 1
        longest = int(lengths.argmax())
        start = bounds[longest] + 1
        count = (int(lengths[longest]) + period) // period
        stop = start + count * period
        if max(start, flat.size - stop) > MOST_AT_ENDS or count < FEWEST_PERIODS:
            continue
        ends = [flat[:start], flat[stop:]]
        parts = [str(end.tolist()) if end.size else "" for end in ends]
        inside = f"np.tile({flat[start : start + period].tolist()}, {count})"
        listed = [each for each in (parts[0], inside, parts[1]) if each]
        text = f"np.concatenate([{', '.join(listed)}])" if len(listed) > 1 else inside
        shape = ", ".join(map(str, data.shape))
        reshaped = f".reshape({shape})" if data.ndim > 1 else ""
        return f"{text}.astype(np.{data.dtype}){reshaped}"
    return None


def _on_a_diagonal(table: Integers, places: Places) -> str | None:
    """The numbers of all entries on one diagonal: `np.flatnonzero(ROWS == COLS)`."""
    (rows, row), (cols, col) = places.rows, places.cols
    if not 0 <= table.min() <= table.max() < row.size:
        return None
    offset = int(col[table[0]] - row[table[0]])
    if not np.array_equal(np.flatnonzero(col - row == offset), table):
        return None
    return f"np.flatnonzero({_is_on(rows, cols, offset)})"


def _is_on(rows: str, cols: str, offset: int) -> str:
    if not offset:
        return f"{rows} == {cols}"
    first, second = (cols, rows) if offset > 0 else (rows, cols)
    return f"{first} - {second} == {abs(offset)}"


def _by_diagonals(table: Integers, places: Places) -> str | None:
    """For each entry a number that its row says: another one on each diagonal."""
    (rows, row), (cols, col) = places.rows, places.cols
    if table.size != row.size:
        return None
    offsets = col - row
    distinct = distinct_numbers(offsets)
    if distinct.size > MOST_DIAGONALS:
        return None
    branches: dict[str, list[int]] = {}
    for offset in distinct.tolist():
        text = _by_row(table[offsets == offset], row[offsets == offset], rows)
        if text is None:
            return None
        branches.setdefault(text, []).append(offset)
    *special, usual = sorted(branches, key=lambda text: len(branches[text]))
    if sum(len(branches[text]) for text in special) > MOST_BRANCHES:
        return None
    result = usual if rows in usual else f"np.full({rows}.size, {usual})"
    for text in special:
        for offset in branches[text]:
            otherwise = usual if result.startswith("np.full") else result
            result = f"np.where({_is_on(rows, cols, offset)}, {text}, {otherwise})"
    return result


def _by_row(values: Integers, row: Integers, name: str) -> str | None:
    """Values as a multiple of the row and a number."""
    if (values == values[0]).all():
        return str(int(values[0]))
    step, rest = divmod(int(values[1] - values[0]), max(int(row[1] - row[0]), 1))
    first = int(values[0] - step * row[0])
    if rest or not np.array_equal(step * row + first, values):
        return None
    text = name if step == 1 else f"{step} * {name}"
    return f"{text} {'+' if first > 0 else '-'} {abs(first)}" if first else text


def statements(
    constants: Mapping[str, object], formulas: Sequence[Formula]
) -> dict[str, str]:
    """For each constant that follows a rule the statement that stands in its place.

    Args:
        constants: All constants, in their order.
        formulas: The rules; one of several names stands where the first of them would.
    """
    found = {name: "" for formula in formulas for name in formula.names}
    for formula in formulas:
        first = next(name for name in constants if name in formula.names)
        found[first] = f"{', '.join(formula.names)} = {formula.text}"
    return found
