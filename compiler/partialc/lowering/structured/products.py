"""Derivatives that are carried through an operation as arrays: products with seeds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.analysis.colouring import colour_columns
from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.merge import merge
from partialc.ir.patterns import Pattern
from partialc.ir.program import ArrayType, Atom, Function, Value
from partialc.ops.evaluation import evaluate
from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.links import Links, stacked
from partialc.tangents.maps import IndexMap
from partialc.tangents.term import FULL, Term

FEWER: Final = 1.5
"""So many times fewer colours than seeds are worth colouring."""


class RegimesDifferError(Exception):
    """An operation without a rule is another program in each regime."""


def vmapped(
    function: Function,
    axes: Sequence[int | None],
    result: int,
    types: Sequence[ArrayType],
    regimes: Sequence[Regime],
) -> Function:
    """A function for all places of an axis at once.

    Args:
        function: The function.
        axes: Where the axis is in each argument; None where it is not in it.
        result: Where it is in the results.
        types: Those of the arguments.
        regimes: What they stand for; none for the widest.

    Raises:
        RegimesDifferError: It is not the same in all of them.
    """

    def call(regime: Regime, *given: jax.Array) -> Sequence[jax.Array]:
        def run(*some: jax.Array) -> Sequence[jax.Array]:
            return evaluate(function, some, regime)

        return jax.vmap(run, in_axes=list(axes), out_axes=result)(*given)

    traces = {
        regime: trace_one(
            partial(call, regime),
            types,
            regime,
            name=function.name,
            input_names=[f"x{n}" for n in range(len(types))],
            rules=False,
        )
        for regime in regimes or (Regime.WIDE,)
    }
    traced, *others = dict.fromkeys(merge(traces).values())
    if others:
        raise RegimesDifferError
    return traced


def colours_of(links: Sequence[Links], seeds: int) -> NDArray[np.int64]:
    """A colour for each seed: negative where nothing depends on it."""
    whole = stacked(links)
    pattern = Pattern.of((whole.rows, seeds), whole.row, whole.col)
    colouring = colour_columns(pattern)
    if colouring.count * FEWER > seeds:
        return np.arange(seeds)
    return colouring.colours


def listed_terms(
    value: Value,
    atom: Atom,
    seeds: NDArray[np.int64],
    colours: NDArray[np.int64],
    links: Links,
    arrays: Arrays,
) -> list[Term]:
    """The derivatives by seeds that are linked, from an array by colours."""
    if not links.keys.size:
        return []
    count = int(colours.max()) + 1
    if count == seeds.size and links.keys.size > FULL * value.type.size * count:
        return [whole_term(value, atom, seeds)]
    sizes = (links.keys.size,)
    row, col = links.row, links.col
    flat = arrays.reshaped(atom, (atom.type.size,))
    found = arrays.rows(flat, row * count + colours[col])
    places = np.unravel_index(row, value.type.shape) if value.type.shape else ()
    return [
        Term(
            sizes,
            tuple(IndexMap.of(np.asarray(each, np.int64), sizes) for each in places),
            IndexMap.of(seeds[col], sizes),
            (Factor(found, (0,)),),
            value.type.dtype,
        )
    ]


def whole_term(value: Value, atom: Atom, seeds: NDArray[np.int64]) -> Term:
    """A term that holds derivatives by some seeds as an array."""
    shape = value.type.shape
    sizes = (*shape, seeds.size)
    axes = tuple(range(len(sizes)))
    return Term(
        sizes,
        tuple(IndexMap.along(sizes, axis) for axis in range(len(shape))),
        IndexMap.of(seeds.reshape((1,) * len(shape) + (-1,)), sizes),
        (Factor(atom, axes),),
        value.type.dtype,
    )
