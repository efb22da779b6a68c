"""Kernels are tried in every width and told by their worst point."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest

from partialc.accuracy.trial import try_out
from partialc.ir.dtypes import DType
from partialc.sampling.domain import Region
from tests.unit.accuracy.problems import bounded, fermi, pushed, regrouped, subject


def test_an_overflow_is_found_without_being_told_where() -> None:
    verdict = try_out(subject(fermi, 3, regrouped))
    assert verdict.failing == (0,)
    assert "it gives nan instead of -" in verdict.reason
    assert "float32" in verdict.reason


def test_a_good_kernel_keeps_the_contract() -> None:
    assert try_out(subject(fermi, 3, bounded)).keeps


def test_inside_a_domain_only_the_domain_counts() -> None:
    near = Region(limits=(-3.0, 3.0))
    assert try_out(subject(fermi, 3, regrouped, near)).keeps
    assert not try_out(subject(fermi, 3, regrouped, Region(limits=(-3.0, 90.0)))).keeps


def test_values_have_the_holes_of_the_function() -> None:
    def function(x: jax.Array) -> jax.Array:
        return jnp.sqrt(x) ** 2 + x

    tried = subject(function, 0, lambda x: x + x, values=(0,))
    verdict = try_out(tried)
    assert verdict.failing == (0,)
    assert "where the function is nan" in verdict.reason
    assert try_out(replace(tried, values=())).keeps


def test_float64_alone_is_tried_where_an_argument_is_float64() -> None:
    near = Region(limits=(20.0, 40.0))
    assert not try_out(subject(fermi, 3, regrouped, near)).keeps  # from 22 on
    wide = DType.fixed("float64")
    assert try_out(subject(fermi, 3, regrouped, near, dtype=wide)).keeps


def test_loops_of_unknown_length_are_not_run() -> None:
    def endless(x: jax.Array) -> jax.Array:
        return jax.lax.while_loop(lambda y: y * 0 == 0, lambda y: y, x)

    verdict = try_out(subject(endless, 0, endless))
    assert verdict.keeps
    assert verdict.reason.startswith("not tried")


def test_the_key_is_that_of_the_program_and_of_its_domain() -> None:
    first = subject(fermi, 3, bounded)
    assert first.key == subject(fermi, 3, bounded).key
    others = [
        subject(fermi, 3, regrouped),
        subject(fermi, 2, bounded),
        subject(fermi, 3, bounded, Region(limits=(0.0, 1.0))),
        replace(first, values=(0,)),
    ]
    assert len({first.key, *(other.key for other in others)}) == 5


@pytest.mark.parametrize("order", [1, 2])
def test_a_chain_keeps_it_beside_itself(order: int) -> None:
    assert try_out(subject(fermi, order, pushed(fermi, order))).keeps
