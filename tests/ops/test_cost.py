"""Static costs: counted by hand for one program of each kind."""

from __future__ import annotations

from collections.abc import Callable
from math import log2
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from partialc.ir.dtypes import FLOAT
from partialc.ir.jaxprs import trace
from partialc.ir.program import ArrayType
from partialc.ops.cost import ASSUMED_TRIPS, cost_of
from partialc.ops.registry import Cost


def cost(function: Callable[..., Any], *shapes: tuple[int, ...]) -> Cost:
    program = trace(
        lambda *leaves: jax.tree.leaves(function(*leaves)),
        [ArrayType(FLOAT, shape) for shape in shapes],
        name="function",
        input_names=[f"x{place}" for place in range(len(shapes))],
    )
    return cost_of(program.widest)


@pytest.mark.parametrize(
    ("function", "shapes", "flops", "transcendentals"),
    [
        (lambda x: x * x + 1.0, [(3, 4)], 24, 0),
        (lambda x: jnp.sin(x), [(3, 4)], 0, 12),
        (lambda x: x**3, [(5,)], 10, 0),
        (lambda x: x**8, [(5,)], 15, 0),
        (lambda x: 1 / x, [(5,)], 5, 0),
        (lambda x: x.T.reshape(2, 6)[:, ::2], [(3, 4)], 0, 0),
        (jnp.sum, [(3, 4)], 12, 0),
        (lambda a, b: a @ b, [(3, 4), (4, 2)], 2 * 3 * 4 * 2, 0),
        (lambda a, b: a @ b, [(2, 3, 4), (2, 4, 5)], 2 * 2 * 3 * 4 * 5, 0),
        (
            lambda x, w: lax.conv(x, w, (1, 1), "VALID"),
            [(2, 3, 6, 5), (4, 3, 2, 3)],
            2 * (2 * 4 * 5 * 3) * (3 * 2 * 3),
            0,
        ),
        (lambda x: lax.sort(x), [(3, 8)], 24 * log2(8), 0),
        (lambda x, i: x.at[0].add(i), [(5,), ()], 1, 0),
    ],
)
def test_operations_are_counted(
    function: Callable[..., Any],
    shapes: list[tuple[int, ...]],
    flops: float,
    transcendentals: float,
) -> None:
    counted = cost(function, *shapes)
    assert (counted.flops, counted.transcendentals) == (flops, transcendentals)


def test_a_scan_costs_its_body_for_each_step() -> None:
    counted = cost(
        lambda x: lax.scan(lambda c, y: (jnp.sin(c) * y, None), x[0], x), (7,)
    )
    assert counted.transcendentals == 7
    assert counted.flops == 7


def test_a_while_loop_costs_its_assumed_trips() -> None:
    counted = cost(
        lambda x: lax.while_loop(lambda c: jnp.sum(c) < 9.0, jnp.exp, x), (5,)
    )
    assert counted.transcendentals == 5 * ASSUMED_TRIPS


def test_a_cond_costs_its_dearest_branch() -> None:
    counted = cost(
        lambda x: lax.cond(x[0] > 0, lambda v: jnp.sin(jnp.sin(v)), lambda v: v * 2, x),
        (5,),
    )
    assert counted.transcendentals == 10


def test_bytes_are_what_is_read_and_written() -> None:
    assert cost(lambda x: x + 1.0, (5,)).bytes == 2 * 5 * 8
    assert cost(lambda x: x[1:2], (1000,)).bytes == 2 * 8


def test_costs_add_up() -> None:
    assert Cost(1, 2, 3) + Cost(1, 1, 1) == Cost(2, 3, 4)
    assert Cost(1, 2, 3) * 2 == Cost(2, 4, 6)


def steps(x: jax.Array, t: jax.Array) -> Any:
    """Five steps, and tangents that are multiplied by a cosine in each."""

    def step(state: Any, _: None) -> Any:
        v, w = state
        return (v + 1.0, (jnp.cos(2.0 * v) + 1.0) * w), None

    return lax.scan(step, (x, t), None, length=5)[0]


def test_loops_compute_again_what_they_repeat() -> None:
    """The cosine of 4 elements, for each of 3 tangents; or for the one there is."""
    alone, many = cost(steps, (4,), (4,)), cost(steps, (4,), (3, 4))
    assert alone.transcendentals == 5 * 4
    assert many.transcendentals == 5 * 3 * 4


def test_what_loops_are_given_is_not_computed_again() -> None:
    def function(x: jax.Array, t: jax.Array) -> Any:
        def step(w: Any, c: Any) -> Any:
            return c * w, None

        return lax.scan(step, t, jnp.cos(x))[0]

    assert cost(function, (5, 4), (3, 4)).transcendentals == 5 * 4
