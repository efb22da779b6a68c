"""Kernels of matrices by structured tangents: at the cost of their nonzeros."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Final

from partialc.errors import REFUSALS, UnsupportedError
from partialc.ir.program import Program
from partialc.lowering.pipeline import Variant
from partialc.lowering.structured.interpret import TooLargeError
from partialc.lowering.structured.pipeline import whole_arrays
from partialc.planning.assembly import Assembly, TooManyColoursError, assembled
from partialc.planning.matrices import (
    are_sparse,
    has_matrices,
    is_matrix,
    shape_of,
)
from partialc.planning.realisation import Chained, WrittenOut
from partialc.planning.tracer import Tracer
from partialc.realise.linear import Direction
from partialc.request.parts import parts_of
from partialc.request.resolved import Block, Dense, Kernel

MOST_APART: Final = 400
"""Matrices of more entries are not written out entry by entry."""

SCALAR: Final = 16
TERMS: Final = 64
"""Terms of fewer elements than `SCALAR` in the mean are a program of scalars: where
there are more than `TERMS` of them the light cone has it, not structured tangents."""


FEW_TERMS: Final = 8
QUICK: Final = 50_000
"""Matrices of more places, of no more than `FEW_TERMS` terms, are not coloured: that is
no faster, and takes long to find out."""


@dataclass(frozen=True, slots=True)
class StructuredTangents(WrittenOut):
    """Matrices as sums of terms, beside what a chain delivers of the other parts.

    Attributes:
        direction: Whether tangents are pushed or cotangents pulled.
        is_coloured: Whether matrices are taken by products with sums of unit vectors,
            and not term by term.
        facts: What was found out, as sentences.
        places: How many places the grids of all terms have; None where it was refused.
        terms: How many terms there are.
    """

    direction: Direction = field(default="forward", kw_only=True)
    is_coloured: bool = field(default=False, kw_only=True)
    facts: tuple[str, ...] = field(default=(), kw_only=True)
    places: int | None = field(default=None, kw_only=True)
    terms: int = field(default=0, kw_only=True)

    @property
    def key(self) -> str:
        """Its form, its direction, its pipeline, and the chain of the other parts."""
        way = f"{self._kind} {self.direction} {self.variant.name}"
        return f"{way}: {self.of.chain.key}"

    @property
    def kind(self) -> str:
        """Its direction and pipeline: the chain is that of other parts, if of any."""
        return f"{self._kind} {self.direction} {self.variant.name}"

    @property
    def _kind(self) -> str:
        return "coloured" if self.is_coloured else "structured"

    @property
    def label(self) -> str:
        """Its form."""
        return f"{self._kind} ({self.variant.name})"

    def work(self) -> str:
        """The one pass."""
        way = "tangents" if self.direction == "forward" else "cotangents"
        return f"{self._kind} {way}"

    def summary(self) -> str:
        """The same: nothing else is done with it."""
        return self.work()


def has_many_entries(kernel: Kernel, ways: Sequence[StructuredTangents]) -> bool:
    """Whether its matrices have too many entries to be taken one by one.

    Args:
        kernel: The kernel.
        ways: What structured tangents make of it.
    """
    places = [way.places for way in ways if way.places is not None]
    if places:
        return min(places) > MOST_APART
    counts = [
        prod(shape_of(part))
        if isinstance(part.layout, Dense)
        else len(part.layout.inputs)
        for part in parts_of(kernel)
        if isinstance(part, Block) and is_matrix(part)
    ]
    return sum(counts) > MOST_APART


def structured_ways(
    tracer: Tracer, chained: Chained, variant: Variant
) -> Iterator[StructuredTangents]:
    """The ways to deliver a kernel by structured tangents.

    Args:
        tracer: Of the kernel.
        chained: A chain that delivers the other parts.
        variant: The pipeline.
    """
    if not has_matrices(tracer.kernel):
        return
    directions: list[Direction] = ["forward"]
    if any(isinstance(p, Block) and p.order == 1 for p in parts_of(tracer.kernel)):
        directions.append("reverse")
    found = []
    for direction in directions:
        found.append(structured(tracer, chained, direction, variant))
        yield found[-1]
    if are_sparse(tracer.kernel) and _may_be_beaten(found):
        for direction in directions:
            yield structured(tracer, chained, direction, variant, is_coloured=True)


def structured_as(
    kind: str, tracer: Tracer, chained: Chained, variant: Variant
) -> StructuredTangents:
    """The way of some kind alone, as `StructuredTangents.kind` has it.

    Args:
        kind: The kind.
        tracer: Of the kernel.
        chained: A chain that delivers the other parts.
        variant: The pipeline.
    """
    way, direction, *_ = kind.split(" ")
    return structured(
        tracer,
        chained,
        "reverse" if direction == "reverse" else "forward",
        variant,
        is_coloured=way == "coloured",
    )


def _may_be_beaten(ways: Sequence[StructuredTangents]) -> bool:
    """Whether colours are worth their search beside what structured tangents give."""
    had = [way for way in ways if way.places is not None]
    if not had:
        return True
    return min(way.terms for way in had) > FEW_TERMS or (
        min(way.places or 0 for way in had) <= QUICK
    )


def structured(
    tracer: Tracer,
    chained: Chained,
    direction: Direction,
    variant: Variant,
    *,
    is_coloured: bool = False,
) -> StructuredTangents:
    """One way, finished, or with the reason why it cannot be had.

    Args:
        tracer: Of the kernel.
        chained: A chain that delivers the other parts.
        direction: Of Jacobians.
        variant: The pipeline.
        is_coloured: Whether by products with sums of unit vectors.
    """
    kind = "coloured" if is_coloured else "structured"
    found = StructuredTangents(
        f"{kind} tangents, {direction}",
        of=chained,
        variant=variant,
        direction=direction,
        is_coloured=is_coloured,
    )
    try:
        whole = assembled(tracer, chained, direction, is_coloured=is_coloured)
    except TooManyColoursError as error:
        return replace(found, refusal=str(error))
    except TooLargeError as error:
        return replace(found, refusal=str(error))
    except UnsupportedError as error:
        return replace(found, refusal=error.what)
    except REFUSALS as error:
        reason = str(error).strip().split("\n")[0]
        return replace(found, refusal=f"JAX refuses it: {reason}")
    if _is_scalar(whole):
        return replace(
            found,
            refusal=f"{whole.terms} terms of few elements each: a program of scalars",
        )
    traced = Program(tracer.kernel.name, whole.variants)
    passes = whole_arrays(variant)
    finished = tracer.lowered(replace(found, variant=passes), traced)
    return replace(
        finished,
        variant=variant,
        facts=whole.facts,
        places=None if is_coloured else whole.places,
        terms=whole.terms,
    )


def _is_scalar(whole: Assembly) -> bool:
    """Whether it is a program of scalars."""
    return whole.terms > TERMS and whole.places < SCALAR * whole.terms
