"""Taking operations apart element by element gives what JAX gives, for each of them."""

from __future__ import annotations

from typing import Final

import pytest

from partialc.ir.check import check
from partialc.ir.dtypes import Regime
from partialc.lowering.light_cone import taken_apart
from partialc.lowering.pipeline import FINAL, run
from partialc.ops.evaluation import evaluate
from partialc.ops.registry import find
from tests.ops.cases import CASES, derived
from tests.ops.running import Bundle, bundles

_DERIVED: Final = [each for case in CASES for each in derived(case)]


def _check(bundle: Bundle) -> None:
    function = bundle.program().variants[Regime.WIDE]
    cone = taken_apart(run(function, FINAL))
    assert cone is not None
    check(cone)
    actual = evaluate(cone, bundle.arguments(Regime.WIDE), Regime.WIDE)
    bundle.assert_close(actual, bundle.expected(Regime.WIDE))


@pytest.mark.drawn(6, 1)
@pytest.mark.parametrize("bundle", bundles(CASES), ids=lambda each: each.name)
def test_cones_compute_what_jax_computes(bundle: Bundle) -> None:
    _check(bundle)


@pytest.mark.slow
@pytest.mark.parametrize("bundle", bundles(_DERIVED), ids=lambda bundle: bundle.name)
def test_cones_of_derivatives_compute_what_jax_computes(bundle: Bundle) -> None:
    _check(bundle)


@pytest.mark.parametrize(
    "name", ["add", "pad", "reduce_sum", "dot_general", "conv_general_dilated"]
)
def test_common_operations_have_a_rule_for_elements(name: str) -> None:
    op = find(name)
    assert op is not None
    assert op.elements is not None
