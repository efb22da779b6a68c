"""Sparse matrices of the rivals, in the format in which a kernel returns them."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from partialc.request.resolved import Kernel, Matrix


def whole(kernel: Kernel, parts: Sequence[jax.Array]) -> tuple[jax.Array, ...]:
    """The arrays of a kernel's result.

    Args:
        kernel: The kernel.
        parts: One array for each result of its programs.
    """
    arrays: list[jax.Array] = []
    rest = list(parts)
    for field in kernel.fields:
        count = len(jax.tree.leaves(field.parts))
        own, rest = rest[:count], rest[count:]
        if isinstance(field.parts, Matrix):
            pattern = field.parts.pattern
            values = jnp.concatenate(own)
            if field.parts.format == "dense":
                zeros = jnp.zeros(pattern.shape, values.dtype)
                values = zeros.at[pattern.rows, pattern.cols].set(values)
            own = [values]
        arrays += own
    return with_places(kernel, arrays)


def with_places(kernel: Kernel, arrays: Sequence[jax.Array]) -> tuple[jax.Array, ...]:
    """The same where of each BCOO there are the values alone.

    Args:
        kernel: The kernel.
        arrays: The arrays of its result, the indices of BCOOs left out.
    """
    found: list[jax.Array] = []
    rest = list(arrays)
    for field in kernel.fields:
        is_matrix = isinstance(field.parts, Matrix)
        count = 1 if is_matrix else len(jax.tree.leaves(field.parts))
        found += rest[:count]
        rest = rest[count:]
        if isinstance(field.parts, Matrix) and field.parts.format == "bcoo":
            pattern = field.parts.pattern
            places = np.stack([pattern.rows, pattern.cols], axis=1)
            found.append(jnp.asarray(places, jnp.int32))
    return tuple(found)
