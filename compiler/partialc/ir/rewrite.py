"""Small rebuilding steps that the importer and the passes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from partialc.ir.program import Atom, Equation, Function, Param, Value
from partialc.ir.structure import functions_of


def resolve(atom: Atom, names: Mapping[Value, Atom]) -> Atom:
    """What stands for an atom: its entry in `names`, else itself."""
    return names.get(atom, atom) if isinstance(atom, Value) else atom


def with_inputs(equation: Equation, names: Mapping[Value, Atom]) -> Equation:
    """The equation with its operands replaced; itself when none is."""
    if not names:
        return equation
    inputs = tuple(resolve(atom, names) for atom in equation.inputs)
    if all(new is old for new, old in zip(inputs, equation.inputs, strict=True)):
        return equation
    return replace(equation, inputs=inputs)


def map_functions(
    equation: Equation, change: Callable[[Function], Function]
) -> Equation:
    """The equation with every function among its parameters changed.

    `change` may be called several times with one function; it must answer the same.
    """
    held = functions_of(equation)
    if all(change(function) is function for function in held):
        return equation
    params = {name: _changed(param, change) for name, param in equation.params.items()}
    return replace(equation, params=params)


def _changed(param: Param, change: Callable[[Function], Function]) -> Param:
    if isinstance(param, Function):
        return change(param)
    if isinstance(param, tuple):
        return tuple(_changed(entry, change) for entry in param)
    return param


def mapped_equations(
    function: Function, change: Callable[[Equation], Equation]
) -> Function:
    """The function with each equation changed; itself when none is."""
    equations = tuple(map(change, function.equations))
    if all(new is old for new, old in zip(equations, function.equations, strict=True)):
        return function
    return replace(function, equations=equations)


def without_dead_equations(function: Function) -> Function:
    """Drop the equations none of whose results reaches an output (bitwise).

    Operations have no side effects in this IR: the importer refuses those that do.
    """
    live = {atom for atom in function.outputs if isinstance(atom, Value)}
    kept: list[Equation] = []
    for equation in reversed(function.equations):
        if any(value in live for value in equation.outputs):
            kept.append(equation)
            live.update(atom for atom in equation.inputs if isinstance(atom, Value))
    if len(kept) == len(function.equations):
        return function
    return replace(function, equations=tuple(reversed(kept)))


def everywhere(function: Function, change: Callable[[Function], Function]) -> Function:
    """Change a function and all it holds, the innermost first.

    A function that is held in several places is changed once and stays shared, so that
    the calls of one custom function still hold one object.
    """
    return _Everywhere(change).visit(function)


class _Everywhere:
    """What became of each function; a class, as a closure would outlive its use."""

    def __init__(self, change: Callable[[Function], Function]) -> None:
        self._change = change
        self._changed: dict[int, Function] = {}

    def visit(self, current: Function) -> Function:
        """The function changed, and all it holds."""
        if id(current) not in self._changed:
            body = current
            if any(map(functions_of, current.equations)):
                body = mapped_equations(body, lambda e: map_functions(e, self.visit))
            self._changed[id(current)] = self._change(body)
        return self._changed[id(current)]


def splice(
    callee: Function, operands: Sequence[Atom], equations: list[Equation]
) -> list[Atom]:
    """Append a copy of a function's body, with new values, to a list of equations.

    Args:
        callee: Whose body to copy.
        operands: What stands for its inputs.
        equations: Appended to.

    Returns:
        What stands for its outputs.
    """
    names: dict[Value, Atom] = dict(zip(callee.inputs, operands, strict=True))
    for equation in callee.equations:
        outputs = tuple(Value(value.type, value.hint) for value in equation.outputs)
        equations.append(replace(with_inputs(equation, names), outputs=outputs))
        names.update(zip(equation.outputs, outputs, strict=True))
    return [resolve(atom, names) for atom in callee.outputs]
