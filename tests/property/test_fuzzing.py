"""The machinery of the random tests: seeds, reproduction, and what counts as wrong."""

import hypothesis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracle as reference
from tests.property import judging
from tests.property.cases import NEAR, Case, draw_case
from tests.property.fuzzing import drawn_by, examples, reproducible
from tests.property.judging import Rounding
from tests.property.programs import RandomProgram


def test_every_test_draws_by_the_seed_of_the_run(pytestconfig):
    seed = pytestconfig.option.hypothesis_seed
    assert seed is not None
    assert str(hypothesis.core.global_force_seed) == str(seed)


def test_the_same_seed_draws_the_same_and_another_does_not(monkeypatch):
    def drawn():
        found = []

        @settings(max_examples=5, database=None)
        @given(st.integers())
        def collect(number):
            found.append(number)

        collect()
        return found

    first = drawn()
    assert drawn() == first
    monkeypatch.setattr(hypothesis.core, "global_force_seed", 1234567)
    assert drawn() != first


def test_settings_draw_anew_also_where_ci_is_set():
    assert not settings.default.derandomize
    assert not examples(3).derandomize
    assert examples(3).max_examples == 3


@examples(20)
@given(drawn_by(lambda random: draw_case(random, NEAR)))
def test_what_a_failure_prints_is_the_case(case):
    assert eval(repr(case), {"Case": Case, "RandomProgram": RandomProgram}) == case


def test_whatever_goes_wrong_says_how_to_repeat_it():
    with pytest.raises(ValueError, match="bad") as caught, reproducible("check(7)"):
        raise ValueError("bad")
    assert caught.value.__notes__ == ["to repeat it: check(7)"]


def near(*entries):
    """One point and two neighbours at which everything is the same."""
    return np.array([[entries] * 3])


def test_a_nan_of_the_reference_excuses_its_own_entry_only():
    wanted = np.array([[np.nan, 1.0, np.inf, 2.0]])
    modes = [near(np.nan, 1.0, np.inf, 2.0)]
    wrong = Rounding().wrong
    assert not wrong(np.array([[7.0, 1.0, 7.0, 2.0]]), wanted, modes).any()
    found = wrong(np.array([[7.0, 1.5, 7.0, np.nan]]), wanted, modes)
    assert found.tolist() == [[False, True, False, True]]


def test_what_one_mode_cannot_say_is_not_asked():
    wanted = np.array([[1.0, 2.0]])
    modes = [near(1.0, 2.0), near(np.nan, 2.0)]
    found = Rounding().wrong(np.array([[5.0, 5.0]]), wanted, modes)
    assert found.tolist() == [[False, True]]


def test_a_number_may_err_as_much_as_it_moves_nearby():
    wanted = np.array([[1.0]])
    off = np.array([[1.0 + 1e-9]])
    assert Rounding().wrong(off, wanted, [near(1.0)]).all()
    moving = np.array([[[1.0], [1.0 + 2e-10], [1.0 - 1e-10]]])
    assert not Rounding().wrong(off, wanted, [moving]).any()


def test_what_is_itself_in_doubt_proves_nothing():
    wanted, off = np.array([[1.0]]), np.array([[1.5]])
    chain = near(1.5)
    assert Rounding().wrong(off, wanted, [near(1.0)], moving=[chain]).all()


CASE = Case(
    program=RandomProgram((3,), (("sin", 0, 0), ("multiply", 3, 0)), reduces=True),
    requests=("partial(x[0], x[1])", "gradient(x)"),
)


def test_a_right_kernel_passes_and_a_wrong_one_does_not(monkeypatch):
    judging.check(CASE)
    right = reference.reference_value

    def off(*given, **options):
        return 1.0001 * right(*given, **options)

    monkeypatch.setattr("tests.property.cases.reference_value", off)
    with pytest.raises(AssertionError, match="but JAX gives"):
        judging.check(CASE)
