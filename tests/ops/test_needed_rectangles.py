"""Operations on the rectangle that is needed give what JAX gives, for each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from partialc.ir.boxes import Box
from partialc.ir.check import check
from partialc.ir.dtypes import Regime
from partialc.ir.equations import sliced
from partialc.ir.program import Atom, Function
from partialc.lowering.needed_rectangles import needed_rectangles
from partialc.lowering.pipeline import FINAL, run
from partialc.ops.evaluation import evaluate
from partialc.ops.registry import find
from tests.ops.cases import CASES, derived
from tests.ops.running import Bundle, bundles

_DERIVED: Final = [each for case in CASES for each in derived(case)]

Choice = Callable[[tuple[int, ...]], Box]


def _first(shape: tuple[int, ...]) -> Box:
    """The first places of every axis."""
    return tuple(range((size + 1) // 3 or 1) for size in shape)


def _last(shape: tuple[int, ...]) -> Box:
    """The last place of every axis."""
    return tuple(range(size - 1, size) for size in shape)


def _every_other(shape: tuple[int, ...]) -> Box:
    """Every other place of the last axis, the middle of the first."""
    if len(shape) < 2:
        return tuple(range(0, max(size - 1, 1), 2) for size in shape)
    *leading, size = shape
    middle = (leading[0] // 2, *(0 for _ in leading[1:]))
    return (*(range(n, n + 1) for n in middle), range(size % 2, size, 2) or range(1))


_CHOICES: Final[tuple[Choice, ...]] = (_first, _last, _every_other)


def _sliced(function: Function, choice: Choice) -> Function:
    """The function with a rectangle of each of its results."""
    slices, outputs = [], list[Atom]()
    for atom in function.outputs:
        if atom.type.size and not atom.type.dtype.is_key:
            slices.append(sliced(atom, choice(atom.type.shape)))
            outputs.append(slices[-1].outputs[0])
        else:
            outputs.append(atom)
    equations = (*function.equations, *slices)
    return replace(function, equations=equations, outputs=tuple(outputs))


def _taken(array: np.ndarray, choice: Choice) -> np.ndarray:
    return array[np.ix_(*choice(array.shape))] if array.ndim and array.size else array


@pytest.fixture(scope="module")
def wanted() -> dict[str, list[np.ndarray]]:
    """What JAX computes for each bundle, once."""
    return {}


def _check(bundle: Bundle, choice: Choice, wanted: dict[str, list[np.ndarray]]) -> None:
    if bundle.name not in wanted:
        wanted[bundle.name] = bundle.expected(Regime.WIDE)
    function = run(bundle.program().variants[Regime.WIDE], FINAL)
    narrowed = needed_rectangles(_sliced(function, choice))
    check(narrowed)
    actual = evaluate(narrowed, bundle.arguments(Regime.WIDE), Regime.WIDE)
    bundle.assert_close(actual, [_taken(each, choice) for each in wanted[bundle.name]])


@pytest.mark.drawn(6, 2)
@pytest.mark.parametrize("bundle", bundles(CASES), ids=lambda each: each.name)
def test_rectangles_hold_what_jax_computes(
    bundle: Bundle, wanted: dict[str, list[np.ndarray]]
) -> None:
    _check(bundle, _first, wanted)


@pytest.mark.slow
@pytest.mark.parametrize("choice", [_last, _every_other])
@pytest.mark.parametrize("bundle", bundles(CASES), ids=lambda bundle: bundle.name)
def test_all_rectangles_hold_what_jax_computes(
    bundle: Bundle, choice: Choice, wanted: dict[str, list[np.ndarray]]
) -> None:
    _check(bundle, choice, wanted)


@pytest.mark.slow
@pytest.mark.parametrize("choice", _CHOICES)
@pytest.mark.parametrize("bundle", bundles(_DERIVED), ids=lambda bundle: bundle.name)
def test_rectangles_of_derivatives_hold_what_jax_computes(
    bundle: Bundle, choice: Choice, wanted: dict[str, list[np.ndarray]]
) -> None:
    _check(bundle, choice, wanted)


@pytest.mark.parametrize(
    "name", ["sort", "top_k", "argmax", "triangular_solve", "lu", "dot_general", "fft"]
)
def test_operations_with_lanes_have_a_rule_for_rectangles(name: str) -> None:
    op = find(name)
    assert op is not None
    assert op.lanes is not None
