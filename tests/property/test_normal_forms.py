"""Programs in normal form give the numbers of the programs that they are made of."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from partialc.analysis.demand import find_demand
from partialc.analysis.facts import find_facts
from partialc.ir.check import check
from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType
from partialc.ir.text import to_text
from partialc.lowering.fold_constants import computed
from partialc.lowering.pipeline import FINAL, run
from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.emit import emit
from partialc.lowering.scalar.extract import extract
from partialc.lowering.scalar.normal_forms import normalised
from partialc.lowering.scalar.quotients import as_quotients
from partialc.lowering.scalar.regroup import regroup
from partialc.lowering.scalar.terms import Terms
from partialc.ops.evaluation import evaluate
from tests.property.fuzzing import examples

NAMES = ["x", "y", "z"]
KIND = ArrayType(FLOAT, ())
STEPS = {
    "add": jnp.add,
    "sub": jnp.subtract,
    "mul": jnp.multiply,
    "div": jnp.divide,
    "square": lambda a, b: a**2,
    "cube": lambda a, b: a**3,
    "over": lambda a, b: 1 / (a + b * b),
    "sqrt": lambda a, b: jnp.sqrt(a),
    "root": lambda a, b: jnp.sqrt(a * b),
    "log": lambda a, b: jnp.log(a),
    "exp": lambda a, b: jnp.exp(-a),
    "exp_log": lambda a, b: jnp.exp(-b - jnp.log(a)),
    "scale": lambda a, b: 0.7 * a + 0.2,
    "where": lambda a, b: jnp.where(a < b, a * b, a + b),
}


def draw_function(data: st.DataObject) -> Any:
    """A random function of three numbers: steps on whatever was made before."""
    count = data.draw(st.integers(2, 7))
    steps = [
        (
            data.draw(st.sampled_from(sorted(STEPS))),
            data.draw(st.integers(0, 2 + number)),
            data.draw(st.integers(0, 2 + number)),
        )
        for number in range(count)
    ]

    def function(x: Any, y: Any, z: Any) -> Any:
        made = [x, y, z]
        for step, first, second in steps:
            made.append(STEPS[step](made[first], made[second]))
        return made[-1] + made[-2] * x

    return function


def simplified(program: Any, algebra: Algebra) -> Any:
    for _ in range(2):
        program = regroup(program, algebra)
    return as_quotients(program, algebra.terms)


def uncertainty(program: Any, point: list[float]) -> float:
    """How far a result moves as its arguments do by their last place."""
    (here,) = evaluate(program, point)
    moved = 0.0
    for place, number in enumerate(point):
        nearby = [*point]
        nearby[place] = float(np.nextafter(number, 2.0))
        moved += abs(float(evaluate(program, nearby)[0]) - float(here))
    return moved


def check_normal_form(data: st.DataObject, order: int) -> None:
    function = draw_function(data)
    for _ in range(order):
        function = jax.grad(function, data.draw(st.integers(0, 2)))
    with jax.enable_x64(True):
        traced = trace_one(
            lambda *point: [function(*point)],
            [KIND] * 3,
            Regime.WIDE,
            name="f",
            input_names=NAMES,
            rules=False,
        )
    plain = run(traced, FINAL)
    facts = find_facts(plain, computed)
    demand = find_demand(plain, facts, 10_000)
    assert demand is not None
    algebra = Algebra(Terms())
    normal = normalised(extract(plain, facts, demand, algebra), algebra)
    assert normal is not None
    for program in (normal, simplified(normal, algebra)):
        written = emit(program, plain)
        check(written)
        for _ in range(4):
            point = [data.draw(st.floats(0.3, 1.7)) for _ in NAMES]
            with jax.disable_jit():
                (expected,) = evaluate(plain, point)
                (actual,) = evaluate(written, point)
            moved = [
                evaluate(
                    plain, [float(np.nextafter(a, 2)) if a is b else a for a in point]
                )
                for b in point
            ]
            # As far as the number is determined by an argument that is rounded.
            slack = sum(abs(float(each[0]) - float(expected)) for each in moved)
            assume(np.isfinite(expected) and np.isfinite(slack))
            np.testing.assert_allclose(
                actual,
                expected,
                rtol=1e-9,
                atol=1e-11 + 1e3 * slack,
                err_msg=to_text(plain) + to_text(written),
            )


@examples(30)
@given(st.data())
def test_normal_forms_of_derivatives(data: st.DataObject) -> None:
    check_normal_form(data, data.draw(st.integers(0, 2)))


@pytest.mark.slow
@examples(500)
@given(st.data())
def test_normal_forms_of_derivatives_at_length(data: st.DataObject) -> None:
    check_normal_form(data, data.draw(st.integers(0, 3)))
