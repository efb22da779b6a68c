"""Copulas: joint distributions whose densities are their mixed partial derivatives."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from choices.pair import Pair, Problem, Range


def clayton(u: Array, t: Array) -> Array:
    """Clayton's copula."""
    return (jnp.sum(u**-t) - (u.shape[0] - 1)) ** (-1 / t)


def gumbel(u: Array, t: Array) -> Array:
    """Gumbel's copula."""
    return jnp.exp(-(jnp.sum((-jnp.log(u)) ** t) ** (1 / t)))


def frank(u: Array, t: Array) -> Array:
    """Frank's copula."""
    terms = jnp.expm1(-t * u)
    last = jnp.expm1(-t) ** (u.shape[0] - 1)
    return -jnp.log1p(jnp.prod(terms) / last) / t


def joe(u: Array, t: Array) -> Array:
    """Joe's copula."""
    return 1 - (1 - jnp.prod(1 - (1 - u) ** t)) ** (1 / t)


def ali(u: Array, t: Array) -> Array:
    """The copula of Ali, Mikhail and Haq."""
    quotients = (1 - t * (1 - u)) / u
    return (1 - t) / (jnp.prod(quotients) - t)


def nested(u: Array, t: Array) -> Array:
    """Clayton's copula of two, within another of what they make and two more."""
    pair = (u[0] ** -t + u[1] ** -t - 1) ** (-1 / t)
    outer = t / 2
    others = u[2] ** -outer + u[3] ** -outer
    return (pair**-outer + others - 2) ** (-1 / outer)


def extremes(x: Array, t: Array) -> Array:
    """The joint distribution of extremes whose dependence is logistic."""
    return jnp.exp(-(jnp.sum(x ** (-1 / t)) ** t))


FIELD = "copulas"
INSIDE: Range = (0.2, 0.8)
FIRM: Range = (1.2, 2.5)
LOOSE: Range = (0.3, 0.8)


def _problem(function: Callable[..., Array], n: int, dependence: Range) -> Problem:
    args = {"u": f"float[{n}]", "t": "float"}
    name = f"{function.__name__}_{n}"
    return Problem(FIELD, name, function, args, {"u": INSIDE, "t": dependence})


def density(n: int, name: str = "u") -> str:
    """The mixed partial derivative along all variables."""
    return f"partial({', '.join(f'{name}[{each}]' for each in range(n))})"


EXTREMES = Problem(
    FIELD,
    "extremes_3",
    extremes,
    {"x": "float[3]", "t": "float"},
    {"x": (1.0, 3.0), "t": LOOSE},
)

PAIRS: tuple[Pair, ...] = (
    *_problem(clayton, 3, FIRM).calibration(
        density=density(3), conditional=("value", "partial(u[0])", density(2))
    ),
    *_problem(clayton, 4, FIRM).calibration(density=density(4)),
    *_problem(gumbel, 3, FIRM).calibration(density=density(3)),
    *_problem(frank, 3, FIRM).calibration(
        density=density(3), score=(density(3), "partial(u[0], u[1], u[2], t)")
    ),
    *_problem(frank, 4, FIRM).calibration(density=density(4)),
    *_problem(joe, 3, FIRM).held_out(density=density(3)),
    *_problem(joe, 4, FIRM).held_out(density=density(4)),
    *_problem(ali, 3, LOOSE).held_out(
        density=("value", density(3)), gradient=("gradient(u)", "partial(t)")
    ),
    *_problem(nested, 4, FIRM).held_out(density=density(4)),
    *EXTREMES.held_out(density=density(3, "x")),
)
