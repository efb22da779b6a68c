"""Series through a linear solve: the same system once more for each coefficient."""

from __future__ import annotations

from collections.abc import Sequence

from partialc.ir.program import Atom
from partialc.ops import params
from partialc.ops.series import MultiIndex, Series
from partialc.ops.taylor import Taylor


def linear_solve(taylor: Taylor) -> Sequence[Series]:
    """A x = b: `A[0] x[a]` is b[a] less what other coefficients of x contribute.

    What a solve keeps of A, a factorisation say, is that of the value: as JAX has it,
    derivatives come from the product alone.
    """
    equation, arithmetic = taylor.equation, taylor.arithmetic
    lengths = params.integers(equation, "const_lengths")
    product = params.function(equation, "matvec")
    held, start = lengths[0], sum(lengths)
    found: list[dict[MultiIndex, Atom]] = [
        {taylor.zero: value} for value in taylor.values
    ]
    for index in taylor.higher:
        images = taylor.through(
            product,
            (*equation.inputs[:held], *taylor.values),
            (*taylor.operands[:held], *found),
        )
        right: list[Atom] = []
        is_zero = True
        for place, image in enumerate(images, start):
            plus, minus = (
                [series[index]] if index in series else []
                for series in (taylor.operands[place], image)
            )
            total = arithmetic.total(plus, minus)
            is_zero = is_zero and total is None
            kind = equation.inputs[place].type
            right.append(arithmetic.zeros(kind) if total is None else total)
        if is_zero:
            continue
        results = taylor.applied((*equation.inputs[:start], *right))
        for own, value in zip(found, results, strict=True):
            own[index] = value
    return found
