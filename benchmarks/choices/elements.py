"""Energies of finite elements, of trusses and of a small mesh, by displacements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, TypeAlias

import jax.numpy as jnp
import numpy as np
from jax import Array

from choices.pair import Pair, Problem, Range

Energy: TypeAlias = Callable[[Array], Array]
Table: TypeAlias = np.ndarray[Any, Any]


def plane_law(F: Array) -> Array:
    """Energy densities of Saint Venant and Kirchhoff for gradients (points, 2, 2)."""
    strain = (jnp.einsum("pki,pkj->pij", F, F) - jnp.eye(2, dtype=F.dtype)) / 2
    trace = strain[:, 0, 0] + strain[:, 1, 1]
    return 0.6 * trace**2 + 0.4 * jnp.sum(strain**2, axis=(1, 2))


def rubber_law(F: Array) -> Array:
    """Energy densities of Neo-Hookean rubber for gradients (points, 3, 3)."""
    volume = jnp.sum(F[:, 0] * jnp.cross(F[:, 1], F[:, 2]), axis=1)
    stretched = jnp.sum(F * F, axis=(1, 2)) - 3 - 2 * jnp.log(volume)
    return 0.5 * stretched + 0.8 * jnp.log(volume) ** 2


def solid(nodes: Table, slopes: Table, law: Callable[[Array], Array]) -> Energy:
    """The energy of an element by the displacements of its nodes, node by node.

    Args:
        nodes: Where they are, shape (nodes, dimension).
        slopes: Local gradients of their shape functions at the integration points,
            shape (points, nodes, dimension).
        law: Energy densities for deformation gradients.
    """
    frames = np.einsum("nd,pne->pde", nodes, slopes)
    local = np.einsum("pne,ped->pnd", slopes, np.linalg.inv(frames)).astype(np.float32)
    weights = np.abs(np.linalg.det(frames)).astype(np.float32)
    places = nodes.astype(np.float32)

    def energy(u: Array) -> Array:
        moved = places + u.reshape(places.shape)
        return weights @ law(jnp.einsum("nd,pne->pde", moved, local))

    return energy


def corner_slopes(dimension: int) -> Table:
    """Gradients of multilinear shape functions of a cube at its Gauss points."""
    corners = np.array(list(product((-1.0, 1.0), repeat=dimension)))
    points = corners / np.sqrt(3.0)
    terms = (1 + corners[None] * points[:, None]) / 2
    found = np.empty(terms.shape)
    for axis in range(dimension):
        others = np.delete(terms, axis, axis=2).prod(axis=2)
        found[:, :, axis] = corners[:, axis] / 2 * others
    return found


def quadratic_slopes() -> Table:
    """Gradients of the six shape functions of a triangle at three points."""
    found = []
    for x, y in ((1 / 6, 1 / 6), (2 / 3, 1 / 6), (1 / 6, 2 / 3)):
        z = 1 - x - y
        corners = [[1 - 4 * z, 1 - 4 * z], [4 * x - 1, 0], [0, 4 * y - 1]]
        sides = [[4 * (z - x), -4 * x], [4 * y, 4 * x], [-4 * y, 4 * (z - y)]]
        found.append(corners + sides)
    return np.array(found)


def truss(nodes: Table, bars: Sequence[tuple[int, int]]) -> Energy:
    """The energy of elastic bars by the displacements of the nodes, node by node."""
    places = nodes.astype(np.float32)
    one, other = np.array(bars).T
    lengths = np.linalg.norm(nodes[other] - nodes[one], axis=1).astype(np.float32)

    def energy(u: Array) -> Array:
        moved = places + u.reshape(places.shape)
        now = jnp.sqrt(jnp.sum((moved[other] - moved[one]) ** 2, axis=1))
        return jnp.sum((now - lengths) ** 2 / lengths) / 2

    return energy


def mesh(columns: int, rows: int) -> Energy:
    """A rectangle of triangles: its energy by the displacements of the nodes."""
    nodes = np.array(list(product(range(columns), range(rows))), dtype=float)
    triangles = []
    for column, row in product(range(columns - 1), range(rows - 1)):
        a = column * rows + row
        triangles += [(a, a + rows, a + 1), (a + rows, a + rows + 1, a + 1)]
    corners = np.array(triangles)
    sides = (nodes[corners[:, 1:]] - nodes[corners[:, :1]]).swapaxes(1, 2)
    inverses = np.linalg.inv(sides).astype(np.float32)
    places = nodes.astype(np.float32)

    def energy(u: Array) -> Array:
        moved = (places + u.reshape(places.shape))[corners]
        edges = (moved[:, 1:] - moved[:, :1]).swapaxes(1, 2)
        return jnp.sum(plane_law(edges @ inverses)) / 2

    return energy


def bar_energy(u: Array) -> Array:
    """One bar in space with Green's strain, by the displacements of both ends."""
    along = jnp.stack([1.0 + u[3] - u[0], 0.5 + u[4] - u[1], 0.2 + u[5] - u[2]])
    return ((jnp.sum(along * along) - 1.29) / 2.58) ** 2 / 2


def beam_energy(u: Array) -> Array:
    """A beam in the plane that turns far and bends little: two shifts and a turn."""
    x, y = 1.0 + u[3] - u[0], u[4] - u[1]
    length, turn = jnp.sqrt(x * x + y * y), jnp.arctan2(y, x)
    first, last = u[2] - turn, u[5] - turn
    bent = first * first + first * last + last * last
    return 50 * (length - 1) ** 2 + 2 * bent


FIELD = "elements"
SMALL: Range = (-0.1, 0.1)
TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.1], [0.2, 0.9]])
STRAIGHT = np.array([[[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]]])
TETRAHEDRON = np.vstack([np.zeros(3), np.eye(3)]) + 0.1 * np.eye(4, 3)
SQUARE = np.array(list(product((0.0, 1.0), repeat=2)))
CUBE = np.array(list(product((0.0, 1.0), repeat=3)))
CURVED = np.vstack([TRIANGLE, (TRIANGLE + np.roll(TRIANGLE, -1, axis=0)) / 2])


def _nodes(rows: int) -> Table:
    """Nodes of a tower of two columns."""
    return np.array([(x, y) for y in range(rows) for x in (0.0, 1.0)], dtype=float)


def _bars(rows: int) -> list[tuple[int, int]]:
    """Posts, beams and both diagonals of each storey."""
    found = [(2 * row, 2 * row + 1) for row in range(rows)]
    for a in range(0, 2 * rows - 2, 2):
        found += [(a, a + 2), (a + 1, a + 3), (a, a + 3), (a + 1, a + 2)]
    return found


def _problem(name: str, energy: Energy, size: int) -> Problem:
    return Problem(FIELD, name, energy, {"u": f"float[{size}]"}, {"u": SMALL})


def _tower(rows: int) -> Problem:
    return _problem(f"tower_{4 * rows}", truss(_nodes(rows), _bars(rows)), 4 * rows)


TRI = _problem("triangle_6", solid(TRIANGLE, STRAIGHT, plane_law), 6)
TETRA_SLOPES = np.vstack([-np.ones(3), np.eye(3)])[None]
TETRA = _problem("tetrahedron_12", solid(TETRAHEDRON, TETRA_SLOPES, rubber_law), 12)
QUAD = _problem("quadrilateral_8", solid(SQUARE, corner_slopes(2), plane_law), 8)
BRICK = _problem("brick_24", solid(CUBE, corner_slopes(3), rubber_law), 24)
ARCH = _problem("arch_12", solid(CURVED, quadratic_slopes(), plane_law), 12)
BAR = _problem("bar_6", bar_energy, 6)
BEAM = _problem("beam_6", beam_energy, 6)
MESH_18, MESH_30 = (
    _problem("mesh_18", mesh(3, 3), 18),
    _problem("mesh_30", mesh(3, 5), 30),
)

PAIRS: tuple[Pair, ...] = (
    *TRI.calibration(
        stiffness=("value", "gradient(u)", "hessian(u)"), lower="lower(hessian(u))"
    ),
    *BAR.calibration(hessian="hessian(u)"),
    *TETRA.calibration(gradient="gradient(u)", hessian="hessian(u)"),
    *QUAD.calibration(column="hessian(u, u[0])", gradient=("value", "gradient(u)")),
    *_tower(3).calibration(
        hessian="hessian(u)",
        entries="entries(hessian(u), [(u[0], u[2]), (u[3], u[4]), (u[5], u[5])])",
    ),
    *MESH_30.calibration(hessian="hessian(u)", gradient="gradient(u)"),
    *BRICK.calibration(gradient="gradient(u)"),
    *BEAM.held_out(stiffness=("gradient(u)", "hessian(u)")),
    *ARCH.held_out(hessian="hessian(u)", gradient=("value", "gradient(u)")),
    *QUAD.held_out(hessian="hessian(u)"),
    *BRICK.held_out(column="hessian(u, u[4])", hvp="hvp(u)"),
    *_tower(6).held_out(hessian="hessian(u)", hvp="hvp(u)"),
    *MESH_18.held_out(block="hessian(u[0:6], u[2:8])", diagonal="diagonal(hessian(u))"),
)
