"""Sums that take away what they add are found, and keep their order."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import partialc
from partialc.lowering.scalar.compensation import (
    WIDEST,
    compensating,
    with_strict_compensation,
)
from partialc.lowering.scalar.simplify import simplified
from partialc.lowering.scalar.terms import Term
from tests.unit.lowering.term_writer import Writer


@pytest.fixture
def make() -> Writer:
    return Writer()


def test_a_difference_with_what_it_adds(make: Writer) -> None:
    total = make("add", make.x, make.y)
    lost = make("sub", make("sub", total, make.x), make.y)
    found = compensating([lost])
    assert found == {lost, lost.args[0], total}


def test_and_what_is_made_of_it(make: Writer) -> None:
    total = make("add", make.x, make.y)
    lost = make("sub", total, make.x)
    after = make("add", make("mul", lost, make.z), make.x)
    beyond = make("add", make("exp", lost), make.x)
    assert {total, lost, after} == compensating([after, beyond])


def test_sums_that_share_addends_of_one_sign_are_none(make: Writer) -> None:
    first = make("add", make.x, make.y)
    second = make("sub", make.z, make.y)
    roots = [make("mul", first, second), make("add", first, make.x)]
    assert compensating(roots) == set()


def test_it_is_found_at_the_end_of_a_long_sum(make: Writer) -> None:
    start = make("add", make.x, make.y)
    total = start
    for number in range(WIDEST // 2):
        total = make("add", total, make("mul", make.z, float(number)))
    lost = make("sub", total, start)
    assert {lost, total} <= compensating([lost])


def test_they_are_strict_in_every_pass(make: Writer) -> None:
    """What is rebuilt around them stays strict, by being another term."""
    total = make("add", make("div", make("mul", make.x, make.y), make.x), make.z)
    lost = make("sub", total, make.z)
    program = with_strict_compensation(make.program(lost), make.algebra)
    (found,) = simplified(program, make.algebra).roots()
    assert make.text(found) == "sub(add(y, z), z)"
    assert found.strict
    assert found.args[0].strict


def _kahan(x: jax.Array) -> jax.Array:
    total, lost = x[0], jnp.zeros_like(x[0])
    for value in x[1:]:
        part = value - lost
        after = total + part
        lost = (after - total) - part
        total = after
    return total


def _neumaier(x: jax.Array) -> jax.Array:
    total, lost = x[0], jnp.zeros_like(x[0])
    for value in x[1:]:
        after = total + value
        lost += (total - after) + value
        total = after
    return total + lost


def _error_of_a_product(x: jax.Array) -> jax.Array:
    """x[0] * x[1] - p, p the rounded product (Dekker 1971)."""

    def halves(value: jax.Array) -> tuple[jax.Array, jax.Array]:
        grown = 4097.0 * value
        high = grown - (grown - value)
        return high, value - high

    (high, low), (other_high, other_low) = halves(x[0]), halves(x[1])
    product = x[0] * x[1]
    error = high * other_high - product + high * other_low + low * other_high
    return error + low * other_low


@pytest.mark.parametrize("size", [6, 40])
@pytest.mark.parametrize("summed", [_kahan, _neumaier, _error_of_a_product])
def test_compensated_arithmetic_survives(
    summed: Callable[[jax.Array], jax.Array], size: int
) -> None:
    """The rest cancels, so that normal forms and regrouping pay."""

    def function(x: jax.Array) -> jax.Array:
        other = x[1] * x[2] / x[1] * x[3] / x[2] * x[1] / x[3]
        return summed(x) * x[1] / other

    module = partialc.compile(
        function,
        args={"x": f"float[{size}]"},
        kernels={"value": "value"},
        name="sums",
        form="expanded",
    ).load()
    values = np.full(size, 5e-8, np.float32)
    values[:2] = 1.0, 0.7 if summed is _error_of_a_product else 5e-8
    found = np.asarray(module.value(values), np.float64)
    expected = np.asarray(jax.jit(summed)(values), np.float64)
    np.testing.assert_allclose(found, expected, rtol=1.5e-7)


def test_terms_have_no_order_of_their_own(make: Writer) -> None:
    """The search does not depend on which operand comes first."""

    def lost(*operands: Term) -> Term:
        return make("sub", make("add", *operands), make.x)

    assert compensating([lost(make.x, make.y)])
    assert compensating([lost(make.y, make.x)])
