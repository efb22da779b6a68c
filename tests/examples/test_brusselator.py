"""The stiff Brusselator: the answer, and the Jacobian that led to it."""

from __future__ import annotations

from collections.abc import Generator

import jax
import numpy as np
import pytest

from examples.brusselator import model, solve


@pytest.fixture(autouse=True)
def wide() -> Generator[None]:
    with jax.enable_x64(True):
        yield


def test_the_jacobian_is_that_of_jax() -> None:
    y = np.random.default_rng(0).uniform(0.5, 4.0, model.start().size)
    dense = jax.jit(jax.jacfwd(model.rate, 1))(2.0, y)
    sparse = solve.jacobian(2.0, y)
    assert sparse.nnz == 6 * y.size
    np.testing.assert_allclose(sparse.toarray(), dense, rtol=1e-12, atol=1e-12)


def test_both_ways_come_to_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    exact, differences = (solve.solve(exact=each, end=1.5) for each in (True, False))
    np.testing.assert_allclose(exact.y, differences.y, rtol=1e-4)
    assert exact.clock.calls["Jacobians"] == exact.jacobians > 1
    assert "Jacobians" not in differences.clock.calls
    assert exact.rates < differences.rates
    solve.main(["--end", "0.1"])
    told = capsys.readouterr().out
    assert "partialc: " in told
    assert "Jacobians" in told
