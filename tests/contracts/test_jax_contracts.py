"""What `partialc.ir.jaxprs` relies on although JAX does not promise it.

When one of these fails after an upgrade of JAX, the message says which assumption broke
and the file that holds it. Mend that file, then this test.
"""

import enum
import re

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend import source_info_util

X = jax.ShapeDtypeStruct((3,), np.float32)
SCALAR = jax.ShapeDtypeStruct((), np.float32)


def body_of(call, *types):
    closed = jax.make_jaxpr(call)(*(types or (X,)))
    return getattr(closed, "jaxpr", closed)


def only(call, primitive, *types):
    found = [e for e in body_of(call, *types).eqns if e.primitive.name == primitive]
    assert len(found) == 1, (
        f"JAX no longer traces this to one {primitive!r} equation: see the names that "
        f"ir/jaxprs/importer.py gives special treatment.\n{jax.make_jaxpr(call)(X)}"
    )
    return found[0]


def test_a_closed_jaxpr_shows_its_parts():
    table = np.arange(3, dtype=np.float32)
    closed = jax.make_jaxpr(lambda x: (x + table, 2.0))(X)
    body = getattr(closed, "jaxpr", closed)
    assert len(closed.consts) == len(body.constvars) == 1
    np.testing.assert_array_equal(closed.consts[0], table)
    assert len(body.invars) == 1
    assert body.invars[0].aval.shape == (3,)
    (equation,) = body.eqns
    assert equation.primitive.name == "add"
    assert set(equation.invars) == {body.invars[0], body.constvars[0]}
    assert not equation.effects
    literal = body.outvars[1]
    assert isinstance(literal, jex.Literal)
    assert literal.val == 2.0
    assert literal.aval.dtype == np.float32


def test_sub_jaxprs_are_closed_or_open_jaxprs():
    held = [
        only(jax.jit(jnp.sin), "jit").params["jaxpr"],
        only(jax.checkpoint(jnp.sin), "remat2").params["jaxpr"],
        only(jax.nn.relu, "custom_jvp_call").params["call_jaxpr"],
    ]
    assert all(isinstance(jaxpr, (jex.Jaxpr, jex.ClosedJaxpr)) for jaxpr in held)


def test_jit_is_one_call_with_a_name():
    @jax.jit
    def helper(x):
        return jnp.sin(x)

    params = only(helper, "jit").params
    assert params["name"] == "helper"
    assert "jaxpr" in params


def test_a_jaxpr_remembers_the_name_of_its_function():
    def step(carry, x):
        return carry + x, carry

    equation = only(lambda x: lax.scan(step, 0.0, x), "scan")
    held = equation.params["jaxpr"]
    debug_info = getattr(held, "jaxpr", held).debug_info
    assert debug_info.func_src_info.split(" at ")[0] == "step", (
        "see avals.function_name"
    )


def test_scan_tells_constants_from_carries():
    def call(x):
        return lax.scan(lambda c, t: ((c[0] + t, c[1] * x[0]), t * x), (0.0, 1.0), x)

    params = only(call, "scan").params
    if "num_consts" in params:
        counts = params["num_consts"], params["num_carry"]
    else:
        constants, carried, scanned = params["ft_in"].unpack()
        counts = len(list(constants.vals)), len(list(carried.vals))
        assert len(list(scanned.vals)) == 1
    assert counts == (1, 2), "see params.scan_counts"
    assert params["length"] == 3
    assert params["reverse"] is False
    assert params["unroll"] == 1


def test_while_puts_the_constants_of_the_condition_first():
    limits = jax.ShapeDtypeStruct((2,), np.float32)

    def call(x, limits):
        return lax.while_loop(lambda c: c < limits[0], lambda c: c + x[0], 0.0)

    equation = only(call, "while", X, limits)
    assert equation.params["cond_nconsts"] == equation.params["body_nconsts"] == 1
    assert [atom.aval.shape for atom in equation.invars] == [(2,), (3,), ()]
    assert {"cond_jaxpr", "body_jaxpr"} <= equation.params.keys()


def test_cond_takes_an_index_and_lists_the_false_branch_first():
    equation = only(lambda x: lax.cond(x[0] > 0, jnp.sin, jnp.cos, x), "cond")
    index, operand = equation.invars
    assert index.aval.dtype == np.int32
    assert operand.aval.shape == (3,)
    bodies = [getattr(b, "jaxpr", b) for b in equation.params["branches"]]
    assert [b.eqns[0].primitive.name for b in bodies] == ["cos", "sin"]


def test_the_rule_of_a_custom_jvp_runs_when_its_equation_is_differentiated():
    @jax.custom_jvp
    def tripled(x):
        return x

    tripled.defjvp(lambda primals, tangents: (primals[0], 3.0 * tangents[0]))
    tangent = jax.jvp(
        _single(only(tripled, "custom_jvp_call", SCALAR)), (1.0,), (1.0,)
    )[1]
    assert float(tangent[0]) == 3.0, "see rules._single_equation"


def test_the_rule_of_a_custom_vjp_runs_when_its_equation_is_differentiated():
    @jax.custom_vjp
    def tripled(x):
        return x

    tripled.defvjp(lambda x: (x, None), lambda _, seed: (3.0 * seed,))
    pullback = jax.vjp(_single(only(tripled, "custom_vjp_call", SCALAR)), 1.0)[1]
    assert float(pullback([jnp.float32(1.0)])[0]) == 3.0, "see rules._single_equation"


def _single(equation):
    """The function of one scalar equation, rebuilt as `rules._single_equation` does."""
    named = body_of(lambda a, b: [a, b], SCALAR, SCALAR).invars
    replaced = equation.replace(invars=named[:1], outvars=named[1:])
    single = body_of(lambda a: [0], SCALAR).replace(
        invars=named[:1], outvars=named[1:], eqns=[replaced]
    )
    return jex.jaxpr_as_fun(jex.ClosedJaxpr(single, []))


def test_dot_general_orders_its_dimension_numbers():
    a = jax.ShapeDtypeStruct((2, 3, 4), np.float32)
    b = jax.ShapeDtypeStruct((2, 4, 5), np.float32)
    params = only(lambda a, b: jnp.einsum("bij,bjk->bik", a, b), "dot_general", a, b)
    (left, right), (left_batch, right_batch) = params.params["dimension_numbers"]
    assert (list(left), list(right)) == ([2], [1])
    assert (list(left_batch), list(right_batch)) == ([0], [0])


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (
            lax.GatherDimensionNumbers((0,), (), (0,)),
            [
                "offset_dims",
                "collapsed_slice_dims",
                "start_index_map",
                "operand_batching_dims",
                "start_indices_batching_dims",
            ],
        ),
        (
            lax.ScatterDimensionNumbers((0,), (), (0,)),
            [
                "update_window_dims",
                "inserted_window_dims",
                "scatter_dims_to_operand_dims",
                "operand_batching_dims",
                "scatter_indices_batching_dims",
            ],
        ),
        (
            lax.ConvDimensionNumbers((0, 1), (0, 1), (0, 1)),
            ["lhs_spec", "rhs_spec", "out_spec"],
        ),
    ],
    ids=["gather", "scatter", "conv"],
)
def test_dimension_numbers_are_named_tuples(kind, fields):
    assert list(kind._asdict()) == fields


def test_modes_and_precisions_are_enums():
    gather = only(lambda x: x.at[jnp.array([0])].get(mode="clip"), "gather").params
    assert isinstance(gather["mode"], enum.Enum)
    assert gather["mode"].name == "CLIP"
    dot = only(lambda x: lax.dot(x, x, precision="highest"), "dot_general").params
    assert [entry.name for entry in dot["precision"]] == ["HIGHEST", "HIGHEST"]


def test_a_plain_scatter_holds_no_function():
    assert only(lambda x: x.at[0].set(1.0), "scatter").params["update_jaxpr"] is None
    applied = only(lambda x: x.at[0].apply(jnp.sin), "scatter")
    assert applied.params["update_jaxpr"] is not None, "see params.normalised"


def test_keys_have_a_dtype_and_an_implementation_with_a_name():
    key = jax.random.key(0)
    assert str(key.dtype) == "key<fry>"
    assert str(jax.random.key_impl(key)) == "threefry2x32"
    assert jax.random.key_data(key).dtype == np.uint32
    seed = only(lambda x: jax.random.key(0), "random_seed")
    assert seed.params["impl"].name == "threefry2x32"


def test_the_linear_solve_names_its_functions():
    def call(x):
        return lax.custom_linear_solve(
            lambda v: 2 * v, x, lambda _, b: b / 2, symmetric=True
        )

    params = only(call, "custom_linear_solve").params
    fields = ("matvec", "vecmat", "solve", "transpose_solve")
    assert params["jaxprs"]._fields == params["const_lengths"]._fields == fields


@pytest.mark.parametrize(
    ("call", "primitive"),
    [
        (lambda x: (jax.debug.print("{}", x), x)[1], "debug_print"),
        (lambda x: (jax.debug.callback(print, x), x)[1], "debug_callback"),
        (lambda x: jax.pure_callback(np.sin, X, x), "pure_callback"),
        (lambda x: jax.experimental.io_callback(np.sin, X, x), "io_callback"),
    ],
    ids=["print", "callback", "pure", "io"],
)
def test_side_effects_are_known_by_name(call, primitive):
    only(call, primitive)


def test_a_source_line_is_summarised_as_file_line_column_function():
    equation = only(lambda x: jnp.sin(x), "sin")
    summary = source_info_util.summarize(equation.source_info)
    pattern = r"(?P<file>.+?):(?P<line>\d+)(?::(?P<column>\d+))? \(.*\)"
    match = re.fullmatch(pattern, summary)
    assert match is not None, f"see avals.location: {summary!r}"
    assert match["file"] == __file__


def test_x64_is_a_context():
    with jax.enable_x64(True):
        assert jnp.arange(2.0).dtype == np.float64
        with jax.enable_x64(False):
            assert jnp.arange(2.0).dtype == np.float32


def test_primitives_of_the_newer_kind_expand_into_others():
    def call(x):
        return jnp.searchsorted(jnp.arange(3.0), x)

    found = []
    pending = [body_of(call)]
    while pending:
        for equation in pending.pop().eqns:
            if equation.primitive.name == "call_hi_primitive":
                found.append(equation)
            held = equation.params.get("jaxpr")
            pending.extend([] if held is None else [getattr(held, "jaxpr", held)])
    if not found:
        pytest.skip("this version of JAX has none in searchsorted")
    (equation,) = found
    types = [jax.ShapeDtypeStruct(a.aval.shape, a.aval.dtype) for a in equation.invars]
    expanded = jax.make_jaxpr(
        lambda *leaves: equation.primitive.to_lojax(*leaves, **equation.params)
    )(*types)
    assert "call_hi_primitive" not in str(expanded), "see Importer._high_level_call"
