"""What primitives are of real numbers agrees with what JAX computes in float64."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp

from partialc.ir.dtypes import DType
from partialc.ir.program import ArrayType, Equation, Value
from partialc.ops.multiprecision import PRECISE
from partialc.ops.registry import all_ops, find

FLOAT64 = ArrayType(DType.fixed("float64"), ())
POINTS = [-2.5, -1.0, -0.75, -1e-9, 0.0, 1e-9, 0.3, 0.5, 1.0, 1.75, 12.5]
PARAMS = {"integer_pow": {"y": -3}, "round": {"rounding_method": "TO_NEAREST_EVEN"}}
COUNTS = {"integer_pow": 1, "clamp": 3, "select_n": 0, "convert_element_type": 0}
BINARY = frozenset(
    {
        *("add", "add_any", "sub", "mul", "div", "rem", "pow", "atan2", "max", "min"),
        *("eq", "ne", "lt", "le", "gt", "ge"),
    }
)
BITWISE = frozenset({"and", "or", "xor", "not"})


def _cases() -> list[tuple[str, int]]:
    cases = []
    for name in PRECISE:
        count = COUNTS.get(name, 2 if name in BINARY else 1)
        if count and name not in BITWISE and name != "polynomial":
            cases.append((name, count))
    return cases


@pytest.mark.parametrize(("name", "count"), _cases())
def test_it_is_what_jax_computes(name: str, count: int) -> None:
    op = find(name)
    assert op is not None
    assert op.precise is PRECISE[name]
    params = PARAMS.get(name, {})
    if name in {"exp", "sin", "tanh", "sqrt", "log"}:
        params = {"accuracy": None}
    value = Value(FLOAT64)
    equation = Equation(name, (Value(FLOAT64),) * count, params, (value,))
    grid = np.meshgrid(*[POINTS] * count)
    operands = [axis.reshape(-1) for axis in grid]
    (computed,) = _evaluated(equation, operands)
    with mp.workdps(40):
        for place, want in enumerate(computed):
            args = [mp.mpf(axis[place]) for axis in operands]
            found = PRECISE[name](args, params)
            if args[-1] == 0 and name in ("div", "integer_pow", "pow", "atan2", "rem"):
                continue  # zeros have no sign here
            if np.isnan(want):
                assert mp.isnan(found), args
            elif mp.isnan(found):  # versions of JAX differ in what a pole is
                assert np.isinf(want), args
                assert name == "digamma", args
            elif np.isinf(want):
                assert found == want, args
            else:
                assert abs(float(found) - float(want)) <= 1e-12 * max(
                    abs(float(want)), 1e-3
                ), args


def _evaluated(equation: Equation, operands: list[np.ndarray]) -> list[np.ndarray]:
    op = find(equation.op)
    assert op is not None
    with jax.enable_x64(True):
        return [
            np.asarray(each)
            for each in op.evaluate(equation, [jnp.asarray(a) for a in operands])
        ]


@pytest.mark.parametrize(
    ("name", "at", "limit"),
    [
        ("exp", "1e150", "inf"),
        ("exp", "-1e150", 0),
        ("logistic", "-1e40000", 0),
        ("tanh", "1e40000", 1),
        ("erfc", "-1e40000", 2),
        ("cosh", "-1e40000", "inf"),
    ],
)
def test_limits_are_reached_at_once(name: str, at: str, limit: object) -> None:
    found = PRECISE[name]([mp.mpf(at)], {})
    if limit == "inf":
        assert found > mp.mpf("1e1000")
    else:
        assert abs(found - limit) < mp.mpf("1e-1000")


@pytest.mark.parametrize("name", ["exp", "expm1", "sinh", "cosh"])
@pytest.mark.parametrize("at", [0.3, -700.0, 1500.5, -12345.0, 1e19, 1e30])
def test_large_exponentials_have_all_their_digits(name: str, at: float) -> None:
    with mp.workdps(300):
        x = mp.mpf(at)
        found, wanted = PRECISE[name]([x], {}), getattr(mp, name)(x)
        assert abs(found / wanted - 1) < mp.mpf(10) ** -297


@pytest.mark.parametrize("y", [0.5, -2.7, 3.0, -1025.0, 1e-9, 12345.25, 1e15])
@pytest.mark.parametrize("x", [0.3, 1 + 2.0**-40, 7.0, 1e300, 1e-300, -2.5])
def test_powers_have_all_their_digits(x: float, y: float) -> None:
    with mp.workdps(120):
        found = PRECISE["pow"]([mp.mpf(x), mp.mpf(y)], {})
        if x < 0 and y != int(y):
            assert mp.isnan(found)
        else:
            wanted = mp.power(mp.mpf(x), mp.mpf(y))
            assert abs(found / wanted - 1) < mp.mpf(10) ** -117


def test_what_would_take_forever_is_refused() -> None:
    with pytest.raises(OverflowError):
        PRECISE["sin"]([mp.mpf("1e40000")], {})


def test_a_root_of_a_negative_number_is_nan() -> None:
    for name in ("sqrt", "log", "rsqrt", "asin", "acosh"):
        assert mp.isnan(PRECISE[name]([mp.mpf(-2)], {}))


def test_every_rule_belongs_to_a_primitive() -> None:
    assert set(PRECISE) == {op.name for op in all_ops() if op.precise is not None}
