"""Arrays that are mostly zero: which elements are to be computed, and set in zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.lowering.scalar.assembly import LARGEST_BLOCK
from partialc.lowering.scalar.terms import Term

FEWEST: Final = 16
"""Fewer elements are put together with the zeros around them."""

EMPTY: Final = 0.5
"""So much of an array must be zero: what is set is written a second time."""


def filled_places(terms: Sequence[Term]) -> NDArray[np.int64] | None:
    """The places of what is not zero, if setting these alone is worth it.

    Put together, every zero between two of them is a part of its own: the Jacobian of
    24 species by 36 reactions, a quarter full, takes twice as long to compile, and a
    text of twice as many lines.

    Args:
        terms: All elements of an array, row-major.

    Returns:
        The flat places, ascending; None where the array is small, or is too full.
    """
    if len(terms) <= LARGEST_BLOCK:
        return None
    found = np.flatnonzero([term.number != 0 for term in terms])
    if not FEWEST <= found.size <= (1 - EMPTY) * len(terms):
        return None
    return found
