"""The light cone gives the numbers of the program it is the cone of."""

import jax
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from partialc.ir.check import check
from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.text import to_text
from partialc.lowering.array_algebra import ARRAY_ALGEBRA
from partialc.lowering.light_cone import taken_apart
from partialc.lowering.pipeline import FINAL, SPECIALISED, run
from partialc.lowering.rectangles import RECTANGLES
from partialc.lowering.specialise_loops import SPECIALISE_LOOPS
from partialc.ops.evaluation import evaluate, run_function
from tests.passes import random_programs
from tests.property.fuzzing import examples

FINITE = (0.0, 1.0, -1.5, 0.1, 3.0, 2.5, -0.25)
FLOATS = [n for n, kind in enumerate(random_programs.INPUTS) if kind.dtype.is_float]


@pytest.fixture(autouse=True)
def finite_numbers(monkeypatch):
    monkeypatch.setattr(random_programs, "SPECIAL", FINITE)


def agree(actual, expected, cone):
    """Equal to the reference wherever that is finite."""
    assert len(actual) == len(expected)
    for found, wanted in zip(actual, expected, strict=True):
        found, wanted = np.asarray(found), np.asarray(wanted)
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
        where = np.isfinite(wanted)
        np.testing.assert_allclose(
            found[where], wanted[where], rtol=1e-8, atol=1e-9, err_msg=to_text(cone)
        )


def check_cone(function, arguments):
    plain = run(function, FINAL)
    cones = [
        taken_apart(plain),
        run(plain, [SPECIALISE_LOOPS, RECTANGLES]),
        run(plain, [ARRAY_ALGEBRA]),
        run(function, SPECIALISED),
    ]
    with jax.disable_jit():
        expected = evaluate(function, arguments)
        for cone in cones:
            check(cone)
            agree(evaluate(cone, arguments), expected, cone)


def one_hot(kind, place):
    seed = np.zeros(kind.shape)
    seed.reshape(-1)[place] = 1
    return seed


def pushed(function, leaf, seed):
    """The tangent of a function of all inputs as one of them moves along a seed."""

    def tangent(*arrays):
        def moving(array):
            return function(*arrays[:leaf], array, *arrays[leaf + 1 :])

        return jax.jvp(moving, (arrays[leaf],), (seed,))[1]

    return tangent


def draw_chain(data, depth, order):
    """A random program pushed along random one-hot seeds, traced."""
    program = random_programs.draw_program(data, depth)
    outputs = [a for a in program.outputs if a.type.dtype.is_float]
    assume(outputs)
    kept = [a in outputs for a in program.outputs]

    def function(*arrays):
        results = run_function(program, arrays)
        return [r for r, keep in zip(results, kept, strict=True) if keep]

    for _ in range(data.draw(st.integers(1, order))):
        leaf = data.draw(st.sampled_from(FLOATS))
        kind = random_programs.INPUTS[leaf]
        place = data.draw(st.integers(0, kind.size - 1))
        function = pushed(function, leaf, one_hot(kind, place))
    names = ["a", "b", "c", "d"]
    with jax.enable_x64(True):
        return trace_one(
            function,
            random_programs.INPUTS,
            Regime.WIDE,
            name="chain",
            input_names=names,
            rules=False,
        )


@examples(25)
@given(st.data())
def test_cones_of_random_programs(data):
    function = random_programs.draw_program(data, depth=0)
    check_cone(function, random_programs.draw_arguments(data))


@examples(8)
@given(st.data())
def test_cones_of_control_flow(data):
    function = random_programs.draw_program(data, depth=1)
    check_cone(function, random_programs.draw_arguments(data))


@examples(25)
@given(st.data())
def test_cones_of_one_hot_chains(data):
    function = draw_chain(data, depth=0, order=2)
    check_cone(function, random_programs.draw_arguments(data))


@pytest.mark.slow
@examples(400)
@given(st.data())
def test_cones_of_one_hot_chains_at_length(data):
    function = draw_chain(data, depth=1, order=3)
    check_cone(function, random_programs.draw_arguments(data))
