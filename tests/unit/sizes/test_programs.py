"""Whether a function is one program at every size."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import pytest

from partialc.frontends.load import load_primal
from partialc.sizes.programs import parting


def parts(function: Callable[[jax.Array], jax.Array], *sizes: int) -> str | None:
    programs = [
        load_primal(function, {"x": f"float[{n}]"}, name="f").program for n in sizes
    ]
    found = parting(programs)
    return None if found is None else f"{sizes[found.number]}: {found.reason}"


def test_lengths_may_differ() -> None:
    def stencil(x: jax.Array) -> jax.Array:
        return jnp.pad(x[1:] * x.size - x[:-1] / (x.size - 1), 1)

    assert parts(stencil, 23, 31, 50, 200) is None


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (jnp.cos, "200: its operation 1 is cos, not sin"),
        (lambda x: x, "200: its operation 1 is none, not sin"),
    ],
)
def test_operations_must_be_the_same(
    other: Callable[[jax.Array], jax.Array], told: str
) -> None:
    def branch(x: jax.Array) -> jax.Array:
        return other(x) if x.size > 100 else jnp.sin(x)

    assert parts(branch, 23, 31, 200) == told


def test_numbers_that_do_not_change_may_not_change_later() -> None:
    def power(x: jax.Array) -> jax.Array:
        return x**3 if x.size > 100 else x**2

    told = "200: its operation 1, integer_pow, has `y` 3, not 2"
    assert parts(power, 23, 31, 200) == told
