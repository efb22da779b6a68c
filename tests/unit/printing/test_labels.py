"""Names by role: what they are, and that they stay when something else changes."""

import difflib

import jax
import jax.numpy as jnp

from partialc.printing import print_body
from tests.unit.printing.programs import SCALAR, VECTOR, body_lines, traced


def test_names_tell_operation_and_operands():
    def function(x, y):
        parts = [jnp.sin(x[2]), x[0] * x[1]]
        return parts[0] + y, parts[0] * parts[1], parts[1] / parts[0], parts[1]

    lines = body_lines(function, VECTOR, SCALAR)
    assert lines[:2] == ["sin_x2 = jnp.sin(x[2])", "x0_x1 = x[0] * x[1]"]


def test_the_names_of_the_source_are_kept():
    def function(x, y):
        sine = jnp.sin(x[2])
        product = x[0] * x[1]
        return sine + y, sine * product, product / sine, product

    lines = body_lines(function, VECTOR, SCALAR)
    assert lines[:2] == ["sine = jnp.sin(x[2])", "product = x[0] * x[1]"]


def test_what_changes_a_value_is_told():
    def function(x):
        parts = [-jnp.sin(x), 1.0 / jnp.cosh(x)]
        powers = [jnp.exp(parts[0]), jnp.tanh(parts[1]) ** 2]
        return [parts[0] * powers[0], parts[1] * powers[1], *parts, *powers]

    names = [line.partition(" = ")[0] for line in body_lines(function, VECTOR)]
    assert {"neg_sin_x", "inverse_cosh_x", "exp_neg_sin_x"} <= set(names)
    assert "tanh_inverse_pow2" in names


def test_adding_a_term_renames_nothing():
    def function(x, extra):
        r2 = (x[0] - x[1]) ** 2 + (x[2] - x[3]) ** 2
        decay = jnp.exp(-r2)
        wave = jnp.cos(r2) * decay
        if extra:
            wave = wave + jnp.sin(x[4])
        return wave, decay * r2, jnp.sqrt(r2)

    before = body_lines(lambda x: function(x, False), VECTOR)
    after = body_lines(lambda x: function(x, True), VECTOR)
    changed = [
        line for line in difflib.ndiff(before, after) if line.startswith(("+ ", "- "))
    ]
    assert len(changed) <= 3  # the new statement, and the one that returns it


def test_names_do_not_depend_on_the_order_of_other_statements():
    def function(x, swapped):
        parts = [jnp.sin(x[0]) * x[1], jnp.cos(x[1]) * x[0]]
        first, second = reversed(parts) if swapped else parts
        if swapped:
            first, second = second, first
        return first * second, first + second, first / second

    assert set(body_lines(lambda x: function(x, False), VECTOR)) == set(
        body_lines(lambda x: function(x, True), VECTOR)
    )


def test_colliding_names_are_told_apart_by_structure_not_by_number():
    def function(x):
        a, b = jnp.exp(-x[0]), jnp.exp(x[0])
        return a * b, a + b, a / b

    lines = body_lines(function, VECTOR)
    names = [line.split(" = ")[0] for line in lines if " = " in line]
    assert len(set(names)) == len(names)
    assert not any(name.endswith(("_1", "_2")) for name in names)


def test_names_that_inputs_use_are_not_given_again():
    program = traced(lambda x: (jnp.sin(x) * 2.0, jnp.sin(x) * 3.0), VECTOR)
    body = print_body(program, ["sin_x"])
    assert not any(line.startswith("sin_x =") for line in body.lines)
    body = print_body(program, ["x"], taken=["x_times_2", "sin_x"])
    assert not any(line.startswith(("sin_x =", "x_times_2 =")) for line in body.lines)


def test_results_are_named_as_the_caller_calls_them():
    def function(x):
        total = jnp.sum(jnp.sin(x) * jnp.cos(x)) + jnp.prod(x)
        return total, total * 2.0

    program = traced(function, VECTOR)
    body = print_body(program, ["x"], output_names=["energy", None])
    assert body.outputs == ("energy", "energy * 2.0")


def test_loop_parameters_keep_the_names_of_the_source():
    def function(x, y):
        def step(state, entry):
            return state * entry + 1.0, state

        return jax.lax.scan(step, y, x)

    lines = body_lines(function, VECTOR, SCALAR)
    assert "def body(state: jax.Array, entry: jax.Array)" in "\n".join(lines)


def test_numbers_tell_apart_what_has_equal_operands():
    def function(x, y):
        is_larger = x[0] > y
        pair = [jnp.where(is_larger, 1.0, 0.0), jnp.where(is_larger, 3.0, 2.0)]
        return pair[0] / pair[1], pair[1] / pair[0]

    names = [line.partition(" = ")[0] for line in body_lines(function, VECTOR, SCALAR)]
    wheres = [name for name in names if name.startswith("where_is")]
    assert sorted(wheres) == ["where_is_larger", "where_is_larger_2_3"]


def test_an_array_with_more_axes_is_told_by_their_number():
    def function(x):
        both = [jnp.sin(x)]
        both.append(both[0][:, None])
        return both[1] @ both[1].T, jnp.linalg.norm(both[1]), both[0]

    names = [line.partition(" = ")[0] for line in body_lines(function, VECTOR)]
    assert {"sin_x", "sin_x_2d"} <= set(names)
