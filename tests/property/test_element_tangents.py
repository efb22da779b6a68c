"""Matrices of random element programs against plain JAX: meshes, blocks, rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

from partialc.ir.dtypes import FLOAT
from partialc.ir.patterns import Pattern
from partialc.ir.program import Function
from partialc.lowering.structured import interpret
from partialc.ops.evaluation import evaluate
from tests.property.element_programs import draw_elements
from tests.property.fuzzing import drawn_by, examples, reproducible
from tests.property.test_structured_tangents import (
    TOLERANCE,
    Asked,
    agree,
    linear_of,
)

POINTS = 2


@dataclass(frozen=True)
class ElementsAsked(Asked):
    """A matrix of an element program; of a Hessian, that of the sum of its results."""

    def differentiated(self) -> Callable[[Any], Any]:
        """The function whose Jacobian is the matrix."""
        function = self.program.function()
        if self.order == 1:
            return function
        return jax.grad(lambda x: jnp.sum(function(x)))


def draw(random: Random) -> ElementsAsked:
    """A program, and one of the ways to its matrices."""
    return ElementsAsked(
        draw_elements(random),
        random.choice([1, 2]),
        random.choice(["forward", "reverse"]),
        random.randrange(2**32),
    )


def apart(asked: Asked) -> Pattern:
    """The pattern of the terms that no local matrix was made of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interpret, "localised", lambda terms, *_: list(terms))
        return linear_of(asked).pattern


def check(asked: Asked) -> None:
    """Values are right, listed and whole; no more are listed than single terms have."""
    with jax.enable_x64(True), reproducible(f"check({asked})"):
        found = linear_of(asked)
        pattern, single = found.pattern, apart(asked)
        wanted = pattern.rows * max(pattern.shape[1], 1) + pattern.cols
        arrays = found.arrays.copied()
        outputs = (
            found.matrix.values(wanted, FLOAT, arrays),
            found.matrix.whole(FLOAT, arrays),
        )
        inputs = found.function.inputs[:1]
        function = Function("both", inputs, tuple(arrays.equations), outputs)
        run = jax.jit(lambda x: evaluate(function, [x]))
        plain = jax.jit(jax.jacfwd(asked.differentiated()))
        random = np.random.default_rng(asked.seed)
        for _ in range(POINTS):
            x = random.uniform(0.3, 1.7, asked.program.shape)
            expected = np.asarray(plain(x)).reshape(-1, x.size)
            values, whole = run(x)
            listed = np.zeros(pattern.shape)
            listed[pattern.rows, pattern.cols] = values
            agree(listed, expected, TOLERANCE)
            agree(np.asarray(whole).reshape(pattern.shape), expected, TOLERANCE)
        assert (pattern | single).nonzeros == single.nonzeros


@examples(16, shrink=False)
@given(drawn_by(draw))
def test_matrices_of_random_elements(asked: ElementsAsked) -> None:
    check(asked)


@pytest.mark.slow
@examples(600, shrink=False)
@given(drawn_by(draw))
def test_matrices_of_many_random_elements(asked: ElementsAsked) -> None:
    check(asked)
