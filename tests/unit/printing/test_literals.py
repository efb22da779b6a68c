"""Constants: exact to the bit in every width, and short where there is a pattern."""

import ast

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from partialc.ir.dtypes import DType, Regime
from partialc.ir.program import ArrayType, Constant
from partialc.printing import constant_source, is_large
from partialc.printing.literals import inline, pattern, scalar, typed_scalar
from partialc.printing.text import unparse
from tests.unit.printing.programs import (
    array,
    body_lines,
    flat_source,
    load,
    strict,
    traced,
)

SCALARS = [
    0.1,
    -0.0,
    1e-320,
    5e-324,
    1.7976931348623157e308,
    float("inf"),
    float("-inf"),
    float("nan"),
    1 / 3,
    np.float32(0.1),
    np.float32(1e-45),
    np.float32(3.4028235e38),
    np.float16(0.1),
    ml_dtypes.bfloat16(0.1),
    ml_dtypes.bfloat16(3e38),
    2**31 - 1,
    -(2**31),
    2**62,
    np.uint32(2**32 - 1),
    np.uint64(2**64 - 1),
    np.int8(-128),
    True,
    False,
    1.5 - 2.5j,
    complex(-0.0, 0.0),
    complex(0.0, -0.0),
    complex(float("inf"), 1.0),
    np.complex64(0.1 + 0.2j),
]


@pytest.mark.parametrize(
    "value", SCALARS, ids=lambda value: f"{type(value).__name__}_{value}"
)
def test_a_scalar_is_exact(value):
    data = np.asarray(value)
    dtype = ast.parse(f"jnp.{data.dtype.name}", mode="eval").body
    text = unparse(typed_scalar(data, dtype))
    with strict(Regime.WIDE):
        result = np.asarray(eval(text, {"jnp": jnp, "np": np}))
    assert result.dtype == data.dtype
    assert result.tobytes() == data.tobytes() or np.isnan(value)


def test_a_float32_is_printed_as_short_as_it_can_be():
    assert unparse(scalar(np.asarray(np.float32(0.1)))) == "0.1"
    assert unparse(scalar(np.asarray(ml_dtypes.bfloat16(0.1)))) == "0.1"


PATTERNS = [
    (np.zeros((2, 3)), "jnp.zeros((2, 3), float)"),
    (np.ones(4), "jnp.ones((4,), float)"),
    (np.full(3, 2.5), "jnp.full((3,), 2.5, float)"),
    (np.full(3, -0.0), "jnp.full((3,), -0.0, float)"),
    (np.full((2, 2), np.nan), "jnp.full((2, 2), jnp.nan, float)"),
    (np.zeros((0, 3)), "jnp.zeros((0, 3), float)"),
    (np.eye(3), "jnp.eye(3, dtype=float)"),
    (np.eye(9)[2], "jax.nn.one_hot(2, 9, dtype=float)"),
    (np.eye(2, 3, 1), "jnp.eye(2, 3, k=1, dtype=float)"),
    (np.eye(3, 2, -1), "jnp.eye(3, 2, k=-1, dtype=float)"),
    (np.tri(3), "jnp.tri(3, dtype=float)"),
    (np.tri(2, 4, 2), "jnp.tri(2, 4, k=2, dtype=float)"),
    (np.tri(4, 2, -2), "jnp.tri(4, 2, k=-2, dtype=float)"),
    (np.arange(99_999.0)[:, None] % 7, None),
    (np.arange(5.0), "jnp.arange(5, dtype=float)"),
    (np.arange(2.0, 8.0, 2.0), "jnp.arange(2, 8, 2, dtype=float)"),
    (np.array([0.0, 1.0, 3.0]), None),
    (np.array([[0.0, 1.0], [1.0, 1.0]]), None),
    (np.array([-0.0, 1.0, 2.0]), None),
]


@pytest.mark.parametrize(("data", "text"), PATTERNS)
def test_patterns_are_recognised_bit_by_bit(data, text):
    constant = Constant(ArrayType(DType.fixed("float64"), data.shape), data)
    found = pattern(constant, ast.Name("float", ast.Load()))
    assert (None if found is None else unparse(found)) == text
    if found is not None:
        with strict(Regime.WIDE):
            result = np.asarray(eval(unparse(found), {"jax": jax, "jnp": jnp}))
        assert result.tobytes() == data.tobytes()


def test_small_arrays_are_written_out():
    data = np.array([[1, 2], [3, 2**32 - 1]], np.uint32)
    text = unparse(inline(data, ast.parse("jnp.uint32", mode="eval").body))
    with strict(Regime.NARROW):
        result = np.asarray(eval(text, {"jnp": jnp}))
    assert result.dtype == data.dtype
    np.testing.assert_array_equal(result, data)


def test_arrays_stand_at_module_level_and_are_rounded_for_the_caller():
    weights = np.sin(np.arange(30.0)).reshape(5, 6)
    program = traced(lambda x: x @ weights.astype(x.dtype), array("float", 5))
    source = flat_source(program, ["x"])
    assert "_MATRIX = np.array(" in source
    assert "jnp.asarray(_MATRIX, x.dtype)" in source
    printed = load(source)
    for regime in Regime:
        x = np.cos(np.arange(5.0)).astype(regime.caller_float)
        with strict(regime):
            (actual,) = printed(x)
            wanted = jnp.asarray(x) @ jnp.asarray(weights, x.dtype)
        assert actual.dtype == wanted.dtype
        np.testing.assert_array_equal(actual, wanted)


def test_equal_arrays_are_stored_once():
    table = np.sin(np.arange(20.0))
    program = traced(
        lambda x: (x * table.astype(x.dtype), x + table.astype(x.dtype)),
        array("float", 20),
    )
    source = flat_source(program, ["x"])
    assert source.count("np.array(") == 1
    assert source.count("jnp.asarray(") == 1


@pytest.mark.parametrize(
    "data",
    [
        np.array([np.nan, np.inf, -np.inf, -0.0, 1e-320]),
        np.array([1, 2], np.int32),
        np.array([True, False]),
        np.array([0.1, 0.2], np.float32),
        np.array([1 + 2j, complex(np.inf, -0.0)]),
        np.zeros((0, 2), np.int64),
    ],
)
def test_a_module_level_array_reads_back_bit_by_bit(data):
    namespace = {"np": np, "jnp": jnp}
    exec(constant_source("DATA", data), namespace)
    result = namespace["DATA"]
    assert result.dtype == data.dtype
    assert result.shape == data.shape
    assert result.tobytes() == data.tobytes()


def test_only_arrays_that_nobody_reads_are_large():
    assert not is_large(np.zeros(512))
    assert is_large(np.zeros(513))


def test_a_result_that_is_a_number_has_its_type():
    assert body_lines(lambda x: jnp.asarray(2.0, x.dtype), array("float", 3)) == [
        "return jnp.asarray(2.0, x.dtype)"
    ]


def test_types_that_follow_the_caller_are_read_off_an_argument():
    def function(x):
        bits = jnp.int32 if x.dtype == jnp.float32 else jnp.int64
        return x.view(bits), x.astype(complex), jnp.zeros((2,)) + 1

    program = traced(function, array("float", 3))
    printed = load(flat_source(program, ["x"]))
    for regime in Regime:
        x = np.linspace(0.1, 1.0, 3).astype(regime.caller_float)
        with strict(regime):
            actual = printed(jnp.asarray(x))
            wanted = function(jnp.asarray(x))
        assert [a.dtype for a in actual] == [w.dtype for w in wanted]
        for mine, theirs in zip(actual, wanted, strict=True):
            np.testing.assert_array_equal(mine, theirs)
