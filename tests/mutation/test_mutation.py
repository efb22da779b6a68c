"""Generated tests find the mistakes that are made in the modules they prove.

At least twenty mutants of each kernel (all, where there are fewer), and as many of each
function that the kernels share. Every one must be killed, but for those that are equal
to the right module: what XLA compiles to the same program is no mutant; the others are
listed by name, with the reason, and are at most one in twenty.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutation.engine import Proof
from tests.mutation.equivalent import reason
from tests.mutation.mutants import chosen, mutants

GENERATED = Path(__file__).resolve().parents[2] / "generated"
MUTANTS_OF_EACH = 25
_CHECKS = ("_checked", "_check_rows")

# The time that compiling takes puts the larger modules among the long tests.
MODULES = [
    "product",
    "quickstart_jacobian",
    "quickstart_hessian",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("robot_arm", "thermodynamics", "black_scholes", "pinn")
    ),
]


@pytest.mark.drawn(3)
@pytest.mark.parametrize("name", MODULES)
def test_generated_test_kills_all_mutants(name: str) -> None:
    proof = Proof(GENERATED / f"{name}.py", GENERATED / "tests" / f"test_{name}.py")
    killed, equivalent, survivors = 0, 0, []
    for function in _functions(proof.source):
        found = list(mutants(proof.source, function))
        assert len(found) >= 15, f"{function} has only {len(found)} mutants"
        for mutant in chosen(found, MUTANTS_OF_EACH):
            if proof.killer(mutant) is not None:
                killed += 1
            elif proof.is_equivalent(mutant):
                continue
            elif reason(name, mutant.name) is not None:
                equivalent += 1
            else:
                survivors.append(mutant.name)
    assert not survivors, f"{len(survivors)} mutants survive: {survivors}"
    assert equivalent <= 0.05 * (killed + equivalent)


def _functions(source: str) -> list[str]:
    """Every function of a module but the checks of the arguments.

    They have no place in the values; what happens without them is a mutant of each
    kernel.
    """
    return [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name not in _CHECKS
    ]


def test_the_right_module_passes() -> None:
    """Otherwise every mutant would be killed."""
    proof = Proof(
        GENERATED / "quickstart_hessian.py",
        GENERATED / "tests" / "test_quickstart_hessian.py",
    )
    for kernel in proof.kernels:
        mutant = next(mutants(proof.source, kernel))
        right = type(mutant)(kernel, "none", proof.source)
        assert proof.killer(right) is None
        assert proof.is_equivalent(right)
        assert proof.killer(mutant) is not None
