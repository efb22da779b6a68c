"""Which exponentials others can stand for."""

from __future__ import annotations

import pytest

from partialc.lowering.scalar.exponentials import MOST, Exponentials
from partialc.lowering.scalar.overflow import Overflow
from partialc.lowering.scalar.terms import Term
from tests.unit.lowering.term_writer import Writer


@pytest.fixture
def make() -> Writer:
    return Writer()


def power(*atoms: Term) -> tuple[tuple[Term, int], ...]:
    ordered = sorted(atoms, key=lambda atom: atom.order)
    return tuple((atom, 2) for atom in ordered)


class Greeks:
    """a = exp(x), b = exp(x + log z - y), c = exp(-y): b is a * z * c."""

    def __init__(self, make: Writer) -> None:
        self.log = make("log", make.z)
        minus = make("neg", make.y)
        self.a, self.c = make("exp", make.x), make("exp", minus)
        self.b = make("exp", make("add", make("add", make.x, self.log), minus))
        self.z = make.z
        self.found = Exponentials(Overflow())
        self.found.logarithms[self.log] = power(make.z)
        x, y, log = power(make.x), power(make.y), power(self.log)
        self.found.exponents[self.a] = {x: 1.0}
        self.found.exponents[self.c] = {y: -1.0}
        self.found.exponents[self.b] = {x: 1.0, log: 1.0, y: -1.0}


def test_what_spares_factors_is_replaced(make: Writer) -> None:
    """Where c stands beside a everywhere, b alone will do for both."""
    greeks = Greeks(make)
    greeks.found.note(power(greeks.a, greeks.c))
    greeks.found.note(power(greeks.b))
    replaced = greeks.found.replacements()
    assert list(replaced) == [greeks.c]
    assert dict(replaced[greeks.c]) == {greeks.b: 2, greeks.z: -2, greeks.a: -2}


def test_nothing_is_replaced_where_a_new_product_would_arise(make: Writer) -> None:
    greeks = Greeks(make)
    for exponential in (greeks.a, greeks.b, greeks.c):
        greeks.found.note(power(exponential))
    assert greeks.found.replacements() == {}


def test_many_exponentials_stay(make: Writer) -> None:
    greeks = Greeks(make)
    greeks.found.note(power(greeks.a, greeks.c))
    greeks.found.note(power(greeks.b))
    for number in range(MOST):
        other = make("exp", make("mul", float(number + 2), make.x))
        greeks.found.exponents[other] = {power(make.x): float(number + 2)}
    assert greeks.found.replacements() == {}
