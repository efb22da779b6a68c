"""Series through an operation without a recurrence: nested jvps of it alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias

import jax
import jax.numpy as jnp

from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.merge import merge
from partialc.ir.program import Atom, Equation, Function, Value
from partialc.ir.rewrite import splice
from partialc.ir.structure import all_equations, functions_of
from partialc.ops.evaluation import evaluate
from partialc.ops.series import Downset, MultiIndex, Series
from partialc.tangents.arrays import Arrays

Derivatives: TypeAlias = Mapping[MultiIndex, tuple[jax.Array, ...]]
"""Of several arrays, by multi-index."""


_RULES_OF_THEIR_OWN: Final = frozenset(
    {"custom_jvp_call", "custom_vjp_call", "custom_linear_solve"}
)
"""What these compute is not what JAX differentiates."""


class NoSeriesError(Exception):
    """Series cannot be taken through an operation."""


class RegimesDifferError(Exception):
    """The derivatives of an operation are another program in each regime."""


def nested(
    equation: Equation,
    operands: Sequence[Series],
    downset: Downset,
    regimes: Sequence[Regime],
    arrays: Arrays,
) -> list[Series]:
    """The coefficients of the results of any operation that JAX can differentiate.

    Args:
        equation: The operation, on the values of the series.
        operands: The series.
        downset: The multi-indices.
        regimes: Those that the equation stands for.
        arrays: What the derivatives are written to.

    Raises:
        NoSeriesError: It has a derivative rule of its own, or is not known.
        RegimesDifferError: They are not one program in all regimes.
        Exception: Whatever JAX raises.
    """
    names = {
        equation.op,
        *(each.op for held in functions_of(equation) for each in all_equations(held)),
    }
    if found := sorted(_RULES_OF_THEIR_OWN & names):
        raise NoSeriesError(f"no Taylor series goes through {found[0]}")
    places = [
        (number, index)
        for number, series in enumerate(operands)
        for index in downset.indices
        if index in series
    ]
    given = [operands[number][index] for number, index in places]
    alone = _alone(equation)

    def call(regime: Regime, *leaves: jax.Array) -> list[jax.Array]:
        read = dict(zip(places, leaves, strict=True))
        found = _derivatives(partial(evaluate, alone), read, downset, regime)
        return [each for index in downset.higher for each in found[index]]

    traces = {
        regime: trace_one(
            partial(call, regime),
            [atom.type for atom in given],
            regime,
            name=alone.name,
            input_names=["x"] * len(given),
            rules=False,
        )
        for regime in regimes
    }
    traced, *others = dict.fromkeys(merge(traces).values())
    if others:
        raise RegimesDifferError
    equations: list[Equation] = []
    atoms = iter(splice(traced, given, equations))
    for each in equations:
        arrays.write(each)
    kept = [value.type.dtype.is_inexact for value in equation.outputs]
    series: list[dict[MultiIndex, Atom]] = [{} for _ in kept]
    for index in downset.higher:
        for own, is_kept in zip(series, kept, strict=True):
            if is_kept:
                own[index] = next(atoms)
    return list(series)


def _alone(equation: Equation) -> Function:
    """An operation as a function of its operands."""
    inputs = tuple(Value(atom.type) for atom in equation.inputs)
    outputs = tuple(Value(value.type) for value in equation.outputs)
    made = replace(equation, inputs=inputs, outputs=outputs)
    name = equation.op.replace("-", "_")
    return Function(name, inputs, (made,), outputs)


def _derivatives(
    run: Callable[..., list[jax.Array]],
    read: Mapping[tuple[int, MultiIndex], jax.Array],
    downset: Downset,
    regime: Regime,
) -> dict[MultiIndex, tuple[jax.Array, ...]]:
    """All coefficients of the floating-point results, those of the value among them."""
    zero = downset.zero
    moved = sorted({number for number, index in read if index != zero})
    still = {number: read[number, zero] for number, _ in read if number not in moved}

    def function(*values: jax.Array) -> tuple[jax.Array, ...]:
        own = still | dict(zip(moved, values, strict=True))
        results = run([own[number] for number in range(len(own))], regime)
        return tuple(each for each in results if jnp.issubdtype(each, jnp.inexact))

    def curve(index: MultiIndex) -> tuple[jax.Array, ...]:
        arrays = []
        for number in moved:
            if (number, index) in read:
                arrays.append(read[number, index])
            else:
                arrays.append(jnp.zeros_like(read[number, zero]))
        return tuple(arrays)

    found: dict[MultiIndex, tuple[jax.Array, ...]] = {}
    for top in downset.maximal:
        found |= _along(function, curve, top)
    return found


def _along(
    function: Callable[..., tuple[jax.Array, ...]],
    curve: Callable[[MultiIndex], tuple[jax.Array, ...]],
    top: MultiIndex,
) -> Derivatives:
    """The derivatives of a function of what moves along a curve, up to a multi-index.

    One jvp for each differentiation: what it is taken of holds all derivatives before
    it, as a function of those of the curve.

    Args:
        function: The function.
        curve: The derivatives of its arguments, by multi-index.
        top: The multi-index.
    """
    zero = tuple(0 for _ in top)

    def start(points: Derivatives) -> Derivatives:
        return {zero: function(*points[zero])}

    step: Callable[[Derivatives], Derivatives] = start
    reached = [zero]
    for axis, count in enumerate(top):
        for _ in range(count):
            step = _pushed(step, axis)
            more = [_raised(index, axis) for index in reached]
            reached = list(dict.fromkeys([*reached, *more]))
    return step({index: curve(index) for index in reached})


def _pushed(
    step: Callable[[Derivatives], Derivatives], axis: int
) -> Callable[[Derivatives], Derivatives]:
    """What holds one more derivative along a direction."""

    def wider(points: Derivatives) -> Derivatives:
        base = {
            index: points[index] for index in points if _raised(index, axis) in points
        }
        tangents = {index: points[_raised(index, axis)] for index in base}
        values, slopes = jax.jvp(step, (base,), (tangents,))
        raised = {_raised(index, axis): each for index, each in slopes.items()}
        return {**raised, **values}

    return wider


def _raised(index: MultiIndex, axis: int) -> MultiIndex:
    return tuple(count + (place == axis) for place, count in enumerate(index))
