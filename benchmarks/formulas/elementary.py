"""Functions that hide a cancellation, a removable singularity or an overflow."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from formulas.formula import Formula, formulas

FORM = ((2.0, -1.0, 0.5), (-1.0, 3.0, 0.25), (0.5, 0.25, 1.0))


def logistic_curve(x: Array) -> Array:
    """Logistic curve."""
    return 1 / (1 + jnp.exp(-x))


def smooth_negative_part(x: Array, y: Array) -> Array:
    """Smooth negative part, rounded off by y."""
    return (-x + jnp.sqrt(x * x + y * y)) / 2


def square_of_root(x: Array) -> Array:
    """Square of a root, undefined below zero."""
    return jnp.sqrt(x) ** 2 + x


def removable_quotients(x: Array) -> Array:
    """Quotients that cancel, undefined at zero."""
    return x / x * 3 + x**3 / x


def power_through_log(x: Array) -> Array:
    """A power written as the exponential of a logarithm."""
    return x * jnp.exp(2 * jnp.log(x)) + jnp.exp(jnp.log(x))


def steep_blend(x: Array) -> Array:
    """A parabola and a steep step, the step by positive exponentials."""
    return x * x + jnp.exp(20 * x) / (1 + jnp.exp(20 * x))


def absolute_log(x: Array) -> Array:
    """Distance from one on the logarithmic scale."""
    return jnp.abs(jnp.log(x))


def cardinal_sine(x: Array) -> Array:
    """Cardinal sine."""
    return jnp.sin(x) / x


def bernoulli_generator(x: Array) -> Array:
    """Generating function of the Bernoulli numbers."""
    return x / (jnp.exp(x) - 1)


def relative_growth(x: Array) -> Array:
    """Mean of an exponential over an interval."""
    return jnp.expm1(x) / x


def versine_quotient(x: Array) -> Array:
    """One minus a cosine, over the square."""
    return (1 - jnp.cos(x)) / x**2


def log_cosh(x: Array) -> Array:
    """Logarithm of a hyperbolic cosine."""
    return jnp.log(jnp.cosh(x))


def hypotenuse(x: Array, y: Array) -> Array:
    """Hypotenuse."""
    return jnp.hypot(x, y)


def geometric_sum(q: Array) -> Array:
    """Sum of ten terms of a geometric series, by the quotient."""
    return (1 - q**10) / (1 - q)


def rosenbrock(x: Array, y: Array) -> Array:
    """Rosenbrock's valley."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def larger_root(b: Array, c: Array) -> Array:
    """Larger root of a monic quadratic, by the formula that cancels."""
    return (-b + jnp.sqrt(b * b - 4 * c)) / 2


def gudermannian(x: Array) -> Array:
    """Gudermannian."""
    return jnp.arctan(jnp.sinh(x))


def scaled_complementary_error(x: Array) -> Array:
    """Scaled complementary error function, as a product."""
    return jnp.exp(x**2) * (1 - jnp.tanh(x))


def root_difference(x: Array) -> Array:
    """Difference of the roots of neighbours."""
    return jnp.sqrt(x + 1) - jnp.sqrt(x)


def quadratic_form(x: Array) -> Array:
    """Quadratic form of a fixed matrix, under an exponential."""
    return jnp.exp(-0.5 * x @ (jnp.asarray(FORM, x.dtype) @ x))


FORMULAS = (
    *formulas("analysis", logistic_curve, smooth_negative_part, square_of_root),
    *formulas("analysis", removable_quotients, power_through_log, steep_blend),
    *formulas("analysis", absolute_log, cardinal_sine, bernoulli_generator),
    *formulas("analysis", relative_growth, versine_quotient),
    *formulas("analysis", log_cosh, hypotenuse, geometric_sum, rosenbrock),
    *formulas("analysis", larger_root, gudermannian, scaled_complementary_error),
    *formulas("analysis", root_difference),
    Formula(quadratic_form, "analysis", shapes={"x": (3,)}),
)
