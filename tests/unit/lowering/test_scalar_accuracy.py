"""Written-out derivatives of small functions, compiled, where they are hard to compute.

The points are those at which regrouped sums and products were seen to overflow, or to
cancel, where the chain rule's do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Function
from partialc.lowering.pipeline import (
    FULL,
    IN_ORDER,
    Variant,
    keeping_values,
    run,
)
from partialc.ops.evaluation import evaluate

NARROW, WIDE = Regime.NARROW, Regime.WIDE


def written_out(
    function: Callable[..., Any],
    order: Sequence[int],
    shapes: Sequence[tuple[int, ...]],
    regime: Regime,
) -> Function:
    """The written-out program of a mixed partial by nested jvps."""
    names = list("abcdefgh")[: len(shapes)]
    types = [ArrayType(FLOAT, shape) for shape in shapes]
    pushed_all = derivative(function, order)
    traced = trace_one(
        lambda *args: [pushed_all(*args)], types, regime, name="f", input_names=names
    )
    return run(traced, keeping_values(FULL.passes, () if order else (0,)))


def jitted(program: Function, regime: Regime) -> Callable[..., Any]:
    """A program compiled: what XLA rewrites is part of it."""

    def call(*args: Any) -> Any:
        with jax.enable_x64(regime.x64):
            return jax.jit(lambda *a: evaluate(program, a, regime))(*args)

    return call


def derivative(
    function: Callable[..., Any], order: Sequence[int]
) -> Callable[..., Any]:
    """Nested jvps along one argument after the other."""
    for number in order:
        function = pushed(function, number)
    return function


def pushed(function: Callable[..., Any], number: int) -> Callable[..., Any]:
    def tangent(*args: Any) -> Any:
        def along(value: Any) -> Any:
            return function(*args[:number], value, *args[number + 1 :])

        return jax.jvp(along, (args[number],), (jnp.ones_like(args[number]),))[1]

    return tangent


class Case(NamedTuple):
    function: Callable[..., Any]
    order: tuple[int, ...]
    points: Sequence[tuple[float, ...]]
    truth: Sequence[float]
    rtol: float
    regime: Regime = NARROW


def lennard_jones(r: Any) -> Any:
    return 4 * 1.65e-21 * ((3.4e-10 / r) ** 12 - (3.4e-10 / r) ** 6)


def fermi(x: Any) -> Any:
    return 1 / (jnp.exp(x) + 1)


def planck(x: Any) -> Any:
    return x**3 / (jnp.exp(x) - 1)


def distance(x: Any, y: Any) -> Any:
    return (-x + jnp.sqrt(x * x + y * y)) / 2


def softplus(x: Any) -> Any:
    return jnp.log(1 + jnp.exp(x))


CASES: Final = {
    "logistic": Case(
        lambda x: 1 / (1 + jnp.exp(-x)), (0, 0, 0), [(-30,)], [9.3576230e-14], 1e-5
    ),
    "logistic, wide": Case(
        lambda x: 1 / (1 + jnp.exp(-x)),
        (0, 0, 0),
        [(-200,)],
        [1.38389652673673753e-87],
        1e-12,
        WIDE,
    ),
    "Fermi, third": Case(fermi, (0, 0, 0), [(30,)], [-9.3576230e-14], 1e-5),
    "Fermi, fourth": Case(fermi, (0, 0, 0, 0), [(25,)], [1.3887944e-11], 1e-5),
    "Fermi, wide": Case(
        fermi, (0, 0, 0), [(300,)], [-5.14820022241201e-131], 1e-12, WIDE
    ),
    "Fermi, near zero": Case(fermi, (0, 0), [(2e-4,)], [2.49999997e-05], 3e-4),
    "softplus": Case(softplus, (0, 0, 0, 0), [(30,)], [9.3576230e-14], 1e-5),
    "Planck": Case(
        planck,
        (0, 0, 0, 0),
        [(0.03,), (0.1,)],
        [1.999550045, 1.99500555139],
        1e-2,
    ),
    "Planck, far": Case(planck, (0, 0, 0, 0), [(25,)], [1.25005382766e-07], 0.5),
    "Lennard-Jones": Case(lennard_jones, (), [(3.8e-10,)], [-1.64887351e-21], 1e-5),
    "Lennard-Jones, gradient": Case(
        lennard_jones, (0,), [(3.8e-10,)], [-1.3970263454e-12], 1e-4
    ),
    "Lennard-Jones, second": Case(
        lennard_jones, (0, 0), [(3.8e-10,)], [0.892004315534], 1e-4
    ),
    "distance": Case(distance, (0, 0, 1), [(-1e-8, -1e-8)], [-8.8388348e14], 1e-5),
    "distance, far": Case(
        distance, (0, 1), [(-1.944e16, 7.017e15)], [7.7247e-18], 1e-3
    ),
    "bell": Case(
        lambda x: jnp.exp(-x * x / 2), (0, 0, 0, 0), [(1e12,)], [0.0], 0, NARROW
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_at_hard_points(name: str) -> None:
    case = CASES[name]
    shapes = [()] * len(case.points[0])
    program = written_out(case.function, case.order, shapes, case.regime)
    compiled = jitted(program, case.regime)
    dtype = np.float64 if case.regime is WIDE else np.float32
    for point, truth in zip(case.points, case.truth, strict=True):
        (found,) = compiled(*map(dtype, point))
        assert float(found) == pytest.approx(truth, rel=case.rtol, abs=0)


def test_one_saturated_unit_does_not_spoil_the_others() -> None:
    weights = np.random.default_rng(0).normal(size=(4, 3))
    point = np.array([0.3, -0.2, 0.5])
    weights[2] *= 46 / (weights[2] @ point)

    def units(a: Any, b: Any, c: Any) -> Any:
        x = jnp.stack([a, b, c])
        return jnp.sum(1 / (1 + jnp.exp(-jnp.asarray(weights, x.dtype) @ x)))

    for sign in (1, -1):
        program = written_out(units, (0, 1, 2), [()] * 3, NARROW)
        found = jitted(program, NARROW)(*np.float32(sign * point))[0]
        with jax.enable_x64(True):
            truth = float(derivative(units, (0, 1, 2))(*(sign * point)))
        assert float(found) == pytest.approx(truth, rel=1e-4)


def test_whole_arrays_are_combined_alike() -> None:
    """Elements of an array that is an exponential may overflow: `array_algebra`."""

    def total(s: Any, x: Any) -> Any:
        return jnp.sum(1 / (1 + jnp.exp(-s * x)))

    x = np.linspace(-60, 60, 41)
    program = written_out(total, (0, 0, 0), [(), x.shape], NARROW)
    assert any(each.outputs[0].type.shape for each in program.equations)
    found = jitted(program, NARROW)(np.float32(1), x.astype(np.float32))[0]
    with jax.enable_x64(True):
        truth = float(derivative(total, (0, 0, 0))(1.0, x))
    size = float(np.abs(x**3).sum())
    assert abs(float(found) - truth) <= 1e-6 * size


def test_text_book_formulas_build() -> None:
    """Growth is found without recursion: sums within sums within sums."""

    def call(S: Any, r: Any, s: Any) -> Any:
        first = (jnp.log(S) + (r + s * s / 2)) / s
        second = first - s
        below = jax.lax.erf(second / np.sqrt(2.0))
        return S * jax.lax.erf(first / np.sqrt(2.0)) - jnp.exp(-r) * below

    program = written_out(call, (2,), [()] * 3, WIDE)
    (found,) = jitted(program, WIDE)(1.1, 0.02, 0.3)
    with jax.enable_x64(True):
        truth = float(derivative(call, (2,))(1.1, 0.02, 0.3))
    assert float(found) == pytest.approx(truth, rel=1e-12)


UNKNOWN: Final = {
    "barrier": lambda E, V: 1 / (1 + V**2 * jnp.sinh(jnp.sqrt(2 * (V - E))) ** 2 / E),
    "chain": lambda E, V: jnp.cosh(E * jnp.cosh(V)) / (V * jnp.exp(E * V * V) + E),
    "tower": lambda E, V: jnp.exp(jnp.exp(E) - jnp.exp(V)) / jnp.sinh(E * V),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_exponentials_of_what_nobody_knows_do_no_harm(name: str) -> None:
    """Nothing is known of how they grow: products with them stay as they are."""
    for order in ((0,), (0, 1), (0, 0, 1)):
        program = written_out(UNKNOWN[name], order, [()] * 2, WIDE)
        (found,) = jitted(program, WIDE)(0.4, 0.9)
        with jax.enable_x64(True):
            truth = float(derivative(UNKNOWN[name], order)(0.4, 0.9))
        assert float(found) == pytest.approx(truth, rel=1e-11)


VALUES: Final = {
    "a root squared": (lambda x: jnp.sqrt(x) ** 2 + x, -2.0),
    "x over x": (lambda x: x / x * 3 + x**3 / x, 0.0),
    "exp of log": (lambda x: jnp.exp(jnp.log(x)) * x, -2.0),
    "roots that meet": (lambda x: jnp.sqrt(x) * jnp.sqrt(x) * x, -2.0),
    "in a loop": (
        lambda x: jax.lax.fori_loop(0, 3, lambda _, y: jnp.sqrt(y) ** 2 + y, x),
        -2.0,
    ),
}


@pytest.mark.parametrize("variant", [FULL, IN_ORDER], ids=["full", "in order"])
@pytest.mark.parametrize("name", VALUES)
def test_values_are_nan_where_the_function_is(name: str, variant: Variant) -> None:
    """Beside a derivative that is written in a form that is a number there."""
    function, point = VALUES[name]
    traced = trace_one(
        lambda x: [function(x), derivative(function, (0,))(x)],
        [ArrayType(FLOAT, ())],
        NARROW,
        name="f",
        input_names=["x"],
    )
    program = run(traced, keeping_values(variant.passes, (0,)))
    value, _ = jitted(program, NARROW)(np.float32(point))
    assert np.isnan(value)
    assert np.isfinite(jitted(program, NARROW)(np.float32(0.7))).all()
