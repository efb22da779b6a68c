"""Primal values noted in a test, rounded so that they are the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, log10
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from partialc.ir.dtypes import DType
from partialc.realise.dtypes import involved_dtypes
from partialc.request.combination import parts_in
from partialc.request.resolved import Kernel
from partialc.request.signature import Signature

_ROUNDING: Final[Callable[[Any], Any]] = jnp.finfo  # knows bfloat16 too
_DIGITS: Final = 6
_FEW_DIGITS: Final = 3
_LEAST: Final = 1e-290
"""What is smaller loses digits in rounding, and to XLA some of it is zero."""


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
    if 0 < scale < _LEAST:
        return None
    if not error <= scale * 10.0 ** (-1.5 * digits):
        return None
    quantum = floor(log10(scale)) - digits + 1 if scale else 0
    return [_rounded(value.item(), quantum) for value in some]


def coarse_rtol(kernel: Kernel, signature: Signature) -> float | None:
    """The tolerance of a kernel whose arguments and results differ in precision.

    Its dtype says nothing then: some of JAX's modes round to the coarser type on the
    way. None where all are of one precision.
    """
    coarsest: float | None = None
    for field in kernel.fields:
        for part in parts_in(field.parts):
            epsilons = {
                float(_ROUNDING(dtype.numpy()).eps)
                for dtype in involved_dtypes(part, signature)
                if dtype.is_inexact
            }
            if len(epsilons) > 1:
                coarsest = max(coarsest or 0.0, *epsilons)
    return None if coarsest is None else float(f"{4 * coarsest**0.6:.1e}")


def _rounded(value: Any, quantum: int) -> Any:
    """The nearest multiple of `10**quantum`, read from its decimal digits."""
    if isinstance(value, complex):
        return complex(_rounded(value.real, quantum), _rounded(value.imag, quantum))
    return float(f"{round(value / 10.0**quantum)}e{quantum}")
