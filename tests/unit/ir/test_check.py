from dataclasses import replace

import numpy as np
import pytest

from partialc.errors import InternalError
from partialc.ir.check import check
from partialc.ir.dtypes import BOOL, FLOAT
from partialc.ir.program import ArrayType, Constant, Equation, Function, Value
from partialc.ir.text import parse

SCALAR = ArrayType(FLOAT, ())
LOOP = """
def body(c: float, t: float[2]):
    s: float = reduce_sum(t, axes=(0,))
    n: float = add(c, s)
    return n, t

def f(c: float, x: float[3, 2]):
    n: float
    y: float[3, 2]
    n, y = scan(c, x, function=body, length=3, num_carry=1, num_consts=0)
    return n, y
"""


def test_a_sound_program_passes():
    check(parse(LOOP))


def value():
    return Value(SCALAR)


def test_a_value_must_be_defined_before_it_is_used():
    x, y, z = value(), value(), value()
    late = (Equation("sin", (y,), {}, (z,)), Equation("cos", (x,), {}, (y,)))
    with pytest.raises(InternalError, match="used before it is defined") as caught:
        check(Function("f", (x,), late, (z,)))
    assert caught.value.where == "function f, equation 0 (sin)"


def test_a_value_must_be_defined_once():
    x, y = value(), value()
    twice = (Equation("sin", (x,), {}, (y,)), Equation("cos", (x,), {}, (y,)))
    with pytest.raises(InternalError, match="defined twice") as caught:
        check(Function("f", (x,), twice, (y,)))
    assert any("sin" in note for note in caught.value.__notes__)


def test_functions_are_closed():
    outer, inner, result = value(), value(), value()
    leaky = Function("g", (inner,), (), (outer,))
    call = Equation("call", (outer,), {"function": leaky}, (result,))
    with pytest.raises(InternalError, match="used before it is defined"):
        check(Function("f", (outer,), (call,), (result,)))


def test_a_constant_has_the_shape_of_its_type():
    wrong = Constant(SCALAR, np.zeros(2))
    with pytest.raises(InternalError, match="holds shape"):
        check(Function("f", (), (), (wrong,)))


def test_a_name_is_an_identifier():
    with pytest.raises(InternalError, match="no identifier"):
        check(Function("a b", (), (), ()))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("add(c, s)", "add(t, t)", "give shape"),
        ("n: float = add(c, s)", "n: int32 = add(c, s)", "give int32"),
        ("n: float = add(c, s)", "n: float = lt(c, s)", "a comparison gives"),
        ("length=3", "length=4", "operand 1 is"),
        ("num_carry=1", "num_carry=2", "operand 1 is"),
        ("return n, t", "return n, s", "result 1 is"),
        ("return n, t", "return (n,)", "1 results for 2 values"),
        ("scan(c, x,", "scan(c, x, x,", "3 operands for 2 inputs"),
    ],
)
def test_equations_fit_their_types(old, new, message):
    assert old in LOOP
    with pytest.raises(InternalError, match=message):
        check(parse(LOOP.replace(old, new, 1)))


def test_calls_fit_the_functions_they_call():
    f = parse(
        """
def g(x: float):
    return x

def f(x: float):
    y: float = call(x, function=g)
    return y
"""
    )
    check(f)
    (call,) = f.equations
    wide = replace(call, outputs=(Value(ArrayType(FLOAT, (2,))),))
    with pytest.raises(InternalError, match="g gives"):
        check(replace(f, equations=(wide,), outputs=wide.outputs))
    flag = Value(ArrayType(BOOL, ()))
    with pytest.raises(InternalError, match="g takes"):
        check(Function("f", (flag,), (replace(call, inputs=(flag,)),), call.outputs))


def test_branches_and_loops_fit_their_operands():
    text = """
def yes(x: float):
    return x

def no(x: float[2]):
    s: float = reduce_sum(x, axes=(0,))
    return s

def f(i: int32, x: float):
    y: float = cond(i, x, branches=(yes, no))
    return y
"""
    with pytest.raises(InternalError, match="no takes"):
        check(parse(text))
    loop = """
def again(x: float):
    b: bool = lt(x, float(3.0))
    return b

def body(x: float):
    return float[2]([1.0, 2.0])

def f(x: float):
    y: float = while_(
        x, cond_function=again, body_function=body, cond_nconsts=0, body_nconsts=0
    )
    return y
"""
    with pytest.raises(InternalError, match="body gives"):
        check(parse(loop))
