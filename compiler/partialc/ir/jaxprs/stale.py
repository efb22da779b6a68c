"""Constants of NumPy that JAX remembers from a trace with other 64-bit types.

JAX converts an array of NumPy that a function closes over to the types that are on, and
remembers the outcome for as long as any trace holds it: with 64-bit types on, `c + x`
then has the float32 `c` of an earlier trace without them, and the other way round. What
is traced must not depend on what was traced, or run, before.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any, Final

import jax.extend.core as jex
import numpy as np

_WIDE: Final = frozenset({"float64", "complex128", "int64", "uint64"})
_NARROW: Final = frozenset({"float32", "complex64", "int32"})
"""What may have been wide. Of `uint64` nobody has arrays, and JAX's own random numbers
close over `uint32`."""


class Watch:
    """The constants of one trace that could stem from another."""

    def __init__(self, jaxpr: Any, x64: bool) -> None:
        """Note them, without keeping them alive.

        Args:
            jaxpr: What `jax.make_jaxpr` returned.
            x64: Whether 64-bit types were on.
        """
        found = list(_constants(jaxpr))
        self._is_wide = not x64 and any(each.dtype.name in _WIDE for each in found)
        self._narrow = [
            weakref.ref(each) for each in found if x64 and each.dtype.name in _NARROW
        ]

    def is_stale(self) -> bool:
        """Whether a constant may stem from another trace, now that this one is gone.

        A wide one does where 64-bit types are off. A narrow one may be the caller's
        own; it stems from nowhere else if nothing keeps it.
        """
        if not self._is_wide and self._is_kept():
            gc.collect()
        return self._is_wide or self._is_kept()

    def _is_kept(self) -> bool:
        return any(each() is not None for each in self._narrow)


def may_be_stale(error: TypeError) -> bool:
    """Whether a trace failed over the types of elements, as with a stale constant."""
    return "dtype" in str(error) or "element_type" in str(error)


def _constants(jaxpr: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays of NumPy among the constants, those of inner programs included."""
    if isinstance(jaxpr, jex.ClosedJaxpr):
        yield from (each for each in jaxpr.consts if _is_numpy(each))
        jaxpr = jaxpr.jaxpr
    for equation in jaxpr.eqns:
        for atom in equation.invars:
            if isinstance(atom, jex.Literal) and _is_numpy(atom.val):
                yield atom.val
        for value in equation.params.values():
            for inner in value if isinstance(value, tuple | list) else (value,):
                if isinstance(inner, jex.ClosedJaxpr | jex.Jaxpr):
                    yield from _constants(inner)


def _is_numpy(value: Any) -> bool:
    return isinstance(value, np.ndarray)
