"""No pass changes a bit: the evaluator is the oracle, inf and nan included."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partialc.ir.check import check
from partialc.ir.dtypes import Regime
from partialc.ir.structure import same
from partialc.ir.text import parse, to_text
from partialc.lowering.light_cone import LIGHT_CONE
from partialc.lowering.passes import Grade
from partialc.lowering.pipeline import FINAL, PASSES, run
from partialc.ops.evaluation import evaluate
from tests.passes import random_programs as programs
from tests.property.fuzzing import examples

BITWISE = [each for each in PASSES.values() if each.grade is Grade.BITWISE]


def bits(function, arguments, regime):
    """The results of a program, run operation by operation, as bytes."""
    with jax.disable_jit():
        results = [np.asarray(array) for array in evaluate(function, arguments, regime)]
    # All nans are one.
    return [
        (a.dtype, a.shape, np.where(np.isnan(a), np.nan, a).tobytes())
        if a.dtype.kind == "f"
        else (a.dtype, a.shape, a.tobytes())
        for a in results
    ]


def check_no_pass_changes_a_result(data, depth):
    function = programs.draw_program(data, depth)
    check(function)
    arguments = programs.draw_arguments(data)
    regime = data.draw(st.sampled_from(list(Regime)))
    expected = bits(function, arguments, regime)
    for passes in [*([simplify] for simplify in BITWISE), FINAL]:
        result = run(function, passes, after=lambda _, before, after: check(after))
        if not same(result, function):
            names = [simplify.name for simplify in passes]
            assert bits(result, arguments, regime) == expected, (names, to_text(result))


@examples(60)
@given(st.data())
def test_no_pass_changes_a_result(data):
    check_no_pass_changes_a_result(data, depth=0)


@examples(15)
@given(st.data())
def test_no_pass_changes_a_result_of_control_flow(data):
    check_no_pass_changes_a_result(data, depth=2)


@pytest.mark.slow
@examples(300)
@given(st.data())
def test_no_pass_changes_a_result_at_length(data):
    check_no_pass_changes_a_result(data, depth=1)


@examples(40)
@given(st.data())
def test_the_text_of_a_program_is_read_back(data):
    function = programs.draw_program(data)
    assert same(parse(to_text(function)), function)


@examples(40)
@given(st.data())
def test_the_pipeline_comes_to_rest(data):
    function = run(programs.draw_program(data), FINAL)
    once = run(function, FINAL)
    assert same(run(once, FINAL), once)


def test_all_passes_before_specialisation_are_bitwise():
    others = {name for name, each in PASSES.items() if each not in BITWISE}
    assert others == {
        *("array_algebra", "drop_neutral", "light_cone", "near_zero"),
        *("needed_rectangles", "powers", "rectangles", "specialise_loops"),
    }
    assert not others & {each.name for each in FINAL}


def test_the_grade_of_a_pass_is_that_of_its_options():
    assert LIGHT_CONE.grade is Grade.REASSOCIATING
    in_order = LIGHT_CONE.with_options(in_order=True)
    assert in_order.grade is Grade.FINITE
    assert in_order.with_options(in_order=False).grade is Grade.REASSOCIATING
    assert str(in_order) == "light_cone(in_order=True)"
    assert len({LIGHT_CONE, in_order, LIGHT_CONE.with_options(in_order=True)}) == 2


@pytest.mark.parametrize("name", PASSES)
def test_each_pass_does_something_to_some_program(name):
    seen = []

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(st.data())
    def collect(data):
        function = programs.draw_program(data)
        if not any(seen):
            seen.append(not same(run(function, [PASSES[name]]), function))

    collect()
    assert any(seen)
