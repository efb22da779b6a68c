"""What random programs are made of, by name.

A step takes an array and an earlier one, and gives a new one of any shape. Each new
feature of the compiler joins here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Step = Callable[[Any, Any], Any]


@jax.custom_jvp
def _softstep(x: Any) -> Any:
    return jnp.log1p(jnp.exp(x))


@_softstep.defjvp
def _softstep_jvp(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    return _softstep(x), jax.nn.sigmoid(x) * t


def _scanned(x: Any, other: Any) -> Any:
    def body(carry: Any, item: Any) -> Any:
        carry = 0.5 * carry + jnp.sin(item)
        return carry, carry * item

    total, rows = lax.scan(body, jnp.zeros((), x.dtype), jnp.ravel(x))
    return rows.reshape(x.shape) + total


def _stepped(x: Any, other: Any) -> Any:
    return lax.fori_loop(0, 3, lambda _, value: jnp.sin(value) + 0.3 * value, x)


def _repeated(x: Any, other: Any) -> Any:
    """A loop that JAX differentiates forward only."""

    def body(carry: Any) -> Any:
        count, value = carry
        return count + 1, 0.5 * value + jnp.cos(value)

    return lax.while_loop(lambda carry: carry[0] < 3, body, (0, x))[1]


def _conditional(x: Any, other: Any) -> Any:
    return lax.cond(jnp.sum(other) > 0.1, jnp.sin, lambda v: v * v, x)


def _like(other: Any, x: Any) -> Any:
    """The other array, cut or repeated to the shape of the first."""
    return jnp.resize(other, x.shape) if x.size and other.size else jnp.zeros_like(x)


def _turned(x: Any, other: Any) -> Any:
    """A rotation by way of complex numbers."""
    z = jnp.exp(1j * x) * (x + 1j * _like(other, x))
    return jnp.real(z) + 0.5 * jnp.imag(z)


def _spectrum(x: Any, other: Any) -> Any:
    z = jnp.fft.fft(jnp.ravel(x))
    return jnp.real(z * jnp.conj(z))


def _reordered(x: Any, other: Any) -> Any:
    return jnp.ravel(x)[jnp.argsort(jnp.ravel(_like(other, x)))]


def _pressure(x: Any, other: Any) -> Any:
    """Two powers of one distance that nearly cancel."""
    r = 1.0 + x * x
    return (0.9 / r) ** 12 - (0.9 / r) ** 6


PLAIN: Final[dict[str, Step]] = {
    "sin": lambda x, y: jnp.sin(x),
    "exp": lambda x, y: jnp.exp(0.3 * x),
    "tanh": lambda x, y: jnp.tanh(x),
    "log": lambda x, y: jnp.log(2.0 + x * x),
    "sqrt": lambda x, y: jnp.sqrt(1.0 + x * x),
    "cube": lambda x, y: x**3,
    "power": lambda x, y: (1.5 + jnp.tanh(x)) ** 2.5,
    "quotient": lambda x, y: x / (1.0 + _like(y, x) ** 2),
    "add": lambda x, y: x + 0.7 * _like(y, x),
    "subtract": lambda x, y: _like(y, x) - x,
    "multiply": lambda x, y: x * _like(y, x),
    "where": lambda x, y: jnp.where(_like(y, x) > 0.2, jnp.sin(x), x * x),
    "maximum": lambda x, y: jnp.maximum(x, 0.3 * _like(y, x)),
    "custom_jvp": lambda x, y: _softstep(x),
    "softplus": lambda x, y: jax.nn.softplus(x),
    "powers": lambda x, y: (1.2 + jnp.sin(x)) ** 2.7 - (1.1 + x * x) ** -1.5,
    "stopped": lambda x, y: x * lax.stop_gradient(_like(y, x)),
    "outer": lambda x, y: jnp.outer(jnp.ravel(x)[:3], jnp.ravel(y)[:2]),
    "matmul": lambda x, y: jnp.outer(x, x)[:3] @ jnp.ravel(x),
    "einsum": lambda x, y: jnp.einsum("i,i->i", jnp.ravel(x), jnp.ravel(x)),
    "dot": lambda x, y: jnp.dot(jnp.ravel(x), jnp.ravel(_like(y, x))),
    "sum": lambda x, y: jnp.sum(x, axis=0) if x.ndim else x,
    "mean": lambda x, y: jnp.mean(x),
    "prod": lambda x, y: jnp.prod(1.0 + 0.2 * x),
    "cumsum": lambda x, y: jnp.cumsum(jnp.ravel(x)),
    "cumprod": lambda x, y: jnp.cumprod(1.0 + 0.1 * jnp.ravel(x)),
    "logsumexp": lambda x, y: jax.nn.logsumexp(x),
    "norm": lambda x, y: jnp.linalg.norm(1.0 + jnp.ravel(x)),
    "index": lambda x, y: jnp.ravel(x)[-1],
    "slice": lambda x, y: jnp.ravel(x)[1:] if x.size > 1 else x,
    "stride": lambda x, y: jnp.ravel(x)[::2],
    "reverse": lambda x, y: jnp.ravel(x)[::-1],
    "gather": lambda x, y: jnp.ravel(x)[np.array([0, 0]) % max(1, x.size)],
    "scatter": lambda x, y: jnp.ravel(x).at[0].add(jnp.sum(y)),
    "concatenate": lambda x, y: jnp.concatenate([jnp.ravel(x), jnp.ravel(y)])[:5],
    "stack": lambda x, y: jnp.stack([x, _like(y, x)]),
    "transpose": lambda x, y: jnp.transpose(x),
    "reshape": lambda x, y: jnp.reshape(x, (1, -1)),
    "pad": lambda x, y: jnp.pad(jnp.ravel(x)[:3], (1, 1)),
    "roll": lambda x, y: jnp.roll(x, 1),
    "sort": lambda x, y: jnp.sort(jnp.ravel(x)),
    "differences": lambda x, y: jnp.diff(jnp.ravel(x), prepend=0.1),
    "scan": _scanned,
    "fori_loop": _stepped,
    "cond": _conditional,
    "jit": lambda x, y: jax.jit(lambda v: jnp.cos(v) * v)(x),
    "checkpoint": lambda x, y: jax.checkpoint(lambda v: jnp.sin(v) * v)(x),
    "convert": lambda x, y: x * (_like(y, x) > 0).astype(x.dtype),
    "argsort": _reordered,
    "complex": _turned,
    "spectrum": _spectrum,
}
"""Smooth, or smooth on both sides of a branch, and of moderate size."""

SATURATING: Final[dict[str, Step]] = {
    "logistic": lambda x, y: 1 / (1 + jnp.exp(-x)),
    "fermi": lambda x, y: 1 / (jnp.exp(x) + 1),
    "planck": lambda x, y: x**3 / (jnp.exp(x) - 1),
    "bose": lambda x, y: x / jnp.expm1(x),
    "swish": lambda x, y: x * jax.nn.sigmoid(_like(y, x)),
    "quotient of exps": lambda x, y: jnp.exp(x) / (jnp.exp(x) + jnp.exp(_like(y, x))),
    "softmax": lambda x, y: jax.nn.softmax(jnp.ravel(x)),
    "gaussian": lambda x, y: jnp.exp(-x * x),
    "log of exp": lambda x, y: jnp.log(1 + jnp.exp(x)),
    "entropy": lambda x, y: x * x * jnp.log(x * x),
    "erf": lambda x, y: jax.scipy.special.erf(x) * _like(y, x),
    "root": lambda x, y: jnp.sqrt(x * x + _like(y, x) ** 2),
    "difference of roots": lambda x, y: jnp.sqrt(x * x + 1.0) - jnp.sqrt(x * x + 0.5),
    "fractional power": lambda x, y: (x * x) ** 0.3 * _like(y, x),
    "power of abs": lambda x, y: jnp.abs(x) ** 1.5,
    "inverse": lambda x, y: 1 / (x - 3.0) + _like(y, x),
    "inverse square": lambda x, y: _like(y, x) / (x * x),
    "two powers": _pressure,
    "cosh": lambda x, y: jnp.sinh(x) / jnp.cosh(x),
    "atan2": lambda x, y: jnp.arctan2(x, _like(y, x)),
}
"""With poles, with limits, or with terms that cancel: where numbers go wrong."""

FORWARD_ONLY: Final[dict[str, Step]] = {"while_loop": _repeated}
"""What JAX pushes tangents through and pulls no cotangents."""

STEPS: Final[dict[str, Step]] = PLAIN | SATURATING | FORWARD_ONLY
