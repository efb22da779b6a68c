"""Cases of linear algebra and random numbers."""

from __future__ import annotations

from functools import partial
from typing import Final

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
from jax import lax

from tests.ops.case import REVERSE, Case, Table, cplx, general, ints, real, spd

_table = Table()
add, plain = _table.add, _table.plain
_SPD, _SQUARE, _B = spd(3), general(3, 3), real(3, 2)

add("cholesky", jnp.linalg.cholesky, _SPD, ulps=512)
add("cholesky_batched", jnp.linalg.cholesky, spd(3, 2), ulps=512)
plain(
    "cholesky_raw", partial(lax.linalg.cholesky, symmetrize_input=False), _SPD, ulps=512
)
plain(
    "cholesky_update",
    lax.linalg.cholesky_update,
    np.linalg.cholesky(_SPD).T.copy(),
    real(3),
    ulps=512,
)
add("lu", lambda a: lax.linalg.lu(a)[0], _SQUARE, ulps=512)
plain("lu_rectangular", lax.linalg.lu, general(3, 4), ulps=512)
plain("lu_batched", lax.linalg.lu, general(2, 3, 3), ulps=512)
plain(
    "lu_pivots_to_permutation",
    lambda p: lax.linalg.lu_pivots_to_permutation(p, 4),
    np.array([2, 1, 3], np.int32),
)
add("lu_scipy", lambda a: jsp.linalg.lu(a)[1:], _SQUARE, ulps=512)
add("qr", jnp.linalg.qr, general(4, 3), ulps=1e3)
plain("qr_full", partial(jnp.linalg.qr, mode="complete"), general(4, 3), ulps=512)
plain(
    "qr_pivoting",
    lambda a: jsp.linalg.qr(a, pivoting=True, mode="economic"),
    general(4, 3),
    ulps=512,
)
plain(
    "householder_product",
    lax.linalg.householder_product,
    real(4, 3),
    real(3, low=0.2),
    ulps=512,
)
plain("ormqr", lax.linalg.ormqr, real(4, 3), real(3, low=0.2), real(4, 2), ulps=512)
plain(
    "ormqr_right",
    partial(lax.linalg.ormqr, left=False, transpose=True),
    real(4, 3),
    real(3, low=0.2),
    real(2, 4),
    ulps=512,
)
plain("hessenberg", lax.linalg.hessenberg, _SQUARE, ulps=512)
plain("tridiagonal", partial(lax.linalg.tridiagonal, lower=True), _SPD, ulps=512)
plain("schur", jsp.linalg.schur, _SQUARE, ulps=512)
plain(
    "schur_values_only",
    lambda a: lax.linalg.schur(a, compute_schur_vectors=False),
    _SQUARE,
    ulps=512,
)
add("eigh", jnp.linalg.eigh, _SPD, ulps=1e3)
add("eigvalsh", jnp.linalg.eigvalsh, _SPD, ulps=1e3)
plain("eigh_upper", partial(jnp.linalg.eigh, UPLO="U"), _SPD, ulps=1e3)
plain("eig", jnp.linalg.eig, _SQUARE, ulps=1e3)
plain("eigvals", jnp.linalg.eigvals, _SQUARE, ulps=1e3)
plain("eig_both", lax.linalg.eig, _SQUARE, ulps=1e3)
add("svd", lambda a: jnp.linalg.svd(a, full_matrices=False), general(4, 3), ulps=1e3)
add("svdvals", partial(jnp.linalg.svd, compute_uv=False), general(3, 4), ulps=1e3)
plain("svd_full", jnp.linalg.svd, general(3, 4), ulps=1e3)
add("solve", jnp.linalg.solve, _SQUARE, _B, ulps=1e3)
add("solve_vector", jnp.linalg.solve, _SQUARE, real(3), ulps=1e3)
add(
    "solve_positive", partial(jsp.linalg.solve, assume_a="pos"), _SPD, real(3), ulps=1e3
)
add("inv", jnp.linalg.inv, _SQUARE, ulps=1e3)
add("det", jnp.linalg.det, _SQUARE, ulps=1e3)
add("det_4", jnp.linalg.det, general(4, 4), ulps=1e3)
add("slogdet", jnp.linalg.slogdet, _SQUARE, ulps=1e3)
add("pinv", jnp.linalg.pinv, general(4, 3), ulps=1e4)
add("norm", jnp.linalg.norm, _B, ulps=256)
add("expm", jsp.linalg.expm, _SQUARE / 8, ulps=1e3)
add("matrix_power", lambda a: jnp.linalg.matrix_power(a, 3), _SQUARE)
_TRIANGLES, _SIDES = ("upper", "lower"), ("right", "left")
for _lower in (True, False):
    for _side in (True, False):
        add(
            f"triangular_solve_{_TRIANGLES[_lower]}_{_SIDES[_side]}",
            partial(
                lambda lower, side, a, b: lax.linalg.triangular_solve(
                    a, b if side else b.T, left_side=side, lower=lower
                ),
                _lower,
                _side,
            ),
            _SQUARE,
            _B,
            ulps=512,
        )
plain(
    "triangular_solve_unit",
    partial(
        lax.linalg.triangular_solve,
        left_side=True,
        unit_diagonal=True,
        transpose_a=True,
    ),
    _SQUARE,
    _B,
    ulps=512,
)
plain(
    "triangular_solve_conjugate",
    partial(
        lax.linalg.triangular_solve, left_side=True, transpose_a=True, conjugate_a=True
    ),
    cplx(3, 3) + 3 * np.eye(3),
    cplx(3, 2),
    ulps=512,
)
add(
    "triangular_solve_batched",
    partial(lax.linalg.triangular_solve, left_side=True),
    general(2, 3, 3),
    real(2, 3, 1),
    ulps=512,
)
plain(
    "tridiagonal_solve",
    lax.linalg.tridiagonal_solve,
    real(4),
    real(4, low=3, high=5),
    real(4),
    real(4, 2),
    ulps=512,
)
plain(
    "symmetric_product",
    lambda a, c: lax.linalg.symmetric_product(
        a, c, alpha=2.0, beta=0.5, symmetrize_output=True
    ),
    real(3, 4),
    spd(3),
    ulps=512,
)
add(
    "custom_linear_solve",
    lambda a, b: lax.custom_linear_solve(
        partial(jnp.matmul, a),
        b,
        lambda _, rhs: jnp.linalg.solve(a, rhs),
        lambda _, rhs: jnp.linalg.solve(a.T, rhs),
    ),
    _SQUARE,
    real(3),
    ulps=1e3,
)
plain(
    "custom_linear_solve_symmetric",
    lambda b: lax.custom_linear_solve(
        lambda v: 2.0 * v, b, lambda _, r: r / 2.0, symmetric=True
    ),
    real(3),
)
add("lstsq", lambda a, b: jnp.linalg.lstsq(a, b)[0], general(4, 3), real(4), ulps=1e4)
add(
    "cg",
    lambda a, b: jsp.sparse.linalg.cg(partial(jnp.matmul, a), b, maxiter=4)[0],
    _SPD,
    real(3),
    derivatives=(),
    ulps=1e3,
)

_KEY = np.uint32([7, 11])
plain("random_key", lambda s: jax.random.key_data(jax.random.key(s)), np.int32(3))
plain(
    "random_wrap",
    lambda d: jax.random.normal(jax.random.wrap_key_data(d), (3, 4)),
    _KEY,
)
plain("random_uniform", lambda k: jax.random.uniform(k, (5,)), _KEY)
plain("random_normal", lambda k: jax.random.normal(k, (3, 2)), _KEY)
plain("random_split", lambda k: jax.random.split(k, 3), _KEY)
plain("random_split_2d", lambda k: jax.random.split(k, (2, 3)), _KEY)
plain("random_fold_in", lambda k: jax.random.fold_in(k, 5), _KEY)
plain(
    "random_fold_in_traced", lambda k, n: jax.random.fold_in(k, n), _KEY, np.uint32(9)
)
for _bits in (8, 16, 32):
    plain(
        f"random_bits_{_bits}",
        partial(lambda d, k: jax.random.bits(k, (5,), d), f"uint{_bits}"),
        _KEY,
    )
plain(
    "random_bits_batched",
    lambda k: jax.vmap(lambda j: jax.random.bits(j, (4,)))(jax.random.split(k, 3)),
    _KEY,
)
plain(
    "random_gamma",
    lambda k, a: jax.random.gamma(k, a),
    _KEY,
    real(3, low=0.5, high=3),
    ulps=256,
)
add(
    "random_gamma_gradient",
    lambda a: jax.random.gamma(jax.random.key(3), a),
    real(3, low=0.5, high=3),
    derivatives=REVERSE,
    ulps=1e4,
)
plain(
    "random_loggamma",
    lambda k, a: jax.random.loggamma(k, a),
    _KEY,
    real(3, low=0.5, high=3),
    ulps=256,
)
plain("random_randint", lambda k: jax.random.randint(k, (4,), 0, 10), _KEY)
plain("random_permutation", lambda k: jax.random.permutation(k, 5), _KEY)
plain("random_choice", lambda k, x: jax.random.choice(k, x, (3,)), _KEY, real(6))
plain("random_categorical", lambda k, x: jax.random.categorical(k, x), _KEY, real(3, 4))
plain("random_bernoulli", lambda k: jax.random.bernoulli(k, 0.3, (6,)), _KEY)
plain(
    "random_clone",
    lambda k: jax.random.key_data(jax.random.clone(jax.random.wrap_key_data(k))),
    _KEY,
)
plain(
    "random_key_slice",
    lambda k: jax.random.key_data(
        jax.random.split(jax.random.wrap_key_data(k), 4)[1:3]
    ),
    _KEY,
)
plain(
    "random_key_where",
    lambda p, k: jax.random.key_data(
        jnp.where(p, jax.random.wrap_key_data(k), jax.random.key(1))
    ),
    np.bool_(True),
    _KEY,
)
plain(
    "random_key_impl",
    lambda s: jax.random.uniform(jax.random.key(s, impl="rbg"), (3,)),
    np.int32(3),
)
plain(
    "rng_bit_generator",
    lambda k: lax.rng_bit_generator(k, (3,)),
    np.uint32([1, 2, 3, 4]),
)
plain(
    "rng_bit_generator_threefry",
    lambda k: lax.rng_bit_generator(
        k, (4,), dtype=jnp.uint32, algorithm=lax.RandomAlgorithm.RNG_THREE_FRY
    ),
    np.uint32([1, 2, 3, 4]),
)
plain(
    "random_scan",
    lambda k: lax.scan(
        lambda key, _: (jax.random.fold_in(key, 1), jax.random.normal(key)),
        jax.random.wrap_key_data(k),
        None,
        length=3,
    )[1],
    _KEY,
)
add(
    "dropout",
    lambda x: jnp.where(
        jax.random.bernoulli(jax.random.key(0), 0.5, x.shape), x / 0.5, 0.0
    ),
    real(3, 4),
)
plain("ints_mod", lambda n: n % 3, ints(5))

SOLVERS: Final[tuple[Case, ...]] = tuple(_table.cases)
