"""Residuals of partial differential equations of a network, inside a training step.

Each is one `expression`, or operator, of an MLP with three layers of 64, at 1,024
points; what is timed is the loss (the mean of the squares) with its gradient by the
weights. The rivals take every derivative by a nest of its own, of `jax.jvp` or of
`jax.grad`, or share the beginnings of the nests, as the chain does that partialc would
print with `form = "chain"`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

import partialc
from network_fields import Params, layers
from partialc.api import Module
from partialc.benching.case import Bar, Case, Contender

POINTS: Final = 1024
HIDDEN: Final = (64, 64, 64)
NOT_SLOWER: Final = 1.0

Derivative: TypeAlias = Callable[..., jax.Array]
"""`D("t", "x")`: the derivative of the output along these; `D()`: the output. Of one
of several outputs its number comes first."""


@dataclass(frozen=True, slots=True)
class Equation:
    """A residual, as partialc is asked for it and as one writes it by hand.

    Attributes:
        names: The coordinates.
        request: What partialc is asked for.
        by_hand: The same in terms of derivatives, and of the point.
        outputs: How many outputs the network has.
    """

    names: str
    request: str
    by_hand: Callable[[Derivative, dict[str, jax.Array]], Any]
    outputs: int = 1


def _momentum(d: Derivative, _: dict[str, jax.Array]) -> Any:
    def along(i: int, s: str) -> jax.Array:
        flow = d(i, "t") + d(0) * d(i, "x") + d(1) * d(i, "y")
        return flow + d(2, s) - 0.1 * (d(i, "x", "x") + d(i, "y", "y"))

    return jnp.stack([along(0, "x"), along(1, "y"), d(0, "x") + d(1, "y")])


EQUATIONS: Final = {
    "burgers": Equation(
        "tx",
        'expression("Derivative(u, t) + u * Derivative(u, x)'
        ' - 0.1 * Derivative(u, x, x)")',
        lambda d, _: d("t") + d() * d("x") - 0.1 * d("x", "x"),
    ),
    "korteweg_de_vries": Equation(
        "tx",
        'expression("Derivative(u, t) + 6 * u * Derivative(u, x)'
        ' + Derivative(u, (x, 3))")',
        lambda d, _: d("t") + 6 * d() * d("x") + d(*"xxx"),
    ),
    "kuramoto_sivashinsky": Equation(
        "tx",
        'expression("Derivative(u, t) + u * Derivative(u, x) + Derivative(u, x, x)'
        ' + Derivative(u, (x, 4))")',
        lambda d, _: d("t") + d() * d("x") + d(*"xx") + d(*"xxxx"),
    ),
    "allen_cahn": Equation(
        "tx",
        'expression("Derivative(u, t) - 0.1 * Derivative(u, x, x) + u**3 - u")',
        lambda d, _: d("t") - 0.1 * d("x", "x") + d() ** 3 - d(),
    ),
    "cahn_hilliard": Equation(
        "tx",
        'expression("Derivative(u, t)'
        ' - Derivative(u**3 - u - 0.1 * Derivative(u, x, x), x, x)")',
        lambda d, _: (
            d("t")
            - (3 * d() ** 2 - 1) * d("x", "x")
            - 6 * d() * d("x") ** 2
            + 0.1 * d(*"xxxx")
        ),
    ),
    "wave": Equation(
        "txy",
        'expression("Derivative(u, t, t) - 0.5 * laplacian(u, x, y)")',
        lambda d, _: d("t", "t") - 0.5 * (d("x", "x") + d("y", "y")),
    ),
    "klein_gordon": Equation(
        "tx",
        'expression("Derivative(u, t, t) - Derivative(u, x, x) + u**3")',
        lambda d, _: d("t", "t") - d("x", "x") + d() ** 3,
    ),
    "plate": Equation(
        "xy",
        "biharmonic(x, y)",
        lambda d, _: d(*"xxxx") + 2 * d(*"xxyy") + d(*"yyyy"),
    ),
    "navier_stokes": Equation(
        "txy",
        'expression("[Derivative(u, t) + dot([u, v], grad(u, x, y)) + Derivative(p, x)'
        " - 0.1 * laplacian(u, x, y), Derivative(v, t) + dot([u, v], grad(v, x, y))"
        ' + Derivative(p, y) - 0.1 * laplacian(v, x, y), div([u, v], x, y)]",'
        ' u="out[0]", v="out[1]", p="out[2]")',
        _momentum,
        outputs=3,
    ),
    "stream_function": Equation(
        "xy",
        'expression("Derivative(u, y) * Derivative(laplacian(u, x, y), x)'
        ' - Derivative(u, x) * Derivative(laplacian(u, x, y), y)")',
        lambda d, _: (
            d("y") * (d(*"xxx") + d(*"xyy")) - d("x") * (d(*"xxy") + d(*"yyy"))
        ),
    ),
    "monge_ampere": Equation(
        "xy",
        'expression("Derivative(u, x, x) * Derivative(u, y, y)'
        ' - Derivative(u, x, y)**2 - x * y")',
        lambda d, at: d("x", "x") * d("y", "y") - d("x", "y") ** 2 - at["x"] * at["y"],
    ),
    "poisson_10": Equation(
        "abcdefghij",
        "laplacian(a, b, c, d, e, f, g, h, i, j)",
        lambda d, _: sum(d(name, name) for name in "abcdefghij"),
    ),
}


def function_of(equation: Equation) -> Callable[..., jax.Array]:
    """The network as a function of its weights and of the coordinates."""
    names = ", ".join(equation.names)
    namespace: dict[str, Any] = {"network": network, "jnp": jnp}
    part = "[0]" if equation.outputs == 1 else ""
    text = f"def u(params, {names}):\n    return network(params, jnp.stack([{names}]))"
    exec(text + part, namespace)
    found: Callable[..., jax.Array] = namespace["u"]
    return found


def network(params: Params, point: jax.Array) -> jax.Array:
    """An MLP at one point; shape (outputs,)."""
    hidden = point
    for layer in params[:-1]:
        hidden = jnp.tanh(hidden @ layer["w"] + layer["b"])
    return hidden @ params[-1]["w"] + params[-1]["b"]


@cache
def compiled(name: str, form: str) -> Module:
    """The kernel of an equation."""
    equation = EQUATIONS[name]
    params = layers(len(equation.names), *HIDDEN, equation.outputs)
    return partialc.compile(
        function_of(equation),
        args={"params": params, **dict.fromkeys(equation.names, "float")},
        kernels={"residual": equation.request},
        name=f"{name}_{form}",
        form=form,
        batch=list(equation.names),
        differentiable=True,
    )


def by_nests(
    equation: Equation, derive: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Callable[..., Any]:
    """The residual at one point, every derivative by a nest of its own."""
    u = function_of(equation)

    def residual(params: Params, *point: jax.Array) -> Any:
        def d(*along: Any) -> jax.Array:
            numbers = [each for each in along if isinstance(each, int)]

            def run(*given: jax.Array) -> jax.Array:
                found = u(params, *given)
                return found[numbers[0]] if numbers else found

            for name in along[len(numbers) :]:
                run = derive(run, equation.names.index(name))
            return run(*point)

        return equation.by_hand(d, dict(zip(equation.names, point, strict=True)))

    return residual


def by_jvp(run: Callable[..., Any], place: int) -> Callable[..., Any]:
    """The derivative along one of several scalars, by a tangent."""

    def pushed(*given: jax.Array) -> Any:
        def moved(one: jax.Array) -> Any:
            return run(*given[:place], one, *given[place + 1 :])

        return jax.jvp(moved, (given[place],), (jnp.ones_like(given[place]),))[1]

    return pushed


def by_grad(run: Callable[..., Any], place: int) -> Callable[..., Any]:
    """The derivative along one of several scalars, by a gradient."""
    return jax.grad(run, argnums=place)


def step(residuals: Callable[..., Any]) -> Callable[..., Any]:
    """The loss and its gradient by the weights; the residuals are those of all points.

    Args:
        residuals: A function of the weights, and of the coordinates of all points.
    """

    def loss(params: Params, *points: jax.Array) -> jax.Array:
        return jnp.mean(jnp.square(residuals(params, *points)))

    return jax.value_and_grad(loss)


def mapped(residual: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A residual of one point, at many."""
    return jax.vmap(residual, (None, *[0] * count))


def cases() -> Iterator[Case]:
    """A training step of every equation."""
    for name, equation in EQUATIONS.items():
        count = len(equation.names)

        def draw(_: int | None, equation: Equation = equation) -> tuple[Any, ...]:
            rng = np.random.default_rng(0)
            width = jnp.zeros(()).dtype
            params = jax.tree.map(
                lambda leaf: jnp.asarray(leaf, width),
                layers(len(equation.names), *HIDDEN, equation.outputs),
            )
            points = rng.uniform(-1, 1, (len(equation.names), POINTS))
            return params, *(jnp.asarray(each, width) for each in points)

        rivals = {
            "nested jvp": mapped(by_nests(equation, by_jvp), count),
            "nested grad": mapped(by_nests(equation, by_grad), count),
            "shared nests": compiled(name, "chain").load().residual,
        }
        yield Case(
            f"residuals.{name}",
            None,
            step(compiled(name, "auto").load().residual),
            tuple(Contender(each, step(call)) for each, call in rivals.items()),
            draw,
            bars=tuple(Bar(each, "run", NOT_SLOWER) for each in rivals),
        )
