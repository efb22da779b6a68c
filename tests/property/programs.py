"""Random programs: a list of steps over a growing pool of arrays.

Which step, and on which arrays of the pool, is drawn. A program is data: what a failure
prints can be pasted.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import jax
import jax.numpy as jnp

from tests.property.steps import FORWARD_ONLY, PLAIN, SATURATING, STEPS

SMALL = [(), (1,), (2,), (3,), (5,), (2, 3), (2, 1)]
LARGE = [(8,), (2, 4), (3, 2), (7,)]


@dataclass(frozen=True, slots=True)
class RandomProgram:
    """A function of `x` and a scalar `t`.

    Attributes:
        shape: The shape of `x`.
        steps: The steps, and which of the arrays so far each is applied to.
        reduces: Whether the result is one number.
    """

    shape: tuple[int, ...]
    steps: tuple[tuple[str, int, int], ...]
    reduces: bool

    def __call__(self, x: Any, t: Any) -> Any:
        """The function itself."""
        pool = [x, t * jnp.cos(x), jnp.sin(t)]
        for step, first, second in self.steps:
            result = STEPS[step](pool[first % len(pool)], pool[second % len(pool)])
            pool.append(result.ravel()[:6] if result.size > 12 else result)
        result = pool[-1] + 0.1 * jnp.sum(x) * t
        return jnp.sum(jnp.sin(result)) if self.reduces else result

    @property
    def result_shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        x = jax.ShapeDtypeStruct(self.shape, "float32")
        t = jax.ShapeDtypeStruct((), "float32")
        return tuple(jax.eval_shape(lambda *given: self(*given), x, t).shape)

    @property
    def is_forward_only(self) -> bool:
        """Whether JAX refuses to pull cotangents through it."""
        return any(step in FORWARD_ONLY for step, _, _ in self.steps)


def draw_program(random: Random) -> RandomProgram:
    """Functions of a few steps over a few elements; now and then of more."""
    is_large = random.randint(0, 5) == 5
    steps = []
    for _ in range(random.randint(1, 10 if is_large else 6)):
        kind = random.choice([PLAIN, PLAIN, PLAIN, SATURATING, SATURATING, STEPS])
        first, second = random.randint(0, 9), random.randint(0, 9)
        steps.append((random.choice(list(kind)), first, second))
    shape = random.choice(LARGE if is_large else SMALL)
    return RandomProgram(shape, tuple(steps), random.random() < 0.5)
