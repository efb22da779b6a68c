"""The table as a whole: complete entries, unknown operations, helper functions."""

from __future__ import annotations

import ast
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from partialc.errors import Location, UnsupportedError
from partialc.ir.dtypes import FLOAT
from partialc.ir.program import ArrayType, Equation, Value
from partialc.ops.cost import cost_of_equation
from partialc.ops.helpers import HELPERS
from partialc.ops.registry import Precision, all_ops, find
from partialc.ops.unknown import lookup


def helper(name: str) -> Any:
    """A helper function, as a printed module has it."""
    namespace = {"jax": jax, "jnp": jnp, "lax": lax}
    exec(HELPERS[name], namespace)
    return namespace[name]


def unknown(name: str) -> Equation:
    kind = ArrayType(FLOAT, (3,))
    return Equation(name, (Value(kind),), {}, (Value(kind),), Location("model.py", 7))


def test_every_entry_has_a_summary() -> None:
    assert [op.name for op in all_ops() if not op.summary] == []


def test_an_unknown_primitive_is_told_with_what_to_do() -> None:
    with pytest.raises(UnsupportedError) as caught:
        lookup(unknown("cumsumm"))
    text = str(caught.value)
    assert "'cumsumm' is not supported" in text
    assert "model.py:7" in text
    assert "cumsum" in text
    assert "partialc/ops/elementwise.py" in text


def test_an_unknown_primitive_costs_what_it_moves() -> None:
    assert cost_of_equation(unknown("mystery")).bytes == 2 * 3 * 8


def test_known_primitives_are_found() -> None:
    assert find("sin") is lookup(unknown("sin"))
    assert find("mystery") is None


@pytest.mark.parametrize("name", HELPERS)
def test_helpers_define_the_function_they_are_called_by(name: str) -> None:
    tree = ast.parse(HELPERS[name])
    assert isinstance(tree.body[0], ast.FunctionDef)
    assert tree.body[0].name == name
    assert ast.get_docstring(tree.body[0])


def test_the_total_order_puts_zeros_and_nans_in_their_places() -> None:
    x = np.array([np.nan, np.inf, 1.0, 0.0, -0.0, -1.0, -np.inf, -np.nan], np.float32)
    x[-1] = np.copysign(np.float32(np.nan), np.float32(-1))
    keys = np.asarray(helper("_total_order")(jnp.asarray(x)))
    assert (np.diff(keys.astype(np.int64)) < 0).all()


@pytest.mark.parametrize("dtype", ["int32", "uint32", "int16", "uint8"])
def test_the_upper_half_of_a_product(dtype: str) -> None:
    info = np.iinfo(dtype)
    ends = [info.min, info.min + 1, -1, 0, 1, 2, 7, info.max // 3, info.max]
    values = np.array([end for end in ends if end >= info.min], dtype)
    x, y = (axis.ravel() for axis in np.meshgrid(values, values))
    wide = x.astype(object) * y.astype(object)
    expected = np.array([int(entry) >> info.bits for entry in wide], dtype)
    actual = helper("_mulhi")(jnp.asarray(x), jnp.asarray(y))
    np.testing.assert_array_equal(np.asarray(actual), expected)


def test_one_minus_square_keeps_its_derivative_at_tiny_arguments() -> None:
    function = helper("_one_minus_square")
    tiny = jnp.float32(1e-20)
    assert jax.jvp(function, (tiny,), (jnp.float32(1),))[1] == np.float32(-2e-20)
    assert jax.grad(function)(jnp.float32(0.5)) == -1
    assert jax.grad(jax.grad(function))(jnp.float32(0.5)) == -2


def test_polynomials_are_evaluated_from_the_constant_term() -> None:
    function = helper("_polynomial")
    np.testing.assert_allclose(function(jnp.arange(3.0), 1.0, 5.0, 2.0), [1, 8, 19])


def test_few_operations_are_carried_whole() -> None:
    """What stands here is all or nothing by what it means, or not looked into."""
    opaque = {op.name for op in all_ops() if op.precision is Precision.OPAQUE}
    random = {name for name in opaque if name.startswith(("random_", "rng_"))}
    assert opaque - random == {"cholesky_update", "composite", "platform_index"}


def test_operations_without_a_rule_for_elements_are_not_called_precise() -> None:
    for name in ("sort", "cumlogsumexp", "scatter-mul", "lu", "custom_linear_solve"):
        op = find(name)
        assert op is not None
        assert op.precision is Precision.CONSERVATIVE
