"""Random functions of arrays of any length: stencils, and elements one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

OUTER = ("{}", "jnp.sin({})", "jnp.exp(0.1 * {})", "({}) ** 2", "({}) / (2 + v0 ** 2)")
FACTORS = ("", "", "0.5 * ", "v0.size * ", "3.0 / v0.size * ", "0.1 / h**2 * ")
LOCAL = (
    "a * b",
    "jnp.sin(a - b) + a",
    "a ** 2 * b",
    "jnp.exp(-a) - b",
    "b / (1 + a**2)",
)


@dataclass(frozen=True)
class OpenProgram:
    """A function of one array of any length: its `repr` repeats it.

    Attributes:
        lines: Its statements; `v0` is the array.
        result: What it returns.
    """

    lines: tuple[str, ...]
    result: str

    def function(self) -> Callable[[Any], Any]:
        """The function."""
        lines = (*self.lines, f"return {self.result}")
        body = "\n".join(f"    {line}" for line in lines)
        scope: dict[str, Any] = {"jnp": jnp, "jax": jax, "lax": lax}
        exec(f"def program(v0):\n{body}\n", scope)
        found: Callable[[Any], Any] = scope["program"]
        return found


def draw_open(random: Random) -> OpenProgram:
    """Draw a stencil, or elements."""
    return random.choice((_walls, _ring, _inner, _elements))(random)


def _terms(random: Random, neighbours: list[str]) -> str:
    count = random.randint(1, min(3, len(neighbours)))
    chosen = sorted(random.sample(neighbours, count))
    parts = []
    for each in chosen:
        inner = random.choice((each, each, f"{each} * v0" if _own(each) else each))
        parts.append(random.choice(FACTORS) + random.choice(OUTER).format(inner))
    return random.choice((" + ", " - ")).join(parts)


def _own(neighbour: str) -> bool:
    """Whether a neighbour is as long as the array."""
    return not neighbour.startswith("v0[")


def _walls(random: Random) -> OpenProgram:
    width = random.choice((1, 1, 2))
    names = [f"w[{start}:{start - 2 * width or ''}]" for start in range(2 * width + 1)]
    mode = random.choice(("", ', mode="edge"'))
    lines = ("h = 1 / (v0.size + 1)", f"w = jnp.pad(v0, {width}{mode})")
    return OpenProgram(lines, _terms(random, names))


def _ring(random: Random) -> OpenProgram:
    names = [f"jnp.roll(v0, {shift})" for shift in (-2, -1, 1)] + ["v0"]
    return OpenProgram(("h = 1 / v0.size",), _terms(random, names))


def _inner(random: Random) -> OpenProgram:
    names = ["v0[2:]", "v0[1:-1]", "v0[:-2]"]
    text = _terms(random, names).replace("(2 + v0 ** 2)", "(2 + v0[1:-1] ** 2)")
    return OpenProgram(("h = 1 / (v0.size - 1)",), text)


def _elements(random: Random) -> OpenProgram:
    lines = ("ends = jnp.stack([v0[:-1], v0[1:]], axis=1)",)
    local = f"lambda e: (lambda a, b: {random.choice(LOCAL)})(e[0], e[1])"
    mapped = random.choice(("lax.map({}, ends)", "jax.vmap({})(ends)"))
    return OpenProgram(lines, mapped.format(local))
