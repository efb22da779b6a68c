"""Loops, branches and solves that work on a rectangle of what they worked on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from partialc.ir.boxes import Box, hull_of_boxes
from partialc.ir.program import Equation, Function, Param
from partialc.ops import params
from partialc.ops.lanes import Needed, Restricted, full_box


@dataclass(frozen=True, slots=True)
class Narrowing:
    """How the functions that an operation holds are narrowed.

    Attributes:
        needs: A function and the rectangles needed of its results -> those it reads of
            its inputs; None for an input that is not read.
        narrowed: A function, the rectangles of its results and of its inputs -> the
            function of these inputs that gives these results.
    """

    needs: Callable[[Function, Sequence[Box]], Sequence[Box | None]]
    narrowed: Callable[[Function, Sequence[Box], Sequence[Box]], Function]


Rule: TypeAlias = Callable[[Equation, Needed, Narrowing], "Restricted | None"]


def body_rule(equation: Equation) -> Rule | None:
    """The rule of an operation that holds functions, if it has one."""
    return _RULES.get(equation.op)


def _hull(first: Box, second: Box | None) -> Box:
    return first if second is None else hull_of_boxes([first, second])


def _or_whole(boxes: Needed, shapes: Sequence[tuple[int, ...]]) -> list[Box]:
    """What is not read is left as it is."""
    return [
        full_box(shape) if box is None else box
        for box, shape in zip(boxes, shapes, strict=True)
    ]


def _read(function: Function, results: Sequence[Box], how: Narrowing) -> list[Box]:
    """What a function reads of its inputs; all of those that it does not read."""
    shapes = [value.type.shape for value in function.inputs]
    return _or_whole(how.needs(function, results), shapes)


def _cond(equation: Equation, needed: Needed, how: Narrowing) -> Restricted:
    """All branches give the same rectangles and take what any of them reads."""
    branches = params.functions(equation, "branches")
    results = _or_whole(needed, [value.type.shape for value in equation.outputs])
    read = [how.needs(branch, results) for branch in branches]
    operands: list[Box] = []
    for value, *boxes in zip(branches[0].inputs, *read, strict=True):
        found = [box for box in boxes if box is not None]
        shape = value.type.shape
        operands.append(hull_of_boxes(found) if found else full_box(shape))
    fitted = tuple(how.narrowed(branch, results, operands) for branch in branches)
    index = full_box(equation.inputs[0].type.shape)
    return Restricted(tuple(results), (index, *operands), {"branches": fitted})


def _scan(equation: Equation, needed: Needed, how: Narrowing) -> Restricted:
    """What a round hands on is what is needed in the end, or in the next round."""
    body = params.function(equation)
    closed = params.integer(equation, "num_consts")
    carried = params.integer(equation, "num_carry")
    rounds = range(params.integer(equation, "length"))
    shapes = [value.type.shape for value in body.outputs]
    rows = [None if box is None else box[1:] for box in needed[carried:]]
    results = _or_whole([*needed[:carried], *rows], shapes)
    results, read = _fixed_point(body, results, carried, closed, how)
    operands = [*read[:closed], *results[:carried]]
    xs = read[closed + carried :]
    fitted = how.narrowed(body, results, [*operands, *xs])
    return Restricted(
        (*results[:carried], *((rounds, *box) for box in results[carried:])),
        (*operands, *((rounds, *box) for box in xs)),
        {"function": fitted},
    )


def _while(equation: Equation, needed: Needed, how: Narrowing) -> Restricted:
    """As `_scan`; what the condition reads is needed too."""
    condition = params.function(equation, "cond_function")
    body = params.function(equation, "body_function")
    for_condition = params.integer(equation, "cond_nconsts")
    closed = params.integer(equation, "body_nconsts")
    true = [full_box(atom.type.shape) for atom in condition.outputs]
    asked = how.needs(condition, true)
    shapes = [value.type.shape for value in body.outputs]
    results = [
        _hull(box, also)
        for box, also in zip(
            _or_needed(needed, asked[for_condition:], shapes),
            asked[for_condition:],
            strict=True,
        )
    ]
    results, read = _fixed_point(body, results, len(results), closed, how)
    own = _read(condition, true, how)[:for_condition]
    changed: dict[str, Param] = {
        "cond_function": how.narrowed(condition, true, [*own, *results]),
        "body_function": how.narrowed(body, results, [*read[:closed], *results]),
    }
    return Restricted(tuple(results), (*own, *read[:closed], *results), changed)


def _or_needed(
    needed: Needed, asked: Needed, shapes: Sequence[tuple[int, ...]]
) -> list[Box]:
    """What is needed, else what is asked for, else all."""
    triples = zip(needed, asked, shapes, strict=True)
    return [box or also or full_box(shape) for box, also, shape in triples]


def _fixed_point(
    body: Function, results: list[Box], carried: int, closed: int, how: Narrowing
) -> tuple[list[Box], list[Box]]:
    """The rectangles that the rounds of a loop need of each other, and read."""
    while True:
        needs = how.needs(body, results)
        carry = needs[closed : closed + carried]
        wider = [
            _hull(box, also) for box, also in zip(results[:carried], carry, strict=True)
        ]
        if wider == results[:carried]:
            shapes = [value.type.shape for value in body.inputs]
            return results, _or_whole(needs, shapes)
        results = [*wider, *results[carried:]]


_PARTS: Final = ("matvec", "vecmat", "solve", "transpose_solve")


def _linear_solve(
    equation: Equation, needed: Needed, how: Narrowing
) -> Restricted | None:
    """The systems that hold what is needed: product and solve stay each other's."""
    lengths = params.integers(equation, "const_lengths")
    box = needed[0]
    if box is None or len(needed) != 1:
        return None
    parts: dict[str, Function] = {}
    for name in _PARTS:
        held = equation.params[name]
        if isinstance(held, Function):
            parts[name] = held
    while True:
        read = {name: how.needs(each, [box]) for name, each in parts.items()}
        wider = box
        for boxes in read.values():
            wider = _hull(wider, boxes[-1])
        if wider == box:
            break
        box = wider
    operands: list[Box] = []
    changed: dict[str, Param] = {}
    for name, length in zip(_PARTS, lengths, strict=True):
        if name not in parts:
            continue
        constants = _read(parts[name], [box], how)[:length]
        operands += constants
        changed[name] = how.narrowed(parts[name], [box], [*constants, box])
    return Restricted((box,), (*operands, box), changed)


_RULES: Final[Mapping[str, Rule]] = {
    "cond": _cond,
    "scan": _scan,
    "while": _while,
    "custom_linear_solve": _linear_solve,
}
