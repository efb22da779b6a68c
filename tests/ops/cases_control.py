"""Cases of calls, custom rules, control flow and markers."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from jax import lax
from jax.ad_checkpoint import checkpoint_name

from tests.ops.case import FORWARD, REVERSE, Case, Table, bools, ints, real

_table = Table()
add, plain = _table.add, _table.plain
_X, _V = real(3, 4), real(5)


@jax.custom_jvp
def _straight_through(x: Any) -> Any:
    return jnp.round(x)


@_straight_through.defjvp
def _straight_through_jvp(primals: Any, tangents: Any) -> Any:
    return _straight_through(primals[0]), tangents[0]


@jax.custom_vjp
def _clipped(x: Any, y: Any) -> Any:
    return x * jnp.sin(y)


def _clipped_forward(x: Any, y: Any) -> Any:
    return _clipped(x, y), (x, y)


def _clipped_backward(residuals: Any, cotangent: Any) -> Any:
    x, y = residuals
    return jnp.clip(cotangent, -0.1, 0.1) * jnp.sin(y), cotangent * x


_clipped.defvjp(_clipped_forward, _clipped_backward)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _scaled(factor: float, x: Any) -> Any:
    return factor * x


@_scaled.defjvp
def _scaled_jvp(factor: float, primals: Any, tangents: Any) -> Any:
    return _scaled(factor, primals[0]), factor * factor * tangents[0]


# calls
add("call", lambda x: jax.jit(lambda y: jnp.sin(y) * 2)(x) + 1, _X)
add("call_twice", lambda x: jax.jit(jnp.sinc)(x) + jax.jit(jnp.sinc)(2 * x), _X)
add("call_two_results", lambda x: jax.jit(lambda y: (y, y * 2))(x)[1], _X)
add("call_constant_result", lambda x: jax.jit(lambda y: (y, 3.0))(x)[1] * x, _X)
add("checkpoint", lambda x: jax.checkpoint(lambda y: jnp.sin(jnp.sin(y)))(x), _X)
add(
    "checkpoint_policy",
    lambda x: jax.checkpoint(
        lambda y: jnp.sin(y @ y.T), policy=jax.checkpoint_policies.dots_saveable
    )(x),
    _X,
)
add("name", lambda x: checkpoint_name(jnp.sin(x), "sine") * x, _X)
add("named_scope", lambda x: jax.named_scope("scope")(jnp.sin)(x), _X)
add("stop_gradient", lambda x: lax.stop_gradient(x) * x, _X)
add("copy", lambda x: jnp.array(x, copy=True) * 2, _X)
add("device_put", lambda x: jax.device_put(x) * 2, _X)
add(
    "optimization_barrier",
    lambda x, y: lax.optimization_barrier((x * y, y)),
    _X,
    _X + 1,
)
add("optimization_barrier_one", lambda x: lax.optimization_barrier(x * 2) * 3, _X)
add("relu", jax.nn.relu, _X)
add("softplus", jax.nn.softplus, _X, ulps=64)
add("logsumexp", lambda x: jsp.special.logsumexp(x, axis=1), _X, ulps=64)
add("gelu", jax.nn.gelu, _X, ulps=256)
add("silu", jax.nn.silu, _X, ulps=256)
add("log_sigmoid", jax.nn.log_sigmoid, _X, ulps=64)
add("xlogy", jsp.special.xlogy, real(3, low=0.1), real(3, low=0.2))
add("sinc", jnp.sinc, _X, ulps=256)
add("hypot", jnp.hypot, _X, _X + 2)
add("i0", jnp.i0, real(4, low=0.1), ulps=256)
add("custom_jvp", lambda x: _straight_through(x) ** 2, 3 * _X)
add("custom_jvp_static", lambda x: _scaled(2.0, x), _X)
add("custom_vjp", _clipped, _X, _X + 1, derivatives=REVERSE)
add("logit", jsp.special.logit, real(3, low=0.1, high=0.9), ulps=256)
add("ndtri", jsp.special.ndtri, real(3, low=0.1, high=0.9), ulps=1e3)
add("log_ndtr", jsp.special.log_ndtr, real(4, low=-7, high=3), ulps=512)
add(
    "multigammaln",
    lambda a: jsp.special.multigammaln(a, 2),
    real(3, low=2, high=4),
    ulps=512,
)
add("entr", jsp.special.entr, real(3, low=0.1))
plain("expi", jsp.special.expi, real(3, low=0.2, high=2), ulps=1e3)
plain("composite", lambda x: lax.composite(lambda y: jnp.sin(y) + 1, "lib.op")(x), _X)
add(
    "platform_dependent",
    lambda x: lax.platform_dependent(x, cpu=jnp.sin, default=jnp.sin),
    _X,
)

# scan
add("scan", lambda x: lax.scan(lambda c, y: (c * y + 1.0, c * y), x[0], x), _V)
add(
    "scan_reverse",
    lambda x: lax.scan(lambda c, y: (jnp.sin(c) + y, c), x[0], x, reverse=True),
    _V,
)
add(
    "scan_unroll",
    lambda x: lax.scan(lambda c, y: (jnp.sin(c) + y, c), x[0], x, unroll=2),
    _V,
)
add(
    "scan_length",
    lambda x: lax.scan(lambda c, _: (jnp.sin(c), None), x, None, length=4)[0],
    _V,
)
add(
    "scan_constant",
    lambda x, w: lax.scan(lambda c, y: (jnp.tanh(w @ c) + y, c), x[0], x),
    _X,
    real(4, 4),
)
add(
    "scan_pair",
    lambda x: lax.scan(
        lambda c, y: ((c[1], c[0] + y), (y * c[0], c[1])), (x[0], x[1]), x
    ),
    _V,
)
add("scan_xs_only", lambda x: lax.map(lambda r: r @ r, x), _X)
add(
    "scan_counter",
    lambda x: lax.scan(lambda c, i: (c + x[i], i), 0.0 * x[0], jnp.arange(5)),
    _V,
)
add(
    "scan_zero_length",
    lambda x: lax.scan(lambda c, y: (c + y, c), 0.0 * x.sum(), x),
    real(0),
)
add(
    "scan_bool_carry",
    lambda x: lax.scan(
        lambda c, y: ((c[0] & (y > 0), c[1] + y), c[0]), (True, 0.0 * x[0]), x
    )[0][1],
    _V,
)
add("map_batched", lambda x: lax.map(jnp.sin, x, batch_size=2), _V)
add("associative_scan", lambda x: lax.associative_scan(jnp.multiply, x), _V)

# while
add(
    "while",
    lambda x: lax.while_loop(
        lambda c: c[0] < 3, lambda c: (c[0] + 1, jnp.sin(c[1])), (0, x)
    )[1],
    _V,
    derivatives=FORWARD,
)
add(
    "while_data",
    lambda x: lax.while_loop(lambda c: jnp.sum(c) < 9.0, lambda c: 2.0 * c + 1.0, x),
    _V,
    derivatives=FORWARD,
)
add(
    "while_constants",
    lambda x, w: lax.while_loop(
        lambda c: c[0] < w.shape[0], lambda c: (c[0] + 1, c[1] * w[c[0]]), (0, x)
    )[1],
    _V,
    real(3),
    derivatives=FORWARD,
)
add(
    "while_condition_constant",
    lambda x, b: lax.while_loop(lambda c: jnp.sum(c) < b, lambda c: 2.0 * c + 1.0, x),
    _V,
    np.float64(9.0),
    derivatives=FORWARD,
)
plain(
    "while_scalar",
    lambda n: lax.while_loop(lambda c: c < n, lambda c: c * 2 + 1, jnp.int32(1)),
    np.int32(50),
)
add("fori_loop", lambda x: lax.fori_loop(0, 4, lambda i, c: c * x[i], x[0]), _V)
add(
    "fori_loop_traced",
    lambda x, n: lax.fori_loop(0, n, lambda i, c: jnp.sin(c), x),
    _V,
    np.int32(3),
    derivatives=FORWARD,
)
plain(
    "while_batched",
    lambda x: jax.vmap(
        lambda v: lax.while_loop(lambda c: c < 3.0, lambda c: c + 1.0, v)
    )(x),
    _V,
)

# cond
add("cond", lambda p, x: lax.cond(p, jnp.sin, jnp.cos, x), np.bool_(True), _V)
add("cond_false", lambda p, x: lax.cond(p, jnp.sin, jnp.cos, x), np.bool_(False), _V)
add(
    "cond_data",
    lambda x: lax.cond(x[0] > x[1], lambda v: v * 2, lambda v: v / 3, x),
    _V,
)
add(
    "cond_closure",
    lambda x, y: lax.cond(x[0] > 0, lambda: x * y, lambda: x + y),
    _V,
    _V + 1,
)
add(
    "cond_two_results",
    lambda x: lax.cond(x[0] > 0, lambda v: (v, v * 2), lambda v: (v * 3, v), x),
    _V,
)
add("cond_no_operands", lambda p: lax.cond(p, lambda: 1.0, lambda: 2.0), np.bool_(True))
for _index in (-1, 0, 1, 2, 9):
    add(
        f"switch_{_index}".replace("-", "minus_"),
        lambda i, x: lax.switch(i, [jnp.sin, jnp.cos, jnp.exp], x),
        np.int32(_index),
        _V,
    )
plain(
    "switch_uint", lambda i, x: lax.switch(i, [jnp.sin, jnp.cos], x), np.uint32(1), _V
)
add(
    "cond_nested",
    lambda p, x: lax.cond(
        p, lambda v: lax.cond(v[0] > 0, jnp.sin, jnp.cos, v), jnp.exp, x
    ),
    np.bool_(True),
    _V,
)
add(
    "scan_of_cond",
    lambda x: lax.scan(lambda c, y: (lax.cond(y > 0, jnp.sin, jnp.cos, c), c), x[0], x),
    _V,
)
plain("piecewise", lambda x: jnp.piecewise(x, [x < 0, x >= 0], [jnp.sin, jnp.cos]), _X)
plain("select", lambda p, x: jnp.select([p, ~p], [x, -x]), bools(3, 4), _X)
plain("fori_int", lambda n: lax.fori_loop(0, 5, lambda i, c: c + i, n), ints(3))

CONTROL: Final[tuple[Case, ...]] = tuple(_table.cases)
