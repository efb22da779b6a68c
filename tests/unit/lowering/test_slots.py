"""Small axes that are mixed, taken apart: the same numbers, fewer operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Function
from partialc.lowering.pipeline import FLAT, run
from partialc.lowering.structured.slots import SLOTS
from partialc.ops.evaluation import evaluate
from tests.unit.tangents.numpy_arrays import FLOAT

LONG = 40
MASK = np.array([[1.0, 0.0], [0.0, 2.0]])
Fields = Callable[[Any, Any], Any]


def traced(function: Fields) -> Function:
    """A function of two fields on `LONG` elements, of 2 x 2 and of 3 numbers."""
    types = [ArrayType(FLOAT, (LONG, 2, 2)), ArrayType(FLOAT, (LONG, 3))]
    found = trace_one(
        lambda x, y: jax.tree.leaves(jax.jit(function)(x, y)),
        types,
        Regime.WIDE,
        name="f",
        input_names=["x", "y"],
    )
    return run(found, FLAT)


def operations(function: Function) -> Counter[str]:
    return Counter(equation.op for equation in function.equations)


def agreeing(function: Fields) -> tuple[Function, Function]:
    """A function before and after, which give the same numbers."""
    before = traced(function)
    after = SLOTS(before)
    random = np.random.default_rng(0)
    given = [random.uniform(0.5, 1.5, value.type.shape) for value in before.inputs]
    for one, other in zip(
        evaluate(before, given, Regime.WIDE),
        evaluate(after, given, Regime.WIDE),
        strict=True,
    ):
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(other, one, rtol=1e-13, atol=1e-13)
    return before, after


def element(x: Any, y: Any) -> Any:
    """Rows that are stacked, masked, added up and multiplied by a matrix."""
    first = jnp.stack([x[:, 0, 0, None] * y, x[:, 0, 1, None] * y])
    second = jnp.stack([x[:, 1, 0, None] * y, x[:, 1, 1, None] * y])
    both = jnp.stack([first, second]) + MASK[:, :, None, None] * y
    whole = jnp.stack([both, both + 1.0])
    return jnp.einsum("eab,cbdef->cadef", x, whole)


def test_a_local_matrix_is_computed_place_by_place() -> None:
    before, after = agreeing(element)
    found = operations(after)
    assert operations(before)["dot_general"] == 1
    assert "dot_general" not in found
    # Two of the four products with the mask are zero, and one of them is a copy.
    assert all(
        value.type.ndim == 2
        for equation in after.equations
        if equation.op in ("mul", "add")
        for value in equation.outputs
    )


def test_what_a_mask_leaves_out_is_not_computed() -> None:
    def masked(x: Any, y: Any) -> Any:
        parts = jnp.stack([y * number for number in range(2, 6)])
        both = jnp.stack([parts, parts])
        return jnp.sum(both * np.eye(2, 4)[:, :, None, None], axis=1)

    _, after = agreeing(masked)
    assert operations(after)["mul"] == 2  # of the four, those that the mask keeps
    assert operations(after)["reduce_sum"] == 0


NOT_TAKEN_APART: dict[str, Fields] = {
    "few places": lambda x, y: jnp.stack([y, 2.0 * y, 3.0 * y]) * 2.0,
    "no places": lambda x, y: jnp.sin(x) + jnp.cos(x),
    "a long sum": lambda x, y: jnp.einsum("eab,ec->abc", x, y),
    "places along the elements": lambda x, y: jnp.stack([x[1:], x[:-1]]),
}


@pytest.mark.parametrize("name", NOT_TAKEN_APART)
def test_other_programs_stay_as_they_are(name: str) -> None:
    before = traced(NOT_TAKEN_APART[name])
    assert SLOTS(before) is before


def test_what_needs_the_whole_array_gets_it() -> None:
    def sorted_places(x: Any, y: Any) -> Any:
        both = jnp.stack([jnp.stack([y * n, y + n, y - n, y / n]) for n in (2.0, 3.0)])
        return lax.cumsum(both * 2.0, axis=2), both

    _, after = agreeing(sorted_places)
    assert operations(after)["cumsum"] == 1


Step = Callable[[Any, Any], Any]

STEPS: dict[str, Step] = {
    "turned": lambda x, a: jnp.swapaxes(a, 0, 1),
    "masked": lambda x, a: a * MASK[:, :, None, None],
    "times a matrix": lambda x, a: jnp.einsum("eab,bcef->acef", x, a),
    "times its own": lambda x, a: a * a,
    "a place of it": lambda x, a: jnp.stack([a[1], a[0] - a[1]]),
    "its sum": lambda x, a: a + jnp.sum(a, axis=0),
    "scaled": lambda x, a: a * x[:, 0, 1, None],
    "a function of it": lambda x, a: jnp.sin(a),
    "negative": lambda x, a: -a,
    "a quotient": lambda x, a: a / (2.0 + a * a),
    "a known matrix": lambda x, a: jnp.einsum("ab,bcef->acef", MASK, a),
}


@settings(max_examples=40)
@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=6))
def test_chains_of_steps(names: list[str]) -> None:
    def chain(x: Any, y: Any) -> Any:
        found = jnp.stack(
            [jnp.stack([x[:, a, b, None] * y for b in (0, 1)]) for a in (0, 1)]
        )
        for name in names:
            found = STEPS[name](x, found)
        return jnp.stack([found, found * 2.0]), found

    agreeing(chain)
