"""Kernels are tried in every width and told by their worst point."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest

from partialc.accuracy import trial
from partialc.accuracy.trial import try_out
from partialc.ir.dtypes import DType
from partialc.sampling.domain import Region
from tests.unit.accuracy.problems import (
    bounded,
    fermi,
    pushed,
    reference,
    regrouped,
    subject,
)


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


def test_a_place_that_no_point_is_in_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is close to it errs more than the rest, though no more than it may."""

    def noisy(x: jax.Array) -> jax.Array:
        return jnp.cos(x / 4) + 2e-6 * jnp.cos(3e5 * x)

    def poor(x: jax.Array) -> jax.Array:
        distance = jnp.abs(x / 4.7 - 1) + 1e-4
        return jnp.cos(x / 4) + 5.6e-7 / jnp.sqrt(distance)

    monkeypatch.setattr(trial, "MOST_POINTS", 600)
    monkeypatch.setattr(trial, "STRAINED", 4)
    region, narrow = Region(limits=(2.0, 9000.0)), DType.fixed("float32")
    tried = subject(lambda x: jnp.cos(x / 4), 0, poor, region, dtype=narrow)
    tried = replace(tried, others=(reference(noisy, narrow),))
    assert "at x = 4." in try_out(tried).reason
    monkeypatch.setattr(trial, "STRAINED", 0)
    assert try_out(tried).keeps


def test_where_the_chain_is_right_by_luck_nothing_is_condemned() -> None:
    """Near zero the chain loses digits, but not at every point; the kernel fewer."""

    def steep(x: jax.Array) -> jax.Array:
        return x * x + jnp.exp(20 * x) / (1 + jnp.exp(20 * x))

    def regrouped(x: jax.Array) -> jax.Array:
        e = jnp.exp(20 * x)
        return 400 * ((1 - e) / (1 + e) * (e / (1 + e)) * (1 / (1 + e))) + 2

    assert try_out(subject(steep, 2, regrouped, Region(limits=(-0.001, 3.0)))).keeps


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
