"""Importing a program and evaluating it gives what JAX gives, for every operation."""

from __future__ import annotations

from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.ir.check import check
from partialc.ir.dtypes import FLOAT, DType, Regime
from partialc.ir.jaxprs import trace
from partialc.ir.program import ArrayType, Program
from partialc.ir.structure import all_equations
from partialc.ops.evaluation import evaluate
from partialc.ops.registry import all_ops
from tests.ops.cases import CASES, Case, derived

ALL: Final = [each for case in CASES for each in (case, *derived(case))]

OF_OTHER_VERSIONS: Final = (
    {"log2", "one_minus_square", "polynomial"} if jax.__version_info__ < (0, 11) else set()
)
"""Operations that programs of the installed version of JAX do not contain."""


def input_types(case: Case) -> list[ArrayType]:
    """float64 examples follow the caller, complex128 ones too; others are fixed."""
    following = {"float64": FLOAT, "complex128": DType.parse("complex")}
    arrays = [np.asarray(array) for array in case.args]
    return [
        ArrayType(following.get(a.dtype.name, DType.fixed(a.dtype.name)), a.shape)
        for a in arrays
    ]


def program_of(case: Case) -> Program:
    """The case, imported for every regime its arguments allow."""
    return trace(
        lambda *leaves: jax.tree.leaves(case.function(*leaves)),
        input_types(case),
        name="case",
        input_names=[f"x{i}" for i in range(len(case.args))],
    )


def arguments(case: Case, regime: Regime) -> list[Any]:
    """The example arrays in the element types of a regime."""
    return [
        np.asarray(array).astype(kind.dtype.at(regime))
        for array, kind in zip(case.args, input_types(case), strict=True)
    ]


def expected(case: Case, regime: Regime) -> list[Any]:
    """What JAX computes for the case under a regime."""
    with jax.enable_x64(regime.x64):
        return [np.asarray(r) for r in jax.tree.leaves(case.function(*arguments(case, regime)))]


def assert_close(actual: Any, wanted: Any, ulps: float) -> None:
    """Equal types and shapes, equal numbers to some units in the last place.

    nan is where nan is wanted and nowhere else.
    """
    actual, wanted = np.asarray(actual), np.asarray(wanted)
    assert actual.dtype == wanted.dtype
    assert actual.shape == wanted.shape
    if not jnp.issubdtype(wanted.dtype, jnp.inexact):
        np.testing.assert_array_equal(actual, wanted)
        return
    tolerance = ulps * float(jnp.finfo(wanted.dtype).eps)
    wide = np.complex128 if np.iscomplexobj(wanted) else np.float64
    actual, wanted = actual.astype(wide), wanted.astype(wide)
    scale = float(np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0.0))
    np.testing.assert_allclose(
        actual, wanted, rtol=tolerance, atol=tolerance * min(scale, 1e3)
    )


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_evaluates_to_what_jax_computes(case: Case) -> None:
    program = program_of(case)
    for regime, function in program.variants.items():
        check(function)
        actual = evaluate(function, arguments(case, regime), regime)
        wanted = expected(case, regime)
        for mine, theirs in zip(actual, wanted, strict=True):
            assert_close(mine, theirs, case.ulps)


def test_every_operation_occurs_in_a_case() -> None:
    missing = {op.name for op in all_ops()}
    for case in ALL:
        for function in program_of(case).variants.values():
            missing -= {equation.op for equation in all_equations(function)}
    assert missing <= OF_OTHER_VERSIONS
