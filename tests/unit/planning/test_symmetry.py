"""Elements that a function does not tell apart, and what planning makes of it."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import pytest

import partialc
from partialc.frontends.load import load_primal
from partialc.planning.symmetry import Symmetry


def _symmetry(function: Callable[..., jax.Array], size: int) -> Symmetry:
    primal = load_primal(function, {"x": f"float[{size}]"}, name="module")
    return Symmetry(primal.program.widest)


def pairs(x: jax.Array) -> jax.Array:
    """Two and two alike."""
    return x[0] * x[1] + x[2] * jnp.sin(x[3]) * jnp.sin(x[2]) * x[3]


def nested(x: jax.Array) -> jax.Array:
    """Two within, two without."""
    return jnp.exp(jnp.exp(x[0] + x[1]) * x[2] * x[3])


def decided(x: jax.Array) -> jax.Array:
    """Which of two is larger decides."""
    return jnp.where(x[0] > x[1], x[0] + x[1], x[0] * x[1]) + x[2] + x[3]


def apart(x: jax.Array) -> jax.Array:
    """Each result is of its own element."""
    return x**2


def largest(x: jax.Array) -> jax.Array:
    """The largest, and all of them together."""
    return jnp.maximum(jnp.maximum(x[0], x[1]), jnp.maximum(x[2], x[3])) * jnp.prod(x)


@pytest.mark.parametrize(
    ("function", "alike"),
    [
        (pairs, {(0, 1), (2, 3)}),
        (nested, {(0, 1), (2, 3)}),
        (decided, {(2, 3)}),
        (apart, set()),
        (largest, {(i, j) for i in range(4) for j in range(i + 1, 4)}),
    ],
)
def test_what_may_be_exchanged(
    function: Callable[[jax.Array], jax.Array], alike: set[tuple[int, int]]
) -> None:
    symmetry = _symmetry(function, 4)
    found = {
        (one, other)
        for one in range(4)
        for other in range(one + 1, 4)
        if symmetry.allows((0, one), (0, other))
    }
    assert found == alike


def _titles(function: Callable[..., jax.Array], request: str) -> list[str]:
    module = partialc.compile(
        function,
        args={"x": "float[4]"},
        kernels={"k": request},
        name="m",
        domain={"x": (0.2, 0.8)},
        form="chain",
    )
    plan = module.plan.kernels["k"]
    return [each.title for each in (plan.chosen, *plan.rejected)]


@pytest.mark.parametrize(
    ("function", "request_text", "gradients"),
    [
        (largest, "partial(x[0], x[1], x[2], x[3])", 1),
        (nested, "partial(x[0], x[1], x[2], x[3])", 2),
        (decided, "partial(x[0], x[1], x[2], x[3])", 3),
        (largest, "partial(x[0], x[0], x[1])", 2),
    ],
)
def test_of_candidates_that_are_alike_there_is_one(
    function: Callable[..., jax.Array], request_text: str, gradients: int
) -> None:
    titles = _titles(function, request_text)
    assert titles.count("forward over reverse") == gradients
