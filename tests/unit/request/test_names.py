"""Identifiers of generated modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from partialc.errors import RequestError
from partialc.request.names import module_names
from partialc.request.resolved import Kernel
from partialc.request.signature import Signature

Resolve = Callable[..., Kernel]
Describe = Callable[..., Signature]

FIELDS = [
    ("value", "value"),
    ("partial(x[0], x[2], x[4])", "d3_x0_x2_x4"),
    ("partial(x[4], x[0], x[2])", "d3_x0_x2_x4"),
    ("partial(x[-1])", "d1_x4"),
    ("partial(t, x[1])", "d2_x1_t"),
    ("partial(a[0, 2], a[0][2])", "d2_a0_2_a0_2"),
    ('partial(params["w"][0, 1])', "d1_params_w_0_1"),
    ("partial(state.position[2])", "d1_state_position_2"),
    ("partial(state[0][2])", "d1_state_position_2"),
    ("gradient(x)", "gradient_x"),
    ("gradient(x[:])", "gradient_x"),
    ("gradient(x[0:5])", "gradient_x"),
    ("gradient(x[1:-1])", "gradient_x1to4"),
    ("gradient(x[::2])", "gradient_x0to5by2"),
    ("gradient(x, t)", "gradient_x_t"),
    ("gradient(params)", "gradient_params"),
    ('gradient(params["b"])', "gradient_params_b"),
    ("gradient(a[:, 1])", "gradient_a0to2_1"),
    ("gradient(a[1, :])", "gradient_a1"),
    ("hessian(x, t)", "hessian_x_t"),
    ("derivatives(x, order=3)", "derivatives_x"),
    ("diagonal(hessian(x))", "diagonal_hessian_x"),
    ("diagonal(hessian(x), 1)", "diagonal_upper1_hessian_x"),
    ("diagonal(hessian(x), -2)", "diagonal_lower2_hessian_x"),
    ("lower(hessian(x))", "lower_hessian_x"),
    ("entries(hessian(x), [(x[0], x[1])])", "entries_hessian_x"),
    ("weighted(hessian(x, t))", "weighted_hessian_x_t"),
    ("lower(weighted(hessian(x)))", "lower_weighted_hessian_x"),
    ("diagonal(weighted(hessian(x)), 1)", "diagonal_upper1_weighted_hessian_x"),
    ("entries(weighted(hessian(x)), [(x[0], x[1])])", "entries_weighted_hessian_x"),
    ("jvp(x, t)", "jvp_x_t"),
    ("hvp(x)", "hvp_x"),
    ("vjp(out, x)", "vjp_out_x"),
]


@pytest.mark.parametrize(("text", "name"), FIELDS)
def test_field_names(text: str, name: str, rich: Signature, resolve: Resolve) -> None:
    assert resolve([text], rich).fields[0].name == name
    assert resolve(text, rich).fields[0].name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("value(of=out[2])", "value_out2"),
        ("jacobian(x, of=out[2])", "jacobian_x_out2"),
        ("jacobian(x, of=out)", "jacobian_x"),
        ("partial(x[0], of=out[0:3])", "d1_x0_out0to3"),
        ("vjp(out)", "vjp_out"),
        ("vjp(out[2], x)", "vjp_out2_x"),
        ("diagonal(hessian(x, of=out[1]))", "diagonal_hessian_x_out1"),
        ("weighted(hessian(x, of=out[0:2]))", "weighted_hessian_x_out0to2"),
    ],
)
def test_names_with_outputs(
    text: str, name: str, signature: Describe, array: Any, resolve: Resolve
) -> None:
    vector = signature(array("float", 4), x=array("float", 5))
    assert resolve([text], vector).fields[0].name == name


def test_odd_keys_become_identifiers(
    signature: Describe, array: Any, resolve: Resolve
) -> None:
    odd = signature(array("float"), p={"a b": array("float")}, q={-1: array("float")})
    assert resolve('gradient(p["a b"])', odd).fields[0].name == "gradient_p_a_b"
    assert resolve("gradient(q[-1])", odd).fields[0].name == "gradient_q__1"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("jnp", "the module imports something"),
        ("np", "the module imports something"),
        ("jax", "the module imports something"),
        ("lax", "the module imports something"),
        ("typing", "the module imports something"),
        ("sum", "hide the builtin"),
        ("float", "hide the builtin"),
        ("NamedTuple", "cannot be called"),
        ("lambda", "Python keyword"),
        ("None", "Python keyword"),
        ("1st", "no Python identifier"),
        ("d-3", "no Python identifier"),
        ("", "no Python identifier"),
        ("_hidden", "underscore"),
        ("__all__", "underscore"),
    ],
)
def test_kernel_names_that_cannot_stand(
    name: str, message: str, rich: Signature, resolve: Resolve
) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        resolve("value", rich, name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("name", ["count", "index", "_a", "class", "a-b", "", "1"])
def test_field_names_that_cannot_stand(
    name: str, rich: Signature, resolve: Resolve
) -> None:
    with pytest.raises(RequestError, match="field"):
        resolve({name: "value"}, rich)


@pytest.mark.parametrize("name", ["jnp", "np", "float", "isinstance"])
def test_arguments_that_cannot_stand(
    name: str, signature: Describe, array: Any, resolve: Resolve
) -> None:
    clash = signature(array("float"), **{name: array("float")})
    with pytest.raises(RequestError, match="rename the parameter"):
        resolve("value", clash)


def test_usual_argument_names_are_fine(
    signature: Describe, array: Any, resolve: Resolve
) -> None:
    usual = signature(array("float"), input=array("float"), max=array("float"))
    assert resolve(["gradient(input)"], usual).fields[0].name == "gradient_input"


COLLISIONS = [
    (["gradient(x)", "gradient(x)"], "requested twice"),
    (["partial(x[0], x[2])", "partial(x[2], x[0])"], "would both be called d2_x0_x2"),
    (["jacobian(x)", "jacobian(x[0:5])"], "would both be called jacobian_x"),
    (
        ["derivatives(x, order=1)", "derivatives(x, order=2)"],
        "would both be called derivatives_x",
    ),
    (["partial(x[1])"], "would be called x1, as another argument is"),
    (["partial(x1)", "gradient(x[1])"], "as another argument is"),
    (['partial(p["a"]["b"])', 'partial(p["a_b"])'], "would both be called"),
    (['partial(p["a"]["b"])', 'gradient(p["a_b"])'], "would both be called p_a_b"),
]


@pytest.mark.parametrize(("requests", "message"), COLLISIONS)
def test_collisions_within_a_list(
    requests: list[str], message: str, signature: Describe, array: Any, resolve: Resolve
) -> None:
    described = signature(
        array("float"),
        x=array("float", 5),
        x1=array("float"),
        p={"a": {"b": array("float")}, "a_b": array("float")},
    )
    with pytest.raises(RequestError) as caught:
        resolve(requests, described)
    assert message in str(caught.value)
    assert "table" in str(caught.value) or "twice" in str(caught.value)
    table = {f"f{number}": request for number, request in enumerate(requests)}
    assert len(resolve(table, described).fields) == len(requests)
    for request in requests:
        assert resolve(request, described).fields


def test_one_argument_that_only_looks_like_an_element_is_fine(
    signature: Describe, array: Any, resolve: Resolve
) -> None:
    described = signature(array("float"), x=array("float", 5), x1=array("float"))
    fields = resolve(["partial(x1)", "partial(x[0])"], described).fields
    assert [field.name for field in fields] == ["d1_x1", "d1_x0"]


@pytest.mark.parametrize(
    ("kernels", "classes"),
    [
        ({"J": ["value"], "H": ["value"]}, {"J": "JResult", "H": "HResult"}),
        ({"s": ["value"]}, {"s": "SResult"}),
        ({"a_b": ["value"], "AB": "value"}, {"a_b": "ABResult"}),
        ({"own": ["value"]}, {"own": "OwnResult"}),
        ({"type_error": ["value"]}, {"type_error": "TypeErrorResult"}),
        ({"j": ["jvp(x)"], "k": ["value"]}, {"j": "J", "k": "K"}),
    ],
)
def test_a_result_class_gives_way_to_what_has_its_name(
    kernels: dict[str, Any],
    classes: dict[str, str],
    signature: Describe,
    array: Any,
    resolve: Resolve,
) -> None:
    described = signature(array("float"), x=array("float", 3), S=array("float"))
    resolved = [resolve(each, described, name) for name, each in kernels.items()]
    names = module_names(described, resolved, carried=("f", "Own"))
    assert names.classes == classes


def test_module_names(rich: Signature, resolve: Resolve) -> None:
    kernels = [
        resolve("derivatives(x, order=2)", rich, "second"),
        resolve(["value", "derivatives(x, t, order=1)"], rich, "value_and_all"),
        resolve({"d": "derivatives(t, order=1)"}, rich, "named"),
    ]
    names = module_names(rich, kernels)
    assert names.function == "f"
    assert names.classes == {"value_and_all": "ValueAndAll", "named": "Named"}
    assert names.constants == {
        ("second", "derivatives_x", "INDICES"): "SECOND_INDICES",
        (
            "value_and_all",
            "derivatives_x_t",
            "INDICES",
        ): "VALUE_AND_ALL_DERIVATIVES_X_T_INDICES",
        ("named", "d", "INDICES"): "NAMED_D_INDICES",
    }


@pytest.mark.parametrize(
    ("kernels", "message"),
    [
        ({"a_b": ["value"], "aB": ["value"]}, "would both be called AB"),
        ({"a_b": ["value"], "AB_Result": ["value"], "AB": "value"}, "ABResult"),
        (
            {
                "a": {"b_c": "derivatives(x, order=1)"},
                "a_b": {"c": "derivatives(x, order=1)"},
            },
            "A_B_C_INDICES",
        ),
        ({"D_INDICES": "value", "d": "derivatives(x, order=1)"}, "D_INDICES"),
        ({"x_tangent": "jvp(x)", "helper": "value"}, "the function's own source"),
    ],
)
def test_collisions_within_a_module(
    kernels: dict[str, Any],
    message: str,
    signature: Describe,
    array: Any,
    resolve: Resolve,
) -> None:
    described = signature(array("float"), x=array("float", 3), S=array("float"))
    resolved = [resolve(each, described, name) for name, each in kernels.items()]
    with pytest.raises(RequestError) as caught:
        module_names(described, resolved, carried=("f", "helper"))
    assert message in str(caught.value)
    assert "give the kernel another name" in str(caught.value)


@pytest.mark.parametrize(
    ("kernels", "arguments", "name"),
    [
        (["d3"], ["x"], "f"),
        (["f"], ["x"], "_f"),
        (["d3"], ["f"], "_f"),
        (["f"], ["_f"], "__f"),
    ],
)
def test_the_function_gives_way(
    kernels: list[str],
    arguments: list[str],
    name: str,
    signature: Describe,
    array: Any,
    resolve: Resolve,
) -> None:
    described = signature(
        array("float"), **{each: array("float") for each in arguments}
    )
    resolved = [resolve("value", described, each) for each in kernels]
    assert module_names(described, resolved).function == name
