"""Scatters: `x.at[i].add(u)` when that is the same, `lax.scatter_add` otherwise."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import jax
import numpy as np
from jax import lax

from partialc.ir.boxes import Flat
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation
from partialc.ir.strided import Strided
from partialc.ops import params
from partialc.ops.cost import array_bytes, cost_of
from partialc.ops.elements import MAX_ROWS, Elements, Operands, Reads
from partialc.ops.evaluation import run_function
from partialc.ops.gather import dimension_numbers, hints, mode_of
from partialc.ops.indexing import Windows, subscript
from partialc.ops.lanes import LaneAxes, by_axes
from partialc.ops.linear import Linear, Terms, present
from partialc.ops.linear_moves import carry
from partialc.ops.moved_elements import through, writes
from partialc.ops.moves import Computed, Known, Move, Moves, met, scattered
from partialc.ops.placing import windows
from partialc.ops.registry import Arrays, Cost, Op, SourceContext, register
from partialc.ops.taylor import linear, replaced
from partialc.ops.template import arrays, as_expr, call, fill, is_bare

_SCATTERS: Final[dict[str, tuple[Callable[..., Any], str, str, str]]] = {
    "scatter": (lax.scatter, "lax.scatter", "set", "replacement"),
    "scatter-add": (lax.scatter_add, "lax.scatter_add", "add", "addition"),
    "scatter-sub": (lax.scatter_sub, "lax.scatter_sub", "subtract", "subtraction"),
    "scatter-mul": (lax.scatter_mul, "lax.scatter_mul", "multiply", "multiplication"),
    "scatter-min": (lax.scatter_min, "lax.scatter_min", "min", "minimum"),
    "scatter-max": (lax.scatter_max, "lax.scatter_max", "max", "maximum"),
}


def _numbers(equation: Equation) -> lax.ScatterDimensionNumbers:
    fields: Any = dict(params.dimensions(equation).fields)
    return lax.ScatterDimensionNumbers(**fields)


def _evaluate(equation: Equation, operands: Arrays) -> Arrays:
    run = _SCATTERS[equation.op][0]
    keywords = {"mode": mode_of(equation), **hints(equation)}
    return [run(*operands, _numbers(equation), **keywords)]


def _windows(equation: Equation) -> Windows:
    numbers = params.dimensions(equation)
    operand, updates = equation.inputs[0].type, equation.inputs[2].type
    removed = numbers["inserted_window_dims"]
    offset = numbers["update_window_dims"]
    lengths = iter(updates.shape[axis] for axis in offset)
    batched = numbers["operand_batching_dims"]
    dropped = {*removed, *batched}
    return Windows(
        operand=operand,
        indices=equation.inputs[1],
        mapped=numbers["scatter_dims_to_operand_dims"],
        removed=removed,
        offset=offset,
        sizes=tuple(
            1 if axis in dropped else next(lengths) for axis in range(operand.ndim)
        ),
        batched=bool(batched),
    )


def _source(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    function, method = _SCATTERS[equation.op][1:3]
    x, _, updates = operands
    if is_bare(x):
        x = context.atom(equation.inputs[0])
    mode = mode_of(equation)
    keywords = {name: as_expr(flag) for name, flag in hints(equation).items()}
    place = subscript(fill("x.at", x=x), _windows(equation), context)
    if place is None:
        typed = arrays(equation, operands, context)
        keywords["mode"] = as_expr(mode)
        numbers = dimension_numbers(equation)
        return call(function, x, *typed[1:], numbers, **keywords)
    if equation.inputs[1].type.ndim == 1:
        keywords = {}
    if mode != "fill":
        keywords["mode"] = as_expr(mode)
    if is_bare(updates) and equation.op != "scatter":
        updates = context.atom(equation.inputs[2])
    return call(ast.Attribute(place, method, ast.Load()), updates, **keywords)


def _cost(equation: Equation) -> Cost:
    """The operand is copied; each update is read, combined and written."""
    operand, indices, updates = (atom.type for atom in equation.inputs)
    moved = 2 * array_bytes(operand) + array_bytes(indices) + 3 * array_bytes(updates)
    flops = 0.0 if equation.op == "scatter" else float(updates.size)
    return Cost(flops, 0.0, moved)


def _moved(equation: Equation, known: Known) -> Move:
    """Where updates go; those whose windows stand out are moved in, or dropped."""
    operand, updates = (equation.inputs[number].type.shape for number in (0, 2))
    indices = known(1)
    if indices is None:
        return Computed(updates, operand)
    numbers = params.dimensions(equation)
    maps, _ = windows(
        operand,
        updates,
        indices,
        offset=numbers["update_window_dims"],
        removed=numbers["inserted_window_dims"],
        mapped=numbers["scatter_dims_to_operand_dims"],
        batch=(
            numbers["operand_batching_dims"],
            numbers["scatter_indices_batching_dims"],
        ),
        sizes=_windows(equation).sizes,
        clip=mode_of(equation) == "clip",
    )
    return scattered(updates, operand, maps)


def _replaced(equation: Equation, known: Known) -> Moves:
    """The updates where they go, the operand elsewhere."""
    shape = equation.outputs[0].type.shape
    row = (Strided.of(shape, shape), None, _moved(equation, known))
    return Moves((row,), beneath=0)


def _support_sum(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    """The operand's, and what the updates bring."""
    x, _, updates = operands.supports
    move = _moved(equation, operands.known.__getitem__)
    return (x | through(move, updates),)


def _reads_sum(
    equation: Equation, _: int, wanted: Flat, operands: Operands
) -> Reads | None:
    """The operand and what is added to it."""
    if operands.supports[2].bound > MAX_ROWS:
        return None
    live = operands.supports[2].listed()
    targets = writes(_moved(equation, operands.known.__getitem__), live)
    if targets is None:
        return None
    places, hits = met(wanted, targets)
    rows = np.concatenate([np.arange(wanted.size), places])
    order = np.argsort(rows, kind="stable")
    none, nothing = np.full_like(wanted, -1), np.full_like(hits, -1)
    columns = ((wanted, nothing), (none, nothing), (none, live[hits]))
    x, indices, updates = (np.concatenate(column)[order] for column in columns)
    return Reads((x, indices, updates), "pick", "add", rows[order])


def _linear_sum(linear: Linear) -> Sequence[Terms] | None:
    """Updates added to the operand."""
    if linear.terms[1] is not None:
        return None
    move = _moved(linear.equation, linear.known)
    if isinstance(move, Computed):
        return None if linear.terms[2] is not None else [linear.of(0)]
    found = [carry(term, move, linear.arrays) for term in linear.of(2)]
    if linear.equation.op == "scatter-sub":
        found = [None if term is None else term.negated for term in found]
    return [[*linear.of(0), *present(found)]]


def _lanes(equation: Equation) -> LaneAxes:
    """The members of a batch, and the axes that an update fills from end to end."""
    numbers = params.dimensions(equation)
    shape, updates = (equation.inputs[n].type.shape for n in (0, 2))
    offset = numbers["update_window_dims"]
    batched = numbers["operand_batching_dims"]
    operand: list[int | None] = [None] * len(shape)
    indices: list[int | None] = [None] * equation.inputs[1].type.ndim
    update: list[int | None] = [None] * len(updates)
    outer = [axis for axis in range(len(updates)) if axis not in offset]
    pairs = zip(batched, numbers["scatter_indices_batching_dims"], strict=True)
    for axis, place in pairs:
        operand[axis] = indices[place] = update[outer[place]] = axis
    gone = {*numbers["inserted_window_dims"], *batched}
    window = [axis for axis in range(len(shape)) if axis not in gone]
    placed = numbers["scatter_dims_to_operand_dims"]
    for axis, own in zip(window, offset, strict=True):
        if axis not in placed and updates[own] == shape[axis]:
            operand[axis] = update[own] = axis
    result = tuple(operand)
    return LaneAxes((result, tuple(indices), tuple(update)), (result,))


def _rules(op: Op) -> Op:
    """The entry with what is known of replacements, sums and differences."""
    match op.name:
        case "scatter":
            return replace(op, moves=_replaced, taylor=replaced)
        case "scatter-add":
            both = Elements(_support_sum, _reads_sum)
            return replace(op, elements=both, linear=_linear_sum, taylor=linear)
        case "scatter-sub":
            return replace(op, linear=_linear_sum, taylor=linear)
        case _:
            return op


for _name, (*_, _summary) in _SCATTERS.items():
    _op = Op(
        _name,
        _evaluate,
        _source,
        _cost,
        summary=f"{_summary} at computed indices",
        lanes=by_axes(_lanes),
    )
    register(_rules(_op))


def _evaluate_apply(equation: Equation, operands: Arrays) -> Arrays:
    x, indices, updates = operands
    function = params.function(equation)

    def apply(element: jax.Array) -> jax.Array:
        return run_function(function, [element, element])[0]

    return [
        lax.scatter_apply(
            x,
            indices,
            apply,
            _numbers(equation),
            update_shape=updates.shape,
            mode=mode_of(equation),
            **hints(equation),
        )
    ]


def _source_apply(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """The update, which the function ignores, is left out."""
    x, indices, _ = arrays(equation, operands, context)
    function = context.function(params.function(equation), "update")
    keywords = {name: as_expr(flag) for name, flag in hints(equation).items()}
    return call(
        "lax.scatter_apply",
        x,
        indices,
        fill("lambda v: f(v, v)", f=function),
        dimension_numbers(equation),
        update_shape=equation.inputs[2].type.shape,
        mode=mode_of(equation),
        **keywords,
    )


def _cost_apply(equation: Equation) -> Cost:
    once = cost_of(params.function(equation))
    size = equation.inputs[2].type.size
    moved = 2 * array_bytes(equation.inputs[0].type) + 2 * array_bytes(
        equation.inputs[2].type
    )
    return Cost(once.flops * size, once.transcendentals * size, moved)


register(
    Op(
        "scatter_apply",
        _evaluate_apply,
        _source_apply,
        _cost_apply,
        summary="a function applied at computed indices",
        lanes=by_axes(_lanes),
    )
)
