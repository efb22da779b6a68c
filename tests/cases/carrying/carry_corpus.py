"""Functions as people write them."""

from __future__ import annotations

import functools
import math
from functools import partial
from typing import NamedTuple

import carry_helpers
import jax
import jax.numpy as jnp
import numpy as np
from carry_helpers import R
from carry_helpers import weighted as assist
from jax import jit, lax
from jax.nn import softplus
from jax.scipy.special import erf

square = lambda x: x**2  # noqa: E731
POWERS = [1, 2, 3]
LENGTHS: dict[str, float] = {"upper": 0.4, "lower": 0.3}
SHAPE = (2, 2)
A, B = 1.5, -0.5


class Pair(NamedTuple):
    left: jax.Array
    right: jax.Array


def product(x):
    return jnp.prod(x)


@jax.custom_jvp
def clip(x):
    return jnp.clip(x, 0, 1)


@clip.defjvp
def clip_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    return clip(x), t


@jax.custom_vjp
def scaled(x):
    return 2 * x


def scaled_fwd(x):
    return scaled(x), x


def scaled_bwd(res, g):
    return (g * jnp.cos(res),)


scaled.defvjp(scaled_fwd, scaled_bwd)


def ruled(x):
    return scaled(clip(x))


def model(x, p, n: int = 2):
    """The model.

    With a second paragraph.
    """
    # a comment of its own
    y = assist(x)  # type: ignore
    length = y * R
    for k in POWERS:
        length += square(length) ** k

    def body(c, _):
        return c * p["w"] + carry_helpers.R, None

    out, _ = jax.lax.scan(body, length, None, length=n)
    return softplus(clip(out)) * math.pi


@partial(jit, static_argnames="n")
def jitted(x, n=3):
    for _ in range(n):
        x = jnp.sin(x)
    return x


_area = functools.partial(jnp.sum, axis=0)
area = jax.jit(_area)


def with_partial(x):
    return area(x) * LENGTHS["upper"]


def dicts(state):
    a, b = state["a"], state["b"]
    unused = a * b
    return {"s": a + b, "t": (a, jnp.sum(b))}


def pair(p):
    return p.left * p.right


def branches(x, y):
    c, s = 1.0, 0.0
    if x.shape:
        c = jnp.cos(y)
    out = []
    for i in range(x.shape[0]):
        out.append(x[i] * c + s)
    table = {}
    table["a"] = out[0]
    z = y if len(out) > 2 else 0.0
    return jnp.stack(out) + table["a"] + z


def loops(x):
    def cond(state):
        return state[1] < 10.0

    def body(state):
        i, total = state
        return i + 1, total + jnp.sum(x) ** 2 + 1.0

    return lax.while_loop(cond, body, (0, jnp.zeros(())))[1]


def conditional(x):
    return lax.cond(x > 0, lambda v: jnp.sin(v), lambda v: v * A + B, x)


def black_scholes(
    S,
    K: float = 100.0,
    *,
    rate: float = 0.01,
):
    cdf = lambda d: 0.5 * (1 + erf(d / np.sqrt(2.0)))  # noqa: E731
    d1 = (jnp.log(S / K) + rate) / 0.2
    return S * cdf(d1) - K * jnp.exp(-rate) * cdf(d1 - 0.2)


def mlp(params, x):
    h = x
    for layer in params[:-1]:
        h = jnp.tanh(layer["w"] @ h + layer["b"])
    last = params[-1]
    return (last["w"] @ h + last["b"])[0]


def arm(q):
    position = jnp.zeros(2)
    angle = 0.0
    for joint, length in enumerate((0.3, LENGTHS["lower"])):
        angle = angle + q[joint]
        position = position.at[0].add(length * jnp.cos(angle))
        position = position.at[1].add(length * jnp.sin(angle))
    return position


def recursive(x, n: int = 3):
    return x if n == 0 else recursive(jnp.sin(x), n - 1)


def noisy(key, x):
    return x + jax.random.normal(key, x.shape)


def comprehension(x):
    return sum(x[i] * w for i, w in enumerate(POWERS))


def matrix(x):
    m: jnp.ndarray = jnp.reshape(x, SHAPE)
    rows = [jnp.sum(row) for row in m]
    assert len(rows) == 2, "two rows"
    return rows[0] * rows[1] + np.trace(np.eye(2))


@jax.jit
@partial(jax.checkpoint, static_argnums=())
def rematerialised(x):
    return jnp.sin(x)


def unusual(x, y=None, *, offset: float = 1.0, table=SHAPE):
    if y is None:
        y = 2.0
    a = b = x
    first, (second, *rest) = 1.0, (x, x, x)
    with jax.named_scope("unusual"):
        q = a * b
    if (n := len(rest)) > 1:
        q = q * n
    try:
        z = q @ x
    except ValueError as error:
        raise RuntimeError("no product") from error
    match x.ndim:
        case 1:
            z = z * table[0]
        case _:
            pass
    return z * y + offset + first + sum(rest) + second
