"""Requests against signatures: structure and shape of results, and refusals."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.errors import Location, RequestError
from partialc.request import constructors as c
from partialc.request.parse import parse
from partialc.request.resolved import Block, Coordinates, Dense, Field, Kernel
from partialc.request.shapes import part_shape
from partialc.request.signature import Signature

Resolve = Callable[..., Kernel]
x = c.arg("x")


def shapes(field: Field, signature: Signature) -> Any:
    return jax.tree.map(lambda part: part_shape(part, signature), field.parts)


SCALAR_FUNCTION = [
    ("value", ()),
    ("partial(x[0], x[2], x[4])", ()),
    ("partial(t, x[-1], t)", ()),
    ('partial(params["w"][1, 2], state.position[0], state[1][2])', ()),
    ("partial(single[0])", ()),
    ("gradient(x)", (5,)),
    ("gradient(x[1:4])", (3,)),
    ("gradient(a[:, 1])", (2,)),
    ("gradient(a[0])", (3,)),
    ("gradient(t)", ()),
    ("gradient(x, t)", ((5,), ())),
    ('gradient(params["w"])', (2, 3)),
    ("gradient(params)", {"w": (2, 3), "b": (3,), "k": None}),
    ("gradient(t, params)", ((), {"w": (2, 3), "b": (3,), "k": None})),
    ("jacobian(x)", (5,)),
    ("hessian(x)", (5, 5)),
    ("hessian(x, x)", (5, 5)),
    ("hessian(x, a)", (5, 2, 3)),
    ("hessian(a[0], x[0:2])", (3, 2)),
    ("hessian(t)", ()),
    (
        "hessian(x, params)",
        {"w": (5, 2, 3), "b": (5, 3), "k": None},
    ),
    (
        "hessian(params)",
        {
            "w": {"w": (2, 3, 2, 3), "b": (2, 3, 3), "k": None},
            "b": {"w": (3, 2, 3), "b": (3, 3), "k": None},
            "k": None,
        },
    ),
    ("derivatives(x, order=1)", (5,)),
    ("derivatives(x, order=3)", (35,)),
    ("derivatives(x, t, order=2)", (21,)),
    ("derivatives(state, t, order=2)", (28,)),
    ("diagonal(hessian(x))", (5,)),
    ("diagonal(hessian(a))", (2, 3)),
    ("diagonal(hessian(x), -2)", (3,)),
    ("diagonal(hessian(params))", {"w": (2, 3), "b": (3,), "k": None}),
    ("diagonal(jacobian(x))", (1,)),
    ("diagonal(jacobian(t))", ()),
    ("lower(hessian(x))", (15,)),
    ("lower(hessian(x, x))", (15,)),
    ("lower(hessian(a))", (21,)),
    ("lower(hessian(state))", (21,)),
    ("entries(hessian(x), [(x[0], x[1]), (x[3], x[3])])", (2,)),
    ("entries(jacobian(x), [(out, x[2])])", (1,)),
    ("jvp(x)", ()),
    ("hvp(x)", (5,)),
    ("hvp(params)", {"w": (2, 3), "b": (3,), "k": None}),
    ("vjp(out, x)", (5,)),
    ("vjp(out, params)", {"w": (2, 3), "b": (3,), "k": None}),
    ("vjp(out, t, x)", ((), (5,))),
    ('vjp(out, params["b"])', (3,)),
]


@pytest.mark.parametrize(("text", "expected"), SCALAR_FUNCTION)
def test_shapes_of_a_scalar_function(
    text: str, expected: Any, rich: Signature, resolve: Resolve
) -> None:
    kernel = resolve(text, rich)
    assert not kernel.bundled
    assert shapes(kernel.fields[0], rich) == expected


TREE_FUNCTION = [
    ("value", {"energy": (), "forces": [(3,), (2, 2)], "steps": ()}),
    ('value(of=out["steps"])', ()),
    ('value(of=out["forces"])', [(3,), (2, 2)]),
    ('gradient(x, of=out["energy"])', (5,)),
    ('gradient(x, of=out["forces"][0][1])', (5,)),
    ('partial(x[0], of=out["forces"])', [(3,), (2, 2)]),
    ('jacobian(x, of=out["forces"])', [(3, 5), (2, 2, 5)]),
    ('jacobian(x, of=out["forces"][-1][:, 0])', (2, 5)),
    (
        'jacobian(x, y, of=out["forces"])',
        [((3, 5), (3, 2, 3)), ((2, 2, 5), (2, 2, 2, 3))],
    ),
    ('hessian(x, y, of=out["forces"][0])', (3, 5, 2, 3)),
    ('derivatives(x, order=2, of=out["forces"][0])', (3, 15)),
    ('diagonal(hessian(y, of=out["forces"][0]))', (3, 2, 3)),
    ('diagonal(jacobian(x, of=out["forces"][1]), 1)', (4,)),
    ('diagonal(jacobian(x, of=out["forces"][1]), -3)', (1,)),
    ('diagonal(jacobian(y[:, 0:2], of=out["forces"][1]))', (2, 2)),
    ('lower(hessian(x, of=out["forces"]))', [(3, 15), (2, 2, 15)]),
    ('entries(hessian(x, of=out["forces"][0]), [(x[0], x[1])])', (3, 1)),
    (
        'entries(jacobian(x, y, of=out["forces"][0]), '
        '[(out["forces"][0][2], y[1, 2])])',
        (1,),
    ),
    ('jvp(x, y, of=out["forces"])', [(3,), (2, 2)]),
    ('hvp(x, of=out["energy"])', (5,)),
    ('hvp(y, of=out["forces"][0][-1])', (2, 3)),
    ('vjp(out["forces"])', ((5,), (2, 3))),
    ('vjp(out["forces"][1], x)', (5,)),
]


@pytest.mark.parametrize(("text", "expected"), TREE_FUNCTION)
def test_shapes_of_a_tree_valued_function(
    text: str, expected: Any, tree_result: Signature, resolve: Resolve
) -> None:
    assert shapes(resolve(text, tree_result).fields[0], tree_result) == expected


Pair = namedtuple("Pair", "first second")


def tree_function(x: jax.Array, p: Any) -> Any:
    total = jnp.sum(x) * jnp.sum(p["w"] ** 2) + jnp.prod(p["b"].second)
    return Pair(total, {"u": x * total})


@pytest.mark.parametrize(
    ("text", "transform"),
    [
        ("jacobian(x)", lambda f: jax.jacobian(f, 0)),
        ("jacobian(p)", lambda f: jax.jacobian(f, 1)),
        ("jacobian(p, x)", lambda f: jax.jacobian(f, (1, 0))),
        ("hessian(x)", lambda f: jax.hessian(f, 0)),
        ("hessian(p)", lambda f: jax.hessian(f, 1)),
        ("hessian(x, p)", lambda f: jax.jacobian(jax.jacobian(f, 0), 1)),
        ("jvp(x)", lambda f: lambda x, p: jax.jvp(lambda x: f(x, p), (x,), (x,))[1]),
        ("vjp(out)", lambda f: lambda x, p: jax.vjp(f, x, p)[1](f(x, p))),
    ],
)
def test_trees_are_those_of_jax(
    text: str,
    transform: Any,
    signature: Callable[..., Signature],
    array: Any,
    resolve: Resolve,
) -> None:
    arguments = {
        "x": jnp.ones(3),
        "p": {"w": jnp.ones((2, 2)), "b": Pair(jnp.ones(()), jnp.ones(2))},
    }

    def describe(tree: Any) -> Any:
        return jax.tree.map(lambda leaf: array("float32", *leaf.shape), tree)

    described = signature(
        describe(tree_function(**arguments)),
        **{k: describe(v) for k, v in arguments.items()},
    )
    expected = transform(tree_function)(arguments["x"], arguments["p"])
    parts = resolve(text, described).fields[0].parts
    assert jax.tree.structure(parts) == jax.tree.structure(expected)
    found = [part_shape(part, described) for part in jax.tree.leaves(parts)]
    assert found == [leaf.shape for leaf in jax.tree.leaves(expected)]


def test_the_founding_request(rich: Signature, resolve: Resolve) -> None:
    kernel = resolve("partial(x[4], x[0], x[2])", rich, "d3")
    axes = tuple((Coordinates(0, (index,)),) for index in (4, 0, 2))
    assert kernel.name == "d3"
    assert kernel.fields[0].name == "d3_x0_x2_x4"
    assert kernel.fields[0].parts == Block(Coordinates(0, ()), axes, Dense())
    assert kernel.fields[0].request == parse("partial(x[4], x[0], x[2])")
    assert kernel.directions == ()


def test_vjp_returns_only_differentiable_arguments(
    signature: Callable[..., Signature], array: Any, resolve: Resolve
) -> None:
    mixed = signature(
        array("float"), n=array("int32", 2), x=array("float", 3), b=array("bool")
    )
    assert shapes(resolve("vjp(out)", mixed).fields[0], mixed) == ((3,),)


def test_products_know_their_leaves(rich: Signature, resolve: Resolve) -> None:
    kernel = resolve("jvp(params, x)", rich)
    product = kernel.fields[0].parts
    names = [rich.leaves[leaf][0] for leaf in product.directions]
    assert names == ["x", "params", "params"]
    assert not any(
        rich.leaves[leaf][1].type.dtype.is_integer for leaf in product.directions
    )
    assert [each.name for each in kernel.directions] == ["x_tangent", "params_tangent"]
    hvp = resolve("hvp(state)", rich).fields[0].parts
    assert type(hvp).__name__ == "State"
    assert {part.directions for part in hvp} == {tuple(rich.leaf_numbers("state"))}
    assert [part.leaf for part in hvp] == list(rich.leaf_numbers("state"))


def test_directions_are_shared(rich: Signature, resolve: Resolve) -> None:
    kernel = resolve(["vjp(out, x)", "hvp(x)", "jvp(t, x)", "vjp(out, t)"], rich)
    names = [each.name for each in kernel.directions]
    assert names == ["x_tangent", "t_tangent", "out_cotangent"]
    assert [each.argument for each in kernel.directions] == ["x", "t", None]


def test_cotangent_mirrors_the_selection(
    tree_result: Signature, resolve: Resolve
) -> None:
    kernel = resolve('vjp(out["forces"], x)', tree_result)
    (direction,) = kernel.directions
    leaves = [each.leaf for each in direction.outputs]
    assert [tree_result.result.leaves[leaf].type.shape for leaf in leaves] == [
        (3,),
        (2, 2),
    ]
    product = kernel.fields[0].parts
    assert product.outputs == tuple(direction.outputs)
    assert product.output == direction.outputs[0]


def test_tables_and_lists_are_bundled(rich: Signature, resolve: Resolve) -> None:
    table = resolve({"u": "value", "u_t": c.partial(c.arg("t"))}, rich)
    assert table.bundled
    assert [field.name for field in table.fields] == ["u", "u_t"]
    assert resolve(["value"], rich).bundled
    assert not resolve(parse("value"), rich).bundled


def test_out_may_be_an_argument_in_a_table(
    signature: Callable[..., Signature], array: Any, resolve: Resolve
) -> None:
    clash = signature(array("float", 2), out=array("float", 3), x=array("float"))
    for requests in ("partial(out[2])", ["partial(out[2])"]):
        with pytest.raises(RequestError, match="also stands for its result"):
            resolve(requests, clash)
    kernel = resolve({"d": "partial(out[2], of=out[1])"}, clash)
    assert kernel.fields[0].parts.axes == ((Coordinates(0, (2,)),),)
    assert kernel.fields[0].parts.output == Coordinates(0, (1,))
    assert resolve(["partial(x)"], clash).fields[0].name == "d1_x"


BAD = [
    ("partial(y)", "y", "no argument 'y'"),
    ("partial(stat.position[0])", "stat", "did you mean state?"),
    ("partial(out)", "out", "of=out"),
    ("partial(x)", "x", "jacobian(x) (or gradient"),
    ("partial(x[0:1])", "x[0:1]", "an array of shape (1,)"),
    ("partial(x[0], x)", "x", "hessian(x[0], x)"),
    ("partial(x[1], t, x)", "x", "derivatives(x, t, order=3)"),
    ("partial(single)", "single", "shape (1,)"),
    ("partial(a[0])", "a[0]", "shape (3,)"),
    ("partial(params)", "params", "a container"),
    ("partial(x[5])", "5", "indices 0 to 4"),
    ("partial(n[0])", "n[0]", "it holds integers"),
    ("partial(z[0])", "z[0]", "complex"),
    ("gradient(key)", "key", "random keys"),
    ("gradient(flag)", "flag", "truth values"),
    ('gradient(params["k"])', 'params["k"]', "it holds integers"),
    ('gradient(params["v"])', '"v"', 'its arrays are in ["b"], ["k"], ["w"]'),
    ('gradient(params["ww"])', '"ww"', 'did you mean params["w"]?'),
    ("gradient(params.w)", "w", 'did you mean params["w"]?'),
    ("gradient(params[0])", "0", "params has no [0]"),
    ('gradient(params["w", 0])', '"w", 0', "a container level takes one key"),
    ("gradient(params[0:1])", "0:1", "is a container"),
    ("gradient(state[2])", "2", ".position, .velocity"),
    ("gradient(state.speed)", "speed", "no attribute 'speed'"),
    ('gradient(state["position"])', '"position"', "did you mean state.position?"),
    ("jacobian(x, of=out[0])", "0", "out is a scalar"),
    ("jacobian(x, n)", "n", "integers"),
    ("derivatives(params, order=2)", "params", 'params["k"] holds int32'),
    ("derivatives(x[0:2], x[1], order=2)", "x[1]", "named twice"),
    ("derivatives(x, order=100)", "derivatives(x, order=100)", "far too many"),
    ("diagonal(hessian(x, t))", "t", "cross block"),
    ("lower(hessian(x, t))", "t", "entries(hessian(x, t), [...])"),
    ("diagonal(hessian(x), 5)", "diagonal(hessian(x), 5)", "-4 to 4"),
    ("diagonal(jacobian(x, t))", "t", "along one argument"),
    ("lower(weighted(hessian(x, t)))", "t", "write lower(weighted(hessian(x)))"),
    ("diagonal(jacobian(params))", "params", "wants one array"),
    ("entries(hessian(x), [(x[0], x)])", "x", "not one element"),
    ("entries(hessian(x), [(x[0], t)])", "t", "not within x"),
    ("entries(hessian(x[0:2]), [(x[0], x[3])])", "x[3]", "not within x[0:2]"),
    ("entries(hessian(x, t), [(t, x[0])])", "t", "not within x"),
    ("entries(jacobian(x), [(t, x[1])])", "t", "no part of the result"),
    ("jvp(x[0])", "x[0]", "whole argument"),
    ("jvp(x, t, x)", "x", "named twice"),
    ("jvp(x, x, order=2)", "x", "named twice"),
    ("jvp(x, order=10000000000)", "jvp(x, order=10000000000)", "of order 1000"),
    ("jvp(n)", "n", "integers"),
    ("hvp(state.position)", "state.position", "whole argument"),
    ("vjp(out, x[0:2])", "x[0:2]", "whole arrays"),
    ("vjp(out)", "vjp(out)", "complex"),
]


def fault_of(error: RequestError) -> str:
    assert error.snippet is not None
    return error.snippet[slice(*error.span)]


@pytest.mark.parametrize(
    ("text", "fault", "message"), BAD, ids=[each[0] for each in BAD]
)
def test_refusals(
    text: str, fault: str, message: str, rich: Signature, resolve: Resolve
) -> None:
    with pytest.raises(RequestError) as caught:
        resolve(text, rich)
    assert fault_of(caught.value) == fault
    # In all of these the fault is the last place its text occurs at.
    assert caught.value.span[0] == text.rindex(fault)
    assert message in str(caught.value)
    assert f"kernel 'k', column {caught.value.span[0] + 1} of" in str(caught.value)


BAD_OUTPUTS = [
    ("gradient(x)", "gradient(x)", "steps"),
    ('gradient(x, of=out["forces"])', 'out["forces"]', "wants a scalar"),
    ('gradient(x, of=out["forces"][0])', 'out["forces"][0]', 'out["forces"][0][0]'),
    ("jacobian(x)", "jacobian(x)", 'leave it out: of=out["energy"]'),
    ('jacobian(x, of=out["steps"])', 'out["steps"]', "it holds integers"),
    ('jacobian(x, of=out["q"])', '"q"', "out has no"),
    ('jacobian(x, of=out["forces"][2])', "2", 'out["forces"] has no [2]'),
    ("jvp(x)", "jvp(x)", "integers"),
    ("vjp(out)", "out", "integers"),
    ('hvp(x, of=out["forces"])', 'out["forces"]', 'out["forces"][0] has shape (3,)'),
    ('hvp(x, of=out["forces"][1])', 'out["forces"][1]', "jvp(x)"),
    ('hvp(y, of=out["forces"][1][0])', 'out["forces"][1][0]', "hvp(y, of=out["),
    ("weighted(hessian(x))", "hessian(x)", 'leave it out: of=out["energy"]'),
    ('weighted(hessian(x, of=out["steps"]))', 'out["steps"]', "it holds integers"),
    ('diagonal(jacobian(x, of=out["forces"]))', 'out["forces"]', "wants one array"),
    (
        'entries(jacobian(x, of=out["forces"][0]), [(out["forces"][1][0, 0], x[0])])',
        'out["forces"][1][0, 0]',
        'not within out["forces"][0]',
    ),
]


@pytest.mark.parametrize(("text", "fault", "message"), BAD_OUTPUTS)
def test_refused_outputs(
    text: str, fault: str, message: str, tree_result: Signature, resolve: Resolve
) -> None:
    with pytest.raises(RequestError) as caught:
        resolve(text, tree_result)
    assert fault_of(caught.value) == fault
    assert caught.value.span[0] == text.rindex(fault)
    assert message in str(caught.value)


def test_complex_outputs_are_refused(
    signature: Callable[..., Signature], array: Any, resolve: Resolve
) -> None:
    wave = signature(array("complex64", 2), x=array("float", 2))
    assert resolve("value", wave).fields[0].parts.order == 0
    with pytest.raises(RequestError, match="the output out is complex"):
        resolve("jacobian(x)", wave)


def test_constructed_requests_are_pointed_at_in_their_text(
    rich: Signature, resolve: Resolve
) -> None:
    with pytest.raises(RequestError) as caught:
        resolve(c.gradient(x, c.arg("params")["v"]), rich)
    assert caught.value.snippet == 'gradient(x, params["v"])'
    assert fault_of(caught.value) == '"v"'


def test_places_in_files_are_kept(rich: Signature, resolve: Resolve) -> None:
    request = parse("gradient(q)", Location("partialc.toml", 4, 9))
    with pytest.raises(RequestError) as caught:
        resolve([request], rich)
    assert caught.value.where == Location("partialc.toml", 4, 18)


@pytest.mark.parametrize("requests", [[], {}, [3], 3, None, {"a": None}])
def test_what_is_no_request(requests: Any, rich: Signature, resolve: Resolve) -> None:
    with pytest.raises(RequestError):
        resolve(requests, rich)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("weighted(hessian(x, of=OUT))", (5, 5)),
        ("weighted(hessian(x, y[0], of=OUT))", (5, 3)),
        ("lower(weighted(hessian(x, of=OUT)))", (15,)),
        ("diagonal(weighted(hessian(y, of=OUT)))", (2, 3)),
        ("diagonal(weighted(hessian(x, of=OUT)), 2)", (3,)),
        ("entries(weighted(hessian(x, of=OUT)), [(x[0], x[1])])", (1,)),
    ],
)
@pytest.mark.parametrize("of", ['out["energy"]', 'out["forces"]', 'out["forces"][1]'])
def test_weights_contract_the_outputs(
    text: str, of: str, shape: Any, tree_result: Signature, resolve: Resolve
) -> None:
    kernel = resolve(text.replace("OUT", of), tree_result)
    block = kernel.fields[0].parts
    assert part_shape(block, tree_result) == shape
    (direction,) = kernel.directions
    assert direction.name == "out_cotangent"
    assert block.output.outputs == tuple(jax.tree.leaves(direction.outputs))
    assert len(block.output.paths) == len(block.output.outputs)


def test_weights_are_shared_with_cotangents(
    tree_result: Signature, resolve: Resolve
) -> None:
    of = 'out["forces"]'
    pulled = f"vjp({of}, x)"
    kernel = resolve([pulled, f"weighted(hessian(x, of={of}))"], tree_result)
    assert [each.name for each in kernel.directions] == ["out_cotangent"]
    with pytest.raises(RequestError, match="needs another out_cotangent"):
        resolve([pulled, "weighted(hessian(x, of=out['energy']))"], tree_result)


def test_outputs_of_several_types_are_not_added_up(
    signature: Callable[..., Signature], array: Any, resolve: Resolve
) -> None:
    result = {"a": array("float"), "b": array("float32", 2)}
    mixed = signature(result, x=array("float", 3))
    with pytest.raises(RequestError, match="of one element type") as caught:
        resolve("weighted(hessian(x))", mixed)
    assert fault_of(caught.value) == "hessian(x)"
    assert 'of=out["b"]' in str(caught.value)
    resolve('weighted(hessian(x, of=out["b"]))', mixed)


def test_two_cotangents_cannot_share(tree_result: Signature, resolve: Resolve) -> None:
    requests = ['vjp(out["energy"], x)', 'vjp(out["forces"], x)']
    with pytest.raises(RequestError, match="needs another out_cotangent"):
        resolve(requests, tree_result)


def test_direction_beside_an_argument_of_its_name(
    signature: Callable[..., Signature], array: Any, resolve: Resolve
) -> None:
    clash = signature(array("float"), x=array("float"), x_tangent=array("float"))
    with pytest.raises(RequestError, match="rename the parameter x_tangent"):
        resolve("jvp(x)", clash)


@jax.tree_util.register_pytree_node_class
class Strict:
    """A container that holds nothing but numbers with a shape."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def tree_flatten(self) -> tuple[tuple[Any], None]:
        return (self.values,), None

    @classmethod
    def tree_unflatten(cls, _: None, children: tuple[Any]) -> Strict:
        if isinstance(children[0], Block):
            raise ValueError("no shape")
        return cls(*children)


def test_a_class_that_refuses_placeholders(
    signature: Callable[..., Signature], array: Any, resolve: Resolve
) -> None:
    strict = signature(array("float"), p=Strict(array("float", 2)))
    with pytest.raises(RequestError, match=r"the class of p refuses .* no shape"):
        resolve("gradient(p)", strict)
    assert part_shape(resolve("gradient(p[0])", strict).fields[0].parts, strict) == (2,)


def test_objects_of_entries(rich: Signature, resolve: Resolve) -> None:
    request = 'entries(hessian(x[1:4]), "m:LIST")'
    by_number = resolve(request, rich, **{"m:LIST": np.array([[0, 2], [-1, 0]])})
    by_name = resolve(request, rich, **{"m:LIST": [(x[1], x[3]), (x[3], x[1])]})
    for kernel in (by_number, by_name):
        assert kernel.fields[0].parts.layout.inputs.tolist() == [[0, 2], [2, 0]]


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (np.array([[0, 3]]), "m:LIST[0, 1] is 3, outside x[1:4]"),
        (np.array([[0, 0], [-4, 0]]), "m:LIST[1, 0] is -4"),
        (np.array([[0.0, 1.0]]), "is no list of entries"),
        (np.array([0, 1]), "of shape (2,)"),
        (np.zeros((2, 3), int), "of shape (2, 3)"),
        ([], "is no list of entries"),
        ([(x[1], 3)], "is no list of entries"),
        (None, "it is a NoneType"),
        ([[0], [1, 2]], "is no list of entries"),
        ([(x[1], x[0])], "x[0] is not within x[1:4]"),
    ],
)
def test_objects_that_are_no_entries(
    held: Any, message: str, rich: Signature, resolve: Resolve
) -> None:
    with pytest.raises(RequestError) as caught:
        resolve('entries(hessian(x[1:4]), "m:LIST")', rich, **{"m:LIST": held})
    assert message in str(caught.value)
    assert fault_of(caught.value) == '"m:LIST"'
