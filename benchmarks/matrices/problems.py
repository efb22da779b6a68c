"""The functions: stencils, energies, networks of reactions, graphs.

Sources: Burgers and Rosenbrock as every textbook has them; the Bratu problem and the
two Brusselators as in the PETSc and SUNDIALS example collections; the hyperelastic
energy is the compressible neo-Hookean one of Bonet and Wood, Nonlinear Continuum
Mechanics, 6.4.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

Array: TypeAlias = Any
Problem: TypeAlias = Callable[[Array], Array]


def burgers(u: Array) -> Array:
    """Burgers' equation in the inner points of a line."""
    return u[1:-1] * (u[2:] - u[:-2]) + u[2:] - 2.0 * u[1:-1] + u[:-2]


def rosenbrock(x: Array) -> Array:
    """Rosenbrock's valley in many dimensions."""
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def bratu(u: Array) -> Array:
    """The Bratu problem on a square, with walls at zero."""
    side = round(u.size**0.5)
    v = jnp.pad(u.reshape(side, side), 1)
    inner = v[1:-1, 1:-1]
    around = v[2:, 1:-1] + v[:-2, 1:-1] + v[1:-1, 2:] + v[1:-1, :-2]
    return (4.0 * inner - around - jnp.exp(inner)).ravel()


def brusselator_line(y: Array) -> Array:
    """The Brusselator on a line, both species one after the other."""
    u, v = y.reshape(2, -1)
    rate = 0.02 * (u.size + 1) ** 2 / 1000.0

    def spread(w: Array, wall: float) -> Array:
        padded = jnp.concatenate([jnp.full(1, wall), w, jnp.full(1, wall)])
        return rate * (padded[2:] - 2.0 * padded[1:-1] + padded[:-2])

    first = 1.0 + u**2 * v - 4.0 * u + spread(u, 1.0)
    second = 3.0 * u - u**2 * v + spread(v, 3.0)
    return jnp.concatenate([first, second])


def brusselator_plane(y: Array) -> Array:
    """The Brusselator on a square that is closed to a torus."""
    side = round((y.size // 2) ** 0.5)
    u, v = y.reshape(2, side, side)
    rate = 0.1 * (side - 1) ** 2 / 1000.0

    def spread(w: Array) -> Array:
        around = sum(jnp.roll(w, step, axis) for step in (1, -1) for axis in (0, 1))
        return rate * (around - 4.0 * w)

    first = 1.0 + u**2 * v - 4.4 * u + spread(u)
    second = 3.4 * u - u**2 * v + spread(v)
    return jnp.stack([first, second]).ravel()


def arrowhead(x: Array) -> Array:
    """One equation of all unknowns, and one of each with the first."""
    return jnp.concatenate([jnp.sum(x * jnp.sin(x))[None], x[0] * x[1:] + x[1:] ** 2])


def triangles(height: int, width: int) -> tuple[Array, Array]:
    """A rectangle of `height` by `width` cells, each cut in two.

    Returns:
        The corners of the triangles, of shape (2 * height * width, 3), and the places
        of the nodes, of shape ((height + 1) * (width + 1), 2).
    """
    node = np.arange((height + 1) * (width + 1)).reshape(height + 1, width + 1)
    lower = [node[:-1, :-1], node[1:, :-1], node[:-1, 1:]]
    upper = [node[1:, 1:], node[:-1, 1:], node[1:, :-1]]
    corners = [np.stack([each.ravel() for each in half], 1) for half in (lower, upper)]
    random = np.random.default_rng(0)
    places = np.stack(np.divmod(np.arange(node.size), width + 1), 1).astype(float)
    places += random.uniform(-0.2, 0.2, places.shape)
    return np.concatenate(corners), places


def element_energy(moved: Array, inverse: Array, area: Array) -> Array:
    """The energy of one triangle.

    Args:
        moved: Where its corners are, of shape (3, 2).
        inverse: The inverse of its edges at rest, of shape (2, 2).
        area: Its area at rest.
    """
    edges = jnp.stack([moved[1] - moved[0], moved[2] - moved[0]], -1)
    gradient = edges @ inverse
    volume = jnp.linalg.det(gradient)
    strain = jnp.sum(gradient**2)
    return area * (0.5 * (strain - 2.0) - jnp.log(volume) + 0.5 * jnp.log(volume) ** 2)


def rest(height: int, width: int) -> tuple[Array, Array, Array, Array]:
    """Corners, places, inverses of edges and areas of a rectangle at rest."""
    corners, places = triangles(height, width)
    at = places[corners]
    edges = np.stack([at[:, 1] - at[:, 0], at[:, 2] - at[:, 0]], -1)
    return corners, places, np.linalg.inv(edges), np.abs(np.linalg.det(edges)) / 2.0


def hyperelastic(height: int, width: int) -> Problem:
    """The energy of a rectangle of rubber as a function of its displacements."""
    corners, places, inverse, area = rest(height, width)

    def energy(u: Array) -> Array:
        moved = (places + u.reshape(-1, 2))[corners]
        return jnp.sum(jax.vmap(element_energy)(moved, inverse, area))

    return energy


def matrix(rows: int, columns: int, seed: int) -> Array:
    """A matrix of numbers near one."""
    return np.random.default_rng(seed).uniform(0.5, 1.5, (rows, columns)) / columns


def mixed_exponentials(v: Array) -> Array:
    """A matrix times exponentials."""
    return matrix(300, 300, 1) @ jnp.exp(v)


def two_of_sines(x: Array) -> Array:
    """Twenty sines, one after the other, behind a large matrix; two sums of them."""
    y = matrix(500, 500, 2) @ x
    for _ in range(20):
        y = jnp.sin(y)
    return jnp.stack([jnp.sum(y), jnp.sum(y**2)])


def stoichiometry(species: int = 24, reactions: int = 36) -> Array:
    """Which reaction uses up and makes which species: two used up, one made."""
    random = np.random.default_rng(3)
    table = np.zeros((species, reactions))
    for reaction in range(reactions):
        table[random.choice(species, 3, replace=False), reaction] = (-1.0, -1.0, 1.0)
    return table


def kinetics(c: Array) -> Array:
    """Mass-action kinetics: rates by powers, and what they make of each species."""
    table = stoichiometry()
    constants = np.random.default_rng(4).uniform(0.1, 1.0, table.shape[1])
    orders = np.maximum(-table, 0.0)
    return table @ (constants * jnp.prod(c[:, None] ** orders, axis=0))


def padded_stencils(x: Array) -> Array:
    """Eight stencils, each of what the last one gave, with walls at zero."""
    for number in range(8):
        padded = jnp.pad(x, 1)
        x = x + 0.1 * jnp.sin(padded[2:] - 2.0 * x + padded[:-2]) * (1.0 + 0.1 * number)
    return x


def edges(nodes: int) -> tuple[Array, Array]:
    """Where the edges of a random graph start and end, three for each node."""
    random = np.random.default_rng(5)
    start, end = random.integers(0, nodes, (2, 3 * nodes))
    return start, end


def messages(nodes: int) -> Problem:
    """Two rounds of message passing on a graph."""
    start, end = edges(nodes)

    def passed(h: Array) -> Array:
        for _ in range(2):
            sent = jnp.tanh(h[start] * h[end]) + h[start]
            h = jnp.tanh(h + jnp.zeros_like(h).at[end].add(0.3 * sent))
        return h

    return passed
