"""Loops over batches, whose condition is an array."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from partialc.ir.check import check
from partialc.ir.dtypes import FLOAT
from partialc.ir.jaxprs import trace
from partialc.ir.program import ArrayType
from partialc.ir.structure import all_equations
from partialc.ops.evaluation import evaluate


def batched(limits, starts):
    def row(limit, start):
        return lax.while_loop(
            lambda state: state[0] < limit,
            lambda state: (state[0] * 1.5 + 0.25, state[1] + jnp.sin(state[0])),
            (start, limit),
        )

    return jax.vmap(row)(limits, starts)


def test_each_row_stops_by_itself():
    rows = ArrayType(FLOAT, (4,))
    program = trace(batched, [rows, rows], name="batched", input_names=["a", "b"])
    limits, starts = np.array([1.0, 3.0, 0.2, 9.0]), np.array([0.5, 0.25, 0.5, 0.1])
    function = program.generic
    check(function)
    (loop,) = [each for each in all_equations(function) if each.op == "while"]
    assert loop.params["cond_function"].outputs[0].type.shape == ()
    with jax.enable_x64(True):
        wanted = batched(limits, starts)
    for actual, expected in zip(
        evaluate(function, [limits, starts]), wanted, strict=True
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-14)
