"""How deeply a function nests what no expansion makes flat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from partialc.ir.program import Atom, Equation, Function
from partialc.ops.cost import cost_of_equation

_PRODUCTS: Final = frozenset({"mul", "div", "integer_pow"})


def nonlinear_depth(function: Function) -> int:
    """The levels of what is not linear in what is unknown, along the deepest path.

    A function such as `sin` is a level, and so is a product of unknown factors unless
    they are products themselves: `a * b / c` is one level, `a * (b * c + d)` are two.
    Sums, and sums times known numbers, are none: they can be written as one sum.
    Neither are loops and branches, whatever they hold.

    Args:
        function: A function without plain calls.
    """
    depths: dict[Atom, int] = dict.fromkeys(function.inputs, 0)
    factors: set[Atom] = set()
    for equation in function.equations:
        unknown = [atom for atom in equation.inputs if atom in depths]
        if not unknown:
            continue
        depth = max(depths[atom] for atom in unknown)
        is_factor = False
        if equation.op in _PRODUCTS:
            is_factor = _multiplies(equation, unknown) or unknown[0] in factors
            steps = {atom: is_factor and atom not in factors for atom in unknown}
            depth = max(depths[atom] + step for atom, step in steps.items())
        elif cost_of_equation(equation).transcendentals:
            is_factor = True
            depth += 1
        depths.update(dict.fromkeys(equation.outputs, depth))
        if is_factor:
            factors.update(equation.outputs)
    return max((depths.get(atom, 0) for atom in function.outputs), default=0)


def _multiplies(equation: Equation, unknown: Sequence[Atom]) -> bool:
    """Whether unknown factors meet, or one stands under a fraction bar."""
    if equation.op == "div":
        return equation.inputs[1] in unknown
    return equation.op == "integer_pow" or len(unknown) > 1
