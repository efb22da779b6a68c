"""Densities, likelihoods and transformations of statistics."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.scipy.special import erf, erfc, gammaln

from formulas.formula import Formula, formulas


def normal_density(x: Array, m: Array, s: Array) -> Array:
    """Normal density."""
    return jnp.exp(-0.5 * ((x - m) / s) ** 2) / (s * jnp.sqrt(2 * jnp.pi))


def normal_distribution(x: Array, s: Array) -> Array:
    """Normal distribution function."""
    return 0.5 * (1 + erf(x / (s * jnp.sqrt(2.0))))


def normal_tail(x: Array) -> Array:
    """Upper tail of the normal distribution."""
    return 0.5 * erfc(x / jnp.sqrt(2.0))


def normal_log_density(x: Array, s: Array) -> Array:
    """Logarithm of the normal density."""
    return -0.5 * (x / s) ** 2 - jnp.log(s) - 0.5 * jnp.log(2 * jnp.pi)


def gamma_density(x: Array, a: Array) -> Array:
    """Gamma density."""
    return jnp.exp((a - 1) * jnp.log(x) - x - gammaln(a))


def beta_density(x: Array, a: Array) -> Array:
    """Beta density with second parameter 2.5."""
    norm = gammaln(a + 2.5) - gammaln(a) - gammaln(2.5)
    return jnp.exp(norm) * x ** (a - 1) * (1 - x) ** 1.5


def student_log_density(x: Array, n: Array) -> Array:
    """Kernel of Student's t, logarithmic."""
    return -(n + 1) / 2 * jnp.log(1 + x * x / n)


def cauchy_density(x: Array, g: Array) -> Array:
    """Cauchy density."""
    return g / (jnp.pi * (x * x + g * g))


def weibull_density(x: Array, s: Array) -> Array:
    """Weibull density of shape 1.5."""
    return 1.5 / s * (x / s) ** 0.5 * jnp.exp(-((x / s) ** 1.5))


def gumbel_density(x: Array) -> Array:
    """Gumbel density."""
    return jnp.exp(-(x + jnp.exp(-x)))


def logistic_density(x: Array, s: Array) -> Array:
    """Density of the logistic distribution."""
    e = jnp.exp(-x / s)
    return e / (s * (1 + e) ** 2)


def logit(p: Array) -> Array:
    """Logit."""
    return jnp.log(p / (1 - p))


def two_gaussians(x: Array) -> Array:
    """Log-likelihood of a mixture of two Gaussians."""
    near = 0.3 * jnp.exp(-0.5 * (x - 1) ** 2)
    return jnp.log(near + 0.7 * jnp.exp(-0.5 * (x + 1) ** 2 / 4) / 2)


def inverse_gaussian(x: Array, m: Array) -> Array:
    """Inverse Gaussian density."""
    return jnp.sqrt(1 / (2 * jnp.pi * x**3)) * jnp.exp(-((x - m) ** 2) / (2 * m**2 * x))


def box_cox(x: Array, k: Array) -> Array:
    """Box-Cox transformation."""
    return (x**k - 1) / k


def fisher_transformation(r: Array) -> Array:
    """Fisher's transformation of a correlation."""
    return 0.5 * jnp.log((1 + r) / (1 - r))


FIELD = "statistics"
FORMULAS = (
    *formulas(FIELD, normal_density, normal_distribution, normal_tail),
    *formulas(FIELD, normal_log_density, student_log_density),
    *formulas(FIELD, cauchy_density, weibull_density, gumbel_density),
    *formulas(FIELD, logistic_density, logit, two_gaussians),
    *formulas(FIELD, inverse_gaussian, box_cox, fisher_transformation),
    Formula(gamma_density, FIELD, domain={"x": (0.01, 30.0), "a": (0.5, 8.0)}),
    Formula(beta_density, FIELD, domain={"x": (0.01, 0.99), "a": (0.5, 8.0)}),
)
