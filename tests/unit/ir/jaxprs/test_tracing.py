import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from partialc.errors import UnsupportedError
from partialc.ir.check import check
from partialc.ir.dtypes import DType, Regime
from partialc.ir.jaxprs import regimes_of, trace, trace_one
from partialc.ir.program import ArrayType, Constant


def array(dtype, *shape):
    return ArrayType(DType.parse(dtype), shape)


def traced(call, *types):
    names = [f"x{number}" for number in range(len(types))]
    program = trace(call, types, name="f", input_names=names)
    for function in program.variants.values():
        check(function)
    return program


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([array("float", 3)], "narrow mixed wide"),
        ([array("f32", 3)], "narrow wide"),
        ([array("int32"), array("key<fry>")], "narrow wide"),
        ([array("f64", 3)], "wide"),
        ([array("uint64", 3)], "wide"),
        ([array("float", 3), array("int64")], "mixed wide"),
        ([array("complex", 3)], "narrow mixed wide"),
        ([], "narrow wide"),
    ],
)
def test_regimes_follow_from_the_types(types, expected):
    assert [regime.value for regime in regimes_of(types)] == expected.split()


def test_one_generic_function_serves_all_widths():
    program = traced(lambda x: [jnp.sin(x) * 0.1, jnp.arange(3) + 1], array("float", 3))
    function = program.generic
    assert function is not None
    assert [str(atom.type) for atom in function.outputs] == [
        "float[3]",
        "default_int[3]",
    ]
    (factor,) = [
        atom
        for equation in function.equations
        for atom in equation.inputs
        if isinstance(atom, Constant) and equation.op == "mul"
    ]
    assert str(factor.type) == "float[]"
    assert factor.data == np.float64(0.1)


def test_a_conversion_that_only_mixed_needs_is_inserted_in_the_others():
    program = traced(lambda x: [x + jnp.zeros(())], array("float", 3))
    assert program.generic is not None
    assert [equation.op for equation in program.generic.equations][-2:] == [
        "convert_element_type",
        "add",
    ]
    assert str(program.generic.outputs[0].type) == "default_float[3]"


def test_constants_that_are_no_roundings_keep_the_widths_apart():
    def call(x):
        return [x + jnp.finfo(x.dtype).eps]

    program = traced(call, array("float", 3))
    assert program.generic is None
    narrow, mixed, wide = program.variants.values()
    assert narrow is mixed
    assert wide is not mixed
    assert program.widest is wide
    assert str(narrow.inputs[0].type) == "float32[3]"
    assert str(wide.inputs[0].type) == "float64[3]"


def test_structures_that_differ_keep_the_widths_apart():
    def call(x):
        return [jnp.sin(x) if x.dtype == np.float64 else jnp.cos(x)]

    program = traced(call, array("float", 3))
    ops = [function.equations[0].op for function in program.variants.values()]
    assert ops == ["cos", "cos", "sin"]


def test_a_function_held_twice_stays_one_object():
    @jax.jit
    def helper(x):
        return jnp.sin(x)

    program = traced(lambda x: [helper(x), helper(x + 1)], array("float", 3))
    callees = [
        equation.params["function"]
        for equation in program.generic.equations
        if equation.op == "call"
    ]
    assert len(callees) == 2
    assert callees[0] is callees[1]
    assert callees[0].name == "helper"


def test_inputs_are_hinted_by_name_and_the_function_named():
    program = trace(
        lambda x: [x], [array("float")], name="energy", input_names=["position"]
    )
    assert program.generic.name == "energy"
    assert program.generic.inputs[0].hint == "position"


def test_typed_keys_are_inputs():
    def call(key):
        return [jax.random.bits(key, (3,))]

    program = traced(call, array("key<fry>"))
    assert str(program.widest.inputs[0].type) == "key<fry>[]"
    with pytest.raises(UnsupportedError, match="keys of type key<odd>"):
        traced(call, array("key<odd>"))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: [(jax.debug.print("{}", x), x)[1]],
        lambda x: [lax.map(lambda t: (jax.debug.print("{}", t), t)[1], x)],
        lambda x: [jax.pure_callback(np.sin, x, x)],
    ],
    ids=["print", "print in a loop", "callback"],
)
def test_side_effects_are_refused_with_their_line(call):
    with pytest.raises(UnsupportedError, match="prints or has side effects") as caught:
        traced(call, array("float", 3))
    assert str(caught.value.where).startswith(__file__)


def test_equations_know_their_line():
    def call(x):
        return [jnp.sin(x)]

    location = traced(call, array("float")).generic.equations[0].location
    assert location.file == __file__
    assert location.line == call.__code__.co_firstlineno + 1


def test_asking_for_float64_by_name_is_silent_where_x64_is_off():
    function = trace_one(
        lambda x: [x.astype("float64")],
        [array("float", 3)],
        Regime.NARROW,
        name="f",
        input_names=["x"],
    )
    assert str(function.outputs[0].type) == "float32[3]"


def test_what_the_function_raises_comes_through():
    def call(x):
        return [x if x > 0 else -x]

    with pytest.raises(jax.errors.TracerBoolConversionError):
        traced(call, array("float"))
