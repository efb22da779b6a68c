"""Linear algebra with a shape of its own: permutations and special solves."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from partialc.errors import InternalError
from partialc.ir.program import Atom, Equation, Function
from partialc.ops import params
from partialc.ops.cost import called, moved, traffic
from partialc.ops.evaluation import run_function
from partialc.ops.lanes import LaneAxes, by_axes, lane_axes
from partialc.ops.reach import OfBody, Reach
from partialc.ops.registry import Arrays, Cost, Op, SourceContext, register
from partialc.ops.taylor_solve import linear_solve
from partialc.ops.template import arrays, call, fill, tuple_expr
from partialc.ops.triangles import batch_axes
from partialc.ops.unknown import unprintable
from partialc.tangents.links import Links


def _evaluate_permutation(equation: Equation, operands: Arrays) -> Arrays:
    size = params.integer(equation, "permutation_size")
    return [lax.linalg.lu_pivots_to_permutation(operands[0], size)]


def _source_permutation(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (pivots,) = arrays(equation, operands, context)
    size = params.integer(equation, "permutation_size")
    return call("lax.linalg.lu_pivots_to_permutation", pivots, size)


register(
    Op(
        "lu_pivots_to_permutation",
        _evaluate_permutation,
        _source_permutation,
        moved,
        summary="the permutation that row exchanges add up to",
        lanes=by_axes(lambda equation: batch_axes(equation, (1,))),
    )
)


def _evaluate_tridiagonal(equation: Equation, operands: Arrays) -> Arrays:
    _refuse_perturbation(equation)
    return [lax.linalg.tridiagonal_solve(*operands)]


def _source_tridiagonal(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    _refuse_perturbation(equation)
    return call("lax.linalg.tridiagonal_solve", *arrays(equation, operands, context))


def _refuse_perturbation(equation: Equation) -> None:
    if params.flag(equation, "perturb_singular"):
        raise unprintable(
            equation,
            "`tridiagonal_solve` with perturb_singular=True is not supported",
            "older versions of JAX, which run generated modules, do not have it",
            "leave `perturb_singular` out",
        )


def _cost_tridiagonal(equation: Equation) -> Cost:
    return Cost(8.0 * equation.outputs[0].type.size, 0.0, traffic(equation))


def _lanes_tridiagonal(equation: Equation) -> LaneAxes | None:
    """The members of the batch, and the columns of the right-hand sides."""
    ndim = equation.inputs[-1].type.ndim
    if any(atom.type.ndim != ndim - 1 for atom in equation.inputs[:3]):
        return None
    diagonal, columns = lane_axes(ndim - 1, [-1]), lane_axes(ndim, [-2])
    return LaneAxes((diagonal, diagonal, diagonal, columns), (columns,))


register(
    Op(
        "tridiagonal_solve",
        _evaluate_tridiagonal,
        _source_tridiagonal,
        _cost_tridiagonal,
        summary="solution of tridiagonal systems",
        lanes=by_axes(_lanes_tridiagonal, follows=lambda _: (3,)),
    )
)


def _reflections(a: Any, taus: Any) -> Any:
    """The full orthogonal matrix of which `householder_product` gives some columns."""
    rows, columns = a.shape[-2:]
    borders = [(0, 0)] * (a.ndim - 1) + [(0, rows - columns)]
    return lax.linalg.householder_product(jnp.pad(a, borders), taus)


def _evaluate_ormqr(equation: Equation, operands: Arrays) -> Arrays:
    a, taus, c = operands
    q = _reflections(a, taus)
    if params.flag(equation, "transpose"):
        q = jnp.conj(q.mT)
    return [q @ c if params.flag(equation, "left") else c @ q]


def _source_ormqr(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """The product written out: older versions of JAX have no `ormqr`."""
    a, taus, c = arrays(equation, operands, context)
    kind = equation.inputs[0].type
    rows, columns = kind.shape[-2:]
    if rows != columns:
        borders = ((0, 0),) * (kind.ndim - 1) + ((0, rows - columns),)
        a = call("jnp.pad", a, borders)
    q = call("lax.linalg.householder_product", a, taus)
    if params.flag(equation, "transpose"):
        q = fill("q.mT.conj()" if kind.dtype.is_complex else "q.mT", q=q)
    left = params.flag(equation, "left")
    return fill("q @ c" if left else "c @ q", q=q, c=c)


def _cost_ormqr(equation: Equation) -> Cost:
    size = equation.outputs[0].type.size * equation.inputs[0].type.shape[-1]
    return Cost(4.0 * size, 0.0, traffic(equation))


def _lanes_ormqr(equation: Equation) -> LaneAxes | None:
    """The members of the batch, and the columns (or rows) that are multiplied."""
    found = batch_axes(equation, (2, 1, 2))
    if found is None:
        return None
    ndim = equation.outputs[0].type.ndim
    axes = lane_axes(ndim, [-2 if params.flag(equation, "left") else -1])
    return LaneAxes((*found.operands[:2], axes), (axes,))


register(
    Op(
        "ormqr",
        _evaluate_ormqr,
        _source_ormqr,
        _cost_ormqr,
        summary="product with the orthogonal factor of a QR factorisation",
        lanes=by_axes(_lanes_ormqr, follows=lambda _: (2,)),
    )
)


def _solves(
    equation: Equation,
) -> tuple[dict[str, tuple[Function, tuple[Atom, ...]]], tuple[Atom, ...]]:
    """Each of the four functions with its constants, and the right-hand sides."""
    lengths = params.integers(equation, "const_lengths")
    found: dict[str, tuple[Function, tuple[Atom, ...]]] = {}
    rest = equation.inputs
    for name, length in zip(
        ("matvec", "vecmat", "solve", "transpose_solve"), lengths, strict=True
    ):
        constants, rest = rest[:length], rest[length:]
        function = equation.params[name]
        if isinstance(function, Function):
            found[name] = function, constants
    return found, rest


def _evaluate_linear_solve(equation: Equation, operands: Arrays) -> Arrays:
    """The solution; what the other functions are for is its derivative."""
    lengths = params.integers(equation, "const_lengths")
    start = lengths[0] + lengths[1]
    constants = operands[start : start + lengths[2]]
    right = operands[sum(lengths) :]
    return run_function(params.function(equation, "solve"), [*constants, *right])


def _source_linear_solve(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """`lax.custom_linear_solve`, so that the solution keeps its derivative.

    The functions close over their constants. JAX derives the transposed product from
    the product itself. A system is symmetric when its transposed solve is its solve.
    """
    found, right = _solves(equation)
    count = len(right)
    names = {
        name: context.function(
            function, name, closed=constants, arguments=(count,), results=(count,)
        )
        for name, (function, constants) in found.items()
        if name != "vecmat"
    }
    if "matvec" not in names or "solve" not in names:
        raise InternalError("custom_linear_solve lacks its product or its solve")
    values = arrays(equation, operands, context)[len(operands) - count :]
    arguments = [
        names["matvec"],
        values[0] if count == 1 else tuple_expr(values),
        fill("lambda _, b: solve(b)", solve=names["solve"]),
    ]
    if "transpose_solve" in names:
        arguments.append(fill("lambda _, b: solve(b)", solve=names["transpose_solve"]))
    return call("lax.custom_linear_solve", *arguments)


def _cost_linear_solve(equation: Equation) -> Cost:
    return called([equation.params["solve"]])


def _reach_linear_solve(
    equation: Equation, is_linear: Sequence[bool], of_body: OfBody
) -> Reach:
    """What the function that solves says; JAX has moved all tangents to the right."""
    lengths = params.integers(equation, "const_lengths")
    start = lengths[0] + lengths[1]
    places = [*range(start, start + lengths[2]), *range(sum(lengths), len(is_linear))]
    found = of_body(
        params.function(equation, "solve"), [is_linear[place] for place in places]
    )
    reach: Reach = []
    for row in found:
        full: list[Links | None] = [None] * len(is_linear)
        for place, links in zip(places, row, strict=True):
            full[place] = links
        reach.append(full)
    return reach


register(
    Op(
        "custom_linear_solve",
        _evaluate_linear_solve,
        _source_linear_solve,
        _cost_linear_solve,
        summary="linear solve with a derivative of its own",
        bodies=True,
        reach=_reach_linear_solve,
        taylor=linear_solve,
    )
)
