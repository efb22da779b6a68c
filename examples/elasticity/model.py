"""Cook's membrane of rubber: the energy of a mesh of triangles.

The panel is Cook's (1974): clamped on the left, loaded upwards on the right. The
material is the compressible neo-Hookean one of Bonet and Wood, Nonlinear Continuum
Mechanics for Finite Element Analysis, 6.4.3, in plane strain. Its constants are such
that small displacements are those of the classical benchmark (plane stress, E = 1 and
nu = 1/3), where the middle of the right edge rises by 23.96 times the load.
"""

import jax
import jax.numpy as jnp
import numpy as np

N = 18
E, NU = 15 / 16, 1 / 4
MU = E / (2 * (1 + NU))
LAMBDA = E * NU / ((1 + NU) * (1 - 2 * NU))


def mesh():
    """Where the nodes are, (nodes, 2), and the corners of triangles, (triangles, 3)."""
    s, t = np.indices((N + 1, N + 1)) / N
    places = np.stack([48 * s, 44 * s + t * (44 - 28 * s)], -1).reshape(-1, 2)
    node = np.arange((N + 1) ** 2).reshape(N + 1, N + 1)
    a, b, c, d = node[:-1, :-1], node[1:, :-1], node[1:, 1:], node[:-1, 1:]
    halves = [(a, b, d), (c, d, b)]
    return places, np.stack([np.stack(h, -1) for h in halves]).reshape(-1, 3)


PLACES, CORNERS = mesh()
FREE = np.flatnonzero(PLACES[:, 0] > 0)
UNKNOWNS = 2 * FREE.size
MIDDLE = FREE.size - 1 - N // 2  # the middle of the right edge


def rest():
    """The inverses of two edges of each triangle at rest, as columns, and the areas."""
    a, b, c = PLACES[CORNERS].swapaxes(0, 1)
    edges = np.stack([b - a, c - a], -1)
    return np.linalg.inv(edges), np.linalg.det(edges) / 2


INVERSES, AREAS = rest()
SHARES = np.r_[0.5, np.ones(N - 1), 0.5] / N  # of the load, for the right edge's nodes


def element(corners, inverse, area):
    """The energy of one triangle; infinite as its volume goes to zero."""
    edges = jnp.stack([corners[1] - corners[0], corners[2] - corners[0]], -1)
    gradient = edges @ inverse
    log_volume = jnp.log(jnp.linalg.det(gradient))
    stretch = jnp.sum(gradient**2) - 2.0
    return area * (MU / 2 * stretch - MU * log_volume + LAMBDA / 2 * log_volume**2)


def energy(u, load):
    """The energy of the panel less the work of the load; u: of the free nodes."""
    u = u.reshape(-1, 2)
    places = jnp.asarray(PLACES).at[FREE].add(u)
    elements = jax.vmap(element)(places[CORNERS], INVERSES, AREAS)
    return jnp.sum(elements) - load * jnp.sum(SHARES * u[-N - 1 :, 1])
