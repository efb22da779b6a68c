"""The formulas that accuracy is measured on are many, varied and well formed."""

from __future__ import annotations

from collections import Counter
from math import prod

import jax
import pytest

from formulas import CORPUS, FORMULAS, Formula
from partialc.request.parse import parse


def test_there_are_many_formulas_from_many_fields() -> None:
    fields = Counter(formula.field for formula in FORMULAS)
    assert len(FORMULAS) >= 120
    assert len(fields) >= 8
    assert min(fields.values()) >= 5


def test_names_are_unique() -> None:
    assert len(CORPUS) == len(FORMULAS)
    assert len({formula.title for formula in FORMULAS}) == len(FORMULAS)


def test_most_have_no_domain_and_many_have_several_arguments() -> None:
    assert sum(not formula.domain for formula in FORMULAS) > 0.75 * len(FORMULAS)
    assert sum(len(formula.coordinates) > 1 for formula in FORMULAS) > 60


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.name)
def test_every_formula_is_well_formed(formula: Formula) -> None:
    sizes = [prod(formula.shapes.get(name, ())) for name in formula.arguments]
    assert formula.title
    assert set(formula.shapes) | set(formula.domain) <= set(formula.arguments)
    assert all(low < high for low, high in formula.domain.values())
    for text in formula.requests().values():
        parse(text, None)
    orders = [text.count(",") for text in formula.requests().values()]
    assert orders == ([0, 0, 1, 2, 3] if sum(sizes) == 1 else [0, 0, 1, 2, 3, 1, 2])


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.name)
def test_every_formula_traces_to_one_number(formula: Formula) -> None:
    for width, is_x64 in (("float32", False), ("float64", True)):
        with jax.enable_x64(is_x64):
            leaves = [
                jax.ShapeDtypeStruct(formula.shapes.get(name, ()), width)
                for name in formula.arguments
            ]
            result = jax.eval_shape(formula.function, *leaves)
        assert (result.shape, result.dtype) == ((), width)
