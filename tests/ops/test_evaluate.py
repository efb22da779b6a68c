"""Importing a program and evaluating it gives what JAX gives, for every operation."""

from __future__ import annotations

from typing import Final

import jax
import pytest

from partialc.ir.check import check
from partialc.ir.dtypes import Regime
from partialc.ir.structure import all_equations
from partialc.ops.registry import all_ops
from tests.ops.cases import CASES, derived
from tests.ops.running import Bundle, bundles

_DERIVED: Final = [each for case in CASES for each in derived(case)]
_OF_OTHER_VERSIONS: Final = (
    {"log2", "one_minus_square", "polynomial"}
    if jax.__version_info__ < (0, 11)
    else {"le_to", "lt_to"}
)
"""Operations that no program of the installed version of JAX contains."""

_OF_DERIVATIVES: Final = {
    *("reduce_window_max.jvp", "reduce_window_max.vjp", "expm.vjp"),
}
"""Cases of operations that programs contain only once they are differentiated."""


@pytest.mark.drawn(6, 0)
@pytest.mark.parametrize("bundle", bundles(CASES), ids=lambda each: each.name)
def test_evaluates_to_what_jax_computes(bundle: Bundle) -> None:
    for regime, function in bundle.program().variants.items():
        check(function)
        actual = bundle.evaluated(function, regime)
        bundle.assert_close(actual, bundle.expected(regime))


@pytest.mark.slow
@pytest.mark.parametrize("bundle", bundles(_DERIVED), ids=lambda bundle: bundle.name)
def test_evaluates_derivatives_to_what_jax_computes(bundle: Bundle) -> None:
    function = bundle.program().variants[Regime.WIDE]
    check(function)
    actual = bundle.evaluated(function, Regime.WIDE)
    bundle.assert_close(actual, bundle.expected(Regime.WIDE))


def test_every_operation_occurs_in_a_case() -> None:
    missing = {op.name for op in all_ops()} - _OF_OTHER_VERSIONS
    others = [case for case in _DERIVED if case.name in _OF_DERIVATIVES]
    for bundle in bundles([*CASES, *others], 40):
        missing -= {equation.op for equation in all_equations(bundle.wide())}
    assert not missing
