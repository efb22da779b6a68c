"""Modules with open sizes, end to end."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import partialc
from partialc.errors import SpecError

BUILD = {"n": {"build": [31, 43, 53]}}


def ring(x: jax.Array) -> jax.Array:
    """Five places back and forth meet at ten."""
    return jnp.roll(x, 5) * jnp.roll(x, -5) + x


@pytest.fixture(scope="module")
def module() -> ModuleType:
    return partialc.compile(
        ring,
        args={"x": "float[n]"},
        kernels={"k": "sparse(jacobian(x))"},
        sizes=BUILD,
        name="ring_module",
    ).load()


def test_the_least_size_is_above_all_at_which_entries_meet(module: ModuleType) -> None:
    assert module._LEAST == {"n": 11}


@pytest.mark.parametrize("size", [11, 12, 40, 333])
def test_values_and_places(module: ModuleType, size: int) -> None:
    x = jnp.asarray(np.random.default_rng(0).uniform(0.5, 1.5, size))
    pattern = module.k_pattern(size)
    got = np.zeros(pattern.shape)
    got[pattern.rows, pattern.cols] = module.k(x)
    np.testing.assert_allclose(got, jax.jacfwd(ring)(x), rtol=1e-6)


def test_sizes_below_the_least_are_refused(module: ModuleType) -> None:
    with pytest.raises(TypeError, match="n must be at least 11, not 10"):
        module.k(jnp.ones(10))


def test_patterns_are_cached_and_cannot_be_written_to(module: ModuleType) -> None:
    pattern = module.k_pattern(20)
    assert module.k_pattern(20) is pattern
    with pytest.raises(ValueError, match="read-only"):
        pattern.rows[0] = 1


def test_kernels_nest_in_transformations(module: ModuleType) -> None:
    rows = jnp.asarray(np.random.default_rng(0).uniform(0.5, 1.5, (3, 12)))
    together = jax.jit(jax.vmap(module.k))(rows)
    np.testing.assert_allclose(together[1], module.k(rows[1]), rtol=1e-6)


TABLE = np.random.default_rng(0).uniform(size=5000)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda x: jnp.sin(x) if x.size > 40 else x**2, "its operation 1 is sin"),
        (lambda x: x**3 if x.size > 100 else x**2, "has `y` 3, not 2"),
        (lambda x: x[1:] * x[:-1] * TABLE[1 : x.size], "a table follows no rule"),
    ],
)
def test_a_function_that_depends_on_sizes_is_refused(
    function: Callable[[jax.Array], jax.Array], told: str
) -> None:
    with pytest.raises(SpecError, match="no one module for every n") as error:
        partialc.compile(
            function,
            args={"x": "float[n]"},
            kernels={"k": "sparse(jacobian(x))"},
            sizes=BUILD,
            name="parted",
        )
    assert told in str(error.value)


def test_a_least_size_at_which_the_module_is_wrong_is_refused() -> None:
    with pytest.raises(SpecError, match="not right at n = ") as error:
        partialc.compile(
            ring,
            args={"x": "float[n]"},
            kernels={"k": "sparse(jacobian(x))"},
            sizes={"n": {"min": 8, "build": [31, 43, 53]}},
            name="ring_module",
        )
    assert "min = 11" in str(error.value)


def test_sizes_that_contradict_each_other_are_refused() -> None:
    def staggered(p: jax.Array, u: jax.Array) -> jax.Array:
        return p * (u[1:] - u[:-1])

    module = partialc.compile(
        staggered,
        args={"p": "float[n]", "u": "float[n + 1]"},
        kernels={"k": "sparse(jacobian(p))"},
        sizes={"n": {"min": 2, "build": [31, 43, 53]}},
        name="staggered",
    ).load()
    assert module.k(jnp.ones(4), jnp.arange(5.0)).shape == (4,)
    told = r"u must be \[n \+ 1\], of shape \(5,\) for n = 4, not of shape \(6,\)"
    with pytest.raises(TypeError, match=told):
        module.k(jnp.ones(4), jnp.ones(6))
