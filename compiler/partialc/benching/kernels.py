"""The cases of a compiled module: each kernel on one point, and on a batch of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import jax
import numpy as np

from partialc.benching.arguments import Arguments
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.rivals import rivals_of
from partialc.driver import Compiled
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.ir.program import Function
from partialc.realise.dtypes import involved_dtypes
from partialc.reference.derivatives import work_of
from partialc.request.parts import parts_of
from partialc.request.resolved import Kernel
from partialc.request.shapes import part_shape

BATCH: Final = 10_000
_rounding: Callable[[Any], Any] = jax.numpy.finfo  # knows bfloat16 too
_FEWEST_ROWS: Final = 16
_MOST_ELEMENTS: Final = 2**26
"""Rows times what an evaluation reads, computes and returns for each."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Which cases to make of a kernel.

    Attributes:
        batch: The length of the batch axis; None for no batch.
        single: Whether to make a case of single evaluations, if the kernel takes them.
        exact: Whether the batch has that length whatever it costs; otherwise it is
            shorter, or left out, where it would be too large.
        memory: How many bytes a full tensor may take.
        rivals: The names of the general rivals to add, such as `rivals.REVERSE`; None
            for all. Some need minutes or tens of gigabytes for a single call.
    """

    batch: int | None = BATCH
    single: bool = True
    exact: bool = False
    memory: int = 2**31
    rivals: tuple[str, ...] | None = None


_ALL: Final = Variant()


def kernel_cases(
    compiled: Compiled,
    module: ModuleType,
    name: str,
    *,
    folder: Path | None = None,
    variant: Variant = _ALL,
    more: tuple[Contender, ...] = (),
    bars: tuple[Bar, ...] = (),
) -> Iterator[Case]:
    """The cases of one kernel.

    Args:
        compiled: The module, as the driver made it.
        module: The same module, imported.
        name: The kernel.
        folder: The spec's folder.
        variant: Which cases to make.
        more: Further rivals, written by hand for one row.
        bars: What the kernel must reach, on the batch if there is one.

    Yields:
        Single evaluations, if the kernel takes them; then a batch.
    """
    kernel, primal = compiled.kernels[name], compiled.primal
    arguments = Arguments.of(compiled, name, folder)
    takes_batch = bool(compiled.spec.kernels[name].options.batch)
    call: Callable[..., Any] = getattr(module, name)
    rows = _rows(compiled, kernel, arguments, variant)
    if takes_batch and rows is None:
        rows = 1
    with jax.enable_x64(True):
        example = arguments.draw(None)

    def case(rows: int | None, call: Callable[..., Any], **given: Any) -> Case:
        with jax.enable_x64(True):
            rivals = rivals_of(
                kernel,
                primal,
                example,
                rows=rows or 1,
                memory=variant.memory,
                names=variant.rivals,
            )
        axes = None if rows is None else arguments.in_axes
        return Case(
            f"{compiled.name}.{name}",
            rows,
            call,
            tuple(_mapped(rival, axes) for rival in (*rivals, *more)),
            arguments.draw,
            x64=Regime.NARROW not in primal.program.variants,
            tolerance=_tolerance(primal.program.widest),
            order_matters=primal.has_custom_rules,
            converts=_converts(kernel, primal),
            **given,
        )

    if variant.single and not takes_batch:
        yield case(None, call, bars=bars if rows is None else ())
    if rows is not None:
        mapped = jax.vmap(call, in_axes=arguments.in_axes)
        yield case(rows, call if takes_batch else mapped, bars=bars)


def _mapped(rival: Contender, axes: tuple[int | None, ...] | None) -> Contender:
    if rival.call is None or axes is None:
        return rival
    return replace(rival, call=jax.vmap(rival.call, in_axes=axes))


def _rows(
    compiled: Compiled, kernel: Kernel, arguments: Arguments, variant: Variant
) -> int | None:
    """As many rows as asked for, or as many as are quickly computed; None if few."""
    if variant.batch is None or variant.exact:
        return variant.batch
    signature = compiled.primal.signature
    results = sum(
        prod(part_shape(part, signature))
        for field in kernel.fields
        for part in jax.tree.leaves(field.parts)
    )
    work = work_of(compiled.primal.program.widest)
    rows = _MOST_ELEMENTS // (arguments.row_elements + results + work)
    if rows < min(_FEWEST_ROWS, variant.batch):
        return None
    return min(variant.batch, rows)


def _converts(kernel: Kernel, primal: Primal) -> bool:
    """Whether the modes of JAX differ in the element types of a kernel's results."""
    found = (involved_dtypes(part, primal.signature) for part in parts_of(kernel))
    return any(len(dtypes) > 1 for dtypes in found)


def _tolerance(function: Function) -> float:
    """The square root of the coarsest rounding within a function, in float64."""
    return float(np.sqrt(max(_roundings(function, set()), default=0.0) or 2.3e-16))


def _roundings(function: Function, seen: set[Function]) -> Iterator[float]:
    if function in seen:
        return
    seen.add(function)
    for equation in function.equations:
        for value in equation.outputs:
            if value.type.dtype.is_inexact:
                yield float(_rounding(value.type.dtype.numpy()).eps)
        for param in equation.params.values():
            for entry in param if isinstance(param, tuple) else (param,):
                if isinstance(entry, Function):
                    yield from _roundings(entry, seen)
