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
from partialc.request.combination import parts_in
from partialc.request.parts import order_of
from partialc.request.resolved import Field, Kernel
from partialc.request.signature import Signature
from partialc.sampling.domain import Region
from partialc.sampling.loops import Watch, has_while

_SCALES = ((0.5, 1.5), (-1.0, 1.0), (-0.1, 0.1))
"""What arguments without a domain are drawn from, point by point: where most functions
are smooth, both signs, and small values, at which nothing saturates."""

_MOST_STEPS: Final = 10_000
"""A loop that takes more is no evidence: a warning is not worth waiting for."""

_COMPILED_FAST: Final = {"xla_backend_optimization_level": "0"}
"""A kernel is run here at three points at most: compiling it well would take longer."""


def zero_warnings(
    program: Function,
    call: Callable[..., Sequence[jax.Array]],
    kernel: Kernel,
    signature: Signature,
    regions: Sequence[Region] = (),
) -> tuple[str, ...]:
    """A sentence for each field whose derivatives vanish at every sampled point.

    It is no proof, and is worded accordingly. A sample that is not finite counts as
    not zero. One at which a loop does not end is none.

    Args:
        program: The kernel over its flat inputs, one array per part, traced in the
            widest regime.
        call: The same as JAX runs it.
        kernel: What it delivers.
        signature: The function's signature.
        regions: What the leaves of its arguments are drawn from, as far as it matters.
    """
    rng = np.random.default_rng(0)
    types = kernel_types(kernel, signature)
    if any(kind.dtype.is_key for kind in types):
        return ()
    pending = list(_derived(kernel))
    free = [Region()] * (len(types) - len(regions))
    points = [
        [
            _draw(kind, rng, region, number)
            for kind, region in zip(types, [*regions, *free], strict=True)
        ]
        for number in range(len(_SCALES))
    ]
    seen = 0
    watch = Watch(_MOST_STEPS)
    with jax.enable_x64(True):
        run = _runner(program, call, watch) if pending else None
        for point in points:
            if run is None or not pending:
                break
            results = run(*point)
            if not watch.ended(results):
                continue
            seen += 1
            pending = [
                (field, places)
                for field, places in pending
                if all(_is_zero(results[place]) for place in places)
            ]
    if not seen:
        return ()
    return tuple(
        f"`{field.request}` is zero at every sampled point: "
        "is the function constant in that direction?"
        for field, _ in pending
    )


def _runner(
    program: Function, call: Callable[..., Sequence[jax.Array]], watch: Watch
) -> Callable[..., Sequence[jax.Array]] | None:
    """The kernel compiled; step by step where that would take long.

    None where it could run forever: only what can be evaluated can be limited.
    """
    equations = list(all_equations(program))
    if any(find(equation.op) is None for equation in equations):
        if has_while(program):
            return None
        return jax.jit(call, compiler_options=_COMPILED_FAST)

    def run(*leaves: NDArray[np.generic]) -> Sequence[jax.Array]:
        return evaluate(program, leaves)

    limited = watch.over(run)
    if len(equations) > MOST_COMPILED:
        return limited
    return jax.jit(limited, compiler_options=_COMPILED_FAST)


def _derived(kernel: Kernel) -> Iterator[tuple[Field, range]]:
    """The fields that hold nothing but derivatives, and where their parts stand."""
    number = 0
    for field in kernel.fields:
        count = len(jax.tree.leaves(field.parts))
        if count and all(map(order_of, parts_in(field.parts))):
            yield field, range(number, number + count)
        number += count


def _is_zero(array: jax.Array) -> bool:
    return bool(array.size) and not np.asarray(array).any()


def _draw(
    kind: ArrayType, rng: np.random.Generator, region: Region, number: int
) -> NDArray[np.generic]:
    """One leaf of the point of this number."""
    dtype = np.dtype(kind.dtype.at(Regime.WIDE))
    if region.values:
        return region.values[number % len(region.values)].astype(dtype)
    if kind.dtype.is_bool or not kind.dtype.is_inexact:
        low, high = (0, 1) if kind.dtype.is_bool else region.limits or (0, 1)
        return rng.integers(int(low), int(high) + 1, kind.shape).astype(dtype)
    limits = region.limits or _SCALES[number]
    values = rng.uniform(*limits, kind.shape)
    if kind.dtype.is_complex and region.limits:
        values = values + 1j * rng.uniform(*limits, kind.shape)
    return values.astype(dtype)
