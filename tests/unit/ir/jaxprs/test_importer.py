import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from partialc.errors import UnsupportedError
from partialc.ir.check import check
from partialc.ir.dtypes import DType
from partialc.ir.jaxprs import RECURSIVE, import_jaxpr, trace
from partialc.ir.program import ArrayType, Constant, Dimensions, Function
from partialc.ir.structure import has_custom_rules, has_unprintable_rules

VECTOR = ArrayType(DType.parse("float"), (3,))


def imported(call, *types, rules=True):
    program = trace(
        call,
        types or (VECTOR,),
        name="f",
        input_names=[f"x{number}" for number in range(len(types) or 1)],
        rules=rules,
    )
    for function in program.variants.values():
        check(function)
    return program.widest


def only(function, op):
    (found,) = [equation for equation in function.equations if equation.op == op]
    return found


def ops(function):
    return [equation.op for equation in function.equations]


def test_a_rule_that_calls_its_own_function_refers_to_it():
    call = only(imported(lambda x: [jax.nn.relu(x)]), "custom_jvp_call")
    rule = call.params["jvp"]
    assert isinstance(rule, Function)
    assert [str(value.type) for value in rule.inputs] == ["float[3]", "float[3]"]
    inner = only(rule, "custom_jvp_call")
    assert inner.params["jvp"] == RECURSIVE
    assert inner.params["function"] is call.params["function"]
    assert ops(rule)[-1] == "select_n"


def test_equal_custom_calls_share_function_and_rule():
    function = imported(lambda x: [jax.nn.relu(x), jax.nn.relu(2 * x)])
    first, second = [e for e in function.equations if e.op == "custom_jvp_call"]
    assert first.params["jvp"] is second.params["jvp"]
    assert first.params["function"] is second.params["function"]


def test_a_tower_of_rules_without_end_is_none():
    @jax.custom_jvp
    def tower(x, level):
        return jnp.sin(x) + level

    @tower.defjvp
    def _(primals, tangents):
        x, level = primals
        return tower(x, level), tower(x, level + 1) * tangents[0]

    def built(level):
        @jax.custom_jvp
        def stage(x):
            return jnp.sin(x) + level

        stage.defjvp(lambda p, t: (jnp.sin(p[0]) + level, built(level + 1)(*p) * t[0]))
        return stage

    function = imported(lambda x: [built(0)(x)])
    assert only(function, "custom_jvp_call").params["jvp"] is None
    assert has_unprintable_rules(function)

    repeated = imported(lambda x: [tower(x, 0.0)])
    assert only(repeated, "custom_jvp_call").params["jvp"] is not None
    assert not has_unprintable_rules(repeated)


def test_a_rule_that_holds_an_endless_rule_cannot_be_printed_either():
    def built(level):
        @jax.custom_jvp
        def stage(x):
            return jnp.sin(x) + level

        stage.defjvp(lambda p, t: (p[0], built(level + 1)(*p) * t[0]))
        return stage

    @jax.custom_jvp
    def outer(x):
        return x

    outer.defjvp(lambda p, t: (p[0], built(0)(p[0]) * t[0]))
    function = imported(lambda x: [outer(x), jax.nn.relu(x)])
    rules = [e.params["jvp"] for e in function.equations if e.op == "custom_jvp_call"]
    assert rules[0] is None
    assert isinstance(rules[1], Function)


def test_rules_are_left_out_on_demand():
    function = imported(lambda x: [jax.nn.relu(x)], rules=False)
    assert only(function, "custom_jvp_call").params["jvp"] is None
    assert has_custom_rules(function)


def test_rules_take_tangents_of_inexact_values_only():
    @jax.custom_jvp
    def scaled(x, n):
        return x * n, n + 1

    @scaled.defjvp
    def _(primals, tangents):
        x, n = primals
        moved = np.zeros(np.shape(n), jax.dtypes.float0)
        return scaled(x, n), (tangents[0] * n, moved)

    count = ArrayType(DType.fixed("int32"), ())
    function = imported(lambda x, n: list(scaled(x, n)), VECTOR, count)
    rule = only(function, "custom_jvp_call").params["jvp"]
    assert [str(value.type) for value in rule.inputs] == [
        "float[3]",
        "int32[]",
        "float[3]",
    ]
    assert [str(atom.type) for atom in rule.outputs] == [
        "float[3]",
        "int32[]",
        "float[3]",
    ]


def test_a_custom_vjp_has_its_forward_part_and_its_pullback():
    @jax.custom_vjp
    def scaled(x, n):
        return x * n, n

    scaled.defvjp(
        lambda x, n: (scaled(x, n), n), lambda n, seeds: (7.0 * seeds[0], None)
    )
    count = ArrayType(DType.fixed("int32"), ())
    function = imported(lambda x, n: list(scaled(x, n)), VECTOR, count)
    call = only(function, "custom_vjp_call")
    rule = call.params["vjp"]
    assert [str(value.type) for value in rule.inputs] == [
        "float[3]",
        "int32[]",
        "float[3]",
    ]
    assert [str(atom.type) for atom in rule.outputs] == [
        "float[3]",
        "int32[]",
        "float[3]",
    ]
    forward, product = rule.equations
    assert forward.op == "custom_vjp_call"
    assert forward.params["vjp"] == RECURSIVE
    assert product.op == "mul"
    (factor,) = [atom for atom in product.inputs if isinstance(atom, Constant)]
    assert factor.data == 7.0


def test_a_rule_that_raises_is_none():
    @jax.custom_jvp
    def stubborn(x):
        return x

    @stubborn.defjvp
    def _(primals, tangents):
        raise ValueError("no derivative")

    function = imported(lambda x: [stubborn(x)])
    assert only(function, "custom_jvp_call").params["jvp"] is None


def test_loops_have_their_counts():
    def call(x):
        return list(lax.scan(lambda c, t: (c * t, c + x[0]), x[0], x, reverse=True))

    params = only(imported(call), "scan").params
    assert {k: v for k, v in params.items() if k != "function"} == {
        "length": 3,
        "num_carry": 1,
        "num_consts": 1,
        "reverse": True,
        "unroll": 1,
    }
    loop = only(
        imported(lambda x: [lax.while_loop(lambda c: c[0] < 3, lambda c: c + 1, x)]),
        "while",
    )
    assert (loop.params["cond_nconsts"], loop.params["body_nconsts"]) == (0, 0)
    branches = only(
        imported(lambda x: [lax.cond(x[0] > 0, jnp.sin, jnp.cos, x)]), "cond"
    ).params["branches"]
    assert [ops(branch) for branch in branches] == [["cos"], ["sin"]]


def test_dimension_numbers_are_bundles():
    def call(x):
        return [x[jnp.array([2, 0])], lax.dot(x, x, precision="highest")]

    function = imported(call)
    gather = only(function, "gather").params
    assert gather["dimension_numbers"].kind == "gather"
    assert gather["dimension_numbers"]["collapsed_slice_dims"] == (0,)
    assert gather["mode"] == "PROMISE_IN_BOUNDS"
    dot = only(function, "dot_general").params
    assert dot["precision"] == ("HIGHEST", "HIGHEST")
    assert dot["dimension_numbers"] == Dimensions(
        "dot",
        (
            ("lhs_contracting", (0,)),
            ("rhs_contracting", (0,)),
            ("lhs_batch", ()),
            ("rhs_batch", ()),
        ),
    )


def test_copies_and_conversions_to_the_same_type_vanish():
    def call(x):
        return [jnp.array(x) + jax.device_put(lax.convert_element_type(x, x.dtype))]

    assert ops(imported(call)) == ["add"]


def test_a_scatter_with_a_function_is_an_operation_of_its_own():
    function = imported(lambda x: [x.at[0].apply(jnp.sin), x.at[1].add(1.0)])
    assert "scatter_apply" in ops(function)
    assert "function" not in only(function, "scatter-add").params


def test_a_known_key_is_wrapped():
    key = jax.random.key(7)
    function = imported(lambda x: [jax.random.bits(key, (2,), "uint32"), x])
    wrapped = only(function, "random_wrap")
    assert wrapped.params["impl"] == "threefry2x32"
    np.testing.assert_array_equal(wrapped.inputs[0].data, [0, 7])
    assert str(wrapped.outputs[0].type) == "key<fry>[]"


def test_captured_arrays_are_constants_that_nobody_can_write_to():
    table = np.arange(3.0)
    function = imported(lambda x: [x * table])
    (constant,) = [a for a in only(function, "mul").inputs if isinstance(a, Constant)]
    table[0] = 5.0
    assert constant.data[0] == 0.0
    assert not constant.data.flags.writeable


def test_rematerialisation_keeps_the_name_of_its_policy():
    policy = jax.checkpoint_policies.everything_saveable
    params = only(
        imported(lambda x: [jax.checkpoint(jnp.sin, policy=policy)(x)]), "remat"
    )
    assert params.params["policy"] == "everything_saveable"
    assert params.params["prevent_cse"] is True
    assert ops(params.params["function"]) == ["sin"]


def test_an_unknown_parameter_is_refused_by_name():
    left = ArrayType(DType.parse("float"), (3, 2))
    right = ArrayType(DType.parse("float"), (2, 2, 4))

    def call(a, b):
        return [lax.ragged_dot(a, b, jnp.array([1, 2], dtype="int32"))]

    with pytest.raises(UnsupportedError) as caught:
        imported(call, left, right)
    assert "ragged_dot" in caught.value.what
    assert "ragged_dot_dimension_numbers" in caught.value.why
    assert str(caught.value.where).startswith(__file__)


def test_names_become_identifiers():
    closed = jax.make_jaxpr(jnp.sin)(1.0)
    assert import_jaxpr(closed, name="<lambda>").name == "function"
    assert import_jaxpr(closed, name="class").name == "_class"
    assert import_jaxpr(closed, name="a-b.c").name == "a_b_c"
    assert import_jaxpr(closed, name="2d").name == "_2d"
