"""Modules for every size of random functions, at random sizes, against plain JAX."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

import partialc
from partialc.errors import SpecError
from tests.property.fuzzing import drawn_by, examples, reproducible
from tests.property.open_programs import OpenProgram, draw_open

TOLERANCE = 1e-11
BUILD = [71, 83, 97]
MOST = 120


@dataclass(frozen=True)
class Asked:
    """A matrix of a program at some sizes: its `repr` repeats it.

    Attributes:
        program: The function; of its Hessian, the sum of its results.
        order: 1 for the Jacobian, 2 for the Hessian.
        sizes: Where the module is tried beside its least size.
    """

    program: OpenProgram
    order: Literal[1, 2]
    sizes: tuple[int, ...]


def draw_asked(random: Random) -> Asked:
    """Draw a program, an order and sizes."""
    sizes = tuple(random.randint(8, MOST) for _ in range(2))
    return Asked(draw_open(random), random.choice((1, 1, 2)), sizes)


def check(asked: Asked) -> bool:
    """Values and places at all sizes; False where there is no such module."""
    function = asked.program.function()
    request = "sparse(jacobian(v0))"
    if asked.order == 2:
        inner = function
        request = "sparse(hessian(v0))"

        def function(v0: jax.Array) -> jax.Array:
            return jnp.sum(inner(v0))

    try:
        module = partialc.compile(
            function,
            args={"v0": "float[n]"},
            kernels={"k": request},
            sizes={"n": {"build": BUILD}},
            name="open_program",
        ).load()
    except SpecError as error:
        if error.what != "there is no one module for every n":
            raise
        return False
    full = jax.jit(jax.hessian(function) if asked.order == 2 else jax.jacfwd(function))
    for size in {module._LEAST["n"], module._LEAST["n"] + 1, *asked.sizes}:
        x = jnp.asarray(np.random.default_rng(size).uniform(0.5, 1.5, size))
        want = np.asarray(full(x)).reshape(-1, size)
        rows, cols, shape = module.k_pattern(size)
        assert shape == want.shape
        assert (np.diff(rows * size + cols) > 0).all()
        got = np.zeros(shape)
        got[rows, cols] = module.k(x)
        scale = 1 + np.abs(want).max(initial=0)
        np.testing.assert_allclose(got, want, rtol=TOLERANCE, atol=TOLERANCE * scale)
    return True


@examples(1, shrink=False)
@given(drawn_by(draw_asked))
def test_every_size(asked: Asked) -> None:
    with jax.enable_x64(True), reproducible(f"check({asked})"):
        check(asked)


@pytest.mark.slow
@examples(40, shrink=False)
@given(drawn_by(draw_asked))
def test_every_size_of_many(asked: Asked) -> None:
    with jax.enable_x64(True), reproducible(f"check({asked})"):
        check(asked)
