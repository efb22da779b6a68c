"""The nonzeros of a matrix by products with the sums of unit vectors of one colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.analysis.colouring import Colouring
from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import Function
from partialc.realise.linear import LinearProgram


def coloured_values(
    program: LinearProgram,
    colouring: Colouring,
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    dtype: np.dtype[Any],
    regime: Regime,
) -> Function:
    """The values of some entries as a function of the leaves, then the weights.

    All products are taken at once, by one vmap (Curtis, Powell, Reid 1974).

    Args:
        program: The linear program; its direction says what is coloured: the columns,
            or the rows.
        colouring: A colour for each of these.
        rows: The row of each entry, of shape (entries,).
        cols: Its column.
        dtype: The element type: what is pulled back, or a gradient, has another one
            where the function converts.
        regime: What to trace under.

    Raises:
        Exception: Whatever JAX raises.
    """
    is_reverse = program.direction == "reverse"
    seeded, other = (rows, cols) if is_reverse else (cols, rows)
    length = sum(kind.size for kind in program.results)
    index = (colouring.colours[seeded] * length + other).astype(np.int32)

    def call(*given: jax.Array) -> Sequence[jax.Array]:
        apply = program.applied(given)
        found = jax.vmap(apply)(*_seeds(program, colouring, regime))
        flat = [each.reshape(colouring.count, -1) for each in found]
        joined = flat[0] if len(flat) == 1 else jnp.concatenate(flat, axis=1)
        return (joined.reshape(-1)[index].astype(dtype),)

    return trace_one(
        call,
        [kind for kind, _ in program.given],
        regime,
        name="coloured",
        input_names=[name for _, name in program.given],
        rules=False,
    )


def _seeds(
    program: LinearProgram, colouring: Colouring, regime: Regime
) -> list[jax.Array]:
    """For each input of a program the sums of unit vectors, along a first axis."""
    seeds, start = [], 0
    for kind in program.seeds:
        own = colouring.colours[start : start + kind.size].reshape(kind.shape)
        numbers = np.arange(colouring.count).reshape((-1,) + (1,) * kind.ndim)
        same = jnp.asarray(own, jnp.int32) == jnp.asarray(numbers, jnp.int32)
        seeds.append(same.astype(kind.dtype.numpy(regime)))
        start += kind.size
    return seeds
