"""Generated tests of sparse matrices: what they accept, and what turns them red."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental.sparse import BCOO

from tests.unit.verify.building import Running, proof_of, text_of

ROWS, COLS = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2])
CONSTANTS = {"K_ROWS": ROWS, "K_COLS": COLS, "K_SHAPE": (2, 3)}


def stencil(x: Any) -> Any:
    return x[1:] ** 2 * x[:-1]


def energy(x: Any) -> Any:
    return jnp.sum(stencil(x))


def values(x: Any) -> Any:
    return jax.jacfwd(stencil)(x)[ROWS, COLS]


def dense(x: Any) -> Any:
    return jnp.zeros((2, 3), x.dtype).at[ROWS, COLS].set(values(x))


def bcoo(x: Any) -> Any:
    places = jnp.asarray(np.stack([ROWS, COLS], 1), jnp.int32)
    return BCOO((values(x), places), shape=(2, 3))


KERNELS = {"values": values, "csr": values, "dense": dense, "bcoo": bcoo}


def running(format: str, kernel: Any, **constants: Any) -> Running:
    proof = proof_of(
        stencil,
        {"x": "float[3]"},
        {"k": f'sparse(jacobian(x), format="{format}")'},
    )
    given = {**CONSTANTS, "K_INDPTR": np.array([0, 2, 4]), **constants}
    return Running(proof, k=kernel, **given)


@pytest.mark.parametrize("format", KERNELS)
def test_right_kernels_pass(format: str) -> None:
    right = running(format, KERNELS[format])
    for test in ("test_values", "test_jit_and_vmap", "test_differentiated_again"):
        assert right.passes(test, "k"), test
    assert right.passes("test_k_constants")
    assert right.passes("test_k_pattern")


@pytest.mark.parametrize("format", KERNELS)
def test_wrong_values_fail(format: str) -> None:
    def doubled(x: Any) -> Any:
        return jax.tree.map(
            lambda leaf: 2 * leaf if leaf.dtype == x.dtype else leaf,
            KERNELS[format](x),
        )

    assert not running(format, doubled).passes("test_values", "k")


def test_values_in_another_order_fail() -> None:
    assert not running("values", lambda x: values(x)[::-1]).passes("test_values", "k")


def test_a_nonzero_that_is_not_listed_fails() -> None:
    fewer = {"K_ROWS": ROWS[1:], "K_COLS": COLS[1:]}
    drifted = running("values", lambda x: values(x)[1:], **fewer)
    assert drifted.passes("test_values", "k")
    assert not drifted.passes("test_k_pattern")
    assert not drifted.passes("test_k_constants")


@pytest.mark.parametrize(
    "constants",
    [
        {"K_SHAPE": (3, 2)},
        {"K_ROWS": ROWS[::-1]},
        {"K_COLS": COLS + 1},
        {"K_INDPTR": np.array([0, 1, 4])},
    ],
)
def test_wrong_constants_fail(constants: dict[str, Any]) -> None:
    assert not running("csr", values, **constants).passes("test_k_constants")


def full_hessian(x: Any) -> Any:
    return jax.hessian(energy)(x)


@pytest.mark.parametrize("size", [5, 1500])
def test_large_matrices_are_looked_at_in_part(size: int) -> None:
    proof = proof_of(
        energy, {"x": f"float[{size}]"}, {"k": "sparse(lower(hessian(x)))"}
    )
    rows = np.repeat(np.arange(size), 2)[1:]
    cols = rows - np.tile([1, 0], size)[1:]
    kept = rows * size + cols != 0  # the function is linear in its first element
    rows, cols = rows[kept], cols[kept]
    constants = {"K_ROWS": rows, "K_COLS": cols, "K_SHAPE": (size, size)}

    def kernel(x: Any) -> Any:
        return full_hessian(x)[rows, cols]

    right = Running(proof, k=kernel, **constants)
    assert ("def part_k" in text_of(proof)) == (size > 1000)
    assert right.passes("test_values", "k")
    assert right.passes("test_k_constants")
    assert right.passes("test_k_pattern")
    diagonal = rows == cols
    fewer = {**constants, "K_ROWS": rows[diagonal], "K_COLS": cols[diagonal]}
    assert not Running(proof, k=kernel, **fewer).passes("test_k_pattern")


def test_weighted_matrices_are_looked_at_with_weights() -> None:
    places = {"ROWS": np.array([0, 0, 1, 1, 1, 2, 2]), "COLS": [0, 1, 0, 1, 2, 1, 2]}
    given = {f"K_{name}": np.array(each) for name, each in places.items()}

    def kernel(x: Any, out_cotangent: Any) -> Any:
        full = jnp.tensordot(out_cotangent, jax.hessian(stencil)(x), 1)
        return full[given["K_ROWS"], given["K_COLS"]]

    proof = proof_of(stencil, {"x": "float[3]"}, {"k": "sparse(weighted(hessian(x)))"})
    right = Running(proof, k=kernel, **given, K_SHAPE=(3, 3))
    assert right.passes("test_values", "k")
    assert right.passes("test_k_pattern")
    fewer = {name: each[:-2] for name, each in given.items()}
    assert not Running(proof, k=kernel, **fewer, K_SHAPE=(3, 3)).passes(
        "test_k_pattern"
    )
