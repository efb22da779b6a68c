"""Slices that read what they are slices of: through pads, concatenations and others.

A function that pads its argument and takes the inner part again, as stencils with walls
do, has that part at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from partialc.ir.program import Atom, Equation, Function, Param, Value
from partialc.ir.rewrite import everywhere
from partialc.lowering.passes import Grade, Pass
from partialc.ops import params


def reads(function: Function) -> Function:
    """pad(x)[inner] -> x, concatenate(x, y)[of x] -> x[...], x[a][b] -> x[c].

    What was spread along an axis is spread along less of it.

    A slice of a pad that has some of the border stays.
    """
    return everywhere(function, _read)


READS: Final = Pass("reads", Grade.BITWISE, reads)

Range = tuple[int, int, int]


def _read(function: Function) -> Function:
    defined: dict[Value, Equation] = {}
    equations: list[Equation] = []
    for equation in function.equations:
        current = equation
        while current.op == "slice":
            moved = _moved(current, defined)
            if moved is None:
                break
            current = moved
        defined.update(dict.fromkeys(current.outputs, current))
        equations.append(current)
    if tuple(equations) == function.equations:
        return function
    return replace(function, equations=tuple(equations))


def _moved(equation: Equation, defined: Mapping[Value, Equation]) -> Equation | None:
    """The same slice of what its operand was made from, if it is one."""
    (atom,) = equation.inputs
    source = defined.get(atom) if isinstance(atom, Value) else None
    if source is None or not equation.outputs[0].type.size:
        return None
    ranges = _ranges(equation)
    match source.op:
        case "pad":
            return _of_pad(equation, source, ranges)
        case "concatenate":
            return _of_part(equation, source, ranges)
        case "broadcast_in_dim":
            return _of_spread(equation, source, ranges)
        case "slice":
            outer = _ranges(source)
            pairs = zip(outer, ranges, strict=True)
            inner = [
                (first + start * step, first + (stop - 1) * step + 1, step * stride)
                for (first, _, step), (start, stop, stride) in pairs
            ]
            return _slice(equation, source.inputs[0], inner)
    return None


def _ranges(equation: Equation) -> list[Range]:
    starts = params.integers(equation, "start_indices")
    limits = params.integers(equation, "limit_indices")
    is_plain = equation.params["strides"] is None
    steps = (1,) * len(starts) if is_plain else params.integers(equation, "strides")
    return list(zip(starts, limits, steps, strict=True))


def _of_pad(
    equation: Equation, source: Equation, ranges: list[Range]
) -> Equation | None:
    operand, _ = source.inputs
    config = params.integer_rows(source, "padding_config")
    found = []
    for (start, stop, stride), (low, _, interior), size in zip(
        ranges, config, operand.type.shape, strict=True
    ):
        if interior or start < low or stop - low > size:
            return None
        found.append((start - low, stop - low, stride))
    return _slice(equation, operand, found)


def _of_part(
    equation: Equation, source: Equation, ranges: list[Range]
) -> Equation | None:
    axis = params.integer(source, "dimension")
    start, stop, stride = ranges[axis]
    first = 0
    for part in source.inputs:
        size = part.type.shape[axis]
        if first <= start and stop <= first + size:
            ranges[axis] = (start - first, stop - first, stride)
            return _slice(equation, part, ranges)
        first += size
    return None


def _of_spread(
    equation: Equation, source: Equation, ranges: list[Range]
) -> Equation | None:
    """A slice along axes that the operand does not have, or has one element along."""
    (operand,) = source.inputs
    axes = params.integers(source, "broadcast_dimensions")
    for axis, size in zip(axes, operand.type.shape, strict=True):
        if size != 1 and ranges[axis] != (0, size, 1):
            return None
    shape = equation.outputs[0].type.shape
    changed: dict[str, Param] = {"shape": shape}
    return replace(
        source, params={**source.params, **changed}, outputs=equation.outputs
    )


def _slice(equation: Equation, atom: Atom, ranges: list[Range]) -> Equation:
    starts, limits, strides = zip(*ranges, strict=True)
    changed: dict[str, Param] = {
        "start_indices": starts,
        "limit_indices": limits,
        "strides": None if set(strides) == {1} else strides,
    }
    return replace(equation, inputs=(atom,), params={**equation.params, **changed})
