"""One module for every n, beside the modules that are built for one n each.

Each of these is built once, and its kernel called at n = 3 and at a million, or as far
as its result fits in memory; beside it stands the module built for that very size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import jax.numpy as jnp
import numpy as np
from jax import lax

import partialc
from matrices.problems import Array, rosenbrock
from partialc.api import Module
from partialc.benching.case import Bar, Case, Contender
from partialc.benching.measurement import Measurement
from partialc.spec.lengths import parse_length

FIXED: Final = "built for that n"
SLOWER: Final = 1.1
MILLION: Final = 10**6


def heat(u: Array) -> Array:
    """Diffusion between walls, with a spacing that depends on n."""
    h = 1 / (u.size + 1)
    wall = jnp.pad(u, 1)
    return (wall[2:] - 2 * u + wall[:-2]) / h**2 + jnp.exp(u)


def advection(u: Array) -> Array:
    """Burgers' equation on a ring."""
    h = 1 / u.size
    ahead, behind = jnp.roll(u, -1), jnp.roll(u, 1)
    return 0.01 * (ahead - 2 * u + behind) / h**2 - u * (ahead - behind) / (2 * h)


def beam(u: Array) -> Array:
    """Fourth differences of what is between the ends, and a restoring force."""
    bent = u[4:] - 4 * u[3:-1] + 6 * u[2:-2] - 4 * u[1:-3] + u[:-4]
    return bent + u[2:-2] ** 3


def plate(u: Array) -> Array:
    """The Laplacian on a plane between walls, with a source."""
    wall = jnp.pad(u, 1)
    sides = wall[2:, 1:-1] + wall[:-2, 1:-1] + wall[1:-1, 2:] + wall[1:-1, :-2]
    return sides - 4 * u + jnp.exp(u)


def mixed(A: Array, v: Array) -> Array:
    """Exponentials, mixed."""
    return A @ jnp.exp(v)


def energy(x: Array) -> Array:
    """Of all pairs."""
    distance = x[:, None] - x[None, :]
    return jnp.sum(jnp.exp(-(distance**2)) * jnp.cos(distance))


def springs(x: Array) -> Array:
    """The force of each element, one element after the other."""

    def force(ends: Array) -> Array:
        return jnp.sin(ends[1] - ends[0]) * ends[0] ** 2

    return lax.map(force, jnp.stack([x[:-1], x[1:]], axis=1))


@dataclass(frozen=True)
class Problem:
    """A function, what is asked of it, and how large it is taken.

    Attributes:
        function: The function.
        args: Its arguments.
        request: What is asked for.
        large: The largest sizes.
        small: The smallest.
    """

    function: Callable[..., Array]
    args: Mapping[str, str]
    request: str
    large: Mapping[str, int]
    small: Mapping[str, int]


LINE: Final = {"n": MILLION}
LEAST: Final = {"n": 3}
PLANE: Final = {"n": 1000, "m": 1000}
PROBLEMS: Final = {
    "heat": Problem(heat, {"u": "float[n]"}, "sparse(jacobian(u))", LINE, LEAST),
    "ring": Problem(advection, {"u": "float[n]"}, "sparse(jacobian(u))", LINE, LEAST),
    "beam": Problem(beam, {"u": "float[n]"}, "sparse(jacobian(u))", LINE, {"n": 5}),
    "rosenbrock": Problem(
        rosenbrock, {"x": "float[n]"}, "sparse(hessian(x))", LINE, LEAST
    ),
    "plate": Problem(
        plate, {"u": "float[n, m]"}, "sparse(jacobian(u))", PLANE, {"n": 3, "m": 3}
    ),
    "mixed": Problem(
        mixed,
        {"A": "float[n, m]", "v": "float[m]"},
        "jacobian(v)",
        PLANE,
        {"n": 3, "m": 3},
    ),
    "pairs": Problem(
        energy, {"x": "float[n]"}, "partial(x[0], x[1])", {"n": 1000}, LEAST
    ),
    "elements": Problem(springs, {"x": "float[n]"}, "sparse(jacobian(x))", LINE, LEAST),
}


@cache
def compiled(name: str) -> Module:
    """The module for every size."""
    problem = PROBLEMS[name]
    return partialc.compile(
        problem.function,
        args=problem.args,
        kernels={"d": problem.request},
        name=f"open_{name}",
    )


def fixed(name: str, sizes: Mapping[str, int]) -> Module:
    """The module for one size."""
    problem = PROBLEMS[name]
    args = {}
    for argument, text in problem.args.items():
        kind, _, lengths = text.removesuffix("]").partition("[")
        numbers = ",".join(map(str, _shape(lengths, sizes)))
        args[argument] = f"{kind}[{numbers}]"
    return partialc.compile(
        problem.function, args=args, kernels={"d": problem.request}, name=f"at_{name}"
    )


def _shape(lengths: str, sizes: Mapping[str, int]) -> list[int]:
    parsed = [parse_length(each) for each in lengths.split(",")]
    return [each.at(sizes) for each in parsed if each is not None]


def drawn(name: str, sizes: Mapping[str, int]) -> Callable[[int | None], Any]:
    """Arguments of some size."""

    def draw(rows: int | None) -> tuple[Array, ...]:
        random = np.random.default_rng(0)
        shapes = [
            _shape(text.removesuffix("]").partition("[")[2], sizes)
            for text in PROBLEMS[name].args.values()
        ]
        return tuple(jnp.asarray(random.uniform(0.2, 1.0, each)) for each in shapes)

    return draw


def cases() -> Iterator[Case]:
    """One evaluation each, the large ones before the small ones."""
    for kind in ("large", "small"):
        for name, problem in PROBLEMS.items():
            sizes = problem.large if kind == "large" else problem.small
            told = ", ".join(f"{size} = {value:,}" for size, value in sizes.items())
            bars: tuple[Bar, ...] = ()
            if kind == "large":
                bars = (Bar(FIXED, "flops", 1.0), Bar(FIXED, "run", SLOWER))
            yield Case(
                f"{name}, {told}",
                None,
                compiled(name).load().d,
                (Contender(FIXED, fixed(name, sizes).load().d),),
                drawn(name, sizes),
                x64=True,
                bars=bars,
            )


def measurements() -> Iterator[Measurement]:
    """How small the sizes may be, and how long the texts are."""
    for name, problem in PROBLEMS.items():
        source = compiled(name).source
        least = compiled(name).load()._LEAST
        for size, most in problem.small.items():
            yield Measurement(f"{name}: least {size}", least[size], "", most)
        yield Measurement(f"{name}: length", len(source.splitlines()), "lines", 220)
