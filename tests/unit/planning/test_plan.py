"""A plan says the same in text and in JSON, and compares like with like."""

from __future__ import annotations

import re
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import partialc
from partialc.planning.plan import seconds_text


def f(x: jax.Array, w: jax.Array) -> jax.Array:
    """A small network."""
    return jnp.sum(jnp.tanh(w @ x))


def _compiled(**options: Any) -> partialc.api.Module:
    return partialc.compile(
        f,
        args={"x": "float[3]", "w": "float[5, 3]"},
        kernels={"k": "partial(x[0], x[0])"},
        name="m",
        **options,
    )


def _figures(estimate: dict[str, float]) -> str:
    """What the text says of an estimate."""
    ending = "" if estimate["statements"] == 1 else "s"
    return (
        f"{estimate['statements']} statement{ending}; about "
        f"{seconds_text(estimate['call_seconds'])} a call, "
        f"{seconds_text(estimate['row_seconds'])} a row of many, "
        f"{seconds_text(estimate['first_call_seconds'])} to compile"
    )


@pytest.mark.parametrize("differentiable", [False, True])
def test_text_and_json_estimate_alike(differentiable: bool) -> None:
    plan = _compiled(differentiable=differentiable).plan
    kernel = plan.to_json()["kernels"]["k"]
    candidates = [kernel["chosen"], *kernel["rejected"]]
    given = [each["estimate"] for each in candidates if each["estimate"] is not None]
    lines = re.findall(r"\d+ statements?; about [^;]* to compile", str(plan))
    told = lines[::2] if differentiable else lines
    assert list(map(_figures, given)) == told


def test_what_training_costs_is_told_apart_from_what_the_kernel_does() -> None:
    plain = _compiled(form="chain").plan.kernels["k"]
    trained = _compiled(form="chain", differentiable=True).plan
    chosen = trained.kernels["k"].chosen
    assert chosen.training is not None
    assert chosen.cost is not None
    assert chosen.training.cost.flops > chosen.cost.flops
    assert plain.chosen.training is None
    assert trained.kernels["k"].reference == plain.reference
    assert plain.reference is not None
    assert chosen.cost.flops < plain.reference.flops
    assert "; its gradient" in str(trained)


def test_a_batched_result_has_rows() -> None:
    source = _compiled(batch=["x"]).source
    assert "Result: shape (rows,)." in source
    assert "a scalar" not in source.partition("def k(")[2]
