"""Written-out kernels of functions with unusual arrays: right, or a clear error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import partialc
from partialc.errors import RequestError


def guarded(x: Any) -> Any:
    return jnp.sum(jnp.where(x > 0, jnp.log(x), 0.0) * x)


def nothing(x: Any) -> Any:
    return jnp.sum(x**2)


def partly_nothing(x: Any) -> Any:
    return jnp.sum(x[:0]) + x[1] ** 3


def counted(x: Any) -> Any:
    largest, large = jnp.argmax(x), x > 0.5
    return x[largest] * jnp.sum(jnp.where(large, x, x**2)) * (largest + 1)


def reversed_sines(x: Any) -> Any:
    return jnp.sum(jnp.sin(x) * x[::-1])


def complex_inside(x: Any) -> Any:
    return jnp.real(jnp.sum((x + 1j * x[::-1]) ** 3 * jnp.exp(1j * x)))


def ordered(x: Any) -> Any:
    return jnp.sum(jnp.sort(x) * jnp.arange(1.0, 5.0)) + jnp.max(x) * jnp.min(x)


def solved(x: Any) -> Any:
    return jnp.linalg.solve(jnp.diag(x) + jnp.ones((3, 3)), x)[1]


def convolved(x: Any) -> Any:
    return jnp.convolve(jnp.tanh(x), x, mode="same")[2]


CASES = [
    (guarded, "float[3]", [1.0, 0.5, -1.0]),
    (nothing, "float[0]", []),
    (partly_nothing, "float[2]", [1.0, 2.0]),
    (jnp.sin, "float", 0.3),
    (counted, "float[4]", [0.1, 0.9, 0.7, 0.2]),
    (reversed_sines, "float16[3]", [0.5, 0.25, 1.0]),
    (reversed_sines, "bfloat16[3]", [0.5, 0.25, 1.0]),
    (complex_inside, "float[3]", [0.5, 0.25, 1.0]),
    (ordered, "float[4]", [0.3, 0.1, 0.9, 0.5]),
    (solved, "float[3]", [0.3, 1.1, 0.9]),
    (convolved, "float[5]", [0.3, 1.1, 0.9, 0.2, 0.4]),
]


@pytest.mark.drawn(3)
@pytest.mark.parametrize(("function", "kind", "point"), CASES)
def test_gradient_and_hessian(
    function: Callable[..., Any], kind: str, point: Any
) -> None:
    module = partialc.compile(
        function,
        args={"x": kind},
        kernels={"g": "gradient(x)", "h": "hessian(x)"},
        name="unusual",
        options={"g": {"form": "expanded"}, "h": {"form": "expanded"}},
    ).load()
    named = kind.partition("[")[0]
    x = jnp.asarray(point, None if named == "float" else named)
    tolerance = 100 * float(jnp.finfo(x.dtype).eps)
    for kernel, reference in (
        (module.g, jax.grad(function)),
        (module.h, jax.hessian(function)),
    ):
        actual, expected = kernel(x), reference(x)
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
        np.testing.assert_allclose(
            np.asarray(actual, float),
            np.asarray(expected, float),
            rtol=tolerance,
            atol=tolerance,
        )


def test_what_does_not_depend_on_a_nan_is_no_nan() -> None:
    """A one-hot push makes 0 * inf of it; structural zeros are left out instead."""

    def roots(x: Any) -> Any:
        return jnp.sum(jnp.sqrt(x))

    module = partialc.compile(
        roots,
        args={"x": "float[3]"},
        kernels={"h": "hessian(x)"},
        name="roots",
        options={"h": {"form": "expanded"}},
    ).load()
    actual = np.asarray(module.h(jnp.array([4.0, -1.0, 0.0])))
    assert actual[0, 0] == pytest.approx(-1 / 32)
    assert np.isnan(actual[1, 1])
    assert np.isinf(actual[2, 2])
    assert not np.any(actual[~np.eye(3, dtype=bool)])


def weighed(x: Any) -> Any:
    total = jnp.asarray([0.0, 0.0, 2.5, 0.0], x.dtype) @ x
    return jnp.where(total == total, 2.0, 3.0) * x[0] ** 2


def summed(x: Any) -> Any:
    def step(total: Any, each: Any) -> Any:
        return total + 0.0 * each, None

    total, _ = jax.lax.scan(step, jnp.zeros((), x.dtype), x)
    return jnp.where(total == total, 2.0, 3.0) * x[0] ** 2


def asked_next_round(x: Any) -> Any:
    def step(total: Any, each: Any) -> Any:
        return total + 0.0 * each, jnp.where(total == total, 2.0, 3.0) * each

    return jnp.sum(jax.lax.scan(step, jnp.zeros((), x.dtype), x[::-1])[1])


@pytest.mark.parametrize("function", [weighed, summed, asked_next_round])
@pytest.mark.parametrize("number", [1.0, np.inf, np.nan])
def test_what_a_decision_depends_on_stays(
    function: Callable[..., Any], number: float
) -> None:
    """0 * inf is nan, and whether there is a nan is what these functions ask."""
    module = partialc.compile(
        function,
        args={"x": "float[4]"},
        kernels={"d": "partial(x[0])"},
        name="asked",
        options={"d": {"form": "expanded"}},
    ).load()
    x = jnp.array([2.0, 1.0, 1.0, number])
    assert module.d(x) == jax.grad(function)(x)[0]


def odds(x: Any) -> Any:
    first, second = 1 / (1 + jnp.exp(-x[0])), 1 / (1 + jnp.exp(-x[1]))
    both = (1 - first) * (1 - second)
    return both * x[0] + (1 - first) * x[1] + (1 - second) * first + both**2


def boltzmann(x: Any) -> Any:
    weights = jnp.exp(x[0]) + jnp.exp(x[1]), jnp.exp(x[0] + x[1])
    return jnp.stack([weights[0] * x[0], weights[1] * x[1] + weights[1] ** 2])


@pytest.mark.parametrize("function", [odds, boltzmann])
@pytest.mark.parametrize("point", [(100.0, -100.0), (-100.0, 3.0), (200.0, -190.0)])
def test_what_is_finite_although_something_overflows_stays_finite(
    function: Callable[..., Any], point: tuple[float, float]
) -> None:
    module = partialc.compile(
        function,
        args={"x": "float[2]"},
        kernels={"k": {"value": "value", "slope": "jacobian(x)"}},
        name="tails",
        options={"k": {"form": "expanded"}},
    ).load()
    x = jnp.array(point)
    actual = module.k(x)
    assert np.isfinite(function(x)).any()
    for found, expected in (
        (actual.value, function(x)),
        (actual.slope, jax.jacfwd(function)(x)),
    ):
        wanted = np.atleast_1d(expected)
        where = np.isfinite(wanted)
        np.testing.assert_allclose(
            np.atleast_1d(found)[where], wanted[where], rtol=1e-5
        )


def test_derivatives_in_complex_arguments_are_an_error() -> None:
    with pytest.raises(RequestError, match="complex"):
        partialc.compile(
            lambda z: z**2, args={"z": "complex"}, kernels={"d": "partial(z)"}, name="z"
        )
