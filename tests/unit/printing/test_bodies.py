"""Statements: what folds, what is named, how indexing and broadcasting read."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from partialc.errors import InternalError, UnsupportedError
from partialc.ir.dtypes import Regime
from partialc.printing import print_body
from tests.unit.printing.programs import (
    SCALAR,
    VECTOR,
    array,
    body_lines,
    flat_source,
    load,
    strict,
    traced,
)

MATRIX = array("float", 3, 4)

READS_AS = [
    (lambda x: x[0] * x[2], [VECTOR], "return x[0] * x[2]"),
    (lambda x: x[1:4] - x[:3], [VECTOR], "return x[1:4] - x[:3]"),
    (lambda x: x[::2], [VECTOR], "return x[::2]"),
    (lambda x: x[1, 1:3], [MATRIX], "return x[1, 1:3]"),
    (lambda x: x[:, 0] + x[:, 1:][:, 2], [MATRIX], "return x[:, 0] + x[:, 3]"),
    (lambda x: x[:, None] * x[None], [VECTOR], "return x[:, None] * x[None]"),
    (lambda x, y: x * y, [VECTOR, SCALAR], "return x * y"),
    (lambda x: 2.0 * x + 1, [VECTOR], "return 2.0 * x + 1.0"),
    (lambda x: x - jnp.sum(x), [VECTOR], "return x - jnp.sum(x)"),
    (lambda x: x / jnp.full(5, 3.0, x.dtype), [VECTOR], "return x / 3.0"),
    (lambda x, y: x @ y, [MATRIX, array("float", 4)], "return x @ y"),
    (lambda x: jnp.stack([x[0], x[1]]), [VECTOR], "return jnp.stack([x[0], x[1]])"),
    (lambda x: jnp.where(x > 0, x, 0), [VECTOR], "return jnp.where(x > 0.0, x, 0)"),
    (lambda x: jax.nn.relu(x), [VECTOR], "return jax.nn.relu(x)"),
    (lambda x: jax.nn.softplus(x), [VECTOR], "return jax.nn.softplus(x)"),
    (lambda x: (x, jnp.linalg.norm(x)), [VECTOR], "return x, jnp.linalg.norm(x)"),
    (lambda x: jnp.var(x, axis=0), [MATRIX], "return jnp.var(x, axis=0)"),
    (lambda x: jnp.clip(x, 0.0, 1.0), [VECTOR], "return jnp.clip(x, 0.0, 1.0)"),
    (lambda x: x.astype(int), [VECTOR], "return x.astype(int)"),
    (lambda x: x, [VECTOR], "return x"),
    (lambda x: jnp.float32(2) * x, [array("float32", 2)], "return 2.0 * x"),
]


@pytest.mark.parametrize(("function", "types", "text"), READS_AS)
def test_reads_as_people_write(function, types, text):
    assert body_lines(function, *types) == [text]


def test_a_value_used_twice_gets_a_name_and_one_used_once_does_not():
    lines = body_lines(lambda x: jnp.sin(x) * jnp.exp(jnp.sin(x)), VECTOR)
    once = traced(lambda x: (lambda s: s * jnp.exp(s))(jnp.sin(x)), VECTOR)
    body = print_body(once, ["x"])
    assert lines == ["return jnp.sin(x) * jnp.exp(jnp.sin(x))"]
    assert body.lines == ("sin_x = jnp.sin(x)",)
    assert body.outputs == ("sin_x * jnp.exp(sin_x)",)


def test_a_result_whose_type_jax_leaves_open_is_annotated():
    assert body_lines(lambda x: jnp.linalg.norm(x) * 2.0, VECTOR) == [
        "twice_norm_x: jax.Array = jnp.linalg.norm(x) * 2.0",
        "return twice_norm_x",
    ]


def test_long_expressions_are_split_and_long_sums_are_not():
    def nested(x):
        for _ in range(12):
            x = jnp.sin(x)
        return x

    assert len(body_lines(nested, VECTOR)) > 1
    lines = body_lines(lambda x: sum(jnp.sin(x[i]) * i for i in range(1, 5)), VECTOR)
    assert len(lines) == 1


def test_what_nothing_needs_is_not_printed():
    def function(x):
        jnp.exp(x)
        return x + 1.0

    assert body_lines(function, VECTOR) == ["return x + 1.0"]


def test_nothing_is_computed_inside_a_loop_that_was_computed_before_it():
    def function(x, y):
        scale = jnp.exp(y)
        return lax.scan(lambda c, t: (c * scale + t, c), y, x)

    lines = body_lines(function, VECTOR, SCALAR)
    body = lines.index(next(line for line in lines if line.startswith("def body")))
    assert any("jnp.exp(y)" in line for line in lines[:body])
    assert not any("jnp.exp" in line for line in lines[body:])


def test_a_helper_called_twice_becomes_a_function_of_the_module():
    @jax.jit
    def layer(weight, value):
        return jnp.tanh(weight * value) + jnp.cos(value) * weight

    program = traced(lambda x, y: layer(y, layer(y, x)), VECTOR, SCALAR)
    body = print_body(program, ["x", "y"])
    assert list(body.functions) == ["_layer"]
    assert body.functions["_layer"].startswith("def _layer(weight: jax.Array, value:")
    assert body.outputs == ("_layer(y, _layer(y, x))",)


def test_a_helper_called_once_is_inlined():
    helper = jax.jit(lambda value: jnp.tanh(value) + value)
    assert body_lines(lambda x: helper(x) * 2.0, VECTOR) == [
        "return (jnp.tanh(x) + x) * 2.0"
    ]


def test_a_function_of_a_public_name_with_another_rule_is_not_the_public_one():
    @jax.custom_jvp
    def relu(x):
        return jnp.maximum(x, 0.0)

    relu.defjvps(lambda t, out, x: 3.0 * t)
    program = traced(relu, VECTOR)
    body = print_body(program, ["x"])
    assert body.outputs == ("_relu(x)",)
    assert "jax.custom_jvp" in body.functions["_relu"]


def test_a_function_of_a_public_name_with_another_body_is_not_the_public_one():
    @jax.jit
    def norm(x):
        return jnp.sqrt(jnp.sum(x * x) + 1.0)

    assert "linalg" not in "".join(body_lines(norm, VECTOR))


def test_structures_that_differ_by_width_are_chosen_by_the_element_type():
    def function(x):
        if x.dtype == jnp.float64:
            return jnp.sin(x) * 2.0
        return jnp.cos(x) + 1.0

    program = traced(function, VECTOR)
    printed = load(flat_source(program, ["x"]))
    for regime in Regime:
        argument = np.linspace(0.1, 0.9, 5).astype(regime.caller_float)
        with strict(regime):
            (actual,) = printed(argument)
            np.testing.assert_array_equal(actual, function(jnp.asarray(argument)))


def test_structures_that_differ_by_x64_mode_are_chosen_by_it():
    def function(x):
        wide = jnp.zeros(()).dtype == jnp.float64
        return jnp.sin(x) if wide else jnp.cos(x)

    program = traced(function, array("int32", 3))
    source = flat_source(program, ["x"])
    assert "jnp.result_type(float) == jnp.float64" in source
    printed = load(source)
    for regime in (Regime.NARROW, Regime.WIDE):
        argument = np.arange(3, dtype=np.int32)
        with strict(regime):
            (actual,) = printed(argument)
            np.testing.assert_array_equal(actual, function(argument))


def test_the_number_of_inputs_must_fit():
    with pytest.raises(InternalError, match="takes 1 inputs, got 2"):
        print_body(traced(jnp.sin, VECTOR), ["x", "y"])


def test_a_rule_that_cannot_be_printed_is_refused():
    @jax.custom_jvp
    def stubborn(x):
        return x * 2.0

    @stubborn.defjvp
    def _(primals, tangents):
        raise ValueError("no derivative")

    with pytest.raises(UnsupportedError, match="the custom rule of 'stubborn'"):
        print_body(traced(stubborn, VECTOR), ["x"])
