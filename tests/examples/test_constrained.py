"""The swing-up: the same optimum by two solvers, and by what derivatives."""

from __future__ import annotations

from collections.abc import Generator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("cyipopt")

from examples.constrained import model, solve


@pytest.fixture(autouse=True)
def wide() -> Generator[None]:
    with jax.enable_x64(True):
        yield


def test_the_derivatives_are_those_of_jax() -> None:
    random = np.random.default_rng(0)
    z = model.guess() + random.normal(size=model.UNKNOWNS)
    weights = random.normal(size=solve.RULES)

    def lagrangian(z: jax.Array) -> jax.Array:
        out = model.problem(z)
        return 0.7 * out["effort"] + jnp.sum(weights * out["rules"])

    slopes = jax.jit(jax.jacfwd(lambda z: model.problem(z)["rules"]))(z)
    found = np.zeros(slopes.shape)
    found[solve.derived.JACOBIAN_ROWS, solve.derived.JACOBIAN_COLS] = solve.jacobian(z)
    np.testing.assert_allclose(found, slopes, rtol=1e-10, atol=1e-12)
    curvature = jax.jit(jax.hessian(lagrangian))(z)
    found = solve.whole(solve.hessian(z, 0.7, weights)).toarray()
    np.testing.assert_allclose(found, curvature, rtol=1e-9, atol=1e-10)
    gradient = jax.jit(jax.grad(lambda z: model.problem(z)["effort"]))(z)
    np.testing.assert_allclose(solve.gradient(z), gradient, rtol=1e-12)


def test_both_solvers_find_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    trust, ipopt = solve.by_trust_region(), solve.by_ipopt()
    np.testing.assert_allclose(trust.effort, ipopt.effort, rtol=1e-9)
    np.testing.assert_allclose(trust.z, ipopt.z, atol=1e-4)
    for each in (trust, ipopt):
        assert np.abs(solve.rules(each.z)).max() < 1e-8
        assert each.clock.calls["Jacobians"] <= each.steps + 5
        assert each.clock.calls["Hessians"] <= 2 * each.steps + 5
    # At an optimum the gradient is a combination of the rules' gradients.
    slopes = jax.jit(jax.jacrev(lambda z: model.problem(z)["rules"]))(ipopt.z)
    gradient = solve.gradient(ipopt.z)
    multipliers = np.linalg.lstsq(np.asarray(slopes).T, -gradient)[0]
    left = np.asarray(slopes).T @ multipliers + gradient
    assert np.abs(left).max() < 1e-6
    solve.main([])
    assert "the optima are" in capsys.readouterr().out


def test_the_pole_ends_upright() -> None:
    state = solve.by_ipopt().z.reshape(5, -1)[:4]
    np.testing.assert_allclose(state[:, 0], model.START, atol=1e-8)
    np.testing.assert_allclose(state[:, -1], model.FINISH, atol=1e-8)
