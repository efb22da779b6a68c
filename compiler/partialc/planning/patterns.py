"""Where the derivatives of a function may be nonzero."""

from __future__ import annotations

from partialc.errors import REFUSALS, UnsupportedError
from partialc.frontends.primal import Primal
from partialc.ir.patterns import Pattern
from partialc.lowering.structured.interpret import TooLargeError
from partialc.lowering.structured.matrix import Matrices, pattern_of_all
from partialc.realise.linear import Direction, LinearProgram
from partialc.request.resolved import Axis, Output


def pattern_of(
    primal: Primal,
    outputs: tuple[Output, ...],
    wrt: Axis,
    order: int,
    matrices: Matrices | None = None,
) -> Pattern:
    """The structural nonzeros of a Jacobian or a Hessian.

    They are those of the terms of the linear program: forward, and where that meets an
    operation without a rule, or cannot be had, also in reverse; what either has not is
    zero.

    Args:
        primal: The function.
        outputs: What is differentiated; for order 2 one single number. Of a weighted
            sum the weights are not known: each may be nonzero.
        wrt: What it is differentiated with respect to.
        order: 1 for the Jacobian, 2 for the Hessian.
        matrices: Keeps what was taken apart.

    Returns:
        A matrix. Its columns are the concatenated flattening of `wrt`; its
        rows are that of the outputs (order 1), or of `wrt` again (order 2).

    Raises:
        UnsupportedError: JAX refuses to differentiate the function, or the derivatives
            fit in no memory.
    """
    matrices = matrices or Matrices()
    found: Pattern | None = None
    refusals: list[Exception] = []
    directions: tuple[Direction, ...] = ("forward", "reverse")
    for direction in directions:
        program = LinearProgram(primal, outputs, wrt, order, direction)
        try:
            pattern, is_certain = _pattern(program, matrices)
        except (TooLargeError, UnsupportedError, *REFUSALS) as error:
            refusals.append(error)
            continue
        found = pattern if found is None else found & pattern
        if is_certain:
            break
    if found is None:
        raise _refused(primal, order, refusals)
    return found


def _refused(primal: Primal, order: int, refusals: list[Exception]) -> UnsupportedError:
    """What to say where neither direction can be had: that of JAX, if it refuses."""
    error = next((e for e in refusals if isinstance(e, REFUSALS)), refusals[0])
    if isinstance(error, UnsupportedError):
        return error
    matrix = "Jacobian" if order == 1 else "Hessian"
    name = primal.signature.name
    if isinstance(error, TooLargeError):
        return UnsupportedError(
            f"the {matrix} of {name} is too large",
            where=primal.origin,
            why=str(error),
            fix="name fewer coordinates, or fewer outputs",
        )
    return UnsupportedError(
        f"JAX refuses the {matrix} of {name}",
        where=primal.origin,
        why=str(error).partition("\n")[0],
        fix="name a function that JAX can differentiate",
    )


def _pattern(program: LinearProgram, matrices: Matrices) -> tuple[Pattern, bool]:
    """A pattern, and whether every operation had a rule."""
    found = matrices.of(program)
    return pattern_of_all(found), not any(each.opaque for each in found.values())
