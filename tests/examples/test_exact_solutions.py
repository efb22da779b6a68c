"""Residuals of differential equations vanish for functions that solve them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import partialc

SPEED, NU = 0.8, 0.3


@dataclass(frozen=True)
class Equation:
    """A differential equation with a solution.

    Attributes:
        solution: A function that solves it.
        request: Its residual.
        given: The parameters of the residual, in the order it names them.
    """

    solution: Callable[..., Any]
    request: str
    given: tuple[float, ...] = ()


def shock(t: Any, x: Any) -> Any:
    return SPEED - jnp.tanh((x - SPEED * t) / (2 * NU))


def soliton(t: Any, x: Any) -> Any:
    return SPEED / 2 / jnp.cosh(jnp.sqrt(SPEED) / 2 * (x - SPEED * t)) ** 2


def front(t: Any, x: Any) -> Any:
    return 0.5 - 0.5 * jnp.tanh((x - 3 * t / np.sqrt(2)) / (2 * np.sqrt(2)))


def flame(t: Any, x: Any) -> Any:
    """Kuramoto and Tsuzuki, Progress of Theoretical Physics 55 (1976), page 356."""
    k = 0.5 * np.sqrt(11 / 19)
    tanh = jnp.tanh(k * (x - SPEED * t))
    return SPEED + 30 / 19 * k * (11 * tanh**3 - 9 * tanh)


def wave(t: Any, x: Any, y: Any) -> Any:
    return jnp.sin(x + 2 * y - SPEED * np.sqrt(5) * t)


def klein_gordon(t: Any, x: Any) -> Any:
    return jnp.cos(2 * x - np.sqrt(4 + NU**2) * t)


def plate(x: Any, y: Any) -> Any:
    square = x**2 + y**2
    return square * jnp.log(square)


def bowl(x: Any, y: Any) -> Any:
    return jnp.exp((x**2 + y**2) / 2)


def harmonic(x: Any) -> Any:
    return jnp.exp(x[0]) * jnp.cos(x[1]) + jnp.sum(x[2:6] ** 2) - jnp.sum(x[6:] ** 2)


def vortex(t: Any, x: Any, y: Any) -> Any:
    """G. I. Taylor, Philosophical Magazine 46 (1923), page 671."""
    decay = jnp.exp(-2 * NU * t)
    u, v = -jnp.cos(x) * jnp.sin(y) * decay, jnp.sin(x) * jnp.cos(y) * decay
    return jnp.stack([u, v, -(jnp.cos(2 * x) + jnp.cos(2 * y)) / 4 * decay**2])


def magnet(p: Any) -> Any:
    """The field of a wire along the third axis: no sources, and no current outside."""
    x, y, _ = p
    return jnp.stack([-y, x, 0.0 * x]) / (x**2 + y**2)


NAMES = 'u="out[0]", v="out[1]", p="out[2]"'
MOMENTUM = """[
    Derivative(u, t) + dot([u, v], grad(u, x, y)) + Derivative(p, x) - nu * laplacian(u, x, y),
    Derivative(v, t) + dot([u, v], grad(v, x, y)) + Derivative(p, y) - nu * laplacian(v, x, y),
]"""  # noqa: E501  as in the spec of the examples
EQUATIONS = {
    "burgers": Equation(
        shock,
        'expression("Derivative(u, t) + Derivative(u**2 / 2, x)'
        ' - nu * Derivative(u, x, x)")',
        (NU,),
    ),
    "korteweg_de_vries": Equation(
        soliton,
        'expression("Derivative(u, t) + 6*u*Derivative(u, x) + Derivative(u, (x, 3))")',
    ),
    "allen_cahn": Equation(
        front, 'expression("Derivative(u, t) - laplacian(u, x) + u**3 - u")'
    ),
    "kuramoto_sivashinsky": Equation(
        flame,
        'expression("Derivative(u, t) + u * Derivative(u, x)'
        ' + Derivative(u, x, x) + Derivative(u, (x, 4))")',
    ),
    "wave": Equation(
        wave,
        'expression("Derivative(u, t, t) - c**2 * div(grad(u, x, y), x, y)")',
        (SPEED,),
    ),
    "klein_gordon": Equation(
        klein_gordon,
        'expression("Derivative(u, t, t) - Derivative(u, x, x) + m**2 * u")',
        (NU,),
    ),
    "plate": Equation(plate, "biharmonic(x, y)"),
    "monge_ampere": Equation(
        bowl,
        'expression("Derivative(u, x, x) * Derivative(u, y, y)'
        ' - Derivative(u, x, y)**2 - (1 + x**2 + y**2) * exp(x**2 + y**2)")',
    ),
    "laplace_in_ten_dimensions": Equation(harmonic, "laplacian(x)"),
    "momentum": Equation(vortex, f'expression("""{MOMENTUM}""", {NAMES})', (NU,)),
    "continuity": Equation(vortex, "divergence(x, y, of=out[0:2])"),
    "current": Equation(magnet, "curl(p)"),
    "charge": Equation(magnet, "divergence(p)"),
}


@pytest.mark.filterwarnings("ignore::partialc.PartialcWarning")
@pytest.mark.drawn(4)
@pytest.mark.parametrize("name", EQUATIONS)
def test_the_residual_of_a_solution_vanishes(name: str) -> None:
    equation = EQUATIONS[name]
    names = list(inspect.signature(equation.solution).parameters)
    shapes = {"harmonic": (10,), "magnet": (3,)}
    shape = shapes.get(equation.solution.__name__, ())
    text = f"float[{', '.join(map(str, shape))}]"
    module = partialc.compile(
        equation.solution,
        dict.fromkeys(names, text),
        {"residual": equation.request},
        name="residuals",
    )
    with jax.enable_x64(True):
        points = np.random.default_rng(0).uniform(0.3, 1.2, (20, len(names), *shape))
        for point in points:
            arguments = [jnp.asarray(each) for each in point]
            found = module.load().residual(*arguments, *equation.given)
            np.testing.assert_allclose(found, 0, atol=1e-9)
