"""Matrices by structured and by coloured tangents: which is taken, and what is told."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import partialc
from partialc.planning.matrices import has_matrices, is_matrix
from partialc.planning.structured import StructuredTangents
from partialc.request.resolved import Block


def stencil(u: Any) -> Any:
    return u[1:-1] * (u[2:] - u[:-2]) + u[2:] - 2 * u[1:-1] + u[:-2]


def deep(x: Any) -> Any:
    """Eight stencils in a row: many terms, and few colours."""
    for _ in range(8):
        padded = jnp.pad(x, 1)
        x = x + 0.1 * jnp.sin(padded[2:] - 2.0 * x + padded[:-2])
    return x


def built(function: Any, size: int, request: str, **options: Any) -> Any:
    name = function.__code__.co_varnames[0]
    return partialc.compile(
        function,
        {name: f"float[{size}]"},
        {"k": request.format(name)},
        "m",
        **options,
    )


def dense(function: Any, x: Any, module: Any) -> Any:
    full = np.asarray(jax.jacfwd(function)(x))
    return full[module.K_ROWS, module.K_COLS]


@pytest.mark.parametrize("size", [30, 3000])
def test_a_stencil_is_structured(size: int) -> None:
    module = built(stencil, size, "sparse(jacobian({}))")
    plan = module.plan.kernels["k"]
    assert isinstance(plan.chosen, StructuredTangents)
    assert not plan.chosen.is_coloured
    assert f"{3 * (size - 2):,} nonzeros" in " ".join(plan.facts)
    loaded = module.load()
    x = np.linspace(0.2, 1.0, size)
    with jax.enable_x64(True):
        expected = dense(stencil, x, loaded)
        np.testing.assert_allclose(loaded.k(x), expected, 1e-12)


HALVES = np.full(40, 0.5)
"""In float64 where that is on: the function converts."""


def widened(x: Any) -> Any:
    return jnp.sum(HALVES[1:] * x[1:] ** 2 * x[:-1])


def widened_stencil(u: Any) -> Any:
    return HALVES[1:-1] * stencil(u)


@pytest.mark.parametrize(
    ("function", "request_"),
    [
        (widened, "sparse(hessian({}))"),
        (widened, "sparse(lower(weighted(hessian({}))))"),
        (widened_stencil, "sparse(jacobian({}))"),
    ],
)
def test_matrices_have_the_type_of_the_result(function: Any, request_: str) -> None:
    module = built(function, 40, request_)
    plan = module.plan.kernels["k"]
    programs = [
        each.program
        for each in (plan.chosen, *plan.rejected)
        if isinstance(each, StructuredTangents) and each.program
    ]
    assert len(programs) > 1
    for program in programs:
        for traced in program.variants.values():
            assert [str(each.type.dtype) for each in traced.outputs] == [
                "default_float"
            ]
    loaded = module.load()
    x = np.linspace(0.2, 1.0, 40, dtype="float32")
    with jax.enable_x64(True):
        weights = [np.ones(())] if "weighted" in request_ else []
        assert loaded.k(x, *weights).dtype == "float64"


def test_the_text_does_not_grow() -> None:
    texts = [
        built(stencil, size, "sparse(jacobian({}))").source for size in (3000, 30000)
    ]
    assert len({len(text.splitlines()) for text in texts}) == 1
    assert "_ARRAYS" not in texts[1]


def test_many_terms_are_coloured() -> None:
    module = built(deep, 300, "sparse(jacobian({}))")
    plan = module.plan.kernels["k"]
    assert isinstance(plan.chosen, StructuredTangents)
    assert plan.chosen.is_coloured
    assert "17 colours" in " ".join(plan.facts)
    loaded = module.load()
    x = np.linspace(0.2, 1.0, 300)
    with jax.enable_x64(True):
        np.testing.assert_allclose(loaded.k(x), dense(deep, x, loaded), 1e-11, 1e-13)


def test_hardly_fewer_colours_than_columns_are_none() -> None:
    module = built(lambda x: jnp.sum(x) * x, 8, "sparse(jacobian({}))")
    plan = module.plan.kernels["k"]
    refusals = [each.refusal or "" for each in plan.rejected]
    assert any("colours for 8 columns" in each for each in refusals)


def test_a_known_matrix_times_a_vector_is_no_product() -> None:
    weights = np.cos(np.arange(400.0)).reshape(20, 20)
    module = built(lambda v: weights @ jnp.exp(v), 20, "jacobian({})")
    assert isinstance(module.plan.kernels["k"].chosen, StructuredTangents)
    v = np.linspace(-1.0, 1.0, 20)
    with jax.enable_x64(True):
        found = module.load().k(v)
    np.testing.assert_allclose(found, weights * np.exp(v), 1e-13)


def test_two_outer_products_and_a_diagonal() -> None:
    def squares(w: Any) -> Any:
        n, i = w.size, jnp.arange(1, w.size + 1)
        terms = (n - jnp.sum(jnp.cos(w))) + i * (1 - jnp.cos(w)) - jnp.sin(w)
        return jnp.sum(terms**2)

    module = built(squares, 12, "hessian({})")
    assert isinstance(module.plan.kernels["k"].chosen, StructuredTangents)
    w = np.linspace(0.1, 1.0, 12)
    with jax.enable_x64(True):
        expected = jax.hessian(squares)(w)
        np.testing.assert_allclose(module.load().k(w), expected, 1e-10, 1e-10)


def test_a_chain_where_one_is_asked_for() -> None:
    module = built(stencil, 30, "sparse(jacobian({}))", form="chain")
    assert module.plan.kernels["k"].chosen.form == "chain"


def test_other_parts_beside_a_matrix() -> None:
    def energy(x: Any) -> Any:
        return jnp.sum(x[1:] ** 2 * x[:-1])

    module = partialc.compile(
        energy,
        {"x": "float[2000]"},
        {"k": ["value", "gradient(x)", "sparse(hessian(x))"]},
        "m",
    )
    chosen = module.plan.kernels["k"].chosen
    assert isinstance(chosen, StructuredTangents)
    x = np.linspace(0.2, 1.0, 2000)
    with jax.enable_x64(True):
        value, gradient, values = module.load().k(x)
        np.testing.assert_allclose(value, energy(x), 1e-12)
        np.testing.assert_allclose(gradient, jax.grad(energy)(x), 1e-12)
    loaded = module.load()
    main = np.append(0.0, 2 * x[:-1])
    off = 2 * x[1:]
    rows = loaded.K_SPARSE_HESSIAN_X_ROWS
    cols = loaded.K_SPARSE_HESSIAN_X_COLS
    expected = np.where(rows == cols, main[rows], off[np.minimum(rows, cols) % 1999])
    np.testing.assert_allclose(values, expected, 1e-12)


def test_what_went_through_loops_is_told() -> None:
    def steps(x: Any) -> Any:
        return lax.scan(lambda c, a: (jnp.sin(c) + a, c * a), 0.1, x)[1]

    module = built(steps, 12, "sparse(jacobian({}))")
    facts = " ".join(
        fact
        for way in (
            module.plan.kernels["k"].chosen,
            *module.plan.kernels["k"].rejected,
        )
        if isinstance(way, StructuredTangents)
        for fact in way.facts
    )
    assert "scan carried 12 products" in facts


def test_few_entries_are_no_matrix() -> None:
    module = built(stencil, 6, "jacobian({})")
    kernel = module.plan.kernels["k"].kernel
    (part,) = jax.tree.leaves([field.parts for field in kernel.fields])
    assert isinstance(part, Block)
    assert not is_matrix(part)
    assert not has_matrices(kernel)
