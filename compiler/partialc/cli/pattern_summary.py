"""What there is to tell about a pattern: how full it is, how many passes it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from partialc.analysis.colouring import Colouring, colour_columns, colour_rows
from partialc.analysis.star_colouring import colour_symmetric
from partialc.ir.patterns import Pattern

_TITLES: Final = {
    "columns": ("colours by columns", "JVP"),
    "rows": ("colours by rows", "VJP"),
    "star": ("star colours", "HVP"),
}
"""How each kind of colouring is called, and the pass that one colour takes."""

_MOST_LEAVES: Final = 6
"""How many arrays are named; of others it is told how many there are."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One array whose elements are rows, or columns, of the matrix.

    Attributes:
        name: How a request names it: `out["y"]`, `params["w"]`.
        size: How many elements it has.
    """

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The facts about a pattern.

    Attributes:
        pattern: Of a Jacobian, or of a Hessian.
        rows: The arrays that its rows are the elements of, in order.
        columns: The same for its columns.
        colourings: By kind: `columns` and `rows`, or `star`.
    """

    pattern: Pattern
    rows: Sequence[Leaf]
    columns: Sequence[Leaf]
    colourings: Mapping[str, Colouring]

    @classmethod
    def of_jacobian(
        cls, pattern: Pattern, rows: Sequence[Leaf], columns: Sequence[Leaf]
    ) -> Summary:
        """Colour the pattern of a Jacobian by columns and by rows."""
        colourings = {"columns": colour_columns(pattern), "rows": colour_rows(pattern)}
        return cls(pattern, rows, columns, colourings)

    @classmethod
    def of_hessian(cls, pattern: Pattern, leaves: Sequence[Leaf]) -> Summary:
        """Colour the pattern of a Hessian, which is symmetric."""
        return cls(pattern, leaves, leaves, {"star": colour_symmetric(pattern)})

    @property
    def fill(self) -> float:
        """The share of entries that may be nonzero; 0 for an empty matrix."""
        rows, columns = self.pattern.shape
        return self.pattern.nonzeros / max(rows * columns, 1)

    @property
    def constants(self) -> int:
        """How many entries are numbers that do not depend on the inputs."""
        return int(self.pattern.is_constant.sum())

    @property
    def bandwidths(self) -> tuple[int, int]:
        """How far entries stand below the diagonal, and above it, at most."""
        apart = self.pattern.rows - self.pattern.cols
        return int(apart.max(initial=0)), int((-apart).max(initial=0))

    def facts(self) -> list[tuple[str, str]]:
        """Names and values, for people."""
        below, above = self.bandwidths
        rows, columns = self.pattern.shape
        found = [
            ("shape", f"{rows:,} x {columns:,}"),
            ("rows", _text(self.rows)),
            ("columns", _text(self.columns)),
            ("nonzeros", f"{self.pattern.nonzeros:,} ({100 * self.fill:.3g} %)"),
            ("constant entries", f"{self.constants:,}"),
            ("bandwidth", f"{below:,} below the diagonal, {above:,} above"),
        ]
        for kind, colouring in self.colourings.items():
            title, work = _TITLES[kind]
            passes = f"{colouring.count:,} {work}{'' if colouring.count == 1 else 's'}"
            bound = f"at least {colouring.bound:,}"
            found.append((title, f"{passes} ({bound}; {colouring.order} order)"))
        return found

    def to_json(self) -> dict[str, Any]:
        """The same for programs."""
        below, above = self.bandwidths
        return {
            "shape": list(self.pattern.shape),
            "rows": _spans(self.rows),
            "columns": _spans(self.columns),
            "nonzeros": self.pattern.nonzeros,
            "fill": self.fill,
            "constants": self.constants,
            "bandwidth": {"below": below, "above": above},
            "colours": {
                kind: {
                    "count": colouring.count,
                    "bound": colouring.bound,
                    "order": colouring.order,
                }
                for kind, colouring in self.colourings.items()
            },
        }


def _spans(leaves: Sequence[Leaf]) -> list[dict[str, Any]]:
    """Where each array stands along an axis: from `start` up to `stop`, exclusive."""
    found: list[dict[str, Any]] = []
    start = 0
    for leaf in leaves:
        found.append({"name": leaf.name, "start": start, "stop": start + leaf.size})
        start += leaf.size
    return found


def _text(leaves: Sequence[Leaf]) -> str:
    """The same for people: `x (0 to 4), y (5)`."""
    parts = []
    for span in _spans(leaves[:_MOST_LEAVES]):
        first, last = span["start"], span["stop"] - 1
        where = f"{first}" if first == last else f"{first} to {last}"
        parts.append(f"{span['name']} ({where if first <= last else 'empty'})")
    left = len(leaves) - _MOST_LEAVES
    return ", ".join(parts) + (f" and {left} more" if left > 0 else "")
