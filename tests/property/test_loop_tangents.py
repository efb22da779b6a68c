"""Matrices of random functions with loops, against plain JAX in float64."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given

from tests.property.fuzzing import drawn_by, examples
from tests.property.loop_programs import draw_loop_program
from tests.property.test_structured_tangents import Asked, check


def draw(random: Random) -> Asked:
    """A function, and one of the ways to its matrices."""
    order = random.choice([1, 1, 2])
    direction = random.choice(["forward", "reverse"])
    has_while = order == 1 and direction == "forward"
    program = draw_loop_program(random, has_while=has_while)
    return Asked(program, order, direction, random.randrange(2**32))


@examples(12, shrink=False)
@given(drawn_by(draw))
def test_matrices_of_random_loops(asked: Asked) -> None:
    check(asked)


@pytest.mark.slow
@examples(400, shrink=False)
@given(drawn_by(draw))
def test_matrices_of_many_random_loops(asked: Asked) -> None:
    check(asked)
