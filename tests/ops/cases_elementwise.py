"""Cases of the operations that act on floating-point elements one by one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from jax import lax

from tests.ops.case import (
    BOTH,
    FORWARD,
    NEITHER,
    REVERSE,
    Case,
    Table,
    bools,
    cplx,
    ints,
    real,
)

_table = Table()
add, plain = _table.add, _table.plain

_UNARY: dict[str, tuple[Callable[..., Any], float, float]] = {
    "abs": (jnp.abs, -1, 1),
    "acos": (lax.acos, -0.9, 0.9),
    "acosh": (lax.acosh, 1.1, 3),
    "asin": (lax.asin, -0.9, 0.9),
    "asinh": (lax.asinh, -2, 2),
    "atan": (lax.atan, -2, 2),
    "atanh": (lax.atanh, -0.9, 0.9),
    "bessel_i0e": (lax.bessel_i0e, 0.1, 3),
    "bessel_i1e": (lax.bessel_i1e, 0.1, 3),
    "cbrt": (lax.cbrt, 0.2, 3),
    "ceil": (lax.ceil, -3, 3),
    "cos": (jnp.cos, -3, 3),
    "cosh": (jnp.cosh, -2, 2),
    "digamma": (lax.digamma, 0.5, 3),
    "erf": (lax.erf, -2, 2),
    "erf_inv": (lax.erf_inv, -0.8, 0.8),
    "erfc": (lax.erfc, -2, 2),
    "exp": (jnp.exp, -2, 2),
    "exp2": (jnp.exp2, -2, 2),
    "expm1": (jnp.expm1, -2, 2),
    "floor": (lax.floor, -3, 3),
    "lgamma": (lax.lgamma, 0.5, 4),
    "log": (jnp.log, 0.2, 3),
    "log1p": (jnp.log1p, -0.5, 3),
    "log2": (jnp.log2, 0.2, 3),
    "logistic": (lax.logistic, -3, 3),
    "neg": (lax.neg, -1, 1),
    "round_even": (jnp.round, -3, 3),
    "round_away": (partial(lax.round), -3, 3),
    "rsqrt": (lax.rsqrt, 0.2, 3),
    "sign": (jnp.sign, -1, 1),
    "sin": (jnp.sin, -3, 3),
    "sinh": (jnp.sinh, -2, 2),
    "sqrt": (jnp.sqrt, 0.2, 3),
    "square": (jnp.square, -2, 2),
    "tan": (jnp.tan, -1, 1),
    "tanh": (jnp.tanh, -2, 2),
}
for _name, (_function, _low, _high) in _UNARY.items():
    add(_name, _function, real(3, 4, low=_low, high=_high), ulps=64)
for _power in (-3, -2, -1, 0, 1, 2, 3, 4, 7):
    add(
        f"integer_pow_{_power}".replace("-", "minus_"),
        partial(lambda p, x: lax.integer_pow(x, p), _power),
        real(3, 4, low=0.3, high=2),
    )
for _name in ("abs", "sin", "cos", "exp", "log", "sqrt", "tanh", "sign", "square"):
    plain(f"{_name}_complex", getattr(jnp, _name), cplx(3, 2))
plain("neg_complex", jnp.negative, cplx(3, 2))
plain("integer_pow_complex", lambda x: lax.integer_pow(x, 3), cplx(3, 2))

_SPECIAL = np.array([-np.inf, -1.0, -0.0, 0.0, 1.0, np.inf, np.nan])
plain("round_halves", jnp.round, np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.499999]))
plain("round_away_halves", lax.round, np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 0.499999]))
for _name in ("sign", "abs", "neg", "exp", "sqrt", "log", "square", "floor", "tanh"):
    plain(f"{_name}_special", _UNARY[_name][0], _SPECIAL)
plain("is_finite", jnp.isfinite, _SPECIAL)
add("sin_empty", jnp.sin, real(0, 3))
add("sin_scalar", jnp.sin, real())
add("exp_float32", jnp.exp, real(3).astype(np.float32))
plain("sin_float16", jnp.sin, real(3).astype(np.float16))

_BINARY: dict[str, tuple[Callable[..., Any], Any, Any, tuple[str, ...]]] = {
    "add": (lax.add, real(3, 4), real(3, 4, low=-2), BOTH),
    "sub": (lax.sub, real(3, 4), real(3, 4, low=-2), BOTH),
    "mul": (lax.mul, real(3, 4), real(3, 4, low=-2), BOTH),
    "div": (lax.div, real(3, 4), real(3, 4, low=0.3), BOTH),
    "rem": (lax.rem, real(3, 4, low=-5, high=5), real(3, 4, low=0.7, high=2), BOTH),
    "max": (lax.max, real(3, 4), real(3, 4, low=-2), BOTH),
    "min": (lax.min, real(3, 4), real(3, 4, low=-2), BOTH),
    "pow": (lax.pow, real(3, 4, low=0.2, high=2), real(3, 4, low=-2), BOTH),
    "atan2": (lax.atan2, real(3, 4), real(3, 4, low=-2), BOTH),
    "nextafter": (lax.nextafter, real(3, 4), real(3, 4, low=-2), NEITHER),
}
for _name, (_function, _left, _right, _modes) in _BINARY.items():
    add(_name, _function, _left, _right, derivatives=_modes, ulps=256)
    add(f"{_name}_rows", _function, _left[:, :1], _right, derivatives=_modes, ulps=256)
    add(
        f"{_name}_number",
        partial(lambda f, x: f(x, jnp.asarray(2.0, x.dtype)), _function),
        _left,
        derivatives=_modes,
        ulps=256,
    )
    add(
        f"{_name}_number_left",
        partial(lambda f, x: f(jnp.asarray(1.5, x.dtype), x), _function),
        _right,
        derivatives=_modes,
        ulps=256,
    )
    add(
        f"{_name}_scalar",
        _function,
        _left[0, 0],
        _right[1, 1],
        derivatives=_modes,
        ulps=256,
    )
    plain(f"{_name}_special", _function, _SPECIAL, _SPECIAL[::-1].copy())
add("pow_integer_exponent", lax.pow, real(3, 4, low=0.5), ints(3, 4, low=0), ulps=256)
add("pow_negative_base", lambda x: x**3.0, real(3, 4), derivatives=FORWARD)
add("pow_half", lambda x: x**0.5, real(3, 4, low=0.1))
for _name in ("add", "sub", "mul", "div", "pow"):
    plain(f"{_name}_complex", getattr(lax, _name), cplx(3, 2), cplx(2, 3).T, ulps=256)
plain("complex", lax.complex, real(3, 4), real(3, 4, low=-2))
plain("real", jnp.real, cplx(3, 4))
plain("imag", jnp.imag, cplx(3, 4))
plain("conj", jnp.conj, cplx(3, 4))
plain("conj_real", lax.conj, real(3, 4))
add(
    "complex_energy",
    lambda x, y: jnp.abs(lax.complex(x, y) * (2 - 1j)) ** 2,
    real(3),
    real(3, low=-2),
)
add("add_any", lambda x: x * jnp.sin(x) * x, real(3, 4))

_A, _X = real(3, 2, low=0.5, high=3), real(3, 2, low=0.3, high=2.5)
add("igamma", lambda x: lax.igamma(jnp.asarray(_A, x.dtype), x), _X, ulps=1e3)
add("igammac", lambda x: lax.igammac(jnp.asarray(_A, x.dtype), x), _X, ulps=1e3)
add(
    "igamma_of_shape",
    lambda a: lax.igamma(a, jnp.asarray(_X, a.dtype)),
    _A,
    derivatives=REVERSE,
    ulps=1e3,
)
plain("igamma_arrays", lax.igamma, _A, _X, ulps=1e3)
plain(
    "igammac_number", lambda x: lax.igammac(jnp.asarray(1.5, x.dtype), x), _X, ulps=1e3
)
plain("igamma_grad_a", lax.igamma_grad_a, _A, _X, ulps=1e4)
plain("random_gamma_grad", lax.random_gamma_grad, _A, _X, ulps=1e4)
plain("zeta", lax.zeta, 1.0 + _A, _X, ulps=1e3)
plain("zeta_number", lambda q: lax.zeta(jnp.asarray(2.5, q.dtype), q), _X, ulps=1e3)
plain("polygamma_arrays", lax.polygamma, np.array([1.0, 2.0, 3.0]), _X[:, 0], ulps=1e4)
add("polygamma", lambda x: lax.polygamma(jnp.asarray(2.0, x.dtype), x), _X, ulps=1e4)
add(
    "regularized_incomplete_beta",
    lambda x: jsp.special.betainc(1.5, 2.5, x),
    real(3, 2, low=0.2, high=0.8),
    ulps=1e4,
)
plain(
    "regularized_incomplete_beta_arrays",
    lax.betainc,
    real(3, low=0.5, high=2),
    real(3, low=0.6, high=2.2),
    real(3, low=0.2, high=0.8),
    ulps=1e4,
)
plain(
    "bessel", lambda x: lax.bessel_i0e(x) - lax.bessel_i1e(x), real(4, low=-5, high=5)
)

add(
    "clamp",
    lambda x: lax.clamp(jnp.asarray(-0.5, x.dtype), x, jnp.asarray(0.5, x.dtype)),
    real(3, 4),
)
add(
    "clamp_arrays",
    lax.clamp,
    real(3, 4, low=-1, high=-0.4),
    real(3, 4),
    real(3, 4, low=0.4, high=1),
)
plain(
    "clamp_special",
    lambda x: lax.clamp(jnp.asarray(-0.5, x.dtype), x, jnp.asarray(0.5, x.dtype)),
    _SPECIAL,
)
add("select_n", lax.select_n, bools(3, 4), real(3, 4), real(3, 4, low=-2))
add("select_n_scalar", lax.select_n, np.bool_(True), real(3, 4), real(3, 4, low=-2))
add(
    "select_n_many",
    lambda i, x: lax.select_n(i, x, 2 * x, -x),
    ints(3, 4, low=0, high=3),
    real(3, 4),
)
plain("select_n_one", lambda i, x: lax.select_n(i, x), ints(3, low=0, high=1), real(3))
plain("select_n_numbers", lambda x: jnp.where(x > 0, 1.0, 0.0), real(3, 4))
add("select_n_scalars", lambda x: jnp.where(x > 0, 1.0, 0.0) * x, real())
plain("select_n_scalars_alone", lambda x: jnp.where(x > 0, 1.0, 0.0), real())
add("select_n_half", lambda x: jnp.where(x > 0, x, 0.0), real(3, 4))
plain("select_n_complex", lambda p, z: jnp.where(p, z, 0), bools(3), cplx(3))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _function = getattr(lax, _name)
    plain(_name, _function, real(3, 4), real(3, 4, low=-2))
    plain(f"{_name}_special", _function, _SPECIAL, _SPECIAL[::-1].copy())
    plain(
        f"{_name}_number",
        partial(lambda f, x: f(x, jnp.asarray(0.25, x.dtype)), _function),
        real(3, 4),
    )
    plain(f"{_name}_rows", _function, real(3, 1), real(1, 4, low=-2))
plain("eq_complex", lax.eq, cplx(3), cplx(3))
plain("ne_complex", lax.ne, cplx(3), cplx(3).conj())
add("reduce_precision", lambda x: lax.reduce_precision(x, 8, 7), real(3, 4))

ELEMENTWISE: Final[tuple[Case, ...]] = tuple(_table.cases)
