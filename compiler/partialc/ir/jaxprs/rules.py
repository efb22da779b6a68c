"""Custom differentiation rules, as jaxprs.

JAX gives no public access to the rule of a custom call. Differentiating the function
that consists of this one equation runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import jax
import jax.extend.core as jex
import numpy as np
from jax import dtypes

from partialc.ir.jaxprs.avals import has_tangent, struct


def rule_jaxpr(eqn: Any, kind: Literal["jvp", "vjp"]) -> Any:
    """Trace the custom rule of an equation.

    Args:
        eqn: A custom call.
        kind: Which rule it has.

    Returns:
        A jaxpr that takes the primals and then the tangents of those that have any, and
        gives the results and their tangents; for `vjp` it takes the primals and the
        cotangents of the results, and gives the results (as the rule computes them,
        which is what a second differentiation sees) and the cotangents of the primals.

    Raises:
        Exception: Whatever the rule raises, which is the user's code.
    """
    arguments = [struct(atom.aval) for atom in eqn.invars]
    results = [struct(variable.aval) for variable in eqn.outvars]
    call = _single_equation(eqn, arguments, results)
    if kind == "jvp":
        moving = [entry for entry in arguments if has_tangent(entry)]
        return jax.make_jaxpr(_jvp_of(call, arguments))(*arguments, *moving)
    seeds = [entry for entry in results if has_tangent(entry)]
    return jax.make_jaxpr(_vjp_of(call, arguments, results))(*arguments, *seeds)


def _jvp_of(
    call: Callable[..., list[Any]], arguments: Sequence[Any]
) -> Callable[..., list[Any]]:
    def primals_and_tangents(*leaves: Any) -> list[Any]:
        primals, given = leaves[: len(arguments)], iter(leaves[len(arguments) :])
        tangents = tuple(
            next(given) if has_tangent(entry) else np.zeros(entry.shape, dtypes.float0)
            for entry in arguments
        )
        values, moves = jax.jvp(call, primals, tangents)
        pairs = zip(values, moves, strict=True)
        return [*values, *(move for value, move in pairs if has_tangent(value))]

    return primals_and_tangents


def _vjp_of(
    call: Callable[..., list[Any]], arguments: Sequence[Any], results: Sequence[Any]
) -> Callable[..., list[Any]]:
    moves = [has_tangent(entry) for entry in arguments]

    def results_and_cotangents(*leaves: Any) -> list[Any]:
        primals, seeds = leaves[: len(arguments)], leaves[len(arguments) :]

        def of_moving(*moving: Any) -> tuple[list[Any], list[Any]]:
            rest = iter(moving)
            merged = [
                next(rest) if moved else primal
                for moved, primal in zip(moves, primals, strict=True)
            ]
            values = call(*merged)
            moved = [value for value in values if has_tangent(value)]
            return moved, [value for value in values if not has_tangent(value)]

        moving = [primal for moved, primal in zip(moves, primals, strict=True) if moved]
        moved, pullback, fixed = jax.vjp(of_moving, *moving, has_aux=True)
        kinds = iter(moved), iter(fixed)
        values = [next(kinds[not has_tangent(entry)]) for entry in results]
        return [*values, *pullback(list(seeds))]

    return results_and_cotangents


def _single_equation(
    eqn: Any, arguments: Sequence[Any], results: Sequence[Any]
) -> Callable[..., list[Any]]:
    """The function that consists of one equation.

    Variables and debug information have no public constructors: they are taken from
    traces that have as many arguments and results.
    """
    count = len(arguments)
    variables: Any = jax.make_jaxpr(lambda *leaves: list(leaves))(*arguments, *results)
    donor: Any = jax.make_jaxpr(lambda *leaves: [0] * len(results))(*arguments)
    named = getattr(variables, "jaxpr", variables).invars
    single = getattr(donor, "jaxpr", donor).replace(
        invars=named[:count],
        outvars=named[count:],
        eqns=[eqn.replace(invars=named[:count], outvars=named[count:])],
    )
    call: Callable[..., list[Any]] = jex.jaxpr_as_fun(jex.ClosedJaxpr(single, []))
    return call
