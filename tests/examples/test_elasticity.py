"""Cook's membrane: equilibrium, how fast it is reached, and by what."""

from __future__ import annotations

import itertools
from collections.abc import Generator

import jax
import numpy as np
import pytest

from examples.elasticity import model, solve


@pytest.fixture(autouse=True)
def wide() -> Generator[None]:
    with jax.enable_x64(True):
        yield


def test_the_derivatives_are_those_of_jax() -> None:
    u = np.random.default_rng(0).uniform(-0.1, 0.1, model.UNKNOWNS)
    energy, gradient = solve.energy_and_gradient(u, 0.7)
    value, expected = jax.jit(jax.value_and_grad(model.energy))(u, 0.7)
    np.testing.assert_allclose(energy, value, rtol=1e-12)
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-12)
    matrix = solve.hessian(u, 0.7)
    assert matrix.nnz < 14 * u.size
    direction = np.random.default_rng(1).normal(size=u.size)
    product = jax.jit(
        lambda u, v: jax.jvp(lambda u: jax.grad(model.energy)(u, 0.7), (u,), (v,))[1]
    )
    slope = product(u, direction)
    np.testing.assert_allclose(matrix @ direction, slope, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(matrix.toarray(), matrix.toarray().T, atol=1e-12)


def test_newton_converges_quadratically(capsys: pytest.CaptureFixture[str]) -> None:
    solution = solve.solve()
    left = jax.jit(jax.grad(model.energy))(solution.u, solve.LOADS[-1])
    assert np.linalg.norm(left) < 1e-10
    steps = sum(len(each) - 1 for each in solution.residuals.values())
    assert solution.clock.calls["Hessians"] == steps < 30
    for residuals in solution.residuals.values():
        # What is left is the square of what was, until rounding is reached.
        before, after = next(
            pair for pair in itertools.pairwise(residuals) if pair[0] < 1e-3
        )
        assert after < 30.0 * before**2
    solve.main([])
    assert f"{model.UNKNOWNS} unknowns" in capsys.readouterr().out


def test_small_displacements_are_those_of_the_benchmark() -> None:
    little = solve.solve((solve.LITTLE,))
    rise = solve.rise(little.u) / solve.LITTLE
    assert 0.96 * 23.96 < rise < 23.96  # triangles of one strain are too stiff
