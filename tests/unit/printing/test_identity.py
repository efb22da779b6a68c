"""Import, print, load: the same operations, or else the same numbers.

Where the printed function traces to the very operations of the original, nothing is
run: that is stronger than equal numbers at a point.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from partialc.ir.program import Function, Program
from partialc.ir.structure import has_unprintable_rules
from partialc.lowering.resolve_custom_calls import resolve_custom_calls
from tests.ops.cases import CASES, derived
from tests.ops.running import Bundle, bundles
from tests.unit.printing.programs import (
    assert_strong,
    flat_source,
    load,
    same_steps,
    strict,
)

_UNPRINTABLE = {"linear_call", "ragged_dot"}
_CASES = [case for case in CASES if case.name not in _UNPRINTABLE]
_DERIVED = [each for case in _CASES for each in derived(case)]


@pytest.fixture(autouse=True)
def _small_memory():
    """Compiled programs pile up to gigabytes over a thousand cases."""
    yield
    jax.clear_caches()


@pytest.mark.drawn(6, 3)
@pytest.mark.parametrize("bundle", bundles(_CASES), ids=lambda each: each.name)
def test_a_printed_program_computes_the_same(bundle: Bundle) -> None:
    program = bundle.program()
    if has_unprintable_rules(program.widest):
        program = _without_rules(program)
    _check(bundle, program)


@pytest.mark.slow
@pytest.mark.parametrize("bundle", bundles(_DERIVED), ids=lambda bundle: bundle.name)
def test_a_printed_derivative_computes_the_same(bundle: Bundle) -> None:
    # As in a generated kernel: what is not differentiated again needs no rules.
    _check(bundle, _without_rules(bundle.program()))


def _without_rules(program: Program) -> Program:
    resolved: dict[int, Function] = {}
    for function in program.variants.values():
        resolved.setdefault(id(function), resolve_custom_calls(function))
    return Program(
        program.name,
        {regime: resolved[id(f)] for regime, f in program.variants.items()},
    )


def _check(bundle: Bundle, program: Program) -> None:
    names = [f"x{place}" for place in range(len(bundle.types))]
    printed = load(flat_source(program, names))
    for regime, function in program.variants.items():
        arguments = bundle.arguments(regime)
        assert_strong(printed, arguments, regime)
        if same_steps(function, printed, bundle.types, regime):
            continue
        with strict(regime):
            actual = jax.jit(printed)(*map(jnp.asarray, arguments))
        bundle.assert_close(actual, bundle.expected(regime))
