"""Patterns: the structural nonzeros of Jacobians and Hessians."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.tree_util import DictKey

import partialc
from partialc.errors import UnsupportedError
from partialc.frontends.load import load_primal
from partialc.ir.patterns import Pattern
from partialc.planning.patterns import pattern_of
from partialc.request.resolved import Coordinates, WeightedSum
from partialc.request.shapes import whole


def places(pattern: Pattern) -> set[tuple[int, int]]:
    return set(zip(pattern.rows.tolist(), pattern.cols.tolist(), strict=True))


def mapped(x: Any, n: Any, t: Any) -> dict[str, Any]:
    """Two outputs of a vector, integers and a scalar."""
    return {"a": x[1:] * x[:-1], "b": t * x[n[0]] ** 0}


ARGS = {"x": "float[3]", "n": "int32[2]", "t": "float"}


def test_rows_and_columns_are_concatenated() -> None:
    primal = load_primal(mapped, ARGS, name="f")
    outputs = (whole(0, (2,)), whole(1, ()))
    wrt = (whole(2, ()), Coordinates(0, (slice(1, 3, 1),)))
    pattern = pattern_of(primal, outputs, wrt, 1)
    assert pattern.shape == (3, 3)
    assert places(pattern) == {(0, 1), (1, 1), (1, 2), (2, 0)}


def test_weights_are_taken_for_nonzero() -> None:
    def pair(x: Any) -> Any:  # the products cancel where both weights are one
        return {"a": x[0] * x[1], "b": jnp.stack([-x[0] * x[1], x[2] ** 2, x[1]])}

    primal = load_primal(pair, {"x": "float[3]"}, name="f")
    outputs = (whole(0, ()), whole(1, (3,)))
    weighted = WeightedSum(outputs, ((DictKey("a"),), (DictKey("b"),)))
    pattern = pattern_of(primal, (weighted,), (whole(0, (3,)),), 2)
    assert places(pattern) == {(0, 1), (1, 0), (2, 2)}


@pytest.mark.parametrize("loops", [False, True])
def test_hessians(loops: bool) -> None:
    def energy(x: Any) -> Any:
        if loops:  # reverse mode has no rule for it
            x = lax.while_loop(lambda y: y[0] < 0.0, lambda y: y + 1.0, x)
        return jnp.sum(x[1:] * x[:-1])

    primal = load_primal(energy, {"x": "float[3]"}, name="f")
    pattern = pattern_of(primal, (whole(0, ()),), (whole(0, (3,)),), 2)
    nonzeros = {(0, 1), (1, 0), (1, 2), (2, 1)}
    everything = {(row, column) for row in range(3) for column in range(3)}
    assert places(pattern) == (everything if loops else nonzeros)


def test_what_only_some_points_show_is_found() -> None:
    def branched(x: Any) -> Any:
        return jnp.where(x < 0.0, x, 0.0)

    primal = load_primal(branched, {"x": "float[4]"}, name="f")
    pattern = pattern_of(primal, (whole(0, (4,)),), (whole(0, (4,)),), 1)
    assert pattern.nonzeros > 0
    assert not jax.config.jax_enable_x64


def test_what_is_set_is_no_longer_there() -> None:
    def bounded(x: Any) -> Any:
        return (x**2).at[jnp.array([3, 0])].set(jnp.sin(x[2]))

    primal = load_primal(bounded, {"x": "float[4]"}, name="f")
    pattern = pattern_of(primal, (whole(0, (4,)),), (whole(0, (4,)),), 1)
    assert places(pattern) == {(0, 2), (1, 1), (2, 2), (3, 2)}


@jax.custom_vjp
def pulled_only(x: Any) -> Any:
    return jnp.sin(x)


pulled_only.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (g * jnp.cos(x),))


def pushed_only(x: Any) -> Any:
    return lax.while_loop(lambda y: y[0] < 0.0, lambda y: y + 1.0, x)


@pytest.mark.parametrize("function", [pulled_only, pushed_only])
def test_one_direction_is_enough(function: Any) -> None:
    primal = load_primal(lambda x: function(x)[1:], {"x": "float[3]"}, name="f")
    pattern = pattern_of(primal, (whole(0, (2,)),), (whole(0, (3,)),), 1)
    assert places(pattern) >= {(0, 1), (1, 2)}


def test_no_direction_is_an_error() -> None:
    primal = load_primal(
        lambda x: pushed_only(pulled_only(x)), {"x": "float[3]"}, name="f"
    )
    with pytest.raises(UnsupportedError) as found:
        pattern_of(primal, (whole(0, (3,)),), (whole(0, (3,)),), 1)
    assert "JAX refuses the Jacobian of f" in str(found.value)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda x: jnp.sum(x) * x, "entries, which fit in no memory"),
        (lambda x: jnp.cumsum(x), "cumsum is computed densely"),
    ],
)
def test_what_fits_in_no_memory_is_told(function: Any, why: str) -> None:
    size = 100_000
    primal = load_primal(function, {"x": f"float[{size}]"}, name="f")
    with pytest.raises(UnsupportedError, match="is too large") as caught:
        pattern_of(primal, (whole(0, (size,)),), (whole(0, (size,)),), 1)
    assert why in str(caught.value)


def by_width(x: Any) -> Any:
    """A ring where numbers are narrow, no neighbours where they are wide."""
    return jnp.roll(x, 1) * x if x.dtype == jnp.float32 else x**2


def test_what_is_nonzero_in_some_regime() -> None:
    primal = load_primal(by_width, {"x": "float[4]"}, name="f")
    pattern = pattern_of(primal, (whole(0, (4,)),), (whole(0, (4,)),), 1)
    ring = {(row, (row - 1) % 4) for row in range(4)}
    assert places(pattern) == ring | {(row, row) for row in range(4)}


@pytest.mark.parametrize("is_wide", [False, True])
def test_one_list_of_nonzeros_for_all_regimes(is_wide: bool) -> None:
    """It has zeros where another regime has none."""
    request = 'sparse(jacobian(x), format="dense")'
    compiled = partialc.compile(by_width, {"x": "float[4]"}, {"j": request}, "m")
    module = compiled.load()
    with jax.enable_x64(is_wide):
        x = jnp.array([0.5, -1.25, 2.0, 0.75])
        assert (x.dtype == jnp.float64) == is_wide
        assert (module.j(x) == jax.jacfwd(by_width)(x)).all()


def test_either_of_two_patterns() -> None:
    """An entry is constant where no pattern that has it says otherwise."""
    known = np.array([True, True])
    one = Pattern.of((2, 3), np.array([0, 1]), np.array([2, 0]), known)
    other = Pattern.of((2, 3), np.array([1, 0]), np.array([0, 1]), ~known)
    both = one | other
    assert both.shape == (2, 3)
    assert list(zip(both.rows, both.cols, both.is_constant, strict=True)) == [
        (0, 1, False),
        (0, 2, True),
        (1, 0, False),
    ]
