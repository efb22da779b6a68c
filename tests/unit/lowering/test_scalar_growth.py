"""How fast partial results grow, and which forms of a program that allows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.balance import balanced
from partialc.lowering.scalar.domains import Domains
from partialc.lowering.scalar.growth import SIMPLEST, Growth, _may_be_simple
from partialc.lowering.scalar.simplify import simplified
from partialc.lowering.scalar.terms import Term, reachable
from tests.unit.lowering.term_writer import Writer


@pytest.fixture
def make() -> Writer:
    return Writer()


def is_within(form: Term, reference: Term) -> bool:
    growth = Growth([reference])
    return growth.is_within(form, growth.limits(reference, safe=False))


def fermi(make: Writer) -> tuple[Term, Term]:
    """E, and 1 / (1 + E)."""
    grown = make("exp", make.x)
    return grown, make("div", 1.0, make("add", grown, 1.0))


def test_the_order_of_a_product_decides(make: Writer) -> None:
    """E (E w ** 3) overflows where E does, E ** 2 w ** 3 long before."""
    grown, whole = fermi(make)
    cube = make("integer_pow", whole, y=3)
    slow = make("mul", grown, make("mul", grown, cube))
    fast = make("mul", make("integer_pow", grown, y=2), cube)
    assert is_within(slow, fast)
    assert not is_within(fast, slow)


def test_powers_of_arguments_count(make: Writer) -> None:
    seventh = make("integer_pow", make.x, y=7)
    reference = make("mul", seventh, make("div", make.y, seventh))
    square = make("integer_pow", make.x, y=14)
    assert not is_within(make("div", make("mul", square, make.y), square), reference)


def test_squares_are_harmless(make: Writer) -> None:
    square = make("integer_pow", make.x, y=2)
    assert is_within(make("div", square, make("add", square, 1.0)), make.x)


def test_arguments_may_go_to_zero_together(make: Writer) -> None:
    """(x * x + y * y) ** -3 is finite where one of them is zero."""
    squares = [make("integer_pow", each, y=2) for each in (make.x, make.y)]
    total = make("add", *squares)
    assert not is_within(make("integer_pow", total, y=-3), make("div", 1.0, total))


def test_exponentials_of_multiples_are_powers_of_each_other(make: Writer) -> None:
    once = make("exp", make("mul", make.x, make.y))
    cube = make("exp", make("mul", make("mul", make.x, -3.0), make.y))
    growth = Growth([once, cube])
    assert (growth.of(cube) == -3 * growth.of(once)).all()


def test_what_vanishes_faster_than_any_power(make: Writer) -> None:
    """x ** 4 exp(-x x) is inf times 0 where x (x (x (x exp(-x x)))) is 0."""
    bell = make("exp", make("neg", make("integer_pow", make.x, y=2)))
    reference = bell
    for _ in range(4):
        reference = make("mul", make.x, reference)
    form = make("mul", make("integer_pow", make.x, y=4), bell)
    assert not is_within(form, reference)
    assert is_within(reference, form)


def test_what_is_left_of_one_by_a_hyperbolic_tangent_vanishes_too(make: Writer) -> None:
    rest = make("sub", 1.0, make("integer_pow", make("tanh", make.x), y=2))
    reference = rest
    for _ in range(3):
        reference = make("mul", make.x, reference)
    assert not is_within(make("mul", make("integer_pow", make.x, y=3), rest), reference)


def test_deep_programs_are_no_recursion(make: Writer) -> None:
    term = make.x
    for number in range(3000):
        term = make("add", make("mul", term, make.y), float(number))
    assert is_within(term, term)


def test_products_are_balanced(make: Writer) -> None:
    """E ** 2 w ** 3 is (E / y) ** 2 w."""
    grown, whole = fermi(make)
    cube = make("integer_pow", whole, y=3)
    reference = make("mul", grown, make("mul", make("mul", grown, whole), whole))
    fast = make("mul", make("integer_pow", grown, y=2), cube)
    growth = Growth([reference])
    limits = growth.limits(reference, safe=True)
    found = balanced([fast], limits, growth, make.algebra)[0]
    assert growth.is_within(found, limits)
    quotient = "div(exp(x), add(exp(x), 1))"
    assert f"integer_pow({quotient}, 2)" in make.text(found)


def test_powers_of_a_distance_are_balanced(make: Writer) -> None:
    """x y s ** (-5/2) is x / r times y / r, times r ** -3."""
    squares = [make("integer_pow", each, y=2) for each in (make.x, make.y)]
    inverse = make("div", 1.0, make("add", *squares))
    fifth = make("integer_pow", make("sqrt", inverse), y=5)
    product = make("mul", make("mul", make.x, make.y), fifth)
    reference = make("mul", make("mul", make.x, make("sqrt", inverse)), inverse)
    growth = Growth([reference])
    limits = growth.limits(reference, safe=True)
    assert not growth.is_within(product, limits)
    found = make.text(balanced([product], limits, growth, make.algebra)[0])
    root = "sqrt(add(integer_pow(x, 2), integer_pow(y, 2)))"
    assert f"div(x, {root})" in found
    assert f"div(y, {root})" in found


def third_derivative(make: Writer) -> Term:
    """Of 1 / (1 + E), by the chain rule: -E w2 + 6 E (E w3) - 6 E (E (E w4))."""
    grown, whole = fermi(make)
    powers = [make("integer_pow", whole, y=n) for n in (2, 3, 4)]
    parts = []
    for number, power in zip((-1.0, 6.0, -6.0), powers, strict=True):
        part = power
        for _ in range(len(parts) + 1):
            part = make("mul", grown, part)
        parts.append(make("mul", number, part))
    return make("add", make("add", parts[0], parts[1]), parts[2])


def test_sums_over_what_contains_them_are_sums_of_bounded_quotients(
    make: Writer,
) -> None:
    """-p q (p p - 4 p q + q q), and nothing but E and 1 + E grows."""
    reference = third_derivative(make)
    program = simplified(make.program(reference), make.algebra)
    (found,) = program.roots()
    growth = Growth([reference])
    quickly = growth.extent(found).fastest > growth.of(make("exp", make.x)).max()
    assert not quickly.any()
    operations = sum(bool(term.args) for term in reachable([found]))
    assert operations <= 13


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda m: m("sub", m.x, m.y), id="a difference"),
        pytest.param(lambda m: m("sub", m("exp", m.x), 1.0), id="exp(x) - 1"),
        pytest.param(
            lambda m: m("sub", 1.0, m("integer_pow", m("tanh", m.x), y=2)), id="1 - t t"
        ),
    ],
)
def test_what_vanishes_is_not_multiplied_out(
    make: Writer, build: Callable[[Writer], Term]
) -> None:
    """z d + z z d + x z d with d = x - y is z (1 + z + x) d."""
    difference = build(make)
    first = make("mul", make.z, difference)
    second = make("mul", make("mul", make.z, make.z), difference)
    root = make("add", make("add", first, second), make("mul", make.x, first))
    for found in simplified(make.program(root), make.algebra, 1e9).roots():
        assert difference in set(reachable([found]))


def test_nothing_is_taken_out_of_an_exact_difference(make: Writer) -> None:
    """(E - 1) + E y z is not E (1 + y z) - 1: E - 1 has what E has near zero."""
    grown = make("exp", make.x)
    rest = make("sub", grown, 1.0)
    root = make("add", rest, make("mul", make("mul", grown, make.y), make.z))
    for shorter in (0.0, 1e9):
        (found,) = simplified(make.program(root), make.algebra, shorter).roots()
        assert rest in set(reachable([found]))


def test_arguments_between_numbers_do_not_go_to_infinity(make: Writer) -> None:
    (array, *_) = make.inputs
    high = make("div", make("integer_pow", make.x, y=9), make("exp", make.y))
    for limits, fits in (
        ((20.0, 400.0), True),
        ((-5.0, 5.0), True),
        ((0.0, 1e9), False),
        (None, False),
    ):
        growth = Growth([make.x], bounded={array: limits})
        assert growth.is_within(high.args[0], growth.limits(make.x, safe=True)) == fits


def test_constants_far_from_one_stay_beside_what_they_scale(make: Writer) -> None:
    """(3.4e-10 / x) ** 12: neither 3.4e-10 ** 12 nor x ** -12 is a number."""
    ratio = make("div", 3.4e-10, make.x)
    sixth = make("integer_pow", ratio, y=6)
    root = make("sub", make("integer_pow", ratio, y=12), make("mul", sixth, make.x))
    for shorter in (0.0, 1e9):
        (found,) = simplified(make.program(root), make.algebra, shorter).roots()
        divisions = [term for term in reachable([found]) if term.op == "div"]
        assert divisions == [ratio]


def test_values_are_no_numbers_where_they_were_none(make: Writer) -> None:
    square = make("integer_pow", make("sqrt", make.x), y=2)
    root = make("add", square, make("div", make("integer_pow", make.y, y=3), make.y))
    program = make.program(root)
    (whole,) = simplified(program, make.algebra, 1e9, values=(0,)).roots()
    assert {"sqrt", "div"} <= {term.op for term in reachable([whole])}
    (free,) = simplified(program, make.algebra, 1e9).roots()
    assert not {"sqrt", "div"} & {term.op for term in reachable([free])}


def test_what_is_positive_may_cancel_in_values(make: Writer) -> None:
    """E y / E is y, wherever x is."""
    grown = make("exp", make.x)
    root = make("div", make("mul", grown, make.y), grown)
    (found,) = simplified(make.program(root), make.algebra, 1e9, values=(0,)).roots()
    assert found is make.y


def test_no_rule_of_algebra_enlarges_the_domain_of_a_value(make: Writer) -> None:
    whole = Algebra(make.algebra.terms, domains=Domains())
    log = make("log", make.x)
    for op, args in (
        ("div", [make.x, make.x]),
        ("div", [make.algebra.terms.scalar(0, make.dtype), make.x]),
        ("mul", [make.algebra.terms.scalar(0, make.dtype), log]),
        ("sub", [log, log]),
    ):
        assert whole.apply(op, args, make.dtype).op == op
        assert make.algebra.apply(op, args, make.dtype).constant is not None
    assert whole.apply("sub", [make.x, make.x], make.dtype).number == 0


def test_infinite_constants_and_zeros_are_no_obstacle(make: Writer) -> None:
    lost = make("exp", float("-inf"))
    root = make("mul", make("div", make("exp", make.x), 0.0), lost)
    (found,) = simplified(make.program(root), make.algebra).roots()
    assert lost in set(reachable([found]))


@pytest.mark.parametrize("denominator", range(1, SIMPLEST + 1))
@pytest.mark.parametrize("numerator", [-25, -3, -1, 1, 2, 7, 10**9, 10**300])
def test_no_simple_ratio_is_missed(numerator: int, denominator: int) -> None:
    for off in (-1e-9, 0.0, 1e-9):
        assert _may_be_simple(numerator / denominator * (1 + off))


def test_most_ratios_are_not_simple() -> None:
    ratios = np.random.default_rng(0).uniform(-3, 3, 1000)
    assert sum(map(_may_be_simple, ratios.tolist())) < 5
