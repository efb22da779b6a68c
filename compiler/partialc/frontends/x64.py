"""JAX's 64-bit types: whether they are on, and imports with them on or off."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import jax
import numpy as np


def is_x64() -> bool:
    """Whether JAX's 64-bit types are on."""
    return bool(jax.dtypes.canonicalize_dtype(np.float64) == np.float64)


@contextlib.contextmanager
def imports_with(x64: bool) -> Iterator[None]:
    """Import with 64-bit types on or off, whatever the modules themselves set."""
    before = is_x64()
    with jax.enable_x64(x64):
        yield
    if is_x64() != before:
        jax.config.update("jax_enable_x64", before)  # type: ignore[no-untyped-call]
