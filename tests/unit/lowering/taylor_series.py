"""Functions of one array by Taylor propagation, and by nested jvps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace
from partialc.ir.program import ArrayType, Function
from partialc.lowering.pipeline import FINAL, run
from partialc.lowering.taylor.propagate import propagated
from partialc.ops.evaluation import evaluate
from partialc.ops.series import Downset, MultiIndex

Derivatives = dict[MultiIndex, NDArray[Any]]


@dataclass(frozen=True)
class Found:
    """What propagation gives.

    Attributes:
        derivatives: By multi-index.
        carried: The operations that JAX differentiated.
        function: The program of all derivatives.
    """

    derivatives: Derivatives
    carried: tuple[str, ...]
    function: Function


def by_series(
    function: Callable[[Any], Any],
    x: Any,
    tops: Sequence[MultiIndex],
    directions: Sequence[int],
) -> Found:
    """The derivatives of a function of one array below some multi-indices.

    Args:
        function: The function.
        x: Where.
        tops: The multi-indices.
        directions: The elements of the array that they count, row-major.
    """
    kind = ArrayType(FLOAT, np.shape(x))
    traced = trace(
        lambda x: [function(x)], [kind], name="f", input_names=["x"], rules=False
    )
    flat = run(traced.widest, FINAL)
    downset = Downset.of(tops)
    along = [(0, element) for element in directions]
    regimes = tuple(Regime) if traced.generic is not None else (Regime.WIDE,)
    whole = propagated(flat, along, downset, regimes)
    (series,) = whole.outputs
    zeros = whole.arithmetic.zeros(flat.outputs[0].type)
    outputs = tuple(series.get(index, zeros) for index in downset.indices)
    equations = tuple(whole.arithmetic.arrays.equations)
    made = Function("series", flat.inputs, equations, outputs)
    values = map(np.asarray, evaluate(made, [x]))
    found = dict(zip(downset.indices, values, strict=True))
    return Found(found, whole.carried, made)


def by_nested_jvps(
    function: Callable[[Any], Any],
    x: Any,
    indices: Sequence[MultiIndex],
    directions: Sequence[int],
) -> Derivatives:
    """The same by plain JAX.

    Args:
        function: The function.
        x: Where.
        indices: The multi-indices.
        directions: The elements of the array that they count, row-major.
    """
    x = jnp.asarray(x)
    found = {}
    for index in indices:
        pushed = function
        for element, count in zip(directions, index, strict=True):
            unit = np.zeros(x.size)
            unit[element] = 1
            for _ in range(count):
                pushed = _along(pushed, jnp.asarray(unit.reshape(x.shape)))
        found[index] = np.asarray(jax.jit(pushed)(x))
    return found


def _along(function: Callable[[Any], Any], unit: Any) -> Callable[[Any], Any]:
    return lambda x: jax.jvp(function, (x,), (unit.astype(x.dtype),))[1]


def agree(
    function: Callable[[Any], Any],
    x: Any,
    tops: Sequence[MultiIndex] = ((2, 1), (0, 4)),
    directions: Sequence[int] = (0, 1),
    tolerance: float = 1e-11,
) -> Found:
    """Both give the same numbers, wherever those of JAX are finite.

    Args:
        function: The function.
        x: Where.
        tops: The multi-indices.
        directions: The elements of the array that they count, row-major.
        tolerance: Of the largest derivative of that order, or of one.
    """
    found = by_series(function, x, tops, directions)
    indices = list(found.derivatives)
    for index, wanted in by_nested_jvps(function, x, indices, directions).items():
        where = np.isfinite(wanted)
        got = found.derivatives[index]
        assert got.shape == wanted.shape
        scale = np.max(np.abs(wanted[where]), initial=1.0)
        np.testing.assert_allclose(
            got[where],
            wanted[where],
            rtol=0,
            atol=tolerance * scale,
            err_msg=str(index),
        )
    return found
