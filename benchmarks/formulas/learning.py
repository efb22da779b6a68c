"""Activations, losses and small networks."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.special import erf

from formulas.formula import Formula, formulas

WEIGHTS = (
    (0.8, -1.2, 0.5),
    (1.5, 0.3, -0.7),
    (-0.4, 0.9, 1.1),
    (2.0, -0.6, 0.2),
)


def softplus_plain(x: Array) -> Array:
    """Softplus as it is defined."""
    return jnp.log(1 + jnp.exp(x))


def softplus_stable(x: Array) -> Array:
    """Softplus as the library has it."""
    return jax.nn.softplus(x)


def gelu_tanh(x: Array) -> Array:
    """GELU through a hyperbolic tangent."""
    inner = 0.7978845608028654 * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + jnp.tanh(inner))


def gelu_erf(x: Array) -> Array:
    """GELU through the error function."""
    return x * 0.5 * (1 + erf(x / jnp.sqrt(2.0)))


def swish(x: Array, b: Array) -> Array:
    """Swish."""
    return x / (1 + jnp.exp(-b * x))


def mish(x: Array) -> Array:
    """Mish."""
    return x * jnp.tanh(jnp.log1p(jnp.exp(x)))


def exponential_unit(x: Array) -> Array:
    """Exponential linear unit."""
    return jnp.where(x > 0, x, jnp.expm1(x))


def cross_entropy(x: Array) -> Array:
    """Cross entropy of a softmax over four classes."""
    return jax.nn.logsumexp(x) - x[1]


def log_sum_exp(x: Array) -> Array:
    """Logarithm of a sum of exponentials, as it is defined."""
    return jnp.log(jnp.sum(jnp.exp(x)))


def softmax_share(x: Array) -> Array:
    """First share of a softmax."""
    e = jnp.exp(x - jnp.max(x))
    return e[0] / jnp.sum(e)


def logistic_layer(x: Array) -> Array:
    """A layer of four logistic units."""
    return jnp.sum(1 / (1 + jnp.exp(-jnp.asarray(WEIGHTS, x.dtype) @ x)))


def logistic_loss(z: Array) -> Array:
    """Logistic loss."""
    return jnp.log1p(jnp.exp(-z))


def focal_loss(z: Array) -> Array:
    """Focal loss."""
    p = 1 / (1 + jnp.exp(-z))
    return -((1 - p) ** 2) * jnp.log(p)


def huber_loss(r: Array, d: Array) -> Array:
    """Huber's loss."""
    return jnp.where(jnp.abs(r) < d, r * r / 2, d * (jnp.abs(r) - d / 2))


def pseudo_huber(r: Array, d: Array) -> Array:
    """Smooth Huber loss."""
    return d**2 * (jnp.sqrt(1 + (r / d) ** 2) - 1)


def matern_kernel(r: Array) -> Array:
    """Matern kernel of order 5/2."""
    d = jnp.sqrt(5.0) * jnp.abs(r)
    return (1 + d + d**2 / 3) * jnp.exp(-d)


def layer_normalisation(x: Array) -> Array:
    """First entry of a normalised layer."""
    centred = x - jnp.mean(x)
    return centred[0] / jnp.sqrt(jnp.mean(centred**2) + 1e-5)


FIELD = "machine learning"
FORMULAS = (
    *formulas(FIELD, softplus_plain, softplus_stable, gelu_tanh, gelu_erf, swish),
    *formulas(FIELD, mish, exponential_unit, logistic_loss),
    *formulas(FIELD, focal_loss, huber_loss, pseudo_huber),
    *formulas(FIELD, matern_kernel),
    Formula(cross_entropy, FIELD, shapes={"x": (4,)}),
    Formula(log_sum_exp, FIELD, shapes={"x": (3,)}),
    Formula(softmax_share, FIELD, shapes={"x": (3,)}),
    Formula(logistic_layer, FIELD, shapes={"x": (3,)}),
    Formula(layer_normalisation, FIELD, shapes={"x": (4,)}),
)
