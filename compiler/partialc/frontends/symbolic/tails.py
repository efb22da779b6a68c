"""Undoes what SymPy's automatic evaluation does to the accuracy of tails.

SymPy turns `erfc(-z)` into `2 - erfc(z)` as soon as it is written down. Where the one
is tiny, the other is the difference of two numbers near 2, and keeps no digit of it.
"""

from __future__ import annotations

from typing import Any

import sympy


class ErfcOfNegative(sympy.Function):  # type: ignore[misc]
    """`erfc(-z)`, as a function of `z` that SymPy does not evaluate."""

    nargs = (1,)


def restored(node: Any) -> Any:
    """The expression with `erfc(-z)` for `2 - erfc(z)`, and for multiples of it.

    A sum is changed when its constant is just what all of its `erfc`, or one of them,
    account for.
    """
    if not node.args or not node.has(sympy.erfc):
        return node
    arguments = [restored(argument) for argument in node.args]
    if not isinstance(node, sympy.Add):
        return node.func(*arguments)
    constant = sympy.Add(*(each for each in arguments if each.is_Number))
    terms = [each for each in arguments if not each.is_Number]
    factors = {
        number: factor
        for number, (factor, rest) in enumerate(term.as_coeff_Mul() for term in terms)
        if isinstance(rest, sympy.erfc)
    }
    for chosen in ([*factors], *([number] for number in factors)):
        if chosen and constant == -2 * sum(factors[number] for number in chosen):
            for number in chosen:
                (z,) = terms[number].as_coeff_Mul()[1].args
                terms[number] = -factors[number] * ErfcOfNegative(z)
            return sympy.Add(*terms)
    return sympy.Add(constant, *terms)
