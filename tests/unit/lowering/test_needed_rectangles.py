"""Kernels compute the lanes, columns and members of a batch that are asked for."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.scipy.linalg import cho_factor, cho_solve, solve_triangular

import partialc
from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Function
from partialc.ir.structure import all_equations
from partialc.lowering.pipeline import FINAL, SPECIALISED, run
from partialc.ops.evaluation import evaluate


def numbers(*shape: int) -> np.ndarray:
    """Distinct numbers without any order."""
    return np.modf(np.arange(1, 1 + prod(shape)) * 0.6180339887498949)[0].reshape(shape)


def systems(*shape: int) -> np.ndarray:
    """Matrices that are easy to solve with."""
    return numbers(*shape) / shape[-1] + np.eye(shape[-1])


def check_kernel(
    function: Callable[..., Any],
    arguments: dict[str, np.ndarray],
    request: str,
    wanted: Callable[..., Any],
    flops: float,
) -> None:
    """A kernel gives what JAX gives, for so many operations at most."""
    types = {
        name: f"float[{','.join(map(str, array.shape))}]"
        for name, array in arguments.items()
    }
    module = partialc.compile(
        function, args=types, kernels={"k": request}, name="lanes"
    )
    cost = module.plan.kernels["k"].chosen.cost
    assert cost is not None
    assert cost.flops <= flops
    with jax.enable_x64(True):
        arrays = {name: jnp.asarray(array) for name, array in arguments.items()}
        actual = module.load().k(**arrays)
        expected = wanted(**arrays)
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)


def test_a_lane_of_a_sort() -> None:
    def sorts(x: jax.Array) -> jax.Array:
        return jnp.sort(x, axis=1)[3].sum() * jnp.sort(x, axis=1)[3, 1:3]

    def wanted(x: jax.Array) -> jax.Array:
        full = jax.jacobian(sorts)(x)
        return jnp.stack([full[0, 3, 2], full[1, 3, 5], full[1, 4, 5]])

    picked = "[(out[0], x[3, 2]), (out[1], x[3, 5]), (out[1], x[4, 5])]"
    entries = f"entries(jacobian(x), {picked})"
    # A lane of 8 takes 24 comparisons; all of them take 1,536.
    check_kernel(sorts, {"x": numbers(64, 8)}, entries, wanted, flops=150)


def test_a_column_of_a_triangular_solve() -> None:
    def solves(a: jax.Array, b: jax.Array) -> jax.Array:
        return solve_triangular(a, b, lower=True)[:, 2]

    def wanted(a: jax.Array, b: jax.Array) -> jax.Array:
        full = jax.jacobian(solves, argnums=1)(a, b)
        return jnp.stack([full[2, 1, 2], full[4, 3, 2], full[4, 3, 1]])

    picked = "[(out[2], b[1, 2]), (out[4], b[3, 2]), (out[4], b[3, 1])]"
    entries = f"entries(jacobian(b), {picked})"
    # The first rows of one column: 3² + 2² operations; of all, 20² * 30.
    arguments = {"a": systems(20, 20), "b": numbers(20, 30)}
    check_kernel(solves, arguments, entries, wanted, flops=20)


def test_the_derivative_of_a_solve_by_its_matrix() -> None:
    def solves(a: jax.Array, b: jax.Array) -> jax.Array:
        return jnp.linalg.solve(a, b)[4, 1, 2]

    arguments = {"a": systems(9, 3, 3), "b": numbers(9, 3, 5)}
    check_kernel(
        solves,
        arguments,
        "partial(a[4, 0, 2])",
        lambda a, b: jax.grad(solves)(a, b)[4, 0, 2],
        flops=120,
    )


def test_a_member_of_a_batch_of_factorisations() -> None:
    def energy(a: jax.Array, b: jax.Array) -> jax.Array:
        solution = jax.vmap(lambda m, v: cho_solve(cho_factor(m @ m.T), v))(a, b)
        return (solution**2).sum(axis=1)

    arguments = {"a": systems(16, 4, 4), "b": numbers(16, 4)}
    check_kernel(
        energy,
        arguments,
        "jacobian(b[7], of=out[7])",
        lambda a, b: jax.jacobian(energy, argnums=1)(a, b)[7, 7],
        flops=900,
    )


def specialised(
    function: Callable[..., Any], arguments: list[np.ndarray]
) -> tuple[Function, list[np.ndarray], list[Any]]:
    """The program as written out, what it gives and what JAX gives."""
    with jax.enable_x64(True):
        types = [ArrayType(FLOAT, array.shape) for array in arguments]
        names = [f"x{place}" for place in range(len(types))]
        program = trace_one(function, types, Regime.WIDE, name="f", input_names=names)
        program = run(program, SPECIALISED)
        arrays = [jnp.asarray(array) for array in arguments]
        actual = [np.asarray(each) for each in evaluate(program, arrays)]
        return program, actual, [np.asarray(each) for each in function(*arrays)]


def largest(function: Function) -> int:
    """The size of the largest array that is computed."""
    return max(
        value.type.size for each in all_equations(function) for value in each.outputs
    )


def test_a_row_of_products_too_large_to_be_taken_apart() -> None:
    def product(x: jax.Array, w: jax.Array) -> list[jax.Array]:
        return [jnp.sin(jnp.tanh(x @ w) @ w)[17]]

    program, actual, expected = specialised(
        product, [numbers(600, 500), systems(500, 500)]
    )
    assert largest(program) == 500
    np.testing.assert_allclose(actual[0], expected[0], rtol=1e-12)


def test_a_lane_of_a_loop() -> None:
    def loop(w: jax.Array, x: jax.Array) -> list[jax.Array]:
        def body(state: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
            state = jnp.tanh(state @ w)
            return state, jnp.sort(state, axis=1)[:, 0]

        last, lowest = lax.scan(body, x, length=5)
        return [last[30], lowest[:, 31]]

    program, actual, expected = specialised(loop, [systems(4, 4), numbers(64, 4)])
    assert largest(program) <= 16
    for found, wanted in zip(actual, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("other", [np.nan, np.inf])
def test_what_is_not_finite_elsewhere_stays_there(other: float) -> None:
    def sorts(x: jax.Array) -> list[jax.Array]:
        lanes = jnp.sort(x, axis=0)
        return [lanes[:, 1], jnp.argmax(x, axis=0)[1], lax.top_k(x.T, 2)[1][1]]

    x = numbers(5, 3)
    x[2, 0] = x[3, 1] = other
    _, actual, expected = specialised(sorts, [x])
    for found, wanted in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_kernels_with_solves_can_be_differentiated_again() -> None:
    def solves(a: jax.Array) -> jax.Array:
        return jnp.linalg.solve(a, jnp.ones((3, 2), a.dtype))[:, 1]

    module = partialc.compile(
        solves, args={"a": "float[3,3]"}, kernels={"k": "value"}, name="again"
    )
    with jax.enable_x64(True):
        a = jnp.asarray(systems(3, 3))
        actual = jax.jacobian(module.load().k)(a)
        expected = jax.jacobian(solves)(a)
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


def test_nothing_is_cut_of_arrays_without_elements() -> None:
    def empty(x: jax.Array) -> list[jax.Array]:
        return [jnp.sort(x[:, :0], axis=1)[2], jnp.sin(x)[1]]

    program, actual, expected = specialised(empty, [numbers(4, 3)])
    assert largest(program) <= 3
    for found, wanted in zip(actual, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-15)


def test_final_passes_leave_the_program_whole() -> None:
    """Rectangles are for what is written out: `FINAL` is what a person decompiles."""
    assert "needed_rectangles" not in {each.name for each in FINAL}
