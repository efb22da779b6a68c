"""The figures of the accuracy table are what they say."""

from __future__ import annotations

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import accuracy
from formulas import CORPUS
from judging import measure
from judging.errors import rms_errors
from judging.modes import nested, pushed, steps_of
from judging.modules import Built
from judging.points import points_beyond
from judging.report import page, summary
from judging.row import FLOOR, Row, geometric_mean
from judging.running import Compiled
from partialc.accuracy.scalars import Scalars
from partialc.accuracy.truth import Truth
from partialc.ir.dtypes import DType, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType


@pytest.mark.parametrize("request_", ["value", "partial(x[0])", "partial(x[2], x[0])"])
def test_partials_are_taken_in_three_ways_that_agree(request_):
    formula = CORPUS["quadratic_form"]
    steps = steps_of(formula, request_)
    ways = [
        nested(formula.function, steps),
        nested(formula.function, steps, jax.jacrev),
        pushed(formula.function, steps),
    ]

    def entry(x):
        whole = (lambda f: f, jax.grad, jax.hessian)[len(steps)](formula.function)
        return whole(x)[tuple(step.index[0] for step in steps)]

    results = jax.jit(lambda x: [way(x) for way in (entry, *ways)])(
        jnp.array([0.3, -0.2, 1.1])
    )
    np.testing.assert_allclose(results, float(results[0]), rtol=1e-5)


def test_the_width_of_the_points_decides_the_width_of_the_results():
    run = Compiled(lambda x: x * np.float64(0.1))
    for width in ("float32", "float64"):
        assert run([np.ones(3, width)])[0].dtype == width


def error_of(kernel, width, points):
    kind = ArrayType(DType.fixed("float64"), ())

    def chain(x):
        return jnp.log1p(x)

    traced = trace_one(
        lambda x: [chain(x)], [kind], Regime.WIDE, name="f", input_names=["x"]
    )
    truth = Truth(Scalars(traced))
    run = [Compiled(each).part(0) for each in (kernel, chain)]
    return rms_errors(run[0], [run[1]], truth, [np.asarray(points, width)])


@pytest.mark.parametrize("width", ["float32", "float64"])
def test_the_rms_error_is_in_units_in_the_last_place(width):
    points = np.linspace(0.5, 3, 60)
    eps = float(np.finfo(width).eps)

    def off(x):
        return jnp.log1p(x) * (1 + 64 * eps)

    ours, theirs = error_of(off, width, points)
    assert theirs < 1
    assert 60 < ours < 140  # a number of 64 eps is 64 to 128 of its units
    assert error_of(jnp.log1p, width, points) == (theirs, theirs)


def test_points_at_which_something_is_not_finite_are_left_out():
    def partly(x):
        return jnp.where(x > 2, jnp.nan, jnp.log1p(x))

    some = error_of(partly, "float32", np.linspace(0.5, 3, 60))
    assert some is not None
    assert some[0] == some[1]
    assert error_of(partly, "float32", np.linspace(2.5, 3, 60)) is None


def test_where_all_references_are_zero_there_is_no_unit():
    def off(x):
        return jnp.log1p(x) + jnp.where(x == 0, 1e-17, 0)

    points = np.append(np.linspace(0.5, 3, 59), 0.0)[::-1]
    ours, theirs = error_of(off, "float64", points)
    assert 0 < ours == theirs


def test_ratios_are_floored_and_chains_are_one():
    row = Row("f", "order_1", "auto", "float32", error=0.01, chain_error=1.0)
    chain = Row("f", "order_2", "auto", "float32", is_chain=True)
    unknown = Row("f", "order_3", "auto", "float32")
    assert row.ratio == FLOOR
    assert geometric_mean([row, chain, unknown]) == pytest.approx(0.5)
    assert geometric_mean([unknown]) is None
    assert geometric_mean([row, chain], most=2) == pytest.approx(2**-0.5)


def test_the_page_says_what_is_broken_and_how():
    rows = [
        Row("planck_law", "order_4", "auto", "float32", breaches=3, worst="x=25: nan"),
        Row("planck_law", "order_1", "auto", "float64", error=1.0, chain_error=2.0),
        Row("logit", "all", "all", "both", failure="ValueError: no"),
    ]
    text = page(rows, CORPUS, "# How")
    broken = text.partition("## Every formula")[0]
    assert "| `planck_law` | order_4 | auto | float32 | 3 | x=25: nan |" in broken
    assert "ValueError: no" in broken
    assert "2 broken" in summary(rows).splitlines()[-1]
    assert "| Planck's law in reduced frequency | 1 broken | 0.5 (to 0.5) |" in text


def built(kernel, chain):
    """A kernel of one form, as if it had been compiled."""
    text = {"order_1": str(kernel)}
    kernels, chains = ({"order_1": Compiled(each)} for each in (kernel, chain))
    return Built(kernels, chains, text, frozenset())


def test_a_kernel_that_overflows_is_found_broken(monkeypatch):
    formula = CORPUS["fermi_tail"]
    chain = nested(formula.function, steps_of(formula, "partial(x)"))

    def overflowing(x):
        return -jnp.exp(3 * x) / (jnp.exp(x) + 1) ** 2 / jnp.exp(2 * x)

    forms = {"auto": built(overflowing, chain), "expanded": built(chain, chain)}
    monkeypatch.setattr(measure, "build", lambda *_, **__: forms)
    wanted = measure.Wanted(widths=("float32",), kernels=("order_1",))
    bad, good = measure.measure(formula, wanted)
    assert bad.form == "auto"
    assert bad.breaches > 50
    assert "x=" in bad.worst
    assert (good.form, good.breaches, good.ratio) == ("expanded", 0, 1.0)


def test_points_beyond_have_a_number_that_is_not_judged():
    for width, low, high in (("float32", 1e-5, 1e18), ("float64", 1e-5, 1e150)):
        points = points_beyond(CORPUS["hypotenuse"], width, 40)
        sizes = np.abs(np.stack(points))
        outside = (sizes < low) & (sizes > 0) | (sizes > high)
        assert np.isfinite(sizes).all()
        assert {leaf.dtype.name for leaf in points} == {width}
        assert outside.any(axis=0).all()
    assert points_beyond(CORPUS["fermi_tail"], "float32", 40) is None


def test_what_cannot_be_built_is_a_broken_row(monkeypatch):
    def refuse(*_, **__):
        raise RecursionError("too deep\nand more")

    monkeypatch.setattr(measure, "build", refuse)
    (row,) = measure.measure(CORPUS["logit"], measure.Wanted())
    assert row.is_broken
    assert row.failure == "RecursionError: too deep"


def test_a_slice_of_the_corpus_keeps_the_contract(monkeypatch, capsys):
    monkeypatch.delenv("PARTIALC_TRIAL", raising=False)
    assert accuracy.main(["--slice", "--jobs", "1"]) == 0
    assert "all: 24 rows" in capsys.readouterr().out


@pytest.mark.slow
def test_every_kernel_of_the_corpus_keeps_the_contract():
    environment = {k: v for k, v in os.environ.items() if k != "PARTIALC_TRIAL"}
    result = subprocess.run(
        [sys.executable, accuracy.__file__],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "arguments", [["--only", "no_such_law"], ["--write", "--slice"]]
)
def test_what_makes_no_sense_is_refused(arguments, capsys):
    assert accuracy.main(arguments) == 2
    assert capsys.readouterr().err
