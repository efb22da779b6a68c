import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.errors import InternalError, UnsupportedError
from partialc.ir.dtypes import DType, Regime
from partialc.ir.program import ArrayType, Equation, Function, Value
from partialc.ir.text import parse
from partialc.ops.evaluation import concrete, evaluate, run_function

SCALED = """
def g(a: float):
    b: float = mul(a, float(0.1))
    return b

def f(x: float, n: default_int):
    y: float = call(x, function=g)
    z: default_float = convert_element_type(y, new_dtype=dtype("default_float"))
    return y, z, n
"""


@pytest.mark.parametrize(
    ("regime", "types"),
    [
        (Regime.NARROW, ["float32", "float32", "int32"]),
        (Regime.MIXED, ["float32", "float64", "int64"]),
        (Regime.WIDE, ["float64", "float64", "int64"]),
    ],
)
def test_generic_types_follow_the_regime_through_calls(regime, types):
    results = evaluate(parse(SCALED), [3.0, 2], regime)
    assert [str(array.dtype) for array in results] == types
    caller = np.dtype(regime.caller_float).type
    assert np.asarray(results[0]) == caller(3.0) * caller(0.1)


def test_the_regime_is_restored():
    before = jax.config.jax_enable_x64
    evaluate(parse(SCALED), [1.0, 1], Regime.NARROW)
    assert jax.config.jax_enable_x64 == before
    assert concrete(DType.parse("float")) == np.float64
    with pytest.raises(InternalError):
        evaluate(parse(SCALED), [1.0], Regime.NARROW)
    assert concrete(DType.parse("float")) == np.float64


def test_a_large_constant_overflows_silently_where_it_is_narrow():
    function = parse("def f():\n    return float(1e300)")
    assert np.asarray(evaluate(function, [], Regime.NARROW)[0]) == np.inf
    assert np.asarray(evaluate(function, [], Regime.WIDE)[0]) == 1e300


def test_it_can_be_traced():
    function = parse("def f(x: float):\n    y: float = sin(x)\n    return y")
    with jax.enable_x64(True):
        (slope,) = jax.jacfwd(lambda x: run_function(function, [x]))(jnp.float64(0.3))
    np.testing.assert_allclose(slope, np.cos(0.3), rtol=1e-15)


def test_wrong_arguments_and_unknown_operations_are_told():
    function = parse("def f(x: float[3]):\n    return x")
    with pytest.raises(InternalError, match="takes 1 arrays, got 2"):
        evaluate(function, [1.0, 2.0])
    with pytest.raises(InternalError, match="got an array of shape"):
        evaluate(function, [np.zeros(2)])
    x, y = (Value(ArrayType(DType.parse("float"), ())) for _ in range(2))
    odd = Function("f", (x,), (Equation("frobnicate", (x,), {}, (y,)),), (y,))
    with pytest.raises(UnsupportedError, match="frobnicate"):
        evaluate(odd, [1.0])
    with pytest.raises(InternalError, match="key"):
        concrete(DType.fixed("key<fry>"))
