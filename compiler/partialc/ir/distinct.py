"""Which numbers there are in a list."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)


def distinct_numbers(numbers: NDArray[Number]) -> NDArray[Number]:
    """The numbers of a list, ascending, each once.

    `numpy.unique` hashes them, which takes a hundred times as long for ten millions.

    Args:
        numbers: An array of any shape.
    """
    ordered = np.sort(numbers, axis=None)
    if not ordered.size:
        return ordered
    is_first = np.ones(ordered.size, bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return ordered[is_first]


def are_distinct(numbers: NDArray[Any]) -> bool:
    """Whether no number comes several times.

    Args:
        numbers: An array of any shape.
    """
    ordered = np.sort(numbers, axis=None)
    return not np.any(ordered[1:] == ordered[:-1])
