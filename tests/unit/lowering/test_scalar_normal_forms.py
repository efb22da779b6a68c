"""What normal forms shorten, and what they leave alone."""

from __future__ import annotations

import pytest

from partialc.lowering.scalar.compensation import with_strict_compensation
from partialc.lowering.scalar.normal_forms import normalised
from partialc.lowering.scalar.polynomials import ONE, expanded, tidy, total
from partialc.lowering.scalar.terms import Term, reachable
from tests.unit.lowering.term_writer import Writer


def normal(make: Writer, *roots: Term) -> list[Term]:
    written = with_strict_compensation(make.program(*roots), make.algebra)
    program = normalised(written, make.algebra)
    assert program is not None
    return program.roots()


@pytest.fixture
def make() -> Writer:
    return Writer()


def test_quotients_cancel_across_shared_products(make: Writer) -> None:
    product = make("mul", make.x, make("sqrt", make.y))
    quotient = make("div", make("mul", make.x, make.y), product)
    assert make.text(normal(make, quotient, product)[0]) == "sqrt(y)"


def test_sums_cancel_with_what_they_are_made_of(make: Writer) -> None:
    # d/dx (log x + y) / z beside log(x) / z: x * that - 1 / z is zero.
    first = make("add", make("mul", make.x, make.y), make.z)
    second = make("sub", first, make("mul", make("mul", 1.0, make.x), make.y))
    assert make.text(normal(make, second, first)[0]) == "z"


def test_a_common_denominator_is_used_where_terms_cancel(make: Writer) -> None:
    low = make("add", make("mul", 2.0, make.x), 1.0)
    high = make("sub", 2.0, make.x)
    sum_ = make("add", make("div", 3.0, low), make("div", 1.5, high))
    (found,) = normal(make, sum_)
    assert (
        make.text(found)
        == "mul(mul(div(1, sub(2, x)), div(1, add(1, mul(x, 2)))), 7.5)"
    )


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(
            lambda m: m("integer_pow", m("sub", m.x, m.y), y=2), id="a square"
        ),
        pytest.param(
            lambda m: m("sub", m("add", m.x, 1.0), 1.0), id="adds and takes away"
        ),
        pytest.param(
            lambda m: m("sub", m.x, m("sub", m("add", m.x, m.y), m.y)), id="rounding"
        ),
        pytest.param(
            lambda m: m("sqrt", m("integer_pow", m.x, y=2)), id="the root of a square"
        ),
        pytest.param(
            lambda m: m("sqrt", m("mul", m.x, m.y)), id="the root of a product"
        ),
    ],
)
def test_what_is_meant_stays(make: Writer, build) -> None:
    root = build(make)
    (found,) = normal(make, root)
    assert make.text(found) == make.text(root)


def test_no_division_is_added(make: Writer) -> None:
    """x * x + x * y is x ** 2 * (1 + y / x), but not where x is zero."""
    there = make("add", 1.0, make("div", make.y, make.x))
    other = make("add", make("integer_pow", make.x, y=2), make("mul", make.x, make.y))
    _, found = normal(make, there, other)
    assert "div" not in {term.op for term in reachable([found])}


def exponentials(make: Writer) -> tuple[Term, Term, Term]:
    """exp(y), exp(-z), and exp(y - log x + z)."""
    log = make("log", make.x)
    first = make("exp", make.y)
    third = make("exp", make("neg", make.z))
    return first, third, make("exp", make("add", make("sub", make.y, log), make.z))


def test_an_exponential_by_another_one(make: Writer) -> None:
    """exp(y - log x) is exp(y) / x, and exp(-z) helps with exp(z)."""
    first, third, second = exponentials(make)
    quotient = make("div", first, third)
    *_, found = normal(make, first, third, quotient, second)
    functions = [term for term in reachable([found]) if term.op in ("exp", "log")]
    assert functions == [third, first]
    assert make.text(found) == "mul(div(1, exp(neg(z))), mul(exp(y), div(1, x)))"


def test_an_exponential_is_no_product_that_may_overflow(make: Writer) -> None:
    """Without a quotient of exp(y) and exp(-z) nobody has seen it overflow."""
    first, third, second = exponentials(make)
    assert normal(make, first, third, second)[2].op == "exp"


def test_what_overflows_does_not_get_where_it_was_not(make: Writer) -> None:
    """1 - 1 / (1 + exp(x)) is not exp(x) / (1 + exp(x))."""
    grown = make("exp", make.x)
    rest = make("sub", 1.0, make("div", 1.0, make("add", 1.0, grown)))
    (found,) = normal(make, rest)
    assert make.text(found) == "sub(1, div(1, add(exp(x), 1)))"
    plain = make("sub", 1.0, make("div", 1.0, make("add", 1.0, make.y)))
    assert make.text(normal(make, plain)[0]) == "mul(y, div(1, add(y, 1)))"


def test_unrelated_exponentials_stay(make: Writer) -> None:
    first = make("exp", make.x)
    second = make("exp", make("mul", make.x, make.y))
    assert normal(make, first, second) == [first, second]


def test_strict_terms_stay(make: Writer) -> None:
    strict = make("div", make("mul", make.x, make.y), make.x, strict=True)
    assert normal(make, strict) == [strict]


def test_what_vanishes_but_for_its_rounding_is_gone() -> None:
    assert total([(ONE, 0.1), (ONE, 0.2), (ONE, -0.3)]) == {}
    assert tidy(0.1 * 3 / 0.3) == 1.0
    assert tidy(0.30000000000000004) == 0.30000000000000004


def test_multiplying_out_tells_whether_products_met(make: Writer) -> None:
    x, y, z = (((term, 2),) for term in (make.x, make.y, make.z))
    atom = make("add", make.x, make.y)
    meaning = {x: 1.0, y: 1.0}
    assert expanded({((atom, 2),): 2.0, z: 1.0}, atom, meaning) == (
        {x: 2.0, y: 2.0, z: 1.0},
        False,
    )
    assert expanded({((atom, 2),): 2.0, y: -2.0}, atom, meaning) == ({x: 2.0}, True)
