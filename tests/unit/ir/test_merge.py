import pytest

from partialc.ir.check import check
from partialc.ir.dtypes import Regime
from partialc.ir.merge import merge
from partialc.ir.structure import same
from partialc.ir.text import parse

NARROW, MIXED, WIDE = Regime


def at(text, narrow, mixed, wide):
    """One trace for each regime, `CALLER` and `DEFAULT` replaced by their types."""
    widths = {
        NARROW: ("float32", "float32", narrow),
        MIXED: ("float32", "float64", mixed),
        WIDE: ("float64", "float64", wide),
    }
    return {
        regime: parse(
            text.replace("CALLER", caller)
            .replace("DEFAULT", default)
            .replace("EXTRA", extra)
        )
        for regime, (caller, default, extra) in widths.items()
    }


def merged(traces):
    result = merge(traces)
    for function in result.values():
        check(function)
    return result


TEXT = """
def f(x: CALLER[3]):
    y: CALLER[3] = mul(x, CALLER(EXTRA))
    z: DEFAULT[3] = broadcast_in_dim(DEFAULT(2.5), shape=(3,), broadcast_dimensions=())
    return y, z
"""


def test_types_become_triples():
    functions = merged(at(TEXT, "0.1", "0.1", "0.1"))
    assert len(set(map(id, functions.values()))) == 1
    expected = parse(
        TEXT.replace("CALLER", "float")
        .replace("DEFAULT", "default_float")
        .replace("EXTRA", "0.1")
    )
    assert same(functions[WIDE], expected)


@pytest.mark.parametrize(
    ("numbers", "shared"),
    [
        (("0.1", "0.1", "0.1"), {NARROW, MIXED, WIDE}),
        (("0.1", "0.1", "0.2"), {NARROW, MIXED}),
        (("0.1", "0.2", "0.1"), {NARROW, WIDE}),
        (("0.2", "0.1", "0.1"), {MIXED, WIDE}),
        (("0.1", "0.2", "0.3"), set()),
        (("0.0", "0.0", "-0.0"), {NARROW, MIXED}),
        (("inf", "inf", "1e300"), {NARROW, MIXED, WIDE}),
    ],
)
def test_constants_must_be_roundings(numbers, shared):
    functions = merged(at(TEXT, *numbers))
    groups = [
        {r for r in functions if functions[r] is functions[regime]}
        for regime in functions
    ]
    assert max(groups, key=len) == shared or not shared
    if not shared:
        assert all(len(group) == 1 for group in groups)


def test_two_that_agree_are_typed_for_their_regimes():
    functions = merged(at(TEXT, "0.1", "0.1", "0.2"))
    assert str(functions[NARROW].inputs[0].type) == "float32[3]"
    assert str(functions[NARROW].outputs[1].type) == "default_float[3]"
    assert str(functions[WIDE].outputs[1].type) == "float64[3]"


def test_a_conversion_missing_in_some_is_inserted():
    narrow = parse(
        "def f(x: float32):\n    y: float32 = add(x, float32(1.5))\n    return y, x"
    )
    mixed = parse(
        """
def f(x: float32):
    c: float64 = convert_element_type(x, new_dtype=dtype("float64"))
    y: float64 = add(c, float64(1.5))
    return y, x
"""
    )
    wide = parse(
        "def f(x: float64):\n    y: float64 = add(x, float64(1.5))\n    return y, x"
    )
    functions = merged({NARROW: narrow, MIXED: mixed, WIDE: wide})
    expected = parse(
        """
def f(x: float):
    c: default_float = convert_element_type(x, new_dtype=dtype("default_float"))
    y: default_float = add(c, default_float(1.5))
    return y, x
"""
    )
    assert same(functions[WIDE], expected)
    assert functions[NARROW] is functions[WIDE]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sin", "cos"),
        ("(y, u)", "(u, y)"),
        ("axes=(0,)", "axes=(1,)"),
        ("return z", "return u"),
        ("add(y, u)", "add(y, y)"),
        ("z: float64", "w: float64 = exp(u)\n    z: float64"),
    ],
)
def test_structures_that_differ_do_not_merge(old, new):
    text = """
def f(x: float64[2, 2]):
    y: float64[2] = reduce_sum(x, axes=(0,))
    u: float64[2] = sin(y)
    z: float64[2] = add(y, u)
    return z
"""
    assert old in text
    first, second = parse(text), parse(text.replace(old, new))
    functions = merge({NARROW: first, WIDE: second})
    assert functions == {NARROW: first, WIDE: second}


def test_held_functions_merge_once():
    text = """
def g(a: CALLER):
    b: CALLER = sin(a)
    return b

def f(x: CALLER):
    y: CALLER = call(x, function=g)
    z: CALLER = call(y, function=g)
    return z
"""
    function = merged(at(text, "", "", ""))[WIDE]
    first, second = (equation.params["function"] for equation in function.equations)
    assert first is second
    assert str(first.inputs[0].type) == "float[]"


FIXED_WEIGHTS = """
def f(x: float32[2]):
    y: float32[1] = dot_general(x, float32[2, 1]([[0.1], [0.2]]), DIMENSIONS"float32"))
    z: float32[1] = add(y, float32[1]([0.3]))
    return z
"""

WIDENED_WEIGHTS = """
def f(x: float64[2]):
    y: float64[1] = dot_general(x, float32[2, 1]([[0.1], [0.2]]), DIMENSIONS"float64"))
    b: float64[1] = convert_element_type(float32[1]([0.3]), new_dtype=dtype("float64"))
    z: float64[1] = add(y, b)
    return z
"""

DIMENSIONS = (
    "dimension_numbers=dot(lhs_contracting=(0,), rhs_contracting=(0,), lhs_batch=(), "
    "rhs_batch=()), precision=None, preferred_element_type=dtype("
)


def test_weights_in_float32_are_widened_once():
    """JAX converts them where the input is wide: that makes no program of its own."""
    narrow, wide = (
        parse(text.replace("DIMENSIONS", DIMENSIONS))
        for text in (FIXED_WEIGHTS, WIDENED_WEIGHTS)
    )
    functions = merged({NARROW: narrow, MIXED: narrow, WIDE: wide})
    assert len(set(map(id, functions.values()))) == 1
    dot, add = functions[WIDE].equations
    for constant in (dot.inputs[1], add.inputs[1]):
        assert str(constant.type.dtype) == "float"
        assert (constant.data == constant.data.astype("float32")).all()
