"""Cases of gathers, scatters and dynamic slices, in every out-of-bounds mode."""

from __future__ import annotations

from functools import partial
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tests.ops.case import BOTH, Case, Table, bools, ints, real

_table = Table()
add, plain = _table.add, _table.plain
_X, _V = real(4, 5), real(6)
_I = np.array([3, 0, 2, 3], np.int32)
_WILD = np.array([-1, 7, 2, -9, 5, 0], np.int32)
_MATRIX = np.array([[0, 2], [3, 1], [1, 1]], np.int32)

# reading
add("gather_vector", lambda x, i: x[i], _V, _I)
add("gather_constant", lambda x: x[jnp.array([3, 0, 2])], _V)
add("gather_rows", lambda x, i: x[i], _X, _I)
add("gather_columns", lambda x, i: x[:, i], _X, _I)
add("gather_pairs", lambda x, i, j: x[i, j], _X, _I, _I[::-1].copy())
add("gather_matrix", lambda x, i: x[i], _X, _MATRIX)
add("gather_matrix_columns", lambda x, i: x[:, i], _X, _MATRIX)
add("gather_outer", lambda x, i, j: x[i[:, None], j[None, :]], _X, _I, _I[:2])
add("gather_split", lambda x, i, j: x[i, :, j], real(4, 3, 5), _I, _I)
add("gather_split_back", lambda x, i: x[:, i, 1], real(3, 4, 5), _I)
add("gather_sliced", lambda x, i: x[i, 1:3], _X, _I)
add("gather_scalar", lambda x, i: x[i], _X, np.int32(2))
add("gather_scalar_column", lambda x, i: x[:, i], _X, np.int32(-2))
add("gather_boolean_constant", lambda x: x[np.array([True, False, True, True])], _X)
for _mode in ("clip", "fill", "promise_in_bounds"):
    _indices = _I if _mode == "promise_in_bounds" else _WILD
    add(
        f"gather_{_mode}",
        partial(lambda m, x, i: x.at[i].get(mode=m), _mode),
        _V,
        _indices,
    )
    add(
        f"gather_rows_{_mode}",
        partial(lambda m, x, i: x.at[i].get(mode=m), _mode),
        _X,
        _indices,
    )
for _mode in ("clip", "fill", "wrap"):
    add(
        f"take_{_mode}",
        partial(lambda m, x, i: jnp.take(x, i, axis=1, mode=m), _mode),
        _X,
        _I,
    )
add(
    "gather_fill_value",
    lambda x, i: x.at[i].get(mode="fill", fill_value=7.5),
    _V,
    _WILD,
)
plain("gather_fill_int", lambda x, i: x.at[i].get(mode="fill"), ints(6), _WILD)
plain("gather_fill_bool", lambda x, i: x.at[i].get(mode="fill"), bools(6), _WILD)
plain(
    "gather_fill_uint8",
    lambda x, i: x.at[i].get(mode="fill"),
    ints(6, low=0, dtype=np.uint8),
    _WILD,
)
add(
    "gather_sorted_unique",
    lambda x, i: x.at[i].get(indices_are_sorted=True, unique_indices=True),
    _V,
    np.array([0, 2, 5], np.int32),
)
add(
    "gather_no_wrap",
    lambda x, i: x.at[i].get(mode="clip", wrap_negative_indices=False),
    _V,
    _WILD,
)
add("gather_uint8_index", lambda x, i: x[i], _V, _I.astype(np.uint8))
add("gather_int64_index", lambda x, i: x[i], _V, _I.astype(np.int64))
add("gather_empty", lambda x, i: x[i], _V, np.zeros((0,), np.int32))
add("gather_batched", lambda x, i: jax.vmap(lambda r, j: r[j])(x, i), _X, _I)
add(
    "gather_batched_many",
    lambda x, i: jax.vmap(lambda r, j: r[j])(x, i),
    real(3, 5),
    _MATRIX,
)
add(
    "take_along_axis",
    lambda x, i: jnp.take_along_axis(x, i, axis=1),
    real(3, 5),
    _MATRIX,
)
add(
    "take_along_first",
    lambda x, i: jnp.take_along_axis(x, i, axis=0),
    _X,
    ints(2, 5, low=0, high=4),
)
add("diagonal", jnp.diagonal, _X)
add("gather_reversed", lambda x, i: x[i][::-1], _V, _I)
add(
    "gather_windows",
    lambda x, i: jax.vmap(lambda k: lax.dynamic_slice(x, (k,), (3,)))(i),
    _V,
    _I,
)
add(
    "gather_windows_2d",
    lambda x, i: jax.vmap(lambda k: lax.dynamic_slice(x, (k, jnp.int32(1)), (2, 3)))(i),
    _X,
    _I,
)

# writing
for _name in ("add", "set", "multiply", "min", "max"):
    add(
        f"scatter_{_name}",
        partial(lambda n, x, i, u: getattr(x.at[i], n)(u, unique_indices=True), _name),
        _V,
        np.array([4, 0, 2], np.int32),
        real(3, low=0.2),
        derivatives=BOTH if _name in ("add", "set", "multiply") else (),
    )
    plain(
        f"scatter_{_name}_repeated",
        partial(lambda n, x, i, u: getattr(x.at[i], n)(u), _name),
        _V,
        np.array([4, 0, 4], np.int32),
        np.full(3, 1.5) if _name == "set" else real(3, low=0.2),
    )
    plain(
        f"scatter_{_name}_int",
        partial(lambda n, x, i, u: getattr(x.at[i], n)(u), _name),
        ints(6),
        np.array([4, 0, 2], np.int32),
        ints(3),
    )
    for _mode in ("drop", "clip", "promise_in_bounds"):
        plain(
            f"scatter_{_name}_{_mode}",
            partial(lambda n, m, x, i, u: getattr(x.at[i], n)(u, mode=m), _name, _mode),
            _V,
            np.array(
                [4, 0, 2] if _mode == "promise_in_bounds" else [9, 0, -8], np.int32
            ),
            real(3, low=0.2),
        )
    plain(
        f"scatter_{_name}_row_number",
        partial(lambda n, x: getattr(x.at[1], n)(2.0), _name),
        _X,
    )
    plain(
        f"scatter_{_name}_slice",
        partial(lambda n, x, u: getattr(x.at[1:3, ::2], n)(u), _name),
        _X,
        real(2, 3),
    )
add("scatter_sub", lambda x, i, u: x.at[i].subtract(u), _V, _I, real(4))
add("scatter_add_rows", lambda x, i, u: x.at[i].add(u), _X, _I, real(4, 5))
add("scatter_add_columns", lambda x, i, u: x.at[:, i].add(u), _X, _I, real(4, 4))
add(
    "scatter_add_pairs",
    lambda x, i, j, u: x.at[i, j].add(u),
    _X,
    _I,
    _I[::-1].copy(),
    real(4),
)
add("scatter_add_element", lambda x, u: x.at[1, 2].add(u), _X, real())
add("scatter_set_element", lambda x, u: x.at[2].set(u), _V, real())
add("scatter_set_row", lambda x, u: x.at[1].set(u), _X, real(5))
add("scatter_set_column", lambda x, u: x.at[:, 1].set(u), _X, real(4))
add("scatter_set_traced", lambda x, i, u: x.at[i].set(u), _X, np.int32(-1), real(5))
add("scatter_add_matrix", lambda x, i, u: x.at[i].add(u), _X, _MATRIX, real(3, 2, 5))
add(
    "scatter_add_batched",
    lambda x, i, u: jax.vmap(lambda r, j, v: r.at[j].add(v))(x, i, u),
    _X,
    _I,
    real(4),
)
add("scatter_add_scalar_update", lambda x, i: x.at[i].add(1.0), _V, _I)
add(
    "scatter_empty",
    lambda x, i, u: x.at[i].add(u),
    _V,
    np.zeros((0,), np.int32),
    real(0),
)
plain("scatter_set_bool", lambda p, i: p.at[i].set(True), bools(6), _I)
plain(
    "scatter_apply", lambda x, i: x.at[i].apply(jnp.sin), _V, np.array([1, 3], np.int32)
)
plain(
    "scatter_power",
    lambda x, i: x.at[i].power(2.0),
    real(6, low=0.1),
    np.array([1, 3], np.int32),
)
add("segment_sum", lambda x, i: jax.ops.segment_sum(x, i, 5), _X, _I)
add("bincount", lambda w, i: jnp.bincount(i, w, length=5), real(4), _I)
plain("one_hot", lambda i: jax.nn.one_hot(i, 5), _I)

# dynamic slices
add(
    "dynamic_slice",
    lambda x, i: lax.dynamic_slice(x, (i, jnp.int32(1)), (2, 3)),
    _X,
    np.int32(1),
)
add(
    "dynamic_slice_clamped",
    lambda x, i: lax.dynamic_slice(x, (i,), (3,)),
    _V,
    np.int32(9),
)
add(
    "dynamic_slice_negative",
    lambda x, i: lax.dynamic_slice(x, (i,), (3,)),
    _V,
    np.int32(-2),
)
add(
    "dynamic_slice_uint", lambda x, i: lax.dynamic_slice(x, (i,), (3,)), _V, np.uint8(2)
)
add(
    "dynamic_slice_scalar",
    lambda x, i: lax.dynamic_index_in_dim(x, i, 1, False),
    _X,
    np.int32(2),
)
add(
    "dynamic_update_slice",
    lambda x, u, i: lax.dynamic_update_slice(x, u, (i, jnp.int32(2))),
    _X,
    real(2, 3),
    np.int32(1),
)
add(
    "dynamic_update_slice_clamped",
    lambda x, u, i: lax.dynamic_update_slice(x, u, (i,)),
    _V,
    real(3),
    np.int32(5),
)
plain(
    "dynamic_update_slice_int",
    lambda x, u, i: lax.dynamic_update_slice(x, u, (i,)),
    ints(6),
    ints(2),
    np.int32(3),
)

INDEXING: Final[tuple[Case, ...]] = tuple(_table.cases)
