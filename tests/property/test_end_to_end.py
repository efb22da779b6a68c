"""Random programs, random requests: kernels give what plain JAX gives.

Left out for now: written-out kernels that are regrouped, at points where functions
saturate. They keep the contract by construction and by trial, which is off in tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.cases import LARGE, NEAR, Case, cases
from tests.property.fuzzing import examples, reproducible
from tests.property.judging import check


def _check(case: Case) -> None:
    with reproducible(f"check({case!r})"):
        check(case)


@examples(8, shrink=False)
@given(cases(NEAR))
def test_random_programs(case: Case) -> None:
    _check(case)


@pytest.mark.slow
@examples(300, shrink=False)
@given(cases(NEAR))
def test_many_random_programs(case: Case) -> None:
    _check(case)


def _in_order(case: Case) -> Case:
    return replace(case, reassociate=False)


@examples(3, shrink=False)
@given(cases(LARGE).map(_in_order))
def test_order_is_kept_where_functions_saturate(case: Case) -> None:
    _check(case)


@pytest.mark.slow
@examples(200, shrink=False)
@given(cases(LARGE).map(_in_order))
def test_many_where_functions_saturate(case: Case) -> None:
    _check(case)


@pytest.mark.slow
@examples(40, shrink=False)
@given(case=cases((*NEAR, *LARGE)))
def test_written_out_kernels_are_tried_out(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTIALC_TRIAL", "on")
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
@examples(8, shrink=False)
@given(st.lists(cases(NEAR), min_size=3, max_size=3))
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
