"""SymPy's own values, which tests of translated expressions note."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from partialc.frontends.load import load_primal
from partialc.verify.symbolic import exact_values
from partialc.verify.test_module import Proof
from tests.unit.verify.building import Running, proof_of, text_of

MODEL = """
import sympy as sp

x, y, n = sp.symbols("x y n")
energy = sp.exp(x) * sp.sin(y) + sp.Rational(1, 3) * n
both = sp.Matrix([[x * y, sp.erf(x)]])
several = [x, y]

def of_arrays(x):
    return x
"""
SCALARS: dict[str, Any] = {"x": "float", "y": "float"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("symbolic")
    (made / "symbolic_model.py").write_text(MODEL)
    return made


def proof(folder: Path) -> Proof:
    args = {**SCALARS, "n": 2.0}
    return proof_of(
        "symbolic_model:energy", args, {"d": "partial(x, y)"}, folder=folder
    )


def test_an_expression_is_evaluated_by_sympy(folder: Path) -> None:
    for path, args, expected in (
        ("energy", {**SCALARS, "n": 2.0}, np.exp(0.5) * np.sin(0.25) + 2 / 3),
        ("both", SCALARS, [[0.125, 0.5204998778130465]]),
    ):
        primal = load_primal(f"symbolic_model:{path}", args, name="m", folder=folder)
        evaluate = exact_values(primal, folder)
        assert evaluate is not None
        np.testing.assert_allclose(evaluate([0.5, 0.25]), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("path", "args"), [("of_arrays", {"x": "float"}), ("several", SCALARS)]
)
def test_anything_else_is_not(folder: Path, path: str, args: dict[str, Any]) -> None:
    primal = load_primal(f"symbolic_model:{path}", args, name="m", folder=folder)
    assert exact_values(primal, folder) is None


def test_a_mistranslation_fails_the_generated_test(folder: Path) -> None:
    found = proof(folder)
    assert "# What SymPy gives there" in text_of(found)
    running = Running(found)
    assert running.passes("test_function")
    call = found.primal.call
    wrong = SimpleNamespace(**{found.function_name: lambda x, y: call(x, y) * 1.001})
    running.space["generated"] = lambda: wrong
    assert not running.passes("test_function")
    running.space["found"] = lambda module, path: wrong
    running.space["reference"] = getattr(wrong, found.function_name)
    assert not running.passes("test_function")
