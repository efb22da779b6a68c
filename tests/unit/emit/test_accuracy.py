"""Written-out kernels round no worse than the derivatives that JAX computes."""

from __future__ import annotations

from math import sqrt
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import erfc

import partialc

POINTS = 4000
GREEKS = {
    "delta": ("S",),
    "gamma": ("S", "S"),
    "vega": ("sigma",),
    "vanna": ("S", "sigma"),
    "volga": ("sigma", "sigma"),
    "speed": ("S", "S", "S"),
    "ultima": ("sigma", "sigma", "sigma"),
}
NAMES = ("S", "K", "T", "r", "sigma")
DOMAIN = ((20, 400), (50, 150), (0.05, 2), (0, 0.1), (0.1, 0.6))


def price(S: Any, K: Any, T: Any, r: Any, sigma: Any) -> Any:
    d1 = (jnp.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * jnp.sqrt(T))
    d2 = d1 - sigma * jnp.sqrt(T)
    first, second = (erfc(-d / sqrt(2)) / 2 for d in (d1, d2))
    return S * first - K * jnp.exp(-r * T) * second


def derivative(arguments: tuple[str, ...]) -> Any:
    function = price
    for name in arguments:
        function = jax.grad(function, NAMES.index(name))
    return jax.jit(jax.vmap(function))


@pytest.fixture(scope="module")
def kernels() -> Any:
    table = {name: f"partial({', '.join(of)})" for name, of in GREEKS.items()}
    return partialc.compile(
        price,
        args=dict.fromkeys(NAMES, "float"),
        kernels={"greeks": table},
        name="greeks",
        options={"greeks": {"form": "expanded"}},
    ).load()


@pytest.mark.parametrize("name", GREEKS)
def test_tails_in_float32(kernels: Any, name: str) -> None:
    """Far in and far out of the money: relative to what float64 gives."""
    rng = np.random.default_rng(0)
    points = [rng.uniform(*limits, POINTS).astype(np.float32) for limits in DOMAIN]
    with jax.enable_x64(True):
        wide = [jnp.asarray(each, jnp.float64) for each in points]
        exact = np.asarray(derivative(GREEKS[name])(*wide))
        ours = getattr(jax.vmap(kernels.greeks)(*wide), name)
        finite = np.abs(exact) > 1e-20
        np.testing.assert_allclose(ours[finite], exact[finite], rtol=1e-10)

    def error(found: Any) -> float:
        misses = np.abs(np.asarray(found, np.float64) - exact)[finite]
        return float(np.quantile(misses / np.abs(exact[finite]), 0.99))

    by_jax = error(derivative(GREEKS[name])(*points))
    assert error(getattr(jax.vmap(kernels.greeks)(*points), name)) <= by_jax / 5
