"""Primal values noted in a test, rounded so that they are the same on every machine."""

from __future__ import annotations

from math import floor, log10
from typing import Any, Final

import numpy as np

from partialc.ir.dtypes import DType

_DIGITS: Final = 6
_FEW_DIGITS: Final = 3


def digits_of(dtype: DType) -> int:
    """How many digits of a result are noted: far fewer than are exact."""
    is_rough = dtype.is_inexact and dtype.wide not in ("float64", "complex128")
    return _FEW_DIGITS if is_rough else _DIGITS


def noted(leaf: Any, neighbour: Any, digits: int) -> list[Any] | None:
    """A few elements of a leaf, rounded relative to the largest of them.

    Args:
        leaf: The value; of a large one every so many-th element is taken, as the
            generated test does.
        neighbour: The value at arguments one ulp away.
        digits: How many digits are kept.

    Returns:
        None when the value is rounding noise, or not finite: no digit can be relied on.
    """
    values = np.ravel(np.asarray(leaf))
    some = values[:: max(1, values.size // 6)]
    if some.dtype.kind in "biu":
        return [int(value) for value in some]
    some = some.astype(complex if some.dtype.kind == "c" else float)
    near = np.ravel(np.asarray(neighbour)).astype(some.dtype)
    near = near[:: max(1, values.size // 6)]
    if not np.isfinite(some).all():
        return None
    scale = np.abs(some).max(initial=0.0)
    error = np.abs(some - near).max(initial=0.0)
    if not error <= scale * 10.0 ** (-1.5 * digits):
        return None
    quantum = floor(log10(scale)) - digits + 1 if scale else 0
    return [_rounded(value.item(), quantum) for value in some]


def _rounded(value: Any, quantum: int) -> Any:
    """The nearest multiple of `10**quantum`, read from its decimal digits."""
    if isinstance(value, complex):
        return complex(_rounded(value.real, quantum), _rounded(value.imag, quantum))
    return float(f"{round(value / 10.0**quantum)}e{quantum}")
