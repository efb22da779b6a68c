"""Which sides of its branches a program takes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from partialc.frontends.load import load_primal
from partialc.verify.branches import Observer
from tests.unit.verify.building import proof_of, text_of


def _observer(function: Any, args: dict[str, Any]) -> Observer:
    return Observer(load_primal(function, args, name="f").program.widest)


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [
        (lambda x: jnp.where(x > 1, x, -x), 0.5, 1.5),
        (lambda x: jnp.maximum(x, 1.0), 0.5, 1.5),
        (lambda x: jnp.abs(x - 1), 0.5, 1.5),
        (lambda x: jax.nn.relu(x - 1), 0.5, 1.5),
        (lambda x: jnp.clip(x, 0.0, 1.0), 0.5, 1.5),
        (lambda x: jax.lax.cond(x > 1, jnp.sin, jnp.cos, x), 0.5, 1.5),
        (lambda x: jax.jit(lambda y: jnp.where(y > 1, y, 0.0))(x), 0.5, 1.5),
    ],
)
def test_both_sides_are_told_apart(function: Any, low: float, high: float) -> None:
    observer = _observer(function, {"x": "float"})
    assert observer.has_branches
    with jax.enable_x64(True):
        sides = [observer.outcomes([jnp.asarray(value)]) for value in (low, high)]
    assert sides[0] != sides[1]
    assert sides[0]
    assert sides[1]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: jnp.abs(jnp.log(x)),
        lambda x: jnp.abs(jnp.log(x) + 1j * x),
        lambda x: jnp.sign(jnp.log(x)) * x,
        lambda x: jnp.maximum(jnp.log(x), 0.0),
        lambda x: jnp.minimum(0.0, jnp.log(x)),
        lambda x: jnp.clip(jnp.log(x), 0.0, 1.0),
        lambda x: jnp.clip(x, jnp.log(x), 1.0),
    ],
)
def test_a_nan_is_on_no_side(function: Any) -> None:
    observer = _observer(function, {"x": "float"})
    with jax.enable_x64(True):
        assert observer.outcomes([jnp.asarray(-1.0)]) == set()
        assert observer.outcomes([jnp.asarray(2.0)])
    several = _observer(lambda x: function(x).sum(), {"x": "float[2]"})
    with jax.enable_x64(True):
        some = several.outcomes([jnp.asarray([-1.0, 2.0])])
        assert some == several.outcomes([jnp.asarray([2.0, 2.0])])


def test_an_integer_of_what_is_not_finite_is_sampled() -> None:
    """XLA has such integers, and arrays and branches that they choose."""

    def function(x: Any) -> Any:
        whole = jnp.asarray(jnp.log(x - 1) / 0, int)
        other = jax.lax.switch(whole, [jnp.sin, jnp.cos], x)
        return other * jnp.arange(3.0)[whole] + jnp.round(jnp.log(x - 1)) + whole

    observer = _observer(function, {"x": "float"})
    with jax.enable_x64(True):
        assert all(observer.outcomes([jnp.asarray(x)]) for x in (0.5, 1.0, 2.0))


def test_branches_within_loops_are_seen() -> None:
    def scanned(x: Any) -> Any:
        def body(carry: Any, item: Any) -> Any:
            carry = jnp.where(item > 1, carry + item, carry * 2)
            return carry, carry

        return jax.lax.scan(body, 0.0, x, reverse=True)[1]

    def repeated(x: Any) -> Any:
        return jax.lax.while_loop(
            lambda v: v < 5, lambda v: jnp.where(v > 3, v + 1, v * 2), jnp.sum(x)
        )

    for function in (scanned, repeated):
        observer = _observer(function, {"x": "float[2]"})
        with jax.enable_x64(True):
            one = observer.outcomes([jnp.asarray([0.5, 0.6])])
            other = observer.outcomes([jnp.asarray([1.5, 3.6])])
        assert one != other


def test_a_program_without_branches_has_none() -> None:
    assert not _observer(jnp.sin, {"x": "float"}).has_branches


def test_observing_gives_up_in_time() -> None:
    def long(x: Any) -> Any:
        return jax.lax.while_loop(lambda v: v > 0, lambda v: jnp.abs(v) - 1e-9, x)

    observer = _observer(long, {"x": "float"})
    with jax.enable_x64(True):
        observer.outcomes([jnp.asarray(1e-6)])
        observer.outcomes([jnp.asarray(1e-5)])
        assert observer.is_exhausted
        assert observer.outcomes([jnp.asarray(1.0)]) == set()


def test_the_generated_test_says_which_samples_are_there_for_branches() -> None:
    def stepped(x: Any) -> Any:
        return jnp.where(x[0] > 50.0, jnp.sin(x[1]), x[1] ** 2)

    proof = proof_of(stepped, {"x": "float[2]"}, {"d": "partial(x[1])"})
    assert "the last one takes further sides" in text_of(proof)
