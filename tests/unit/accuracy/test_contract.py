"""The contract condemns what errs more than its references, and nothing else."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.accuracy.contract import Array, Judgement
from partialc.accuracy.running import compiled
from partialc.accuracy.scalars import Scalars
from partialc.accuracy.truth import Truth
from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType
from tests.unit.accuracy.problems import Scalar, bounded, fermi, flat, pushed, regrouped


def poor(x: jax.Array) -> jax.Array:
    """log(1 + x), badly."""
    return jnp.log(1 + x)


REGIMES = {"float32": Regime.NARROW, "float64": Regime.WIDE}


def _breaches(
    chain: Scalar,
    kernel: Scalar,
    at: list[float],
    width: str,
    *,
    others: tuple[Scalar, ...] = (),
    values: tuple[int, ...] = (),
    has_truth: bool = True,
) -> list[tuple[float, float]]:
    types = [ArrayType(FLOAT, ())]
    traced = trace_one(flat(chain), types, Regime.WIDE, name="f", input_names=["x"])
    points: list[Array] = [np.asarray(at, width)]
    judgement = Judgement(
        compiled(flat(kernel), REGIMES[width]),
        [compiled(flat(each), REGIMES[width]) for each in (chain, *others)],
        Truth(Scalars(traced)) if has_truth else None,
        points,
        width,
        wide=compiled(flat(chain), Regime.WIDE),
        values=values,
    )
    found = judgement.breaches()
    return [(float(breach.point[0]), breach.kernel) for breach in found]


@pytest.mark.parametrize("width", ["float32", "float64"])
def test_overflow_is_condemned_and_bounded_factors_are_not(width: str) -> None:
    chain = pushed(fermi, 3)
    at = [-300.0, -30.0, 0.0, 1.0, 30.0, 300.0]
    found = _breaches(chain, regrouped, at, width)
    worst = {"float32": 30.0, "float64": 300.0}[width]
    assert [x for x, _ in found] == [worst]
    assert np.isnan(found[0][1])
    assert not _breaches(chain, bounded, at, width)


@pytest.mark.parametrize("width", ["float32", "float64"])
def test_a_better_kernel_is_never_condemned(width: str) -> None:
    at = [1e-7, 1e-3, 0.5, 3.0]
    assert not _breaches(poor, jnp.log1p, at, width)
    assert _breaches(jnp.log1p, poor, at, width)


def test_a_wrong_factor_is_condemned_with_and_without_a_truth() -> None:
    for has_truth in (True, False):
        found = _breaches(
            jnp.sin,
            lambda x: jnp.sin(x) * (1 + 1e-5),
            [0.5, 2.0],
            "float32",
            has_truth=has_truth,
        )
        assert sorted(x for x, _ in found) == [0.5, 2.0]


def test_where_a_reference_is_not_finite_nothing_is_asked() -> None:
    def infinite(x: jax.Array) -> jax.Array:
        return jnp.sin(x) / 0

    assert not _breaches(
        jnp.sin, lambda x: x * jnp.nan, [0.5], "float32", others=(infinite,)
    )
    assert _breaches(jnp.sin, lambda x: x * jnp.nan, [0.5], "float32")


def test_the_error_of_any_reference_counts() -> None:
    at = [0.001, 0.013]
    assert _breaches(jnp.log1p, poor, at, "float32")
    assert not _breaches(jnp.log1p, poor, at, "float32", others=(poor,))


def test_a_value_is_nan_where_the_function_is() -> None:
    def function(x: jax.Array) -> jax.Array:
        return jnp.sqrt(x) ** 2 + x

    at = [-2.0, 2.0]
    found = _breaches(function, lambda x: 2 * x, at, "float32", values=(0,))
    assert found == [(-2.0, -4.0)]
    assert not _breaches(function, lambda x: 2 * x, at, "float32")
    assert not _breaches(function, function, at, "float32", values=(0,))
