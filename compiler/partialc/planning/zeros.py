"""Noticing derivatives that are zero everywhere: built all the same, with a warning."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import Regime
from partialc.ir.program import ArrayType
from partialc.realise.execute import kernel_types
from partialc.request.resolved import Block, Kernel
from partialc.request.signature import Signature

_SCALES = ((0.5, 1.5), (-1.0, 1.0), (-0.1, 0.1))
"""Ranges of the sampled points: where most functions are smooth, both signs, and small
values, at which nothing saturates."""


def zero_warnings(
    run: Callable[..., Sequence[jax.Array]], kernel: Kernel, signature: Signature
) -> tuple[str, ...]:
    """A sentence for each field whose derivatives vanish at every sampled point.

    It is no proof, and is worded accordingly. A sample that is not finite counts as
    not zero.

    Args:
        run: The kernel over its flat inputs, one array per part.
        kernel: What it delivers.
        signature: The function's signature.
    """
    rng = np.random.default_rng(0)
    types = kernel_types(kernel, signature)
    if any(kind.dtype.is_key for kind in types):
        return ()
    with jax.enable_x64(True):
        compiled = jax.jit(run)
        samples = [
            compiled(*[_draw(kind, rng, scale) for kind in types]) for scale in _SCALES
        ]
    warnings = []
    number = 0
    for field in kernel.fields:
        parts = jax.tree.leaves(field.parts)
        arrays = [
            np.asarray(sample[number + k])
            for sample in samples
            for k in range(len(parts))
        ]
        number += len(parts)
        derived = all(isinstance(part, Block) and part.order for part in parts)
        if (
            derived
            and arrays
            and all(array.size and not array.any() for array in arrays)
        ):
            warnings.append(
                f"`{field.request}` is zero at every sampled point: "
                "is the function constant in that direction?"
            )
    return tuple(warnings)


def _draw(
    kind: ArrayType, rng: np.random.Generator, scale: tuple[float, float]
) -> NDArray[np.generic]:
    dtype = np.dtype(kind.dtype.at(Regime.WIDE))
    if kind.dtype.is_inexact:
        return rng.uniform(*scale, kind.shape).astype(dtype)
    return rng.integers(0, 2, kind.shape).astype(dtype)
