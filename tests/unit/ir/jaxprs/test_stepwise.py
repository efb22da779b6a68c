"""Long functions are run operation by operation, and give what JAX gives."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.ir.jaxprs import stepwise
from partialc.ir.jaxprs.stepwise import Stepwise

X = jnp.asarray([0.3, 0.7], jnp.float32)


@jax.custom_jvp
def _ruled(x: Any) -> Any:
    return jnp.sin(x)


@_ruled.defjvp
def _rule(primals: Any, tangents: Any) -> Any:
    return _ruled(primals[0]), 3.0 * tangents[0]


@jax.custom_vjp
def _pulled(x: Any) -> Any:
    return jnp.cos(x)


_pulled.defvjp(lambda x: (jnp.cos(x), x), lambda x, ct: (5.0 * x * ct,))


def _looped(x: Any) -> Any:
    return jax.lax.scan(lambda c, _: (jnp.sin(c) + x, c), x, None, length=4)


def _branched(x: Any) -> Any:
    return jax.lax.cond(x[0] > 0.5, jnp.sin, jnp.cos, x)


def _solved(x: Any) -> Any:
    return jnp.linalg.solve(jnp.diag(x) + 0.1, x)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: {"a": jnp.sin(x) * 2, "b": (x, jnp.ones(3))},
        jax.jit(lambda x: jnp.where(x > 0.5, jax.jit(jnp.sum)(x), x)),
        jax.checkpoint(jnp.exp),
        _looped,
        _branched,
        _solved,
        _ruled,
        _pulled,
        jax.jacfwd(_ruled),
        jax.jacrev(_pulled),
        jax.hessian(lambda x: jnp.prod(jnp.tanh(x))),
        lambda x: jnp.asarray(np.arange(4.0)) * x[0],
        lambda x: jnp.pad(x, 2, constant_values=3.0)[1:4],
        lambda x: jax.lax.pad(x, 0.5, [(-1, 2, 1)])[::2],
        jax.grad(lambda x: jnp.sin(x[1]) * x[0] ** 2),
        jax.jacrev(lambda x: jnp.outer(x, x)[1:, :1] * x[1]),
        lambda x: jnp.pad(x > 0.5, 1)[:3],
    ],
)
def test_every_operation_gives_what_jax_gives(
    function: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepwise, "MOST_COMPILED", 0)
    found = Stepwise(function, X)(X + 0.1)
    expected = function(X + 0.1)
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for got, want in zip(*map(jax.tree.leaves, (found, expected)), strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=1e-6)


def _chain(length: int) -> Any:
    def chain(x: Any) -> Any:
        for _ in range(length):
            x = jnp.sin(x)
        return x

    return chain


def test_a_short_function_is_compiled() -> None:
    assert Stepwise(_chain(5), X).operations == 0


def test_a_long_function_is_not_also_where_it_is_jitted() -> None:
    length = stepwise.MOST_COMPILED + 1
    run = Stepwise(jax.jit(_chain(length)), X)
    assert run.operations == length
    np.testing.assert_allclose(run(X), _chain(length)(X), rtol=1e-6)


def test_a_function_is_traced_once() -> None:
    calls = 0

    def counted(x: Any) -> Any:
        nonlocal calls
        calls += 1
        return _chain(stepwise.MOST_COMPILED + 1)(x)

    run = Stepwise(counted, X)
    run(X)
    run(X + 1)
    assert calls == 1


def test_operations_that_differ_in_a_number_or_a_parameter_stay_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stepwise, "MOST_COMPILED", 0)

    def function(x: Any) -> Any:
        zeros = x[:1] * 0.0, x[1:] * -0.0
        return (*zeros, x[:1] * 2.0, x[1:] * 2.0, jnp.stack([x, x], axis=1) ** 3)

    found, expected = Stepwise(function, X)(X), function(X)
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.signbit(got), np.signbit(want))
        np.testing.assert_array_equal(got, want)


def test_what_nothing_reads_any_more_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stepwise, "MOST_COMPILED", 0)
    tape = stepwise._Tape(jax.jit(_chain(5)).trace(X).jaxpr)
    assert [len(step.last) for step in tape._steps] == [1, 1, 1, 1, 1]
    (result,) = tape.run([X])
    np.testing.assert_allclose(result, _chain(5)(X), rtol=1e-6)


def test_elements_are_cut_out_by_one_compiled_operation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A loop over elements has a slice for each, and going back a padding."""
    monkeypatch.setattr(stepwise, "MOST_COMPILED", 0)

    def total(x: Any) -> Any:
        return sum((x[place] for place in range(1, 40)), start=x[0])

    x = jnp.arange(40.0)
    tape = stepwise._Tape(jax.jit(jax.grad(total)).trace(x).jaxpr)
    assert len(tape._steps) > 39
    assert len(tape._compiled) < 10
    (gradient,) = tape.run([x])
    np.testing.assert_array_equal(gradient, np.ones(40))
