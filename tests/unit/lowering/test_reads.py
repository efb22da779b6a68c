"""Slices of pads, concatenations and others: read where the elements come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType
from partialc.lowering.pipeline import FLAT, run
from partialc.lowering.structured.reads import READS
from partialc.ops.evaluation import evaluate
from tests.unit.tangents.numpy_arrays import FLOAT

CASES: dict[str, tuple[Callable[[Any], Any], list[str]]] = {
    # The function of a (4, 5) array, and the operations that are left.
    "all of a pad": (lambda x: jnp.pad(x, 1)[1:5, 1:6], ["slice"]),
    "a part of one": (lambda x: jnp.pad(x, 2)[3:5:2, 2:4], ["slice"]),
    "some of the border": (lambda x: jnp.pad(x, 1)[:4, 1:6], ["pad", "slice"]),
    "between the elements": (
        lambda x: lax.pad(x, 0.0, ((0, 0, 1), (0, 0, 0)))[:4, :5],
        ["pad", "slice"],
    ),
    "cut off by a pad": (
        lambda x: lax.pad(x, 0.0, ((-1, 0, 0), (0, -2, 0)))[1:3, 1:3],
        ["slice"],
    ),
    "the second of two": (lambda x: jnp.concatenate([x, 2 * x])[5:7], ["mul", "slice"]),
    "of both": (
        lambda x: jnp.concatenate([x, 2 * x])[3:6],
        ["mul", "concatenate", "slice"],
    ),
    "a slice of a slice": (lambda x: x[1:, ::2][:2, 1:], ["slice"]),
    "every other of every third": (lambda x: x[:, 1::3][::2, ::2], ["slice"]),
    "through all": (
        lambda x: jnp.pad(jnp.concatenate([x, x + 1], 1), 1)[1:5, 1:11][:, 6:][1:3],
        ["add", "slice"],
    ),
    "what is spread": (
        lambda x: jnp.broadcast_to(x[:, None, :2], (4, 3, 2))[:, 1:],
        ["slice"],
    ),
    "along what was spread": (
        lambda x: jnp.broadcast_to(x[:, None], (4, 3, 5))[1:],
        ["slice"],
    ),
    "what was written": (
        lambda x: lax.dynamic_update_slice(x, 2 * x[:2], (1, 0))[1:3, 1:],
        ["mul", "slice", "slice"],
    ),
    "beside what was written": (
        lambda x: lax.dynamic_update_slice(x, 2 * x[:2], (1, 0))[3:],
        ["slice"],
    ),
    "some of what was written": (
        lambda x: lax.dynamic_update_slice(x, 2 * x[:2], (1, 0))[2:],
        ["mul", "slice", "slice", "dynamic_update_slice"],
    ),
    "nothing": (lambda x: jnp.pad(x, 1)[2:2], ["pad", "slice"]),
}


@pytest.mark.parametrize("name", CASES)
def test_reads(name: str) -> None:
    function, ops = CASES[name]
    traced = trace_one(
        lambda x: (jax.jit(function)(x),),
        [ArrayType(FLOAT, (4, 5))],
        Regime.WIDE,
        name="f",
        input_names=["x"],
    )
    before = run(traced, FLAT)
    after = run(READS(before), FLAT)
    left = [equation.op for equation in after.equations]
    beside = {"broadcast_in_dim", "convert_element_type"}  # the number of a border
    assert sorted(op for op in left if op not in beside) == sorted(ops)
    x = np.random.default_rng(0).normal(size=(4, 5))
    (one,), (other,) = evaluate(before, [x]), evaluate(after, [x])
    assert np.array_equal(one, other)
