"""Gathers: `x[i]` when that is the same, `lax.gather` otherwise."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any, Final

from jax import lax

from partialc.ir.boxes import Box
from partialc.ir.program import Equation, Param
from partialc.ops import params
from partialc.ops.cost import array_bytes
from partialc.ops.indexing import Windows, subscript
from partialc.ops.lanes import Axes, LaneAxes, by_axes
from partialc.ops.moves import Computed, Known, Moves, gathered, shapes
from partialc.ops.placing import windows
from partialc.ops.registry import Arrays, Cost, Op, SourceContext, register
from partialc.ops.taylor import taken
from partialc.ops.template import arrays, as_expr, call, fill

MODES: Final = {
    "CLIP": "clip",
    "FILL_OR_DROP": "fill",
    "PROMISE_IN_BOUNDS": "promise_in_bounds",
}


def mode_of(equation: Equation) -> str:
    """What happens to indices out of bounds, as `lax` spells it."""
    return MODES[params.text(equation, "mode")]


def hints(equation: Equation) -> dict[str, bool]:
    """What is promised of the indices, as far as it is anything."""
    names = ("indices_are_sorted", "unique_indices")
    return {name: True for name in names if params.flag(equation, name)}


def dimension_numbers(equation: Equation) -> ast.expr:
    """The dimension numbers written out; empty batch axes are their default."""
    numbers = params.dimensions(equation)
    name = {"gather": "GatherDimensionNumbers", "scatter": "ScatterDimensionNumbers"}
    fields = {
        field: as_expr(value)
        for field, value in numbers.fields
        if value or "batching" not in field
    }
    return call(f"lax.{name[numbers.kind]}", **fields)


def _fill_value(equation: Equation) -> int | float | bool | None:
    value = equation.params.get("fill_value")
    return value if isinstance(value, (bool, int, float)) else None


def _evaluate(equation: Equation, operands: Arrays) -> Arrays:
    x, indices = operands
    numbers: Any = dict(params.dimensions(equation).fields)
    return [
        lax.gather(
            x,
            indices,
            lax.GatherDimensionNumbers(**numbers),
            slice_sizes=params.integers(equation, "slice_sizes"),
            mode=mode_of(equation),
            fill_value=_fill_value(equation),
            **hints(equation),
        )
    ]


def _windows(equation: Equation) -> Windows:
    numbers = params.dimensions(equation)
    return Windows(
        operand=equation.inputs[0].type,
        indices=equation.inputs[1],
        mapped=numbers["start_index_map"],
        removed=numbers["collapsed_slice_dims"],
        offset=numbers["offset_dims"],
        sizes=params.integers(equation, "slice_sizes"),
        batched=bool(numbers["operand_batching_dims"]),
    )


def _source(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    x, indices = arrays(equation, operands, context)
    mode, value = mode_of(equation), _fill_value(equation)
    keywords: dict[str, ast.expr] = {"mode": as_expr(mode)}
    if value is not None:
        keywords["fill_value"] = as_expr(value)
    promised = {name: as_expr(flag) for name, flag in hints(equation).items()}
    plain = subscript(x, _windows(equation), context)
    if plain is None:
        return call(
            "lax.gather",
            x,
            indices,
            dimension_numbers(equation),
            params.integers(equation, "slice_sizes"),
            **promised,
            **keywords,
        )
    if mode == "promise_in_bounds" and not (promised and _many(equation)):
        return plain
    if isinstance(plain, ast.Subscript):
        plain.value = fill("x.at", x=plain.value)
    if mode == "promise_in_bounds":
        keywords.pop("mode")
    if _many(equation):
        keywords |= promised
    return call(fill("x.get", x=plain), **keywords)


def _many(equation: Equation) -> bool:
    """Whether there is more than one index vector."""
    return equation.inputs[1].type.ndim > 1


def _cost(equation: Equation) -> Cost:
    """What is taken is read and written, and so are the indices read."""
    taken = array_bytes(equation.outputs[0].type)
    return Cost(bytes=2.0 * taken + array_bytes(equation.inputs[1].type))


def _moves(equation: Equation, known: Known) -> Moves:
    """Windows at known indices; those that stand out are moved in, or a filling."""
    operand, result = shapes(equation)
    indices = known(1)
    clip = mode_of(equation) == "clip"
    if indices is None:
        return Moves(
            (((Computed(operand, result)), None),),
            is_filled=mode_of(equation) == "fill",
        )
    numbers = params.dimensions(equation)
    maps, outside = windows(
        operand,
        result,
        indices,
        offset=numbers["offset_dims"],
        removed=numbers["collapsed_slice_dims"],
        mapped=numbers["start_index_map"],
        batch=(
            numbers["operand_batching_dims"],
            numbers["start_indices_batching_dims"],
        ),
        sizes=params.integers(equation, "slice_sizes"),
        clip=clip,
    )
    row = (gathered(operand, result, maps), None)
    return Moves((row,), is_filled=outside)


def _lanes(equation: Equation) -> LaneAxes:
    """The axes of the indices, and those that a window takes from end to end."""
    numbers = params.dimensions(equation)
    shape = equation.inputs[0].type.shape
    ndim = equation.outputs[0].type.ndim
    offset, mapped = numbers["offset_dims"], numbers["start_index_map"]
    batched = numbers["operand_batching_dims"]
    sizes = params.integers(equation, "slice_sizes")
    operand: list[int | None] = [None] * len(shape)
    result: list[int | None] = list(range(ndim))
    outer = [axis for axis in range(ndim) if axis not in offset]
    pairs = zip(batched, numbers["start_indices_batching_dims"], strict=True)
    for axis, place in pairs:
        operand[axis] = outer[place]
    gone = {*numbers["collapsed_slice_dims"], *batched}
    window = [axis for axis in range(len(shape)) if axis not in gone]
    for axis, own in zip(window, offset, strict=True):
        if axis not in mapped and sizes[axis] == shape[axis]:
            operand[axis] = own
        else:
            result[own] = None
    indices: Axes = (*outer, None)
    return LaneAxes((tuple(operand), indices), (tuple(result),))


def _sizes(
    equation: Equation, operands: Sequence[Box], _: Sequence[Box]
) -> Mapping[str, Param]:
    """Windows that go from end to end do so of what is left."""
    numbers = params.dimensions(equation)
    gone = {*numbers["collapsed_slice_dims"], *numbers["operand_batching_dims"]}
    shape = equation.inputs[0].type.shape
    sizes = params.integers(equation, "slice_sizes")
    fitted = tuple(
        len(each) if axis not in gone and size == whole else size
        for axis, (each, size, whole) in enumerate(
            zip(operands[0], sizes, shape, strict=True)
        )
    )
    return {"slice_sizes": fitted}


register(
    Op(
        "gather",
        _evaluate,
        _source,
        _cost,
        summary="elements by computed indices",
        moves=_moves,
        taylor=taken,
        lanes=by_axes(_lanes, _sizes),
    )
)
