"""Cases of shapes, reductions, products, windows, sorting and transforms."""

from __future__ import annotations

from functools import partial
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tests.ops.case import Case, Table, bools, cplx, ints, real

_table = Table()
add, plain = _table.add, _table.plain
_X = real(3, 4)

# shapes
add("reshape", lambda x: x.reshape(2, 6), _X)
add("reshape_flat", lambda x: x.ravel(), _X)
add("reshape_permuted", lambda x: lax.reshape(x, (2, 6), dimensions=(1, 0)), _X)
add("reshape_scalar", lambda x: x.reshape(()), real(1, 1))
add("reshape_empty", lambda x: x.reshape(4, 0), real(0, 3))
add("transpose", lambda x: x.T, _X)
add("transpose_3d", lambda x: x.transpose(2, 0, 1), real(2, 3, 4))
add("transpose_last", lambda x: jnp.swapaxes(x, -1, -2), real(2, 3, 4))
add("rev", lambda x: x[::-1], _X)
add("rev_both", lambda x: lax.rev(x, (0, 1)), _X)
add("rev_last", lambda x: lax.rev(x, (1,)), _X)
add("squeeze", lambda x: x.squeeze(1), real(3, 1, 4))
add("squeeze_all", jnp.squeeze, real(1, 1))
add("expand_dims", lambda x: x[:, None, :], _X)
add("expand_dims_first", lambda x: jnp.expand_dims(x, (0, 3)), _X)
add("broadcast_scalar", lambda x: jnp.broadcast_to(x, (3, 4)), real())
add("broadcast_row", lambda x: jnp.broadcast_to(x, (3, 4)), real(4))
add("broadcast_column", lambda x: lax.broadcast_in_dim(x, (3, 4), (0,)), real(3))
add(
    "broadcast_size_one",
    lambda x: lax.broadcast_in_dim(x, (2, 3, 4), (0, 2)),
    real(1, 4),
)
add("broadcast_number", lambda x: jnp.full((3, 4), 2.5, x.dtype) * x, _X)
plain("broadcast_number_alone", lambda x: jnp.full((3, 4), 2.5, x.dtype), _X)
plain("broadcast_zeros", lambda x: jnp.zeros((3, 4), x.dtype), _X)
plain("broadcast_ones_int", lambda x: jnp.ones((3,), jnp.int8), _X)
plain("broadcast_bool", lambda p: jnp.broadcast_to(p, (2, 3)), bools(3))
plain("broadcast_infinity", lambda x: jnp.full((2,), -jnp.inf, x.dtype), _X)
plain("broadcast_nan", lambda x: jnp.full((2,), jnp.nan, x.dtype), _X)
add("outer", lambda x, y: x[:, None] * y[None, :], real(3), real(4))
add("row_added", lambda x, y: x + y, _X, real(4))
plain("iota", lambda: lax.iota(jnp.int32, 5))
plain("iota_uint8", lambda: lax.iota(jnp.uint8, 5))
plain("iota_float", lambda: lax.iota(jnp.float32, 5))
plain("iota_caller", lambda x: jnp.arange(4, dtype=x.dtype), _X)
plain("iota_default", lambda: jnp.arange(5))
plain("iota_2d", lambda: lax.broadcasted_iota(jnp.int32, (3, 4), 1))
plain("iota_2d_rows", lambda: lax.broadcasted_iota(jnp.int32, (3, 4), 0))
plain("iota_empty", lambda: lax.iota(jnp.int32, 0))
plain("eye", lambda x: jnp.eye(3, 4, dtype=x.dtype) * x, _X)
add("tile", lambda x: jnp.tile(x, (2, 3)), _X)
add("tile_more_axes", lambda x: jnp.tile(x, (2, 1, 3)), _X)
add("stack", lambda x, y: jnp.stack([x, y, x], axis=1), _X, _X + 1)
add("stack_last", lambda x, y: jnp.stack([x, y], axis=-1), _X, _X + 1)
add("stack_scalars", lambda x: jnp.array([x[0], 2.0, x[1]]), real(2))
add("unstack", lambda x: sum(jnp.unstack(x, axis=1)), _X)
add("concatenate", lambda x, y: jnp.concatenate([x, y], axis=1), _X, real(3, 2))
add("concatenate_rows", lambda x: jnp.concatenate([x, x * 2, x]), _X)
add("concatenate_one", lambda x: lax.concatenate([x], 0), _X)
add(
    "concatenate_constants",
    lambda x: jnp.concatenate([x, jnp.zeros(2, x.dtype)]),
    real(3),
)
plain("concatenate_int", lambda x: jnp.concatenate([x, x]), ints(3))
add("split", lambda x: lax.split(x, (1, 3), axis=1), _X)
add("split_one", lambda x: lax.split(x, (4,), axis=1), _X)
add("pad", lambda x: jnp.pad(x, ((1, 2), (0, 3))), _X)
add(
    "pad_interior",
    lambda x: lax.pad(x, jnp.zeros((), x.dtype), ((1, 0, 2), (0, 1, 1))),
    _X,
)
add(
    "pad_negative",
    lambda x: lax.pad(x, jnp.ones((), x.dtype), ((-1, 0, 0), (2, -2, 0))),
    _X,
)
add("pad_value", lambda x, v: lax.pad(x, v, ((0, 1, 0), (2, 0, 0))), _X, real())
add("pad_edge", lambda x: jnp.pad(x, 2, mode="edge"), real(4))
plain("pad_bool", lambda p: jnp.pad(p, 1), bools(3))
plain("pad_int", lambda p: lax.pad(p, jnp.int32(7), ((1, 1, 1),)), ints(3))
add("slice", lambda x: x[1:3, :2], _X)
add("slice_strided", lambda x: x[::2, 1::2], _X)
add("slice_one", lambda x: x[1], _X)
add("slice_element", lambda x: x[1, 2], _X)
add("slice_empty", lambda x: x[2:2], _X)
add("slice_keep_axis", lambda x: x[1:2], _X)
add("roll", lambda x: jnp.roll(x, 1), real(5))
add("tril", jnp.tril, _X)

# reductions
for _name in ("sum", "prod", "max", "min"):
    _function = getattr(jnp, _name)
    add(f"reduce_{_name}", partial(_function, axis=1), _X)
    add(f"reduce_{_name}_all", _function, _X)
    add(f"reduce_{_name}_two_axes", partial(_function, axis=(0, 2)), real(2, 3, 4))
    add(f"reduce_{_name}_keepdims", partial(_function, axis=0, keepdims=True), _X)
    add(f"reduce_{_name}_no_axes", partial(_function, axis=()), _X)
    add(f"reduce_{_name}_size_one", partial(_function, axis=1), real(3, 1))
    for _kind, _dtype in {
        "int32": np.int32,
        "int8": np.int8,
        "uint8": np.uint8,
    }.items():
        plain(
            f"reduce_{_name}_{_kind}",
            partial(lambda f, x: f(x, (1,)), getattr(lax, f"reduce_{_name}")),
            ints(3, 4, low=0, high=3, dtype=_dtype),
        )
    plain(
        f"reduce_{_name}_float16",
        partial(lambda f, x: f(x, (1,)), getattr(lax, f"reduce_{_name}")),
        _X.astype(np.float16),
    )
add("reduce_sum_empty", jnp.sum, real(0, 3))
add("reduce_prod_empty", partial(jnp.prod, axis=0), real(0, 3))
plain("reduce_sum_int_default", jnp.sum, ints(3, 4))
plain("reduce_sum_complex", partial(jnp.sum, axis=0), cplx(3, 4))
plain("reduce_max_nan", partial(jnp.max, axis=0), np.array([[1.0, np.nan], [2.0, 1.0]]))
plain("reduce_and", partial(jnp.all, axis=1), bools(3, 4))
plain("reduce_and_all", jnp.all, bools(3, 4))
plain("reduce_or", partial(jnp.any, axis=0), bools(3, 4))
plain("reduce_xor", lambda p: lax.reduce_xor(p, (1,)), bools(3, 4))
plain("reduce_and_int", lambda n: lax.reduce_and(n, (1,)), ints(3, 4))
plain("reduce_or_int", lambda n: lax.reduce_or(n, (0,)), ints(3, 4))
plain("reduce_xor_int", lambda n: lax.reduce_xor(n, (0, 1)), ints(3, 4))
plain("count_nonzero", lambda x: jnp.count_nonzero(x > 0, axis=1), _X)
add("mean", jnp.mean, _X)
# Bent: along tangents in line with its argument the second derivative is zero.
add("std", partial(jnp.std, axis=0), np.exp(_X))
for _name in ("argmax", "argmin"):
    plain(_name, partial(getattr(jnp, _name), axis=1), _X)
    plain(f"{_name}_all", getattr(jnp, _name), _X)
    plain(f"{_name}_int", partial(getattr(jnp, _name), axis=0), ints(3, 4))
    plain(
        f"{_name}_nan",
        partial(getattr(jnp, _name), axis=0),
        np.array([1.0, np.nan, 0.5]),
    )
    plain(
        f"{_name}_int8_index",
        partial(lambda f, x: f(x, 1, jnp.int8), getattr(lax, _name)),
        _X,
    )
add(
    "reduce_general",
    lambda x: lax.reduce(x, jnp.zeros((), x.dtype), lambda a, b: a + b * b, (0,)),
    _X,
    derivatives=(),
)
plain(
    "reduce_pair",
    lambda x: lax.reduce(
        (x, x * 2),
        (jnp.zeros((), x.dtype), jnp.ones((), x.dtype)),
        lambda a, b: (a[0] + b[0], a[1] * b[1]),
        (1,),
    ),
    _X,
)
for _name in ("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp"):
    _function = getattr(lax, _name)
    add(_name, partial(lambda f, x: f(x, axis=1), _function), _X)
    add(
        f"{_name}_reverse",
        partial(lambda f, x: f(x, axis=0, reverse=True), _function),
        _X,
    )
    if _name != "cumlogsumexp":
        plain(
            f"{_name}_int8",
            partial(lambda f, x: f(x), _function),
            ints(4, dtype=np.int8),
        )

# products
add("dot_vectors", jnp.dot, real(4), real(4, low=-2))
add("matvec", lambda a, x: a @ x, _X, real(4))
add("vecmat", lambda x, a: x @ a, real(3), _X)
add("matmul", lambda a, b: a @ b, _X, real(4, 2))
add("matmul_batched", lambda a, b: a @ b, real(2, 3, 4), real(2, 4, 5))
add("matmul_broadcast", lambda a, b: a @ b, real(2, 3, 4), real(4, 5))
add("matmul_transposed", lambda a, b: a @ b.T, _X, real(2, 4))
add("gram", lambda a: a.T @ a, _X)
add("einsum_outer", lambda x, y: jnp.einsum("i,j->ij", x, y), real(3), real(4))
add(
    "einsum_batch",
    lambda a, b: jnp.einsum("bij,bkj->bki", a, b),
    real(2, 3, 4),
    real(2, 5, 4),
)
add("einsum_two", lambda a, b: jnp.einsum("ijk,kj->i", a, b), real(2, 3, 4), real(4, 3))
add("einsum_batch_only", lambda a, b: jnp.einsum("bi,bi->b", a, b), _X, _X + 1)
add(
    "einsum_middle",
    lambda a, b: jnp.einsum("ibj,bk->bijk", a, b),
    real(2, 3, 4),
    real(3, 5),
)
add("tensordot", lambda a, b: jnp.tensordot(a, b, 2), real(2, 3, 4), real(3, 4, 5))
add("matmul_empty", lambda a, b: a @ b, real(3, 0), real(0, 2))
add("matmul_highest", partial(jnp.matmul, precision="highest"), _X, real(4, 2))
plain(
    "matmul_preferred",
    lambda a, b: jnp.matmul(a, b, preferred_element_type=jnp.float32),
    _X.astype(np.float16),
    real(4, 2).astype(np.float16),
)
plain("matmul_int", lambda a, b: a @ b, ints(3, 4), ints(4, 2))
plain(
    "matmul_int8_to_int32",
    lambda a, b: lax.dot(a, b, preferred_element_type=jnp.int32),
    ints(3, 4, dtype=np.int8),
    ints(4, 2, dtype=np.int8),
)
plain("matmul_complex", lambda a, b: a @ b, cplx(3, 4), cplx(4, 2), ulps=256)
_IMAGE, _FILTER = real(2, 3, 6, 5), real(4, 3, 2, 3)
add("conv", lambda x, w: lax.conv(x, w, (1, 1), "VALID"), _IMAGE, _FILTER, ulps=256)
add(
    "conv_strided",
    lambda x, w: lax.conv_general_dilated(x, w, (2, 1), ((1, 0), (0, 2))),
    _IMAGE,
    _FILTER,
    ulps=256,
)
add(
    "conv_dilated",
    lambda x, w: lax.conv_general_dilated(
        x, w, (1, 1), ((1, 1), (2, 0)), lhs_dilation=(2, 1), rhs_dilation=(1, 2)
    ),
    _IMAGE,
    _FILTER,
    ulps=256,
)
add(
    "conv_channels_last",
    lambda x, w: lax.conv_general_dilated(
        x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    ),
    real(1, 5, 6, 3),
    real(2, 3, 3, 2),
    ulps=256,
)
add(
    "conv_groups",
    lambda x, w: lax.conv_general_dilated(x, w, (1,), "SAME", feature_group_count=2),
    real(2, 4, 7),
    real(6, 2, 3),
    ulps=256,
)
plain(
    "conv_batch_groups",
    lambda x, w: lax.conv_general_dilated(x, w, (1,), "VALID", batch_group_count=2),
    real(4, 3, 7),
    real(6, 3, 3),
    ulps=256,
)
add("convolve", lambda x, w: jnp.convolve(x, w), real(6), real(3), ulps=256)

# windows
_INF = np.inf
for _name, _op, _init in (
    ("max", lax.max, -_INF),
    ("min", lax.min, _INF),
    ("sum", lax.add, 0.0),
):
    for _variant, _keywords in {
        "": {"window_dimensions": (2, 2), "window_strides": (1, 1), "padding": "VALID"},
        "_strided": {
            "window_dimensions": (2, 3),
            "window_strides": (2, 1),
            "padding": ((1, 0), (1, 1)),
        },
    }.items():
        add(
            f"reduce_window_{_name}{_variant}",
            partial(
                lambda op, init, kw, x: lax.reduce_window(x, init, op, **kw),
                _op,
                _init,
                _keywords,
            ),
            real(5, 6),
        )
plain(
    "reduce_window_max_dilated",
    lambda x: lax.reduce_window(
        x,
        -jnp.inf,
        lax.max,
        (2, 2),
        (1, 1),
        "VALID",
        base_dilation=(1, 2),
        window_dilation=(2, 1),
    ),
    real(5, 6),
)
plain(
    "reduce_window_general",
    lambda x: lax.reduce_window(
        x, jnp.ones((), x.dtype), lambda a, b: a * b, (2, 2), (1, 1), "SAME"
    ),
    _X,
)
plain(
    "reduce_window_pair",
    lambda x: lax.reduce_window(
        (x, x * 2),
        (jnp.zeros((), x.dtype), jnp.zeros((), x.dtype)),
        lambda a, b: (a[0] + b[0], a[1] - b[1]),
        (2, 2),
        (1, 1),
        "VALID",
    ),
    _X,
)
plain(
    "reduce_window_max_int",
    lambda x: lax.reduce_window(x, jnp.int32(-9), lax.max, (2,), (1,), "VALID"),
    ints(6),
)

# sorting
add("sort", partial(jnp.sort, axis=0), _X)
add("sort_descending", lambda x: jnp.sort(x, descending=True), _X)
plain("sort_int", jnp.sort, ints(3, 4))
plain(
    "sort_two_keys", lambda a, b: lax.sort((a, b), num_keys=2), ints(6, high=2), real(6)
)
plain("sort_values", lambda a, b: lax.sort((a, b), num_keys=1), real(3, 4), ints(3, 4))
plain("sort_unstable", lambda a, b: lax.sort((a, b), is_stable=False), real(6), ints(6))
plain("sort_special", jnp.sort, np.array([np.nan, 0.0, -0.0, np.inf, -np.inf, -np.nan]))
plain("argsort", jnp.argsort, _X)
add("median", lambda x: jnp.median(x), real(5))
add("top_k", lambda x: lax.top_k(x, 2), _X)
plain("top_k_axis", lambda x: lax.top_k(x, 2, axis=0), _X)
plain("top_k_int", lambda x: lax.top_k(x, 2), ints(3, 4))
plain("approx_max_k", lambda x: lax.approx_max_k(x, 2), _X)
plain("approx_min_k", lambda x: lax.approx_min_k(x, 2, reduction_dimension=0), _X)

# transforms
for _name in ("fft", "ifft", "rfft", "ihfft"):
    _array = _X if _name in ("rfft", "ihfft") else cplx(3, 4)
    plain(_name, getattr(jnp.fft, _name), _array, ulps=256)
plain("irfft", lambda z: jnp.fft.irfft(z, n=5), cplx(3, 3), ulps=256)
plain("irfft_even", jnp.fft.irfft, cplx(3, 3), ulps=256)
plain("fft2", jnp.fft.fft2, cplx(3, 4), ulps=256)
plain("rfftn", jnp.fft.rfftn, real(2, 3, 4), ulps=256)
plain("fft_first_axis", lambda z: jnp.fft.fft(z, axis=0), cplx(3, 4), ulps=256)
add("spectrum", lambda x: jnp.abs(jnp.fft.rfft(x)) ** 2, real(6), ulps=512)
add("low_pass", lambda x: jnp.fft.irfft(jnp.fft.rfft(x)[:2], 6), real(6), ulps=512)
add("softmax", lambda x: jax.nn.softmax(x, axis=1), _X, ulps=64)

ARRAYS: Final[tuple[Case, ...]] = tuple(_table.cases)
