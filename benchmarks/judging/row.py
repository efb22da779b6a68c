"""What was measured of one kernel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, inf, log
from typing import Final

FLOOR: Final = 0.25
"""Errors are not told apart below a quarter of a unit in the last place."""

LIMIT: Final = 4.0
"""How much one row may tell, in the mean that says how most rows are."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kernel in one form and width.

    Attributes:
        formula: The formula's name.
        kernel: `order_3`, `mixed_2`, or `together.order_3` as a field of a list kernel.
        form: `auto` or `expanded`.
        width: `float32` or `float64`.
        is_chain: Whether the kernel is the chain itself, which needs no judging.
        breaches: How often it broke the contract.
        fresh: How often it would break it at other points of the same kind.
        beyond: How often it would break it at numbers that are not judged.
        worst: The first of the breaches, in words; empty without any.
        error: The rms error in units in the last place; None where nothing is finite.
        chain_error: That of the chain at the same points.
        failure: Why there is no kernel; empty when there is one.
    """

    formula: str
    kernel: str
    form: str
    width: str
    is_chain: bool = False
    breaches: int = 0
    fresh: int = 0
    beyond: int = 0
    worst: str = ""
    error: float | None = None
    chain_error: float | None = None
    failure: str = ""

    @property
    def is_broken(self) -> bool:
        """Whether it keeps a build or a person from trusting it."""
        return bool(self.breaches or self.failure)

    @property
    def ratio(self) -> float | None:
        """The kernel's error over the chain's, both at least `FLOOR`."""
        if self.is_chain:
            return 1.0
        if self.error is None or self.chain_error is None:
            return None
        return max(self.error, FLOOR) / max(self.chain_error, FLOOR)


def geometric_mean(rows: Iterable[Row], most: float = inf) -> float | None:
    """The geometric mean of all ratios there are.

    Args:
        rows: What was measured.
        most: How far from one a single ratio may be taken to be, either way: some are
            1e-15, where the chain has no digit right and the kernel has all.
    """
    ratios = [row.ratio for row in rows if row.ratio is not None]
    logs = [log(min(max(ratio, 1 / most), most)) for ratio in ratios]
    return exp(sum(logs) / len(logs)) if logs else None
