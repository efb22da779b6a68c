"""Printed functions are differentiated: their custom rules must come along, exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.ir.dtypes import Regime
from tests.unit.printing.programs import decompiled, load, strict

POINT = np.array([0.3, 1.2, -2.7])


@jax.custom_jvp
def clipped(x):
    return jnp.clip(x, -1.0, 1.0)


@clipped.defjvp
def _clipped_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return clipped(x), 5.0 * x_dot * jnp.cos(x)


@jax.custom_vjp
def straight_through(x):
    return jnp.round(x)


straight_through.defvjp(lambda x: (jnp.round(x), None), lambda _, seed: (seed,))


@jax.custom_vjp
def itself(x):
    return jnp.round(x)


itself.defvjp(lambda x: (itself(x), x), lambda x, seed: (seed * jnp.sin(x),))


@jax.custom_vjp
def scaled(x, n):
    return x * n.astype(x.dtype), n + 1


scaled.defvjp(
    lambda x, n: (scaled(x, n), (x, n)),
    lambda saved, seeds: (7.0 * seeds[0] * jnp.sin(saved[0]), None),
)


@jax.custom_jvp
def power(x, n):
    return x**3 * n.astype(x.dtype), n + 1


@power.defjvp
def _power_jvp(primals, tangents):
    (x, n), (x_dot, n_dot) = primals, tangents
    value, count = power(x, n)
    return (value, count), (value * x_dot * 2.0, n_dot)


@jax.custom_jvp
def product(x, y):
    return x * y


product.defjvps(lambda x_dot, _, x, y: x_dot * y * 2.0, None)


CASES = {
    "custom_jvp": lambda x: jnp.sum(clipped(x) ** 2),
    "custom_vjp": lambda x: jnp.sum(straight_through(x) ** 2),
    "custom_vjp that calls itself": lambda x: jnp.sum(itself(x) ** 3),
    "integer operand of a vjp": lambda x: jnp.sum(scaled(x, jnp.int32(3))[0]),
    "integer operand of a jvp": lambda x: jnp.sum(power(x, jnp.int32(3))[0]),
    "a rule without one tangent": lambda x: jnp.sum(product(x, x[::-1])),
    "rules within rules": lambda x: jnp.sum(clipped(itself(clipped(x)))),
    "public rules": lambda x: jnp.sum(
        jax.nn.relu(x) * jax.nn.softplus(x) + jnp.logaddexp(x, 1.0) + jax.nn.silu(x)
    ),
    "sinc at zero": lambda x: jnp.sum(jnp.sinc(x - x)),
    "stop_gradient": lambda x: jnp.sum(jax.lax.stop_gradient(x) * x**2),
    "checkpoint": lambda x: jnp.sum(jax.checkpoint(lambda y: jnp.sin(y) ** 2)(x)),
    "within a loop": lambda x: jax.lax.scan(
        lambda c, t: (c * clipped(t) + straight_through(c), None), x[0], x
    )[0],
}


@pytest.mark.parametrize("name", CASES)
def test_first_and_second_derivatives_are_those_of_the_original(name):
    function = CASES[name]
    printed = load(decompiled(function, x=POINT))
    for regime in (Regime.NARROW, Regime.WIDE):
        x = POINT.astype(regime.caller_float)
        with strict(regime):
            for derivative in (
                lambda f: f,
                jax.grad,
                lambda f: jax.jacrev(jax.grad(f)),
            ):
                actual = jax.jit(derivative(printed))(x)
                wanted = jax.jit(derivative(function))(x)
                np.testing.assert_allclose(
                    actual, wanted, rtol=1e-6, atol=1e-6, err_msg=regime.value
                )
                assert actual.dtype == wanted.dtype


@pytest.mark.parametrize("name", ["custom_jvp", "public rules", "sinc at zero"])
def test_forward_mode_derivatives_are_those_of_the_original(name):
    function = CASES[name]
    printed = load(decompiled(function, x=POINT))
    with strict(Regime.WIDE):
        actual, wanted = (jax.jacfwd(jax.grad(f))(POINT) for f in (printed, function))
    np.testing.assert_allclose(actual, wanted, rtol=1e-12, atol=1e-12)


def test_a_rule_is_printed_once_however_often_it_is_used():
    source = decompiled(lambda x: clipped(clipped(x)) + clipped(x), x=POINT)
    assert source.count("@jax.custom_jvp") == 1
    assert source.count("def _clipped(") == 1


def test_the_forward_part_of_a_vjp_is_the_users():
    source = decompiled(CASES["custom_vjp that calls itself"], x=POINT)
    assert "return _itself(x), (x,)" in source
    source = decompiled(CASES["custom_vjp"], x=POINT)
    assert "return jnp.round(x), (x,)" in source
