"""Burgers' equation on refined meshes, with one module for all of them."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise

import jax
import numpy as np
import pytest

from examples.burgers import model, solve


@pytest.fixture(autouse=True)
def wide() -> Generator[None]:
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("n", [2, 3, 64, 500])
def test_the_jacobian_is_that_of_jax(n: int) -> None:
    u = np.random.default_rng(n).uniform(-1, 1, n)
    dense = jax.jacfwd(model.residual)(u)
    sparse = solve.jacobian(u)
    assert sparse.nnz == 3 * n - 2
    np.testing.assert_allclose(sparse.toarray(), dense, rtol=1e-12, atol=1e-9)


def test_errors_fall_by_four(capsys: pytest.CaptureFixture[str]) -> None:
    errors = [answer.error for answer in solve.refined(5)]
    ratios = [coarse / fine for coarse, fine in pairwise(errors)]
    assert ratios[1:] == pytest.approx([4.0] * 3, rel=0.05)
    solve.main(["--meshes", "2"])
    assert "31" in capsys.readouterr().out
