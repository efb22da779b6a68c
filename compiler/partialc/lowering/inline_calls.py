"""Replace calls by the bodies of the functions they call."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from partialc.ir.program import Atom, Equation, Function, Value
from partialc.ir.rewrite import everywhere, resolve, splice, with_inputs
from partialc.lowering.passes import Grade, Pass

_PLAIN_CALLS: Final = frozenset({"call", "remat"})


def inline_calls(function: Function) -> Function:
    """f(x) -> the body of f, for plain calls and `jax.checkpoint`.

    Grade: bitwise. `jax.checkpoint` only says what a derivative taken later would keep
    in memory. Custom calls stay: see `resolve_custom_calls`.
    """
    return inline(function, _PLAIN_CALLS)


INLINE_CALLS: Final = Pass("inline_calls", Grade.BITWISE, inline_calls)


def inline(function: Function, ops: Collection[str]) -> Function:
    """Inline the equations of the given operations, in all bodies."""
    return everywhere(function, lambda body: _inlined(body, ops))


def _inlined(function: Function, ops: Collection[str]) -> Function:
    if not any(equation.op in ops for equation in function.equations):
        return function
    names: dict[Value, Atom] = {}
    equations: list[Equation] = []
    for equation in function.equations:
        current = with_inputs(equation, names)
        callee = equation.params.get("function")
        if equation.op in ops and isinstance(callee, Function):
            results = splice(_named(callee, equation), current.inputs, equations)
            names.update(zip(equation.outputs, results, strict=True))
        else:
            equations.append(current)
    outputs = tuple(resolve(atom, names) for atom in function.outputs)
    return replace(function, equations=tuple(equations), outputs=outputs)


def _named(callee: Function, call: Equation) -> Function:
    """The callee with its results hinted as the caller names them."""
    hints = {
        inner: outer.hint
        for inner, outer in zip(callee.outputs, call.outputs, strict=True)
        if outer.hint is not None and isinstance(inner, Value)
    }
    if not hints:
        return callee
    names: dict[Value, Atom] = {}
    equations: list[Equation] = []
    for equation in callee.equations:
        outputs = tuple(
            Value(value.type, hints[value]) if value in hints else value
            for value in equation.outputs
        )
        equations.append(replace(with_inputs(equation, names), outputs=outputs))
        names.update(zip(equation.outputs, outputs, strict=True))
    results = tuple(resolve(atom, names) for atom in callee.outputs)
    return replace(callee, equations=tuple(equations), outputs=results)
