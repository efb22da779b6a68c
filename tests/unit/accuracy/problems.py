"""Functions of one number with a derivative written by hand, to be judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from partialc.accuracy.running import Reference
from partialc.accuracy.trial import Subject
from partialc.ir.dtypes import FLOAT, DType
from partialc.ir.jaxprs import trace, trace_one
from partialc.ir.program import ArrayType
from partialc.sampling.domain import Region

Scalar = Callable[[Any], Any]
ANYWHERE = Region()


def fermi(x: Any) -> Any:
    return 1 / (jnp.exp(x) + 1)


def regrouped(x: Any) -> Any:
    """Its third derivative, multiplied out: infinity times zero at 30."""
    e = jnp.exp(x)
    w = 1 / (1 + e)
    return -e * (e * (e - 4) + 1) * w**4


def bounded(x: Any) -> Any:
    """The same of factors that stay between 0 and 1."""
    p, q = 1 / (1 + jnp.exp(-x)), 1 / (1 + jnp.exp(x))
    return -p * q * (p * p - 4 * p * q + q * q)


def pushed(function: Scalar, order: int) -> Scalar:
    """The derivative by nested jvps."""
    for _ in range(order):
        function = _tangent(function)
    return function


def _tangent(function: Scalar) -> Scalar:
    return lambda x: jax.jvp(function, (x,), (jnp.ones_like(x),))[1]


def flat(function: Scalar) -> Callable[..., Sequence[jax.Array]]:
    return lambda x: [function(x)]


def subject(
    function: Scalar,
    order: int,
    kernel: Scalar,
    region: Region = ANYWHERE,
    *,
    values: tuple[int, ...] = (),
    dtype: DType = FLOAT,
) -> Subject:
    """A kernel written by hand in place of nested jvps."""
    pulled = pushed(jax.grad(function), order - 1) if order else function
    chain, other = (
        reference(each, dtype) for each in (pushed(function, order), pulled)
    )
    types = (ArrayType(dtype, ()),)
    program = trace(flat(kernel), types, name="k", input_names=["x"])
    return Subject("k", program, chain, (other,), types, ("x",), (region,), values)


def reference(function: Scalar, dtype: DType = FLOAT) -> Reference:
    """A function of one number that others are held against."""
    call = flat(function)
    types = (ArrayType(dtype, ()),)
    return Reference(
        lambda regime: trace_one(call, types, regime, name="k", input_names=["x"])
    )
