"""A program run scalar by scalar gives what it gives as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.accuracy.running import LONG, Reference, compiled, operations
from partialc.accuracy.scalars import Scalars
from partialc.accuracy.scalarwise import Scalarwise
from partialc.errors import InternalError
from partialc.ir.dtypes import FLOAT, DType, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Function
from tests.unit.accuracy.problems import fermi, reference

REGIMES = {"float32": Regime.NARROW, "float64": Regime.WIDE}


def _traced(
    call: Callable[..., Any], *types: ArrayType, regime: Regime = Regime.WIDE
) -> Function:
    names = [f"x{number}" for number in range(len(types))]
    return trace_one(call, types, regime, name="f", input_names=names)


def _mixed(x: jax.Array, y: jax.Array) -> list[jax.Array]:
    total = jnp.sum(jnp.sin(x) * y) ** 3
    chosen = jnp.where(x[0] > y, x[1] * y, jnp.float32(2) + y)
    return [jnp.stack([total, chosen, 0.1 * y]), x.reshape(1, 3), jnp.prod(x)]


@pytest.mark.parametrize("width", ["float32", "float64"])
def test_results_shapes_and_widths_are_those_of_the_whole(width: str) -> None:
    random = np.random.default_rng(3)
    points = [random.normal(size=(50, 3)), random.normal(size=50)]
    points = [leaf.astype(width) for leaf in points]
    regime, eps = REGIMES[width], np.finfo(width).eps
    types = (ArrayType(FLOAT, (3,)), ArrayType(FLOAT, ()))
    traced = _traced(_mixed, *types, regime=regime)
    found = Scalarwise(Scalars(traced), regime)(points)
    want = compiled(_mixed, regime)(points)
    for ours, theirs in zip(found, want, strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype == width
        np.testing.assert_allclose(ours, theirs, rtol=20 * eps, atol=eps)


def test_integers_stay_integers() -> None:
    traced = _traced(
        lambda x, n: [x * n, n + 1],
        ArrayType(FLOAT, ()),
        ArrayType(DType.fixed("int32"), ()),
        regime=Regime.NARROW,
    )
    points = [np.ones(4, "float32"), np.arange(4, dtype="int32")]
    product, above = Scalarwise(Scalars(traced), Regime.NARROW)(points)
    assert product.tolist() == [0, 1, 2, 3]
    assert above.tolist() == [1, 2, 3, 4]
    assert above.dtype.kind == "i"


def test_what_is_no_scalar_operation_is_refused() -> None:
    traced = _traced(
        lambda a: [jnp.linalg.inv(a)[0, 0] + a[0, 0]], ArrayType(FLOAT, (2, 2))
    )
    scalars = Scalars(traced)
    assert scalars.roots is None
    assert scalars.order(0, 0) is None
    with pytest.raises(InternalError, match="scalars"):
        Scalarwise(scalars, Regime.NARROW)


def test_long_references_are_taken_apart_and_short_ones_compiled() -> None:
    def long(x: Any) -> Any:
        for _ in range(LONG + 1):
            x = jnp.sin(x)
        return x

    short, other = reference(fermi), reference(long)
    assert operations(other.traced) == LONG + 1
    assert not short.is_taken_apart
    assert not isinstance(short.runner(Regime.NARROW), Scalarwise)
    runner = other.runner(Regime.NARROW)
    assert isinstance(runner, Scalarwise)
    assert other.runner(Regime.NARROW) is runner
    assert short.runner(Regime.NARROW) is short.runner(Regime.NARROW)


def test_long_references_of_solves_are_compiled() -> None:
    def long(a: jax.Array) -> list[jax.Array]:
        for _ in range(LONG):
            a = jnp.sin(a)
        return [jnp.linalg.inv(a)]

    kind = ArrayType(FLOAT, (2, 2))
    held = Reference(lambda regime: _traced(long, kind, regime=regime))
    assert held.is_long
    assert not held.is_taken_apart
    (found,) = held.runner(Regime.WIDE)([np.eye(2)[None].repeat(3, axis=0) + 0.1])
    assert found.shape == (3, 2, 2)
