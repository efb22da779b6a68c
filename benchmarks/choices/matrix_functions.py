"""Functions of matrices: determinants, inverses, and energies of stretched matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import jax.numpy as jnp
import numpy as np
from jax import Array

from choices.pair import Pair, Problem, Range


def spread(A: Array) -> Array:
    """The matrix itself, moved away from singular ones."""
    return A + 2 * jnp.eye(A.shape[0], dtype=A.dtype)


def log_volume(A: Array) -> Array:
    """The logarithm of a determinant."""
    return jnp.linalg.slogdet(spread(A))[1]


def log_volume_by_hand(A: Array) -> Array:
    """The same of three rows, by their triple product."""
    a, b, c = spread(A)
    return jnp.log(a @ jnp.cross(b, c))


def determinant(A: Array) -> Array:
    """A determinant."""
    return jnp.linalg.det(A)


def volume(F: Array) -> Array:
    """By how much a deformation swells."""
    return F[0] @ jnp.cross(F[1], F[2])


def rubber(F: Array) -> Array:
    """Energy of Neo-Hookean rubber."""
    swelling = jnp.log(volume(F))
    return (jnp.sum(F * F) - 3) / 2 - swelling + 0.7 * swelling**2


def soft_tissue(F: Array) -> Array:
    """Energy of a tissue with one family of fibres that stiffen, after Holzapfel."""
    fibre = F @ jnp.array([0.8, 0.6, 0.0], F.dtype)
    stretched = jnp.sum(fibre * fibre) - 1
    swelling = volume(F)
    ground = jnp.sum(F * F) * swelling ** (-2 / 3) - 3
    return ground + jnp.expm1(1.5 * stretched**2) / 3 + (swelling - 1) ** 2


def mooney(F: Array) -> Array:
    """Energy of rubber after Mooney and Rivlin."""
    C = F.T @ F
    first = jnp.trace(C)
    second = (first**2 - jnp.sum(C * C)) / 2
    J = volume(F)
    isochoric = 0.4 * (first * J ** (-2 / 3) - 3) + 0.1 * (second * J ** (-4 / 3) - 3)
    return isochoric + 2 * (J - 1) ** 2


def thin_sheet(F: Array) -> Array:
    """Energy of a rubber sheet in its plane, that gets thinner when it is stretched."""
    C = F.T @ F
    area = C[0, 0] * C[1, 1] - C[0, 1] * C[1, 0]
    return jnp.trace(C) + 1 / area - 3


def trace_of_inverse(A: Array) -> Array:
    """What experiments are designed by: the sum of variances."""
    return jnp.trace(jnp.linalg.inv(spread(A)))


def normal_loglik(L: Array, x: Array) -> Array:
    """A normal log density by a factor of the precision."""
    lower = jnp.tril(L) + jnp.eye(L.shape[0], dtype=L.dtype)
    z = x @ lower
    return jnp.sum(jnp.log(jnp.diagonal(lower))) - jnp.sum(z * z) / 2


def equivalent_stress(S: Array) -> Array:
    """Von Mises' measure of a stress."""
    even = (S + S.T) / 2
    rest = even - jnp.trace(even) / 3 * jnp.eye(3, dtype=S.dtype)
    return jnp.sqrt(1.5 * jnp.sum(rest * rest))


def solved(A: Array, b: Array) -> Array:
    """The solution of a linear system."""
    return jnp.linalg.solve(spread(A), b)


FIELD: Final = "matrix functions"
SMALL: Final[Range] = (-0.15, 0.15)


def _problem(
    function: Callable[..., Any], n: int, name: str = "A", where: Range = (-0.5, 0.5)
) -> Problem:
    args = {name: f"float[{n}, {n}]"}
    title = f"{function.__name__}_{n}"
    return Problem(FIELD, title, function, args, {name: where})


def displaced(law: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """An energy by the gradient of displacements instead of places."""

    def energy(H: Array) -> Array:
        return law(H + np.eye(H.shape[0], dtype=np.float32))

    energy.__name__ = law.__name__
    return energy


def _law(law: Callable[[Array], Array], n: int = 3) -> Problem:
    return _problem(displaced(law), n, "H", SMALL)


LOGLIK = Problem(
    FIELD,
    "normal_loglik_4",
    normal_loglik,
    {"L": "float[4, 4]", "x": "float[4]"},
)
SOLVED = Problem(
    FIELD,
    "solved_4",
    solved,
    {"A": "float[4, 4]", "b": "float[4]"},
    {"A": (-0.5, 0.5)},
)

PAIRS: tuple[Pair, ...] = (
    *_problem(log_volume, 3).calibration(
        gradient=("value", "gradient(A)"), entry="partial(A[0, 1], A[2, 2])"
    ),
    *_problem(log_volume_by_hand, 3).calibration(
        gradient=("value", "gradient(A)"), hessian="hessian(A)"
    ),
    *_law(rubber).calibration(
        stress=("value", "gradient(H)"), tangent=("gradient(H)", "hessian(H)")
    ),
    *_law(mooney).calibration(tangent="hessian(H)"),
    *_law(thin_sheet, 2).calibration(tangent=("gradient(H)", "hessian(H)")),
    *_problem(equivalent_stress, 3, "S", (0.5, 1.5)).calibration(
        normal=("value", "gradient(S)")
    ),
    *SOLVED.calibration(columns="jacobian(A[0, 0:2])"),
    *_law(soft_tissue).held_out(
        stress=("value", "gradient(H)"),
        tangent="hessian(H)",
        entry="partial(H[0, 0], H[1, 1])",
    ),
    *_problem(log_volume, 5).held_out(gradient="gradient(A)"),
    *_problem(trace_of_inverse, 4).held_out(
        gradient="gradient(A)", entry="partial(A[0, 0], A[1, 2])"
    ),
    *_problem(determinant, 4, where=(0.5, 1.5)).held_out(gradient="gradient(A)"),
    *LOGLIK.held_out(score=("gradient(L)", "gradient(x)"), hessian="hessian(x)"),
    *SOLVED.held_out(jacobian="jacobian(b)"),
)
