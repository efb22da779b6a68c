"""Kinetics: what species gain by reactions whose rates are products of powers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from choices.pair import Pair, Problem


def reactions(species: int, powers: type[Any] = np.int32) -> tuple[Any, Any]:
    """A ring of species: each reacts with the next one, and falls apart.

    Returns:
        The order of each reaction in each species, and what each species gains by each.
    """
    orders = np.zeros((2 * species, species), np.float32)
    gains = np.zeros((species, 2 * species), np.float32)
    for one in range(species):
        following, product = (one + 1) % species, (one + 2) % species
        orders[2 * one, one] += 1
        orders[2 * one, following] += 1 + one % 2
        orders[2 * one + 1, product] += 1
        gains[:, 2 * one] -= orders[2 * one]
        gains[product, 2 * one] += 2
        gains[product, 2 * one + 1] -= 1
        gains[one, 2 * one + 1] += 1
    return orders.astype(powers), gains


def mass_action(species: int) -> Callable[[Array, Array], Array]:
    """What each species of a ring gains."""
    orders, gains = reactions(species)

    def change(c: Array, k: Array) -> Array:
        return gains @ (k * jnp.prod(c**orders, axis=1))

    return change


def power_law(species: int) -> Callable[[Array, Array], Array]:
    """The same where orders are fitted and broken."""
    orders, gains = reactions(species, np.float32)
    fitted = np.where(orders > 0, 0.85 * orders, 0).astype(np.float32)

    def change(c: Array, k: Array) -> Array:
        return gains @ (k * jnp.prod(c**fitted, axis=1))

    return change


def flame(species: int) -> Callable[[Array, Array], Array]:
    """Species and, last, temperature, where rates are those of Arrhenius."""
    orders, gains = reactions(species)
    barriers = np.linspace(1.0, 6.0, 2 * species).astype(np.float32)
    heats = np.linspace(0.2, 1.5, 2 * species).astype(np.float32)

    def change(c: Array, T: Array) -> Array:
        speeds = jnp.sqrt(T) * jnp.exp(-barriers / T)
        rates = speeds * jnp.prod(c**orders, axis=1)
        return jnp.concatenate([gains @ rates, (heats @ rates)[None]])

    return change


def robertson(c: Array) -> Array:
    """Robertson's three species, stiff."""
    slow, quick, fast = 0.04 * c[0], 1e4 * c[1] * c[2], 3e7 * c[1] ** 2
    return jnp.stack([quick - slow, slow - quick - fast, fast])


def enzymes(c: Array, v: Array) -> Array:
    """A cascade of five enzymes that saturate, the first one inhibited by the last."""
    rates = v * c / (0.3 + c)
    start = 1.0 / (1.0 + (c[-1] / 0.5) ** 4)
    return jnp.concatenate([start[None], rates[:-1]]) - rates


FIELD = "kinetics"


def _ring(make: Callable[[int], Callable[..., Array]], species: int) -> Problem:
    args = {"c": f"float[{species}]", "k": f"float[{2 * species}]"}
    return Problem(FIELD, f"{make.__name__}_{species}", make(species), args)


def _flame(species: int) -> Problem:
    args = {"c": f"float[{species}]", "T": "float"}
    return Problem(FIELD, f"flame_{species}", flame(species), args)


ROBERTSON = Problem(FIELD, "robertson", robertson, {"c": "float[3]"}, {"c": (0.1, 1.0)})
ENZYMES = Problem(FIELD, "enzymes_5", enzymes, {"c": "float[5]", "v": "float[5]"})

PAIRS: tuple[Pair, ...] = (
    *ROBERTSON.calibration(jacobian=("value", "jacobian(c)")),
    *_ring(mass_action, 5).calibration(
        jacobian="jacobian(c)", both=("jacobian(c)", "jacobian(k)")
    ),
    *_ring(mass_action, 8).calibration(
        jacobian="jacobian(c)", column="jacobian(c[0])", row="jacobian(c, of=out[3])"
    ),
    *_ring(mass_action, 12).calibration(
        jacobian="jacobian(c)", columns="jacobian(c[4:6])", jvp="jvp(c)"
    ),
    *_flame(6).calibration(jacobian=("jacobian(c)", "partial(T)")),
    *_ring(power_law, 6).held_out(jacobian="jacobian(c)"),
    *_ring(power_law, 10).held_out(
        column="jacobian(c[7])",
        diagonal="diagonal(jacobian(c))",
    ),
    *_ring(mass_action, 10).held_out(jacobian=("value", "jacobian(c)")),
    *_flame(9).held_out(jacobian="jacobian(c)", hot="partial(T, T)"),
    *ENZYMES.held_out(jacobian="jacobian(c)"),
)
