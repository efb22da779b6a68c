"""Where a matrix of derivatives may be nonzero, found by looking at its numbers.

Dense derivatives at a few random points: what is zero at all of them is taken for a
structural zero. It is no proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Final, Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.errors import REFUSALS
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.ir.patterns import Pattern
from partialc.ir.program import ArrayType
from partialc.request.resolved import Axis, Coordinates
from partialc.request.shapes import axis_size

_RANGES: Final = ((0.5, 1.5), (-1.0, 1.0), (0.1, 2.0))
"""What the leaves of each point are drawn from."""


def pattern_of(
    primal: Primal,
    outputs: tuple[Coordinates, ...],
    wrt: Axis,
    order: Literal[1, 2],
) -> Pattern:
    """The structural nonzeros of a Jacobian or a Hessian.

    Args:
        primal: The function.
        outputs: The selected outputs; one scalar for a Hessian.
        wrt: What is differentiated along.
        order: 1 for the Jacobian, 2 for the Hessian.

    Returns:
        Rows run over the concatenated flattening of the outputs, or of `wrt` for a
        Hessian; columns over that of `wrt`.
    """
    columns = axis_size(wrt)
    rows = axis_size(outputs) if order == 1 else columns
    found = np.zeros((rows, columns), bool)
    with jax.enable_x64(True):
        for seed, limits in enumerate(_RANGES):
            leaves = _point(primal, seed, limits)
            matrix = _matrix(primal, leaves, outputs, wrt, order)
            found |= np.asarray(matrix).reshape(rows, columns) != 0
    at_row, at_column = np.nonzero(found)
    return Pattern.of((rows, columns), at_row.astype(np.int64), at_column)


def _matrix(
    primal: Primal,
    leaves: Sequence[jax.Array],
    outputs: tuple[Coordinates, ...],
    wrt: Axis,
    order: Literal[1, 2],
) -> jax.Array:
    """The dense derivative at one point, of shape (rows, columns)."""

    def moved(step: jax.Array) -> jax.Array:
        changed, start = list(leaves), 0
        for each in wrt:
            size = prod(each.shape)
            piece = step[start : start + size].reshape(each.shape)
            leaf = changed[each.leaf]
            changed[each.leaf] = leaf.at[each.index].add(piece.astype(leaf.dtype))
            start += size
        results = _results(primal, changed)
        flat = [jnp.ravel(results[each.leaf][each.index]) for each in outputs]
        return jnp.concatenate(flat)

    nothing = jnp.zeros(axis_size(wrt))

    def scalar(step: jax.Array) -> jax.Array:
        return moved(step)[0]

    matrix: jax.Array
    if order == 1:
        matrix = jax.jit(jax.jacfwd(moved))(nothing)
        return matrix
    try:
        matrix = jax.jit(jax.hessian(scalar))(nothing)
    except REFUSALS:  # a loop, say, that cannot be taken backwards
        matrix = jax.jit(jax.jacfwd(jax.jacfwd(scalar)))(nothing)
    return matrix


def _results(primal: Primal, leaves: Sequence[jax.Array]) -> list[jax.Array]:
    """The leaves of the function's result."""
    rest, arguments = list(leaves), []
    for tree in primal.signature.arguments.values():
        count = len(tree.leaves)
        arguments.append(jax.tree.unflatten(tree.structure, rest[:count]))
        rest = rest[count:]
    return [jnp.asarray(leaf) for leaf in jax.tree.leaves(primal.call(*arguments))]


def _point(primal: Primal, seed: int, limits: tuple[float, float]) -> list[jax.Array]:
    random = np.random.RandomState(seed)
    return [_drawn(leaf.type, random, limits) for _, leaf in primal.signature.leaves]


def _drawn(
    kind: ArrayType, random: np.random.RandomState, limits: tuple[float, float]
) -> jax.Array:
    """One leaf; integers are zero or one."""
    if kind.dtype.is_key:
        return (
            jax.random.split(jax.random.key(0), kind.shape)
            if kind.shape
            else (jax.random.key(0))
        )
    dtype = np.dtype(kind.dtype.at(Regime.WIDE))
    values: NDArray[np.generic] = random.uniform(*limits, kind.shape)
    if not kind.dtype.is_inexact:
        values = random.randint(0, 2, kind.shape)
    return jnp.asarray(values, dtype)
