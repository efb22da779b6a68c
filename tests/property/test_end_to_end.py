"""Random programs, random requests: kernels give what plain JAX gives.

Where functions saturate, kernels that are regrouped keep the contract by construction
and by trial; trials are off in tests, save in those that say so.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.cases import LARGE, NEAR, Case, draw_case
from tests.property.fuzzing import drawn_by, examples, reproducible
from tests.property.judging import check

NEARBY = drawn_by(lambda random: draw_case(random, NEAR))
SATURATED = drawn_by(lambda random: draw_case(random, LARGE))


def _check(case: Case) -> None:
    with reproducible(f"check({case!r})"):
        check(case)


@examples(6, shrink=False)
@given(NEARBY)
def test_random_programs(case: Case) -> None:
    _check(case)


@pytest.mark.slow
@examples(300, shrink=False)
@given(NEARBY)
def test_many_random_programs(case: Case) -> None:
    _check(case)


def _in_order(case: Case) -> Case:
    return replace(case, reassociate=False)


@examples(3, shrink=False)
@given(SATURATED.map(_in_order))
def test_order_is_kept_where_functions_saturate(case: Case) -> None:
    _check(case)


@pytest.mark.slow
@examples(200, shrink=False)
@given(SATURATED.map(_in_order))
def test_many_where_functions_saturate(case: Case) -> None:
    _check(case)


@pytest.fixture(scope="module")
def trials_on() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARTIALC_TRIAL", "on")
        yield


@pytest.mark.usefixtures("trials_on")
@examples(2, shrink=False)
@given(SATURATED)
def test_regrouped_kernels_where_functions_saturate(case: Case) -> None:
    _check(case)


@pytest.mark.slow
@pytest.mark.usefixtures("trials_on")
@examples(60, shrink=False)
@given(NEARBY | SATURATED)
def test_many_kernels_that_are_tried_out(case: Case) -> None:
    _check(case)


PRINT = """
import hashlib
from tests.property.cases import Case
from tests.property.programs import RandomProgram
for case in {cases!r}:
    module = case.compiled()
    text = module.source + module.test_source
    print(hashlib.sha256(text.encode()).hexdigest())
"""


@pytest.mark.slow
@examples(6, shrink=False)
@given(st.lists(NEARBY, min_size=3, max_size=3))
def test_processes_write_the_same_bytes(some: list[Case]) -> None:
    """Whatever order their sets and dictionaries have."""
    with reproducible(repr(some)):
        first, second = (_printed(some, seed) for seed in ("1", "2"))
        assert first == second


def _printed(some: list[Case], hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "JAX_PLATFORMS": "cpu"}
    run = subprocess.run(
        [sys.executable, "-c", PRINT.format(cases=some)],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout
