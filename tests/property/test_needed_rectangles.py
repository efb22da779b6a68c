"""Rectangles of results, computed alone, hold what the whole results hold there."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from partialc.ir.check import check
from partialc.ir.equations import sliced
from partialc.ir.structure import all_equations, same
from partialc.ir.text import to_text
from partialc.lowering.needed_rectangles import needed_rectangles
from partialc.lowering.pipeline import FINAL, run
from partialc.ops.evaluation import evaluate
from tests.passes import random_programs
from tests.property.fuzzing import examples


def draw_box(data, shape):
    """A random rectangle."""
    box = []
    for size in shape:
        start = data.draw(st.integers(0, size - 1))
        stop = data.draw(st.integers(start + 1, size))
        box.append(range(start, stop, data.draw(st.integers(1, 2))))
    return tuple(box)


def has_reciprocal(function):
    """Whether XLA divides many numbers by one.

    It multiplies by the reciprocal then, and divides where a rectangle leaves but one.
    """
    return any(
        equation.op == "div" and not equation.inputs[1].type.shape
        for equation in all_equations(function)
    )


def check_rectangles(data, depth):
    function = run(random_programs.draw_program(data, depth), FINAL)
    assume(not has_reciprocal(function))
    boxes = [draw_box(data, atom.type.shape) for atom in function.outputs]
    slices = tuple(map(sliced, function.outputs, boxes))
    cut = replace(
        function,
        equations=(*function.equations, *slices),
        outputs=tuple(equation.outputs[0] for equation in slices),
    )
    narrowed = needed_rectangles(cut)
    check(narrowed)
    assert same(needed_rectangles(narrowed), narrowed)
    arguments = random_programs.draw_arguments(data)
    with jax.disable_jit():
        expected = evaluate(function, arguments)
        actual = evaluate(narrowed, arguments)
    for found, whole, box in zip(actual, expected, boxes, strict=True):
        wanted = np.asarray(whole)[np.ix_(*box)] if box else np.asarray(whole)
        np.testing.assert_array_equal(found, wanted, err_msg=to_text(narrowed))


@examples(40)
@given(st.data())
def test_rectangles_of_random_programs(data):
    check_rectangles(data, depth=0)


@examples(15)
@given(st.data())
def test_rectangles_of_control_flow(data):
    check_rectangles(data, depth=2)


@pytest.mark.slow
@examples(400)
@given(st.data())
def test_rectangles_at_length(data):
    check_rectangles(data, depth=1)
