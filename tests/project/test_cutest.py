"""Hessians of some CUTEst problems: numbers against plain JAX, nonzeros as known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import pytest

if find_spec("sif2jax") is None:
    # To import it as it is takes minutes: `problems` leaves out what it does not need.
    pytest.skip("sif2jax is not installed", allow_module_level=True)

from cutest_problems.collection import Objective, objective, problems
from cutest_problems.judge import judged
from cutest_problems.record import Record

NONZEROS = {
    "ARGLINB": 20_100,
    "ARWHEAD": 9_999,
    "BOX": 39_994,
    "DIAGIQB": 9,
    "EG2": 1_998,
    "HS45": 10,
    "QUDLIN": 2_500,
    "ROSENBR": 3,
}
"""Of the lower triangle: a dense matrix, an arrow, bands, few entries, written out."""


@cache
def collection() -> dict[str, tuple[str, Any]]:
    return problems()


@pytest.fixture(autouse=True)
def wide() -> Generator[None]:
    with jax.enable_x64(True):
        yield


def problem(name: str) -> Objective:
    return objective(name, *collection()[name])


@pytest.mark.parametrize("name", NONZEROS)
def test_hessian(name: str) -> None:
    found = Record(name)
    for step in judged(problem(name)):
        found = replace(found, **step)
        if found.stage == "peer":
            break  # What it lists is looked at by the benchmark.
    assert not found.failure
    assert found.points
    assert not found.wrong
    assert found.nonzeros == NONZEROS[name]


@pytest.mark.slow
def test_all_problems(tmp_path: Path) -> None:
    """Hours: nothing is wrong, and nearly all are built within the limit of time."""
    script = Path(__file__).resolve().parents[2] / "benchmarks" / "cutest.py"
    command = [sys.executable, str(script), "--file", str(tmp_path / "cutest.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
