"""What is timed: a kernel, its rivals, their arguments, and how good it must be.

A benchmark file defines `cases()`, which yields objects of this module; the runner
checks, compiles and times them without knowing where they come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

KERNEL: Final = "partialc"
"""How the generated kernel is called in tables and bars."""

Draw: TypeAlias = Callable[[int | None], tuple[Any, ...]]
"""Makes the arguments for so many rows (None for one evaluation without a batch axis).

It is called under the precision that is in force: arrays are float64 when JAX's 64-bit
types are enabled, and float32 otherwise.
"""

Measure: TypeAlias = Literal["run", "build", "flops"]


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to compute what the kernel computes.

    Attributes:
        name: What it is, in a few words: the column of the table.
        call: A traceable function of the case's arguments, whose result has the
            kernel's leaves in the kernel's order; None when there is none.
        refusal: Why there is none, or why it is not run; None when it is.
        compiler_options: How XLA is to compile it, as `jax.jit` takes them.
    """

    name: str
    call: Callable[..., Any] | None
    refusal: str | None = None
    compiler_options: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """How the kernel must compare with a rival, or how good it must be by itself.

    Attributes:
        rival: The rival's name; None for a bar of the kernel alone.
        measure: Run time, trace + compile time, or operations of the optimised HLO.
        most: The largest permitted ratio, kernel over rival: 1.05 for "not slower",
            1 / 50 for "at least 50 times faster". Without a rival: the most seconds
            that a call may take, or the most operations.
    """

    rival: str | None
    measure: Measure
    most: float


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison.

    Attributes:
        name: Such as `product.d3_x0_x2_x4`.
        rows: The length of the batch axis; None for single evaluations.
        kernel: The generated kernel, batched if there are rows.
        rivals: The others, batched likewise, in the order of the columns.
        draw: Makes the arguments.
        x64: Whether it must be timed in float64, because its arguments are.
        tolerance: How far a rival's numbers may be off in float64: relative to each
            number, and to the largest one of its array.
        order_matters: Whether rivals may rightly differ, because a custom rule makes
            derivatives depend on how they are taken.
        bars: What the kernel must reach.
        converts: Whether modes of JAX give results of different element types, because
            those of arguments and results differ: rivals need not have the kernel's.
    """

    name: str
    rows: int | None
    kernel: Callable[..., Any]
    rivals: tuple[Contender, ...]
    draw: Draw
    x64: bool = False
    tolerance: float = 1.5e-8
    order_matters: bool = False
    bars: tuple[Bar, ...] = ()
    converts: bool = False
