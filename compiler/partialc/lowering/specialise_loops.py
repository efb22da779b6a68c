"""Tell the bodies of loops what is known outside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from partialc.analysis.facts import Facts, find_facts
from partialc.analysis.sensitive import NOTHING, Decided, decided_results
from partialc.ir.program import Atom, Constant, Equation, Function, Value
from partialc.ir.rewrite import map_functions, resolve, with_inputs
from partialc.ir.structure import functions_of
from partialc.lowering.fold_constants import computed
from partialc.lowering.passes import Grade, Pass

LARGEST: Final = 1 << 12
"""Larger constants stay outside a body."""


def specialise_loops(function: Function) -> Function:
    """scan(f, c, 0, ...) -> scan(f', ...), where c is known and a carry remains zero.

    A constant that a body closes over moves into it: the literal seeds of tangents meet
    the operations that they simplify. A carried value that starts at zero, and that the
    body keeps at zero, is no longer carried; neither is a row that is zero. The body is
    then free to leave out what they were multiplied into.

    Grade: exact for finite values, as `rectangles`: `0 * x` is taken for 0, save where
    a decision depends on it.
    """
    return _told(function, NOTHING)


SPECIALISE_LOOPS: Final = Pass("specialise_loops", Grade.FINITE, specialise_loops)


def _told(function: Function, decided: Decided) -> Function:
    if not any(map(functions_of, function.equations)):
        return function
    facts = find_facts(function, computed, decided)
    names: dict[Value, Atom] = {}
    equations: list[Equation] = []
    for equation in function.equations:
        current = with_inputs(equation, names)
        if current.op == "scan":
            current = _specialised(equation, current, facts, names)
        equations.append(_within(current, facts))
    outputs = tuple(resolve(atom, names) for atom in function.outputs)
    return replace(function, equations=tuple(equations), outputs=outputs)


def _within(equation: Equation, facts: Facts) -> Equation:
    """The same for the functions that an operation holds."""

    def told(held: Function) -> Function:
        return _told(held, decided_results(equation, held, facts.sensitive))

    return map_functions(equation, told)


def _specialised(
    original: Equation, equation: Equation, facts: Facts, names: dict[Value, Atom]
) -> Equation:
    """The loop without what is known; `names` learns what its zero results are."""
    body = equation.params["function"]
    closed, carried = equation.params["num_consts"], equation.params["num_carry"]
    assert isinstance(body, Function)
    assert isinstance(closed, int)
    assert isinstance(carried, int)
    is_zero = [_starts_at_zero(atom, facts) for atom in original.inputs]
    known: dict[Value, Atom] = {}
    for atom, value, zero in zip(original.inputs, body.inputs, is_zero, strict=True):
        if value.type.dtype.is_key or value.type.size > LARGEST:
            continue
        data = facts.elements(atom)
        if value in body.inputs[:closed] and data is not None:
            known[value] = Constant.of(value.type, data)
        elif zero and value not in body.inputs[:closed]:
            known[value] = Constant.of(value.type, 0)
    states = range(closed, closed + carried)
    decided = decided_results(original, body, facts.sensitive)
    known = _fixed_point(body, known, states, decided)
    kept = [value not in known for value in body.inputs]
    dropped = {n - closed for n in states if not kept[n]}
    if not known:
        return equation
    outputs = []
    for number, value in enumerate(equation.outputs):
        if number in dropped:
            names[value] = resolve(equation.inputs[closed + number], names)
        else:
            outputs.append(value)
    inner = _replaced(body, known)
    results = [atom for n, atom in enumerate(inner.outputs) if n not in dropped]
    fitted = replace(
        inner,
        inputs=tuple(value for value in body.inputs if value not in known),
        outputs=tuple(results),
    )
    return replace(
        equation,
        inputs=tuple(a for a, keep in zip(equation.inputs, kept, strict=True) if keep),
        outputs=tuple(outputs),
        params={
            **equation.params,
            "function": fitted,
            "num_consts": sum(kept[:closed]),
            "num_carry": carried - len(dropped),
        },
    )


def _starts_at_zero(atom: Atom, facts: Facts) -> bool:
    if atom.type.dtype.is_key or not atom.type.dtype.is_inexact:
        return False
    return facts.support(atom).is_none


def _fixed_point(
    body: Function, known: dict[Value, Atom], states: range, decided: Decided
) -> dict[Value, Atom]:
    """What of the known inputs the body keeps as it is, round after round."""
    while True:
        inner = _replaced(body, known)
        facts = find_facts(inner, computed, decided)
        lost = [
            body.inputs[n]
            for n in states
            if body.inputs[n] in known
            and not facts.support(inner.outputs[n - states.start]).is_none
        ]
        if not lost:
            return known
        known = {value: atom for value, atom in known.items() if value not in lost}


def _replaced(body: Function, known: dict[Value, Atom]) -> Function:
    names = dict(known)
    equations = tuple(with_inputs(equation, names) for equation in body.equations)
    outputs = tuple(resolve(atom, names) for atom in body.outputs)
    return replace(body, equations=equations, outputs=outputs)
