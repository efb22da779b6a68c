"""Where the derivatives of a function may be nonzero."""

from __future__ import annotations

from partialc.frontends.primal import Primal
from partialc.ir.patterns import Pattern
from partialc.lowering.structured.interpret import TooLargeError
from partialc.lowering.structured.matrix import linear_matrix
from partialc.realise.linear import LinearProgram
from partialc.request.resolved import Axis, Output


def pattern_of(
    primal: Primal, outputs: tuple[Output, ...], wrt: Axis, order: int
) -> Pattern:
    """The structural nonzeros of a Jacobian or a Hessian.

    They are those of the terms of the linear program: forward, and where that meets an
    operation without a rule, also in reverse; what either has not is zero.

    Args:
        primal: The function.
        outputs: What is differentiated; for order 2 one single number. Of a weighted
            sum the weights are not known: each may be nonzero.
        wrt: What it is differentiated with respect to.
        order: 1 for the Jacobian, 2 for the Hessian.

    Returns:
        A matrix. Its columns are the concatenated flattening of `wrt`; its
        rows are that of the outputs (order 1), or of `wrt` again (order 2).

    Raises:
        TooLargeError: The derivatives of some operation fit in no memory.
        Exception: Whatever JAX raises.
    """
    program = LinearProgram(primal, outputs, wrt, order)
    try:
        found, is_certain = _pattern(program)
    except TooLargeError:
        found, is_certain = None, False
    if is_certain and found is not None:
        return found
    backward = LinearProgram(primal, outputs, wrt, order, "reverse")
    try:
        other, _ = _pattern(backward)
    except TooLargeError:
        if found is None:
            raise
        return found
    return other if found is None else found & other


def _pattern(program: LinearProgram) -> tuple[Pattern, bool]:
    """A pattern, and whether every operation had a rule."""
    regime = program.regimes()[-1]
    found = linear_matrix(
        program.traced(regime),
        [kind.size for kind in program.seeds],
        regime,
        is_reverse=program.direction == "reverse",
    )
    return found.matrix.pattern(), not found.opaque
