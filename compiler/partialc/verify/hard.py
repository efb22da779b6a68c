"""Hard points in a generated test: for which kernels, and what is true there.

The points themselves are a fixed rule in the text of the test. There the truth is what
JAX computes in float64, but where that is known to be wrong: the reference is evaluated
in many digits, and once more with every operation rounded as float64 rounds it. Where
the two differ the truth stands in the test. Nothing of this runs JAX on numbers, so the
text is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, prod
from typing import Any, Final, TypeAlias

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.accuracy.scalars import Scalars
from partialc.accuracy.truth import Truth
from partialc.errors import UnsupportedError
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs.tracing import trace_one
from partialc.ir.program import Function
from partialc.ir.structure import size
from partialc.realise.execute import input_names, kernel_types
from partialc.reference.expected import Expected
from partialc.request.parts import order_of, parts_of, values_of
from partialc.request.resolved import Kernel, selections
from partialc.request.shapes import result_numbers
from partialc.request.signature import Signature
from partialc.sampling.loops import has_while

ROWS: Final = 44
"""Hard points, as in the template."""

MOST_EQUATIONS: Final = 3000
"""Longer references are not compiled once more."""

MOST_WORK: Final = 100_000_000
"""Array elements that a reference may compute at all hard points and near them."""

MOST_OPERATIONS: Final = 40_000
"""Scalar operations that are done in many digits for one kernel."""

MOST_LITERALS: Final = 12
"""Numbers of full length that stand in a test for one kernel."""

AGREEING: Final = 2.0**-34
"""Float64 is taken for truth where it is that close: it is far closer than float32."""

LARGEST: Final = 1e18
"""With larger arguments float64 may overflow on the way, which no rounding shows."""

_USUAL: Final = (1e-100, 1e100)
"""Results beyond these may come of an overflow on the way, too."""

Place: TypeAlias = tuple[int, int, int]
"""Of one number: the hard point, the leaf of the result, the flat position in it."""

_FLOOR: Final = 2.0**-1000
_NEIGHBOURS: Final = 9


@dataclass(frozen=True, slots=True)
class Hard:
    """What a test needs to know of a kernel to judge it at hard points.

    Attributes:
        values: The leaves of its result that are values of the function itself.
        forward: Whether JAX takes all its derivatives forward, in another way.
        true: What float64 JAX misses.
        unknown: Points at which the truth is not known, or was not asked for.
    """

    values: tuple[int, ...]
    forward: bool
    true: Mapping[Place, float]
    unknown: tuple[int, ...]

    def arguments(self) -> list[str]:
        """Its part of the text of a `Case`."""
        entries = ", ".join(f"{key}: {value!r}" for key, value in self.true.items())
        texts = [f"true={{{entries}}}"]
        if self.unknown:
            texts.append(f"unknown={self.unknown}")
        if self.values:
            texts.append(f"values={self.values}")
        if not self.forward:
            texts.append("forward=False")
        return texts


def refusal(primal: Primal, kernel: Kernel, expected: Expected, work: int) -> str:
    """Why a kernel is not tested at hard points; empty if it is.

    Args:
        primal: The function.
        kernel: The kernel.
        expected: Its reference.
        work: Array elements that one evaluation of the function computes.
    """
    program = primal.program.widest
    signature = primal.signature
    results = [
        signature.result.leaves[output.leaf]
        for part in parts_of(kernel)
        for output in selections(part.output)
    ]
    types = [*kernel_types(kernel, signature), *(leaf.type for leaf in results)]
    if any(kind.dtype != FLOAT for kind in types):
        return "not all numbers are real ones as wide as the caller's"
    if Regime.NARROW not in primal.program.variants:
        return "it needs 64-bit types"
    if has_while(program):
        return "a loop need not come to an end there"
    orders = [order_of(part) for part in parts_of(kernel)]
    if size(program) * 2 ** max(orders) > MOST_EQUATIONS:
        return "its reference takes long to compile"
    largest = max(kind.size for kind in types)
    passes = max(largest**order for order in orders)
    in_part = expected.is_sampled or "moved(" in expected.reference
    if in_part or passes * work * ROWS * _NEIGHBOURS > MOST_WORK:
        return "its reference is large"
    return ""


def judged(
    kernel: Kernel,
    signature: Signature,
    call: Callable[..., Any],
    arguments: Sequence[Any],
    *,
    forward: bool,
) -> Hard:
    """Find out what float64 JAX misses at the hard points.

    Args:
        kernel: The kernel.
        signature: The function's signature.
        call: The kernel's reference.
        arguments: The arguments at all hard points, each leaf with an axis of points.
        forward: Whether the reference is run with all derivatives taken forward, too.
    """
    leaves: list[Any]
    structure: Any
    leaves, structure = jax.tree.flatten(tuple(arguments))

    def flat(*inputs: Any) -> Sequence[Any]:
        results: Sequence[Any] = jax.tree.leaves(call(*structure.unflatten(inputs)))
        return results

    numbers = result_numbers(kernel)
    values = tuple(numbers[part] for part in values_of(kernel))
    points = [np.asarray(leaf) for leaf in leaves]
    try:
        program = trace_one(
            flat,
            kernel_types(kernel, signature),
            Regime.WIDE,
            name=kernel.name,
            input_names=input_names(kernel, signature),
            rules=False,
        )
        true, unknown = _misses(program, points)
    except UnsupportedError:  # the reference has operations that the function has not
        true, unknown = {}, tuple(range(ROWS))
    return Hard(values, forward, true, unknown)


def _misses(
    program: Function, leaves: Sequence[NDArray[Any]]
) -> tuple[dict[Place, float], tuple[int, ...]]:
    """What float64 misses, and the points of which that is not known."""
    truth = Truth(Scalars(program))
    entries = [
        (number, place)
        for number, atom in enumerate(program.outputs)
        for place in range(prod(atom.type.shape))
    ]
    costs = [truth.operations(*entry) for entry in entries]
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return {}, tuple(range(ROWS))
    affordable = MOST_OPERATIONS // max(3 * sum(known), 1)
    found: dict[Place, float] = {}
    unknown = []
    for rank, row in enumerate(_order_of_rows(leaves)):
        point = [leaf[row] for leaf in leaves]
        missed = _missed(truth, entries, point, row) if rank < affordable else None
        if missed is None or len(found) + len(missed) > MOST_LITERALS:
            unknown.append(row)
        else:
            found |= missed
    return dict(sorted(found.items())), tuple(sorted(unknown))


def _order_of_rows(leaves: Sequence[NDArray[Any]]) -> list[int]:
    """All points: in turns some of each kind, those with the largest numbers last."""
    rows = [row for first in range(5) for row in range(first, ROWS, 5)]
    return sorted(rows, key=lambda row: _is_far([leaf[row] for leaf in leaves]))


def _is_far(point: Sequence[NDArray[Any]]) -> bool:
    return any(np.abs(leaf).max(initial=0) > LARGEST for leaf in point)


def _missed(
    truth: Truth,
    entries: Sequence[tuple[int, int]],
    point: Sequence[NDArray[Any]],
    row: int,
) -> dict[Place, float] | None:
    """What float64 misses at a point; None where some of the truth is not known."""
    found: dict[Place, float] = {}
    for output, place in entries:
        true = truth.entry(output, place, point)
        if true is None or not isfinite(float(true)):
            return None
        near = truth.rounded(output, place, point, 53)
        size = abs(true)
        agrees = near is not None and abs(near - true) <= AGREEING * size + _FLOOR
        is_usual = size <= _FLOOR or _USUAL[0] < size < _USUAL[1]
        if _is_far(point) or not (agrees and is_usual):
            found[row, output, place] = float(true)
    return found
