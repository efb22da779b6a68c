"""Small rebuilding steps that the importer and the passes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from partialc.ir.program import Atom, Equation, Function, Param, Value


def resolve(atom: Atom, names: Mapping[Value, Atom]) -> Atom:
    """What stands for an atom: its entry in `names`, else itself."""
    return names.get(atom, atom) if isinstance(atom, Value) else atom


def with_inputs(equation: Equation, names: Mapping[Value, Atom]) -> Equation:
    """The equation with its operands replaced; itself when none is."""
    inputs = tuple(resolve(atom, names) for atom in equation.inputs)
    if all(new is old for new, old in zip(inputs, equation.inputs, strict=True)):
        return equation
    return replace(equation, inputs=inputs)


def map_functions(
    equation: Equation, change: Callable[[Function], Function]
) -> Equation:
    """The equation with every function among its parameters changed."""

    def changed(param: Param) -> Param:
        if isinstance(param, Function):
            return change(param)
        if isinstance(param, tuple):
            return tuple(changed(entry) for entry in param)
        return param

    if not any(
        isinstance(param, (Function, tuple)) for param in equation.params.values()
    ):
        return equation
    return replace(
        equation,
        params={name: changed(param) for name, param in equation.params.items()},
    )


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
