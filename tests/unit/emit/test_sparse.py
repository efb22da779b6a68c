"""Kernels of sparse matrices: what they return, and the constants beside them."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.experimental.sparse import BCOO
from numpy.typing import NDArray

import partialc

A, B = np.linspace(0.4, 1.2, 3), np.linspace(-0.7, 0.9, 4)


def two(a: Any, b: Any) -> dict[str, Any]:
    """Two outputs; half of their derivatives are zero."""
    return {"p": a[1:] * b[0], "q": jnp.sin(b) * a[0]}


def stencil(x: Any) -> Any:
    return jnp.sum(x[1:] ** 2 * x[:-1])


def jacobian() -> NDArray[Any]:
    def flat(z: Any) -> Any:
        result = two(z[:3], z[3:])
        return jnp.concatenate([result["p"], result["q"]])

    return np.asarray(jax.jacfwd(flat)(jnp.concatenate([A, B])))


@pytest.fixture(scope="module", params=["chain", "expanded"])
def module(request: pytest.FixtureRequest) -> ModuleType:
    table = {
        each: f'sparse(jacobian(a, b), format="{each}")'
        for each in ("values", "csr", "bcoo", "dense")
    }
    loaded: ModuleType = partialc.compile(
        two, {"a": "float[3]", "b": "float[4]"}, {"j": table}, "m", form=request.param
    ).load()
    return loaded


@pytest.fixture(autouse=True)
def x64() -> Any:
    with jax.enable_x64(True):
        yield


def test_values_stand_where_the_constants_say(module: ModuleType) -> None:
    full = jacobian()
    result = module.j(A, B)
    rows, cols = np.nonzero(full)
    assert np.array_equal(module.J_VALUES_ROWS, rows)
    assert np.array_equal(module.J_VALUES_COLS, cols)
    assert module.J_VALUES_SHAPE == (6, 7)
    np.testing.assert_allclose(result.values, full[rows, cols], 1e-12)
    np.testing.assert_allclose(result.csr, result.values, 1e-12)
    starts = module.J_CSR_INDPTR
    for row in range(6):
        span = slice(starts[row], starts[row + 1])
        assert np.array_equal(module.J_CSR_COLS[span], np.flatnonzero(full[row]))


def test_bcoo_and_dense_are_the_matrix(module: ModuleType) -> None:
    full, result = jacobian(), module.j(A, B)
    assert isinstance(result.bcoo, BCOO)
    np.testing.assert_allclose(result.bcoo.todense(), full, 1e-12)
    np.testing.assert_allclose(result.bcoo @ np.ones(7), full.sum(1), 1e-12)
    np.testing.assert_allclose(result.dense, full, 1e-12)


def test_kernels_nest_in_transforms(module: ModuleType) -> None:
    rows = jnp.stack([A, 2 * A])
    together = jax.jit(jax.vmap(lambda a: module.j(a, B)))(rows)
    assert together.bcoo.data.shape == (2, 12)
    slope = jax.jacfwd(lambda a: module.j(a, B).dense)(A)
    expected = jax.jacfwd(jax.jacfwd(lambda a, b: two(a, b)["q"], 1))(A, B)
    np.testing.assert_allclose(slope[2:, 3:], expected, 1e-12)


@pytest.mark.parametrize("format", ["values", "bcoo", "dense"])
def test_a_matrix_of_zeros(format: str) -> None:
    kernel = f'sparse(jacobian(x), format="{format}")'
    module = partialc.compile(
        lambda x: jnp.round(x), {"x": "float[3]"}, {"k": kernel}, "m"
    ).load()
    with jax.enable_x64(False):
        result = module.k(np.ones(3, np.float32))
    assert result.dtype == np.float32
    dense = {"values": lambda: result, "bcoo": lambda: result.todense()}
    found = dense.get(format, lambda: result)()
    assert found.shape == ((0,) if format == "values" else (3, 3))
    assert not np.asarray(found).any()


def test_a_batch_of_matrices() -> None:
    kernel = 'sparse(hessian(x), format="bcoo")'
    module = partialc.compile(
        stencil, {"x": "float[5]"}, {"k": kernel}, "m", batch=["x"]
    ).load()
    rows = np.linspace(0.5, 1.5, 15).reshape(3, 5)
    expected = jax.vmap(jax.hessian(stencil))(rows)
    np.testing.assert_allclose(module.k(rows).todense(), expected, 1e-12)


def test_many_positions_stand_beside_the_module(tmp_path: Path) -> None:
    first, second = np.random.default_rng(0).integers(0, 400, (2, 600))

    def pairs(x: Any) -> Any:
        return jnp.sum(x[first] ** 2 * x[second])

    module = partialc.compile(
        pairs,
        {"x": "float[400]"},
        {"k": "sparse(lower(hessian(x)))"},
        "m",
        form="chain",
    )
    assert 'K_ROWS = _ARRAYS["K_ROWS"].astype(np.int64)' in module.source
    assert "K_SHAPE = (400, 400)" in module.source
    kernel = module.source[module.source.index("def k(") :]
    assert kernel.count("jax.jvp(") == 1
    module.write(tmp_path / "m.py")
    x = np.linspace(0.5, 1.5, 400)
    with np.load(tmp_path / "m.npz") as arrays:
        assert arrays["K_ROWS"].dtype == np.uint16
    loaded = module.load()
    assert loaded.K_ROWS.dtype == np.int64
    full = np.tril(jax.hessian(pairs)(x))
    found = loaded.k(x)
    np.testing.assert_allclose(found, full[loaded.K_ROWS, loaded.K_COLS], 1e-12)
    assert found.shape == (np.count_nonzero(full),)


def test_docstrings_say_which_matrix() -> None:
    source = partialc.compile(
        two,
        {"a": "float[3]", "b": "float[4]"},
        {"k": 'sparse(jacobian(b, of=out["q"]))'},
        "m",
    ).source
    assert 'The structural nonzeros of the Jacobian of `two["q"]` in `b`.' in source
    assert "Entry `i` stands in row `K_ROWS[i]` and column `K_COLS[i]`" in source


def test_a_narrow_argument_beside_wide_constants() -> None:
    weights = np.sin(np.arange(9.0)).reshape(3, 3)

    def dense(x: Any) -> Any:
        return jnp.tanh(weights @ x) * x

    module = partialc.compile(
        dense, {"x": "float[3]"}, {"j": "sparse(jacobian(x))"}, "m"
    ).load()
    result = module.j(A.astype(np.float32))
    full = jax.jacfwd(dense)(A.astype(np.float32))
    assert result.dtype == full.dtype
    np.testing.assert_allclose(result, full.ravel(), rtol=1e-6)


def test_no_constant_is_left_over() -> None:
    places = np.arange(200) * 7 % 50

    def edges(x: Any) -> Any:
        return x[places] * x[places[::-1]]

    source = partialc.compile(
        edges, {"x": "float[50]"}, {"j": "sparse(jacobian(x))"}, "m"
    ).source
    for name in re.findall(r"^(_[A-Z]\w*) = ", source, re.MULTILINE):
        assert len(re.findall(rf"\b{name}\b", source)) > 1, name


@pytest.mark.parametrize("mode", ["pushed", "pulled"])
def test_functions_that_go_one_way_only(mode: str) -> None:
    @jax.custom_vjp
    def pulled(x: Any) -> Any:
        return jnp.sin(x)

    pulled.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (g * jnp.cos(x),))

    def pushed(x: Any) -> Any:
        return lax.while_loop(lambda y: y[0] < -1.0, lambda y: y + 1.0, jnp.sin(x))

    def neighbours(x: Any) -> Any:
        return (pushed if mode == "pushed" else pulled)(x)[1:] * x[:-1]

    module = partialc.compile(
        neighbours, {"x": "float[4]"}, {"j": "sparse(jacobian(x))"}, "m"
    ).load()
    differentiate = jax.jacfwd if mode == "pushed" else jax.jacrev
    full = differentiate(neighbours)(B)
    values = module.j(B)
    np.testing.assert_allclose(values, full[module.J_ROWS, module.J_COLS], rtol=1e-12)
