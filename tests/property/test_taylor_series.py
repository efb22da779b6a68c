"""Taylor series of random array programs against nested jvps of plain JAX."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from random import Random

import jax
import numpy as np
import pytest
from hypothesis import assume, given

from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType
from partialc.ir.structure import has_custom_rules
from partialc.lowering.taylor.nested import NoSeriesError
from tests.property.array_programs import ArrayProgram, draw_program
from tests.property.fuzzing import drawn_by, examples, reproducible
from tests.unit.lowering.taylor_series import agree

TOPS = [((2,),), ((3,),), ((1, 1),), ((2, 1), (0, 3)), ((1, 1, 1),), ((4, 0), (1, 1))]
"""Sets of partials that people ask for."""


@dataclass(frozen=True)
class Asked:
    """Partials of a program: its `repr` repeats it.

    Attributes:
        program: The function.
        tops: The multi-indices.
        directions: The elements they count.
        seed: Draws the point.
    """

    program: ArrayProgram
    tops: tuple[tuple[int, ...], ...]
    directions: tuple[int, ...]
    seed: int


def draw(random: Random) -> Asked:
    """A program, and partials of it along different elements."""
    program = draw_program(random)
    tops = random.choice(TOPS)
    elements = random.sample(range(prod(program.shape)), len(tops[0]))
    return Asked(program, tops, tuple(elements), random.randrange(2**32))


def has_rules(asked: Asked) -> bool:
    """Whether custom rules are somewhere in it: those are no matter of series."""
    function = asked.program.function()
    kind = ArrayType(FLOAT, asked.program.shape)
    traced = trace_one(
        lambda x: [function(x)],
        [kind],
        Regime.WIDE,
        name="program",
        input_names=["x"],
        rules=False,
    )
    return has_custom_rules(traced)


def check(asked: Asked) -> None:
    """Both give the same numbers wherever those of JAX are finite."""
    with jax.enable_x64(True), reproducible(f"check({asked})"):
        assume(not has_rules(asked))
        rng = np.random.default_rng(asked.seed)
        x = rng.uniform(0.3, 1.2, asked.program.shape)
        try:
            agree(asked.program.function(), x, asked.tops, asked.directions, 1e-9)
        except NoSeriesError:
            assume(False)


@examples(12, shrink=False)
@given(drawn_by(draw))
def test_series_are_nested_jvps(asked: Asked) -> None:
    check(asked)


@pytest.mark.slow
@examples(300, shrink=False)
@given(drawn_by(draw))
def test_series_of_many_programs(asked: Asked) -> None:
    check(asked)
