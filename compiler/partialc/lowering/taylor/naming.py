"""Coefficients called by what they are the derivative of, and along what: `h_xx`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from partialc.ir.program import Atom, Equation, Function, Value
from partialc.ir.rewrite import resolve, with_inputs
from partialc.ops.series import MultiIndex, Series

_REPEATED: Final = 4
"""A letter is repeated up to so many times: `h_xxxx`, then `h_x5`."""


def called_by_index(
    function: Function, series: Mapping[Value, Series], along: Sequence[str]
) -> Function:
    """A program whose coefficients are called by their multi-indices.

    Args:
        function: The program.
        series: The series of its values.
        along: What each direction is called.
    """
    ops = {value: each.op for each in function.equations for value in each.outputs}
    hints: dict[Value, str] = {}
    for value, coefficients in series.items():
        base = value.hint or ops.get(value, "").split("_")[0].split("-")[0]
        for index, atom in coefficients.items():
            if base and any(index) and atom in ops and isinstance(atom, Value):
                hints.setdefault(atom, f"{base}_{_suffix(index, along)}")
    names: dict[Value, Atom] = {}
    equations: list[Equation] = []
    for equation in function.equations:
        made = with_inputs(equation, names)
        if any(value in hints for value in equation.outputs):
            outputs = tuple(
                Value(value.type, hints.get(value, value.hint))
                for value in equation.outputs
            )
            names.update(zip(equation.outputs, outputs, strict=True))
            made = replace(made, outputs=outputs)
        equations.append(made)
    results = tuple(resolve(atom, names) for atom in function.outputs)
    return replace(function, equations=tuple(equations), outputs=results)


def _suffix(index: MultiIndex, along: Sequence[str]) -> str:
    """What a multi-index is called by the names of its directions."""
    counted = [(name, count) for name, count in zip(along, index, strict=True) if count]
    if all(len(name) == 1 and count <= _REPEATED for name, count in counted):
        return "".join(name * count for name, count in counted)
    parts = [name if count == 1 else f"{name}_{count}" for name, count in counted]
    return "_".join(parts)
