"""Folding in numpy gives what XLA computes, bit by bit, or nothing."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partialc.analysis.facts import find_facts
from partialc.ir.dtypes import BOOL, FLOAT, DType, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Dimensions, Equation, Function, Value
from partialc.lowering import exact_sums
from partialc.lowering.exact import exact_results
from partialc.lowering.fold_constants import computed, nonzero_results
from partialc.lowering.pipeline import FINAL, run
from partialc.ops.evaluation import evaluate

FLOATS = [
    *(0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, 0.1, 1 / 3, -7.0, 3.0, 1e30, -1e-30),
    *(np.inf, -np.inf, np.nan, 1e-40, 3e38, 2.0**24 + 1),
]
INTEGERS = [0, 1, -1, 2, 3, -7, 7, 31, 2**31 - 1, -(2**31), 12345, -65536]
KINDS = {
    "float32": FLOATS,
    "float64": [*FLOATS, 1e-310, 1e300, -1e308],
    "int32": INTEGERS,
    "int64": [*INTEGERS, 2**63 - 1, -(2**63)],
    "uint32": [0, 1, 5, 31, 2**32 - 1],
    "bool": [True, False],
}
FLOAT_KINDS = ("float32", "float64")
SIGNED_KINDS = ("int32", "int64")
WHOLE_KINDS = (*SIGNED_KINDS, "uint32")
NUMBER_KINDS = (*FLOAT_KINDS, *WHOLE_KINDS)
BIT_KINDS = (*WHOLE_KINDS, "bool")
UNARY = {
    "abs": (*FLOAT_KINDS, *SIGNED_KINDS),
    "ceil": FLOAT_KINDS,
    "floor": FLOAT_KINDS,
    "is_finite": FLOAT_KINDS,
    "neg": NUMBER_KINDS,
    "not": BIT_KINDS,
    "sign": NUMBER_KINDS,
    "sqrt": FLOAT_KINDS,
    "square": NUMBER_KINDS,
    "stop_gradient": tuple(KINDS),
}
BINARY = {
    "add": NUMBER_KINDS,
    "sub": NUMBER_KINDS,
    "mul": NUMBER_KINDS,
    "div": NUMBER_KINDS,
    "rem": NUMBER_KINDS,
    "max": tuple(KINDS),
    "min": tuple(KINDS),
    "and": BIT_KINDS,
    "or": BIT_KINDS,
    "xor": BIT_KINDS,
    "eq": tuple(KINDS),
    "ne": tuple(KINDS),
    "lt": tuple(KINDS),
    "le": tuple(KINDS),
    "gt": tuple(KINDS),
    "ge": tuple(KINDS),
    "shift_left": WHOLE_KINDS,
    "shift_right_arithmetic": SIGNED_KINDS,
    "shift_right_logical": WHOLE_KINDS,
}
TRUTHS = {"eq", "ne", "lt", "le", "gt", "ge", "is_finite"}


def on_each_kind(table):
    return [(op, kind) for op, kinds in table.items() for kind in kinds]


def folded_and_evaluated(op, arrays, result, params=None):
    """The results of folding and of XLA; None where folding refuses."""
    types = [ArrayType(DType.fixed(str(a.dtype)), a.shape) for a in arrays]
    inputs = tuple(Value(kind) for kind in types)
    output = Value(result)
    equation = Equation(op, inputs, params or {}, (output,))
    folded = exact_results(equation, arrays, Regime.WIDE)
    if folded is None:
        return None
    function = Function("f", inputs, (equation,), (output,))
    (expected,) = evaluate(function, arrays)
    return folded[0], np.asarray(expected)


def assert_bits(pair):
    folded, expected = pair
    assert folded.dtype == expected.dtype
    assert folded.tobytes() == expected.tobytes(), (folded, expected)


@pytest.mark.parametrize(("op", "kind"), on_each_kind(UNARY))
def test_one_operand(op, kind):
    dtype = BOOL if op in TRUTHS else DType.fixed(kind)
    elements = [np.array(element, dtype=kind) for element in KINDS[kind]]
    pairs = [folded_and_evaluated(op, [e], ArrayType(dtype, ())) for e in elements]
    assert any(pair is not None for pair in pairs)
    for pair in pairs:
        if pair is not None:
            assert_bits(pair)


@pytest.mark.parametrize(("op", "kind"), on_each_kind(BINARY))
def test_two_operands(op, kind):
    dtype = BOOL if op in TRUTHS else DType.fixed(kind)
    scalar = ArrayType(DType.fixed(kind), ())
    inputs = (Value(scalar), Value(scalar))
    equation = Equation(op, inputs, {}, (Value(ArrayType(dtype, ())),))
    elements = [np.array(element, dtype=kind) for element in KINDS[kind]]
    # All pairs that are folded one by one are then folded, and evaluated, together.
    folded = [
        pair
        for pair in itertools.product(elements, repeat=2)
        if exact_results(equation, pair, Regime.WIDE) is not None
    ]
    assert folded
    arrays = [np.array(column, dtype=kind) for column in zip(*folded, strict=True)]
    pair = folded_and_evaluated(op, arrays, ArrayType(dtype, (len(folded),)))
    assert pair is not None
    assert_bits(pair)


@pytest.mark.parametrize(
    ("source", "target"), list(itertools.permutations(KINDS, 2)), ids="-".join
)
def test_conversions(source, target):
    params = {"new_dtype": DType.fixed(target)}
    kind = ArrayType(DType.fixed(target), ())
    done = 0
    for element in KINDS[source]:
        array = np.array(element, dtype=source)
        pair = folded_and_evaluated("convert_element_type", [array], kind, params)
        if pair is not None:
            assert_bits(pair)
            done += 1
    assert done


MATRIX = np.arange(6, dtype=np.float32).reshape(2, 3)
WHOLE = MATRIX.astype(np.int32)


@pytest.mark.parametrize(
    ("op", "arrays", "params", "shape"),
    [
        ("transpose", [MATRIX], {"permutation": (1, 0)}, (3, 2)),
        ("reshape", [MATRIX], {"new_sizes": (3, 2), "dimensions": None}, (3, 2)),
        ("rev", [MATRIX], {"dimensions": (1,)}, (2, 3)),
        ("squeeze", [MATRIX[:1]], {"dimensions": (0,)}, (3,)),
        ("concatenate", [MATRIX, MATRIX[:1]], {"dimension": 0}, (3, 3)),
        ("stack", [MATRIX, MATRIX], {"axis": 1}, (2, 2, 3)),
        (
            "broadcast_in_dim",
            [MATRIX],
            {"shape": (2, 4, 3), "broadcast_dimensions": (0, 2)},
            (2, 4, 3),
        ),
        (
            "slice",
            [MATRIX],
            {"start_indices": (0, 0), "limit_indices": (2, 3), "strides": (1, 2)},
            (2, 2),
        ),
        (
            "pad",
            [MATRIX, np.float32(9)],
            {"padding_config": ((1, 0, 1), (0, 2, 0))},
            (4, 5),
        ),
        ("integer_pow", [WHOLE - 3], {"y": 5}, (2, 3)),
        ("integer_pow", [MATRIX], {"y": 2}, (2, 3)),
        ("round", [MATRIX / 2], {"rounding_method": "TO_NEAREST_EVEN"}, (2, 3)),
        ("clamp", [np.int32(1), WHOLE, np.int32(4)], {}, (2, 3)),
        ("select_n", [MATRIX > 2, MATRIX, -MATRIX], {}, (2, 3)),
        ("select_n", [np.array(True), MATRIX, -MATRIX], {}, (2, 3)),
        ("reduce_sum", [WHOLE], {"axes": (1,)}, (2,)),
        ("reduce_sum", [MATRIX], {"axes": (0, 1)}, ()),
        ("reduce_prod", [WHOLE + 99999], {"axes": (0, 1)}, ()),
        ("reduce_max", [WHOLE], {"axes": (0,)}, (3,)),
        ("reduce_min", [WHOLE], {"axes": (0,)}, (3,)),
        ("reduce_or", [MATRIX > 2], {"axes": (1,)}, (2,)),
        ("reduce_and", [MATRIX > 2], {"axes": (1,)}, (2,)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_indexing_and_whole_numbers(op, arrays, params, shape):
    arrays = [np.asarray(array) for array in arrays]
    dtype = arrays[-1].dtype if op == "select_n" else arrays[0].dtype
    kind = ArrayType(DType.fixed(str(dtype)), shape)
    pair = folded_and_evaluated(op, arrays, kind, params)
    assert pair is not None
    assert_bits(pair)


@pytest.mark.parametrize("dtype", ["int32", "float32", "float64", "uint32"])
def test_iota(dtype):
    params = {"dtype": DType.fixed(dtype), "dimension": 1, "shape": (2, 5)}
    kind = ArrayType(DType.fixed(dtype), (2, 5))
    pair = folded_and_evaluated("iota", [], kind, params)
    assert pair is not None
    assert_bits(pair)


@pytest.mark.parametrize(
    ("op", "arrays", "params"),
    [
        ("reduce_sum", [MATRIX + np.float32(0.1)], {"axes": (0, 1)}),
        ("reduce_sum", [np.zeros((0, 3), np.int32)], {"axes": (0, 1)}),
        ("round", [np.float32(0.5)], {"rounding_method": "AWAY_FROM_ZERO"}),
        ("integer_pow", [np.float32(1.5)], {"y": 3}),
        ("integer_pow", [np.int32(2)], {"y": -1}),
        ("exp", [np.float32(0.0)], {}),
        ("select_n", [np.int32(5), np.float32(0), np.float32(1)], {}),
        ("add", [np.float16(1), np.float16(1)], {}),
        ("mul", [np.complex64(1), np.complex64(1)], {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_could_differ_between_machines_is_refused(op, arrays, params):
    arrays = [np.asarray(array) for array in arrays]
    kind = ArrayType(DType.fixed(str(arrays[-1].dtype)), ())
    assert folded_and_evaluated(op, arrays, kind, params) is None


def test_a_split_gives_its_parts():
    params = {"axis": 1, "sizes": (1, 2)}
    inputs = (Value(ArrayType(DType.fixed("float32"), (2, 3))),)
    shapes = ((2, 1), (2, 2))
    outputs = tuple(Value(ArrayType(DType.fixed("float32"), s)) for s in shapes)
    equation = Equation("split", inputs, params, outputs)
    folded = exact_results(equation, [MATRIX], Regime.WIDE)
    expected = evaluate(Function("f", inputs, (equation,), outputs), [MATRIX])
    for first, second in zip(folded, expected, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("places", [[2, 0], [0, 2]])
def test_whole_numbers_that_indices_move(places):
    """`x.at[i].set(v)` finds out what it keeps by numbers that it scatters."""
    traced = trace_one(
        lambda: [jnp.zeros(4, jnp.uint32).at[np.array(places)].set(np.uint32([7, 9]))],
        [],
        Regime.WIDE,
        name="f",
        input_names=[],
    )
    simplified = run(traced, FINAL)
    (moved,) = simplified.outputs
    facts = find_facts(simplified, computed)
    expected = np.zeros(4, np.uint32)
    expected[places] = [7, 9]
    np.testing.assert_array_equal(facts.elements(moved), expected)


def test_positions_that_are_computed_in_floats():
    """As `jnp.arange(n, dtype=x.dtype) * 7 % n` in problems that were Fortran once."""
    traced = trace_one(
        lambda: [(jnp.arange(9, dtype=jnp.float32) * 7 % 9).astype(jnp.int32)],
        [],
        Regime.WIDE,
        name="f",
        input_names=[],
    )
    simplified = run(traced, FINAL)
    (found,) = simplified.outputs
    facts = find_facts(simplified, computed)
    np.testing.assert_array_equal(facts.elements(found), np.arange(9) * 7 % 9)


def test_where_numbers_are_zero_in_every_width():
    """`k * k / n - c` rounds in each width otherwise, and is zero in all at once."""
    kind = ArrayType(FLOAT, (10,))
    shift = ArrayType(FLOAT, ())
    inputs = (Value(kind), Value(shift))
    equation = Equation("sub", inputs, {}, (Value(kind),))
    given = [np.arange(1.0, 11.0) ** 2 / 10.0, np.array(4.9)]
    assert computed(equation, given) is None
    (found,) = nonzero_results(equation, given)
    assert np.flatnonzero(~found).tolist() == [6]
    thirds = [np.full(10, 1.0), np.array(1.0 + 2.0**-40)]
    (found,) = nonzero_results(equation, thirds)  # Zero in float32 alone.
    assert found.all()


def dot(contracted, batch=((), ())):
    """The parameters of a contraction: axes of either operand."""
    numbers = (
        ("lhs_contracting", contracted[0]),
        ("rhs_contracting", contracted[1]),
        ("lhs_batch", batch[0]),
        ("rhs_batch", batch[1]),
    )
    return {
        "dimension_numbers": Dimensions("dot", numbers),
        "precision": None,
        "preferred_element_type": None,
    }


VECTORS = dot(((0,), (0,)))


@pytest.mark.parametrize("kind", FLOAT_KINDS)
@pytest.mark.parametrize(
    "addends",
    [
        [3.0, -1, 0, 7],
        [1.0, -1, 0, 0],
        [-0.0, 0, 1, -1],
        [0, 0.1, -0.0, 0],
        [-0.0, -0.0, 0.0, -0.0],
        [0, 0, np.inf, 0],
        [2.0**22, -(2.0**21), 1, 0],
        [0, 0, 0, -1e30],
    ],
)
def test_sums_that_no_order_rounds(kind, addends):
    rows = np.array([addends, addends[::-1]], kind)
    result = ArrayType(DType.fixed(kind), (2,))
    pair = folded_and_evaluated("reduce_sum", [rows], result, {"axes": (1,)})
    assert pair is not None
    assert_bits(pair)
    pair = folded_and_evaluated("reduce_sum", [rows.T], result, {"axes": (0,)})
    assert pair is not None
    assert_bits(pair)
    ones = np.ones(4, kind)
    if np.isfinite(rows).all():
        result = ArrayType(DType.fixed(kind), ())
        pair = folded_and_evaluated("dot_general", [rows[0], ones], result, VECTORS)
        assert pair is not None
        assert_bits(pair)


@pytest.mark.parametrize(
    ("shapes", "params", "shape"),
    [
        (((2, 3), (3, 4)), dot(((1,), (0,))), (2, 4)),
        (((3, 2), (4, 3)), dot(((0,), (1,))), (2, 4)),
        (((2, 3, 4), (4, 5, 2)), dot(((2,), (0,)), ((0,), (2,))), (2, 3, 5)),
        (((2, 3, 4), (3, 2, 4)), dot(((1, 2), (0, 2)), ((0,), (1,))), (2,)),
        (((2, 3), (3, 2)), dot(((), ()), ((1, 0), (0, 1))), (3, 2)),
        (((2, 3), (4,)), dot(((), ())), (2, 3, 4)),
    ],
)
@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1))
def test_contractions_that_no_order_rounds(shapes, params, shape, seed):
    """Whole numbers by whole numbers; and any numbers, one nonzero in each sum."""
    random = np.random.default_rng(seed)
    for kind in FLOAT_KINDS:
        result = ArrayType(DType.fixed(kind), shape)
        signs = [random.choice([-1, 1], each) for each in shapes]
        whole = [(n * random.integers(1, 10, n.shape)).astype(kind) for n in signs]
        pair = folded_and_evaluated("dot_general", whole, result, params)
        assert pair is not None
        assert_bits(pair)
    any_numbers = random.normal(size=(3, 4)).astype(kind)
    chosen = np.eye(4, dtype=kind)[random.integers(0, 4, 5)]
    result = ArrayType(DType.fixed(kind), (3, 5))
    pair = folded_and_evaluated(
        "dot_general", [any_numbers, chosen], result, dot(((1,), (1,)))
    )
    assert pair is not None
    assert_bits(pair)


@pytest.mark.parametrize("kind", FLOAT_KINDS)
@pytest.mark.parametrize(
    ("ones", "others"),
    [
        ([0.5, 0.25], [1, 1]),  # not whole
        ([1, 3], [-1, 1 / 3]),  # the product is whole when it is rounded
        ([-0.0, 0], [1, -1]),  # nothing but negative zeros
        ([2.0**52, 2.0**52], [1, 1]),
        ([np.nan, 0], [1, 1]),
        ([np.inf, 1], [0, 1]),
        ([1e-310, 0], [1e20, 0]),  # too small: flushed to zero on some machines
        ([1e-200, 0], [1e-115, 0]),
    ],
)
def test_contractions_that_may_round_are_refused(kind, ones, others):
    small = {1e-310: 1e-40, 1e-200: 1e-20, 1e-115: 1e-20}
    is_narrow = kind == "float32"
    pair = [
        np.array([small.get(x, x) if is_narrow else x for x in each], kind)
        for each in (ones, others)
    ]
    result = ArrayType(DType.fixed(kind), ())
    assert folded_and_evaluated("dot_general", pair, result, VECTORS) is None
    assert folded_and_evaluated("dot_general", pair[::-1], result, VECTORS) is None


@pytest.mark.parametrize("kind", FLOAT_KINDS)
@pytest.mark.parametrize(
    "addends",
    [
        [0.5, 0.25],
        [-0.0, -0.0],
        [-0.0],
        [2.0**52, 2.0**52],
        [1, np.nan],
        [1e-310, 0],
        [],
    ],
)
def test_sums_that_may_round_are_refused(kind, addends):
    if kind == "float32":
        addends = [1e-40 if x == 1e-310 else x for x in addends]
    result = ArrayType(DType.fixed(kind), ())
    array = np.array(addends, kind)
    assert folded_and_evaluated("reduce_sum", [array], result, {"axes": (0,)}) is None


def test_large_contractions_stay(monkeypatch):
    arrays = [np.ones((4, 5)), np.ones((5, 3))]
    result = ArrayType(DType.fixed("float64"), (4, 3))
    params = dot(((1,), (0,)))
    monkeypatch.setattr(exact_sums, "LARGEST_PRODUCT", 60)
    assert folded_and_evaluated("dot_general", arrays, result, params) is not None
    monkeypatch.setattr(exact_sums, "LARGEST_PRODUCT", 59)
    assert folded_and_evaluated("dot_general", arrays, result, params) is None
