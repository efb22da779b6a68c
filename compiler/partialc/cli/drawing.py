"""The pattern of a matrix as a picture made of characters."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.patterns import Pattern

WIDTH: Final = 40
"""How many characters wide a picture is at most, without its frame."""

HEIGHT: Final = WIDTH // 2
"""How many lines it has at most where a cell stands for several entries: characters are
twice as high as wide."""

_LEAST_WIDTH: Final = 8
_LEAST_HEIGHT: Final = 4
"""What a long thin matrix is not drawn thinner than, where it has as many columns."""


@dataclass(frozen=True, slots=True)
class Strokes:
    """The characters of a picture.

    Attributes:
        shades: From an empty cell to the fullest.
        zero: An entry that is zero, where each has a cell of its own.
        constant: One that is a constant.
        corners: From the upper left one clockwise.
        sides: A horizontal and a vertical one.
    """

    shades: str
    zero: str
    constant: str
    corners: tuple[str, str, str, str]
    sides: tuple[str, str]


BLOCKS: Final = Strokes(" ░▒▓█", "·", "▒", ("┌", "┐", "┘", "└"), ("─", "│"))
ASCII: Final = Strokes(" .:*#", ".", "o", ("+", "+", "+", "+"), ("-", "|"))


def draw(pattern: Pattern, strokes: Strokes = BLOCKS) -> tuple[str, ...]:
    """Lines that show where a matrix has entries, in a frame, and what they mean.

    A small matrix has a cell for each entry. In others a cell stands for a rectangle of
    entries, and the more of these are nonzero, the darker it is.

    Args:
        pattern: Of a matrix of any shape.
        strokes: The characters.

    Returns:
        Lines of one length, at most `WIDTH` + 2, then one or no line of explanation;
        at most `WIDTH` + 3 of them.
    """
    rows, columns = pattern.shape
    if not rows or not columns:
        return ("(the matrix is empty)",)
    if rows <= WIDTH and columns <= WIDTH:
        cells, legend = _entries(pattern, strokes)
    else:
        cells, legend = _shaded(pattern, strokes)
    left, right, lower_right, lower_left = strokes.corners
    across, down = strokes.sides
    side = across * len(cells[0])
    return (
        f"{left}{side}{right}",
        *(f"{down}{line}{down}" for line in cells),
        f"{lower_left}{side}{lower_right}",
        *legend,
    )


def _entries(pattern: Pattern, strokes: Strokes) -> tuple[list[str], list[str]]:
    """A cell for each entry, two characters wide where there is room."""
    full = strokes.shades[-1]
    cells = np.full(pattern.shape, strokes.zero)
    cells[pattern.rows, pattern.cols] = np.where(
        pattern.is_constant, strokes.constant, full
    )
    lines = ["".join(row) for row in cells.tolist()]
    if 2 * pattern.shape[1] <= WIDTH:
        wide = {strokes.zero: f"{strokes.zero} "}
        lines = ["".join(wide.get(cell, 2 * cell) for cell in line) for line in lines]
    if not pattern.is_constant.any():
        return lines, []
    return lines, [f"{strokes.constant} constant, {full} depends on the inputs"]


def _shaded(pattern: Pattern, strokes: Strokes) -> tuple[list[str], list[str]]:
    """Cells that stand for rectangles, shaded by how many entries are nonzero."""
    high, wide = _extents(*pattern.shape)
    heights, widths = _split(pattern.shape[0], high), _split(pattern.shape[1], wide)
    places = pattern.rows // high * widths.size + pattern.cols // wide
    counts = np.bincount(places, minlength=heights.size * widths.size)
    fills = counts.reshape(heights.size, widths.size) / np.outer(heights, widths)
    fullest = float(fills.max())
    if not fullest:
        return [" " * widths.size] * heights.size, []
    darkest = len(strokes.shades) - 1
    # The least bit of fill shows, and rounding makes no cell darker than the fullest.
    levels = np.ceil(fills / fullest * darkest - 1e-9).astype(int)
    levels = np.where(fills > 0, np.maximum(levels, 1), 0)
    lines = ["".join(strokes.shades[level] for level in row) for row in levels.tolist()]
    full = f"{strokes.shades[-1]} where {100 * fullest:.3g} % of them are nonzero"
    return lines, [f"a cell is {high} x {wide} entries; {full}"]


def _extents(rows: int, columns: int) -> tuple[int, int]:
    """How many rows and columns a cell stands for, as it is twice as high as wide."""
    scale = max(ceil(columns / WIDTH), ceil(rows / (2 * HEIGHT)))
    high = min(2 * scale, ceil(rows / _LEAST_HEIGHT))
    return high, min(scale, ceil(columns / _LEAST_WIDTH))


def _split(entries: int, extent: int) -> NDArray[np.int64]:
    """The extents of all cells along an axis; the last one has what is left."""
    starts = np.arange(0, entries, extent)
    return np.minimum(extent, entries - starts)
