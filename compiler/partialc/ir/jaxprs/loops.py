"""Loops over batches: one condition for all rows, as JAX runs them."""

from __future__ import annotations

from dataclasses import replace

from partialc.ir.dtypes import BOOL
from partialc.ir.equations import spread
from partialc.ir.program import ArrayType, Atom, Equation, Function, Value
from partialc.ir.rewrite import resolve


def with_scalar_condition(equation: Equation) -> Equation:
    """A `while` whose condition is an array, as one whose condition is a scalar.

    `vmap` of a loop makes such conditions, which no public function takes. The loop
    runs until no row goes on; a row that has stopped keeps its values:

        while any(p(x)): x = where(p(x), f(x), x)

    Args:
        equation: A `while`; returned as it is when its condition is a scalar.
    """
    condition = equation.params["cond_function"]
    body = equation.params["body_function"]
    assert isinstance(condition, Function)
    assert isinstance(body, Function)
    if not condition.outputs[0].type.shape:
        return equation
    count = equation.params["cond_nconsts"]
    inner = equation.params["body_nconsts"]
    assert isinstance(count, int)
    assert isinstance(inner, int)
    params = dict(equation.params) | {
        "cond_function": _any_row(condition),
        "body_function": _where_it_holds(condition, body, count, inner),
        "body_nconsts": count + inner,
    }
    return replace(
        equation, inputs=(*equation.inputs[:count], *equation.inputs), params=params
    )


def _any_row(condition: Function) -> Function:
    rows = condition.outputs[0]
    axes = tuple(range(rows.type.ndim))
    result = Value(ArrayType(BOOL, ()))
    any_row = Equation("reduce_or", (rows,), {"axes": axes}, (result,))
    return replace(
        condition, equations=(*condition.equations, any_row), outputs=(result,)
    )


def _where_it_holds(
    condition: Function, body: Function, count: int, inner: int
) -> Function:
    """The body; a result replaces the old one where the condition holds."""
    test = _copied(condition)
    carry = body.inputs[inner:]
    names: dict[Value, Atom] = dict(zip(test.inputs[count:], carry, strict=True))
    equations = [
        replace(each, inputs=tuple(resolve(atom, names) for atom in each.inputs))
        for each in test.equations
    ]
    holds = resolve(test.outputs[0], names)
    equations += body.equations
    outputs: list[Atom] = []
    for old, new in zip(carry, body.outputs, strict=True):
        kept = Value(old.type)
        wide = spread(holds, old.type.shape, range(holds.type.ndim))
        choice = Equation("select_n", (*wide.outputs, old, new), {}, (kept,))
        equations += [wide, choice]
        outputs.append(kept)
    inputs = (*test.inputs[:count], *body.inputs)
    return replace(
        body, inputs=inputs, equations=tuple(equations), outputs=tuple(outputs)
    )


def _copied(function: Function) -> Function:
    """The function with values of its own: it occurs twice in the loop."""
    names: dict[Value, Atom] = {}

    def copied(value: Value) -> Value:
        new = Value(value.type, value.hint)
        names[value] = new
        return new

    inputs = tuple(copied(value) for value in function.inputs)
    equations = []
    for equation in function.equations:
        operands = tuple(resolve(atom, names) for atom in equation.inputs)
        outputs = tuple(copied(value) for value in equation.outputs)
        equations.append(replace(equation, inputs=operands, outputs=outputs))
    results = tuple(resolve(atom, names) for atom in function.outputs)
    return replace(function, inputs=inputs, equations=tuple(equations), outputs=results)
