"""The work of operations and functions, counted from shapes.

A floating-point addition, multiplication, comparison or selection counts one operation;
whatever moves elements without computing counts none, but is read and written. A
division counts one operation too: what makes it slower is left to the weights of the
cost model.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import log2
from typing import Final

from partialc.ir.dtypes import DType
from partialc.ir.program import ArrayType, Atom, Constant, Equation, Function, Value
from partialc.ops.registry import Cost, CostRule, find

ASSUMED_TRIPS: Final = 10
"""Iterations counted for a `while` loop, whose number is known at run time only.

Ten is the order of magnitude of Newton and fixed-point iterations, the loops that occur
in differentiated code; plans for one function all assume the same number, so that it
cancels wherever they share the loop.
"""

TRANSCENDENTAL: Final = 12.0
"""An exp or a sin in additions: 8 (exp) to 20 (pow) with vector maths."""

BYTE: Final = 0.02
"""A byte in additions: most elementwise traffic is fused away."""

MOST_FUSED: Final = 8
"""So many parts XLA puts together in the kernel that computes them (for CPUs,
`kMaxConcatenateArguments`); with more, it runs a kernel for each."""

SPECIAL_FUNCTION: Final = 10
"""Transcendentals counted for a function that XLA computes by a series or a loop."""

_ITEM_BYTES: Final = {"bool": 1, "8": 1, "16": 2, "32": 4, "64": 8, "128": 16}


def weight(cost: Cost) -> float:
    """A cost as one number, in additions."""
    return cost.flops + TRANSCENDENTAL * cost.transcendentals + BYTE * cost.bytes


def cost_of(function: Function) -> Cost:
    """The work of one execution: the sum over its equations.

    XLA runs a kernel for each operation that does not fuse, for what such a kernel
    reads, and for each result.
    """
    total = Cost()
    fused: set[Value] = set()
    read: dict[Atom, None] = {}
    kernels = calls = 0
    for equation in function.equations:
        total = total + cost_of_equation(equation)
        op = find(equation.op)
        if op is not None and op.fuses:
            fused.update(equation.outputs)
            continue
        kernels += 1
        read.update(dict.fromkeys(equation.inputs))
        shared = any(isinstance(atom, Constant) for atom in equation.inputs)
        calls += op is not None and op.is_call and not shared
    read.update(dict.fromkeys(function.outputs))
    kernels += len(fused.intersection(read))
    return total + Cost(launches=kernels, calls=calls, kernels=kernels)


def recomputed(function: Function) -> Cost:
    """What XLA computes again where it fuses functions into what repeats their values.

    In the body of a loop the cosine of a vector that each of many tangents is
    multiplied by is taken once for each of these: 0.70 s for a thousand steps of 200
    tangents, of which the loop without the cosines takes 0.06 s.
    """
    behind: dict[Value, float] = {}
    total = 0.0
    for equation in function.equations:
        op = find(equation.op)
        (first, *_) = equation.outputs or (None,)
        if op is None or first is None or not op.fuses:
            continue
        own = cost_of_equation(equation).transcendentals / max(first.type.size, 1)
        each = own + sum(
            behind.get(atom, 0.0) for atom in equation.inputs if isinstance(atom, Value)
        )
        if not each:
            continue
        behind[first] = each
        read = max(
            (atom.type.size for atom in equation.inputs if atom in behind), default=0
        )
        if 0 < read < first.type.size:
            total += each * (first.type.size - read)
            behind[first] = 0.0
    return Cost(transcendentals=total)


def cost_of_equation(equation: Equation) -> Cost:
    """The work of one equation; an unknown operation counts what it moves."""
    op = find(equation.op)
    return moved(equation) if op is None else op.cost(equation)


def item_bytes(dtype: DType) -> int:
    """Bytes of one element under the widest regime; a PRNG key is taken for eight."""
    return _bytes_of(dtype.wide)


@cache
def _bytes_of(name: str) -> int:
    for ending, size in reversed(_ITEM_BYTES.items()):
        if name.endswith(ending):
            return size
    return 8


def array_bytes(kind: ArrayType) -> float:
    """Bytes of an array."""
    return float(kind.size * item_bytes(kind.dtype))


def traffic(equation: Equation) -> float:
    """Bytes read and written; scalar literals cost nothing to read."""
    read = sum(
        array_bytes(atom.type)
        for atom in equation.inputs
        if not (isinstance(atom, Constant) and atom.type.shape == ())
    )
    return read + sum(array_bytes(value.type) for value in equation.outputs)


def moved(equation: Equation) -> Cost:
    """Elements are moved, nothing is computed."""
    return Cost(bytes=traffic(equation))


def put_together(equation: Equation) -> Cost:
    """Elements are moved next to each other; of many parts, each by its own kernel."""
    count = len(equation.inputs)
    kernels = count if count > MOST_FUSED else 0
    return Cost(bytes=traffic(equation), launches=kernels, kernels=kernels)


def free(_: Equation) -> Cost:
    """Nothing happens at run time."""
    return Cost()


def per_result(flops: float = 0.0, transcendentals: float = 0.0) -> CostRule:
    """So much work for each element of the (first) result."""

    def cost(equation: Equation) -> Cost:
        size = equation.outputs[0].type.size
        return Cost(flops * size, transcendentals * size, traffic(equation))

    return cost


def per_operand(flops: float = 0.0, transcendentals: float = 0.0) -> CostRule:
    """So much work for each element of the first operand."""

    def cost(equation: Equation) -> Cost:
        size = equation.inputs[0].type.size
        return Cost(flops * size, transcendentals * size, traffic(equation))

    return cost


def sorting(equation: Equation) -> Cost:
    """`n log n` comparisons along an axis, for every line of the operand."""
    kind = equation.inputs[0].type
    axis = equation.params.get("dimension", equation.params.get("axis", -1))
    length = kind.shape[axis] if isinstance(axis, int) and kind.shape else 1
    return Cost(flops=kind.size * log2(max(length, 2)), bytes=traffic(equation))


def called(functions: Iterable[object], times: float = 1.0) -> Cost:
    """The work of functions held as parameters."""
    total = Cost()
    for function in functions:
        if isinstance(function, Function):
            total = total + cost_of(function)
    return total * times
