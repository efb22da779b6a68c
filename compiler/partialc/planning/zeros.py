"""Noticing derivatives that are zero everywhere: built all the same, with a warning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import MOST_COMPILED
from partialc.ir.program import ArrayType, Function
from partialc.ir.structure import all_equations
from partialc.ops.evaluation import evaluate
from partialc.ops.registry import find
from partialc.realise.execute import kernel_types
from partialc.request.resolved import Field, Kernel, Product
from partialc.request.signature import Signature

_SCALES = ((0.5, 1.5), (-1.0, 1.0), (-0.1, 0.1))
"""Ranges of the sampled points: where most functions are smooth, both signs, and small
values, at which nothing saturates."""


_COMPILED_FAST: Final = {"xla_backend_optimization_level": "0"}
"""A kernel is run here at three points at most: compiling it well would take longer."""


def zero_warnings(
    program: Function,
    call: Callable[..., Sequence[jax.Array]],
    kernel: Kernel,
    signature: Signature,
) -> tuple[str, ...]:
    """A sentence for each field whose derivatives vanish at every sampled point.

    It is no proof, and is worded accordingly. A sample that is not finite counts as
    not zero.

    Args:
        program: The kernel over its flat inputs, one array per part, traced in the
            widest regime.
        call: The same as JAX runs it.
        kernel: What it delivers.
        signature: The function's signature.
    """
    rng = np.random.default_rng(0)
    types = kernel_types(kernel, signature)
    if any(kind.dtype.is_key for kind in types):
        return ()
    pending = list(_derived(kernel))
    points = [[_draw(kind, rng, scale) for kind in types] for scale in _SCALES]
    with jax.enable_x64(True):
        run = _runner(program, call)
        for point in points:
            if not pending:
                break
            results = run(*point)
            pending = [
                (field, places)
                for field, places in pending
                if all(_is_zero(results[place]) for place in places)
            ]
    return tuple(
        f"`{field.request}` is zero at every sampled point: "
        "is the function constant in that direction?"
        for field, _ in pending
    )


def _runner(
    program: Function, call: Callable[..., Sequence[jax.Array]]
) -> Callable[..., Sequence[jax.Array]]:
    """The kernel compiled; step by step where that would take long."""
    equations = list(all_equations(program))
    if any(find(equation.op) is None for equation in equations):
        return jax.jit(call, compiler_options=_COMPILED_FAST)

    def run(*leaves: NDArray[np.generic]) -> Sequence[jax.Array]:
        return evaluate(program, leaves)

    if len(equations) > MOST_COMPILED:
        return run
    return jax.jit(run, compiler_options=_COMPILED_FAST)


def _derived(kernel: Kernel) -> Iterator[tuple[Field, range]]:
    """The fields that hold nothing but derivatives, and where their parts stand."""
    number = 0
    for field in kernel.fields:
        parts = jax.tree.leaves(field.parts)
        if parts and all(isinstance(part, Product) or part.order for part in parts):
            yield field, range(number, number + len(parts))
        number += len(parts)


def _is_zero(array: jax.Array) -> bool:
    return bool(array.size) and not np.asarray(array).any()


def _draw(
    kind: ArrayType, rng: np.random.Generator, scale: tuple[float, float]
) -> NDArray[np.generic]:
    dtype = np.dtype(kind.dtype.at(Regime.WIDE))
    if kind.dtype.is_inexact:
        return rng.uniform(*scale, kind.shape).astype(dtype)
    return rng.integers(0, 2, kind.shape).astype(dtype)
