"""Where the derivatives of a function may be nonzero."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.ir.patterns import Pattern
from partialc.ir.program import ArrayType
from partialc.realise.point import Point
from partialc.request.resolved import Axis, Coordinates

_RANGES: Final = ((0.5, 1.5), (-1.0, 1.0), (0.1, 0.9))
"""What the floating-point arguments of each point are drawn from."""


def pattern_of(
    primal: Primal, outputs: tuple[Coordinates, ...], wrt: Axis, order: int
) -> Pattern:
    """The structural nonzeros of a Jacobian or a Hessian.

    They are seen at three points, in dense derivatives: what is zero at all of them is
    taken for zero, what is equal at all of them for constant.

    Args:
        primal: The function.
        outputs: What is differentiated; for order 2 one single number.
        wrt: What it is differentiated with respect to.
        order: 1 for the Jacobian, 2 for the Hessian.

    Returns:
        A matrix. Its columns are the concatenated flattening of `wrt`; its
        rows are that of the outputs (order 1), or of `wrt` again (order 2).
    """
    rng = np.random.default_rng(0)
    types = [leaf.type for _, leaf in primal.signature.leaves]
    with jax.enable_x64(True):
        found = [
            _dense(primal, [_draw(rng, kind, limits) for kind in types], outputs, wrt)
            for limits in _RANGES
        ]
        matrices = np.stack([np.asarray(take(order)) for take in found])
    rows, cols = np.nonzero((matrices != 0).any(axis=0))
    is_constant = (matrices == matrices[0]).all(axis=0)[rows, cols]
    shape = (matrices.shape[1], matrices.shape[2])
    return Pattern.of(shape, rows, cols, is_constant)


def _dense(
    primal: Primal, leaves: Sequence[Any], outputs: Sequence[Coordinates], wrt: Axis
) -> Callable[[int], jax.Array]:
    """What gives the matrix of an order at a point."""
    point = Point(primal, tuple(leaves), {}, ())
    numbers = tuple(dict.fromkeys(each.leaf for each in wrt))
    run = point.function(numbers, outputs)
    at = jnp.concatenate([jnp.ravel(leaves[number]) for number in numbers])
    positions = point.positions(wrt, numbers)

    def flat(moved: jax.Array) -> jax.Array:
        values, start = [], 0
        for number in numbers:
            like = leaves[number]
            part = moved[start : start + like.size]
            values.append(part.reshape(like.shape).astype(like.dtype))
            start += like.size
        return jnp.concatenate([jnp.ravel(each) for each in run(*values)])

    def take(order: int) -> jax.Array:
        if order == 1:
            return jnp.asarray(jax.jacfwd(flat)(at)[:, positions])
        return jnp.asarray(jax.hessian(flat)(at)[0][positions][:, positions])

    return take


def _draw(
    rng: np.random.Generator, kind: ArrayType, limits: tuple[float, float]
) -> jax.Array:
    """A value for one leaf of the arguments."""
    if kind.dtype.is_key:
        return jax.random.split(jax.random.key(0), kind.shape)
    values: NDArray[np.generic] = rng.uniform(*limits, kind.shape)
    return jnp.asarray(values, kind.dtype.numpy(Regime.WIDE))
