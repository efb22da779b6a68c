"""Products that share factors multiply them once."""

from __future__ import annotations

import pytest

from partialc.lowering.scalar.pairs import LONGEST, with_shared_pairs
from partialc.lowering.scalar.terms import Term, reachable
from tests.unit.lowering.term_writer import Writer


@pytest.fixture
def make() -> Writer:
    return Writer()


def shared(make: Writer, *roots: Term) -> list[Term]:
    return with_shared_pairs(make.program(*roots), make.algebra).roots()


def products(roots: list[Term]) -> int:
    return sum(term.op == "mul" for term in reachable(roots))


def test_a_pair_is_multiplied_once_wherever_it_stands(make: Writer) -> None:
    first = make("mul", make("mul", make.x, make.z), make.y)
    second = make("mul", make("mul", make.y, make("sin", make.z)), make.x)
    found = shared(make, first, second)
    assert products([first, second]) == 4
    assert products(found) == 3
    assert "mul(x, y)" in make.text(found[0])
    assert "mul(x, y)" in make.text(found[1])


def test_pairs_of_pairs_are_shared_too(make: Writer) -> None:
    sine = make("sin", make.x)
    roots = [
        make("mul", make("mul", make("mul", make.x, sine), make.y), make.z),
        make("mul", make("mul", make("mul", make.z, make.y), make.x), sine),
    ]
    found = shared(make, *roots)
    assert found[0] is found[1]


def test_numbers_stay_outside(make: Writer) -> None:
    roots = [make("mul", 3.0, make.x), make("mul", make.x, make("mul", 3.0, make.y))]
    assert products(shared(make, *roots)) == products(roots) == 3


def test_strict_products_stay(make: Writer) -> None:
    inner = make("mul", make.x, make.z, strict=True)
    first = make("mul", inner, make.y, strict=True)
    second = make("mul", make("mul", make.y, make("sin", make.z)), make.x)
    assert shared(make, first, second)[0] is first


def test_long_products_stay(make: Writer) -> None:
    factors = [make.x]
    for _ in range(LONGEST + 1):
        factors.append(make("sin", factors[-1]))
    first, second = factors[0], factors[-1]
    for factor in factors[1:]:
        first = make("mul", first, factor)
    for factor in reversed(factors[:-1]):
        second = make("mul", second, factor)
    assert products(shared(make, first, second)) == products([first, second])
