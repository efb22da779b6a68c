"""Cases of integer, truth-value and conversion operations."""

from __future__ import annotations

from functools import partial
from typing import Final

import jax.numpy as jnp
import numpy as np
from jax import lax

from tests.ops.case import Case, Table, bools, cplx, ints, real

_table = Table()
add, plain = _table.add, _table.plain

for _name, _dtype in {
    "int32": np.int32,
    "int8": np.int8,
    "uint8": np.uint8,
    "uint32": np.uint32,
}.items():
    _left = ints(3, 4, low=1, high=90, dtype=_dtype)
    _right = ints(3, 4, low=1, dtype=_dtype)
    for _op in ("add", "sub", "mul", "div", "rem", "max", "min"):
        plain(f"{_op}_{_name}", getattr(lax, _op), _left, _right)
        plain(
            f"{_op}_{_name}_number",
            partial(lambda f, d, x: f(x, d(3)), getattr(lax, _op), _dtype),
            _left,
        )
    for _op in ("and", "or", "xor"):
        plain(f"{_op}_{_name}", getattr(lax, f"bitwise_{_op}"), _left, _right)
    for _op in ("shift_left", "shift_right_logical", "shift_right_arithmetic"):
        plain(f"{_op}_{_name}", getattr(lax, _op), _left, _right)
        plain(
            f"{_op}_{_name}_number",
            partial(lambda f, d, x: f(x, d(2)), getattr(lax, _op), _dtype),
            _left,
        )
    for _op in ("eq", "lt", "ge"):
        plain(f"{_op}_{_name}", getattr(lax, _op), _left, _right)
    plain(f"not_{_name}", lax.bitwise_not, _left)
    plain(f"population_count_{_name}", lax.population_count, _left)
    plain(f"clz_{_name}", lax.clz, _left)
    plain(f"neg_{_name}", jnp.negative, _left)
    plain(f"sign_{_name}", jnp.sign, _left)
    plain(f"square_{_name}", jnp.square, _left)
    plain(f"integer_pow_{_name}", lambda x: lax.integer_pow(x, 3), _left)
_SIGNED = ints(3, 4, low=-90, high=90)
_DIVISOR = np.where(np.arange(12).reshape(3, 4) % 2, 4, -7).astype(np.int32)
plain("abs_int32", jnp.abs, _SIGNED)
plain("div_signed", lax.div, _SIGNED, _DIVISOR)
plain("rem_signed", lax.rem, _SIGNED, _DIVISOR)
plain("floor_divide_signed", jnp.floor_divide, _SIGNED, _DIVISOR)
plain("mod_signed", jnp.mod, _SIGNED, _DIVISOR)
plain("shift_right_arithmetic_signed", lambda x: x >> 2, _SIGNED)
plain(
    "shift_right_logical_signed",
    lambda x: lax.shift_right_logical(x, jnp.int32(2)),
    _SIGNED,
)
plain("shift_by_width", lambda x: lax.shift_left(x, jnp.int32(40)), _SIGNED)
plain("pow_int_int", lambda x: jnp.power(x, jnp.array([2, 3, 0, 1])), ints(3, 4))
plain("clamp_int", lambda x: lax.clamp(jnp.int32(-2), x, jnp.int32(3)), ints(3, 4))
plain("select_n_int", lambda x: jnp.where(x > 0, x, -1), ints(3, 4))
_BIG = ints(4, low=1, high=2**30)
plain("mulhi", lax.mulhi, _BIG, _BIG)
plain("mulhi_uint32", lax.mulhi, _BIG.astype(np.uint32), _BIG.astype(np.uint32))
for _op in ("bitwise_and", "bitwise_or", "bitwise_xor", "eq", "ne", "max", "lt"):
    plain(f"{_op}_bool", getattr(lax, _op), bools(3, 4), bools(4, 3).T.copy())
plain("not_bool", jnp.logical_not, bools(3, 4))

for _name, _dtype in {
    "int32": jnp.int32,
    "bool": jnp.bool_,
    "float32": jnp.float32,
    "float16": jnp.float16,
    "bfloat16": jnp.bfloat16,
    "complex64": jnp.complex64,
    "uint8": jnp.uint8,
}.items():
    for _kind, _array in {
        "float": real(3, 4, low=0.2, high=5),
        "int": ints(3, 4, low=0),
        "bool": bools(3, 4),
    }.items():
        plain(
            f"convert_{_kind}_to_{_name}",
            partial(lambda d, x: lax.convert_element_type(x, d), _dtype),
            _array,
        )
plain("convert_default_float", lambda x: x.astype(float), ints(3, 4))
plain("convert_default_int", lambda x: jnp.argsort(x).astype(int), real(5))
add("convert_caller", lambda n, x: n.astype(x.dtype) * x, ints(3, 4), real(3, 4))
plain(
    "convert_caller_complex", lambda x: x.astype(jnp.result_type(x, 1j)) * 2j, real(3)
)
add(
    "convert_round_trip",
    lambda x: x.astype(jnp.float32).astype(x.dtype) * x,
    real(3, 4),
)
plain(
    "bitcast",
    lambda x: lax.bitcast_convert_type(x, jnp.int32),
    real(3, 4).astype(np.float32),
)
plain("bitcast_narrow", lambda x: lax.bitcast_convert_type(x, jnp.uint8), ints(3, 4))
plain(
    "bitcast_wide",
    lambda x: lax.bitcast_convert_type(x, jnp.float32),
    ints(3, 2, low=0, high=99, dtype=np.uint16),
)
_SORTED = np.array([-1.0, -0.0, 0.0, 0.5, 1.0, 1.0, 2.0])
_SOUGHT = np.array([1.0, 0.5, np.nan, -0.0, 0.0, -9.0, 9.0])
for _method in ("scan", "scan_unrolled", "sort", "compare_all"):
    plain(
        f"searchsorted_{_method}",
        partial(lambda m, a, v: jnp.searchsorted(a, v, method=m), _method),
        _SORTED,
        _SOUGHT,
    )
plain(
    "searchsorted_right",
    lambda a, v: jnp.searchsorted(a, v, side="right"),
    _SORTED,
    _SOUGHT,
)
plain(
    "searchsorted_int", jnp.searchsorted, np.arange(5, dtype=np.int32), ints(4, low=0)
)
plain("searchsorted_2d", jnp.searchsorted, _SORTED, real(2, 3))
plain("digitize", lambda v, a: jnp.digitize(v, a), real(4), _SORTED)
plain("eq_keys", lambda z: jnp.unique(z, size=3), cplx(3))

INTEGERS: Final[tuple[Case, ...]] = tuple(_table.cases)
