"""Every rival against the derivative one would index out of JAX's full tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations_with_replacement
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.benching.rivals import FORWARD, FULL, NESTS, REVERSE, rivals_of
from partialc.frontends.load import load_primal
from partialc.frontends.primal import Primal
from partialc.planning.patterns import pattern_of
from partialc.request.resolve import resolve_kernel
from partialc.request.resolved import Kernel

ALL = {FULL, FORWARD, REVERSE, NESTS}
NO_NESTS = ALL - {NESTS}


def scalar(x: jax.Array, t: jax.Array) -> jax.Array:
    """A scalar of a vector and a scalar, with all third derivatives nonzero."""
    return jnp.sum(jnp.sin(x) * x[::-1]) * t + x[0] * x[1] ** 2 * x[3] * t**3


def vector(x: jax.Array, w: jax.Array) -> jax.Array:
    """Three outputs of a vector and a matrix that is not square."""
    return jnp.tanh(w @ x) * x[0] + jnp.stack([x[1], x[0] * x[2], w[0, 0] ** 2])


def tree(params: dict[str, jax.Array], x: jax.Array) -> dict[str, Any]:
    """A tree in, a tree out."""
    hidden = jnp.tanh(params["w"] @ x + params["b"])
    return {"energy": jnp.sum(hidden**2), "parts": (hidden, x * params["b"][0])}


ARGS: dict[Callable[..., Any], dict[str, Any]] = {
    scalar: {"x": "float[4]", "t": "float"},
    vector: {"x": "float[3]", "w": "float[3,3]"},
    tree: {"params": {"w": "float[2,3]", "b": "float[2]"}, "x": "float[3]"},
}

X, T, V, W = (
    np.linspace(0.5, 1.4, 4),
    np.array(0.7),
    np.array([0.6, 1.2, 0.9]),
    np.linspace(-0.5, 0.6, 9).reshape(3, 3),
)
P = {"w": np.linspace(-0.6, 0.7, 6).reshape(2, 3), "b": np.array([0.3, -0.2])}
POINTS: dict[Callable[..., Any], tuple[Any, ...]] = {
    scalar: (X, T),
    vector: (V, W),
    tree: (P, V),
}
PAIRS = list(combinations_with_replacement(range(4), 2))


def _energy(params: Any, x: Any) -> Any:
    return tree(params, x)["energy"]


_SLOTS = np.array([0, 6, 7, 8])
_TRIL = (np.array([0, 1, 1, 2, 2, 3, 3, 3]), np.array([0, 0, 1, 1, 2, 0, 1, 3]))


def _stacked() -> Any:
    """Three outputs, of shapes (), (2,) and (3,), along a vector of 2 and one of 3."""

    def flat(b: Any, x: Any) -> Any:
        result = tree({"w": P["w"], "b": b}, x)
        return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(result)])

    return jnp.concatenate(jax.jacfwd(flat, (0, 1))(P["b"], V), axis=1)


def _third(i: int, j: int, k: int) -> Any:
    return jax.jacfwd(jax.hessian(scalar))(X, T)[i, j, k]


def _flat_hessian() -> Any:
    return jax.hessian(lambda z: scalar(z[:4], z[4]))(jnp.append(X, T))


CASES: list[tuple[Callable[..., Any], str, Callable[[], Any], set[str]]] = [
    (scalar, "value", lambda: scalar(X, T), ALL),
    (scalar, "partial(x[2])", lambda: jax.grad(scalar)(X, T)[2], ALL),
    (scalar, "partial(x[0], x[1], x[3])", lambda: _third(0, 1, 3), ALL),
    (scalar, "partial(x[1], x[1], x[0])", lambda: _third(0, 1, 1), ALL),
    (
        scalar,
        "partial(t, x[1], t)",
        lambda: jax.jacfwd(jax.jacfwd(jax.grad(scalar), 1), 1)(X, T)[1],
        ALL,
    ),
    (scalar, "gradient(x, t)", lambda: jax.grad(scalar, (0, 1))(X, T), ALL),
    (scalar, "gradient(x[1:3])", lambda: jax.grad(scalar)(X, T)[1:3], ALL),
    (scalar, "hessian(x)", lambda: jax.hessian(scalar)(X, T), NO_NESTS),
    (scalar, "hessian(x, t)", lambda: jax.hessian(scalar, (0, 1))(X, T)[0][1], ALL),
    (scalar, "hessian(t, x[1:3])", lambda: _flat_hessian()[4, 1:3], ALL),
    (
        scalar,
        "hessian(x[0:2], x[1:4])",
        lambda: jax.hessian(scalar)(X, T)[0:2, 1:4],
        NO_NESTS,
    ),
    (
        scalar,
        "derivatives(x, order=2)",
        lambda: jnp.stack([jax.hessian(scalar)(X, T)[p] for p in PAIRS]),
        ALL,
    ),
    (
        scalar,
        "derivatives(t, x, order=2)",
        lambda: jnp.roll(jnp.roll(_flat_hessian(), 1, 0), 1, 1)[np.triu_indices(5)],
        ALL,
    ),
    (
        scalar,
        "lower(hessian(x))",
        lambda: jax.hessian(scalar)(X, T)[np.tril_indices(4)],
        ALL,
    ),
    (
        scalar,
        "diagonal(hessian(x))",
        lambda: jnp.diagonal(jax.hessian(scalar)(X, T)),
        ALL,
    ),
    (
        scalar,
        "entries(hessian(x), [(x[3], x[0]), (x[1], x[1]), (x[3], x[0])])",
        lambda: jax.hessian(scalar)(X, T)[np.array([3, 1, 3]), np.array([0, 1, 0])],
        ALL,
    ),
    (vector, "value", lambda: vector(V, W), ALL),
    (vector, "jacobian(x)", lambda: jax.jacfwd(vector)(V, W), NO_NESTS),
    (vector, "jacobian(w)", lambda: jax.jacfwd(vector, 1)(V, W), NO_NESTS),
    (vector, "jacobian(x, of=out[2])", lambda: jax.jacfwd(vector)(V, W)[2], ALL),
    (
        vector,
        "jacobian(w[0, 1:3], x, of=out[0:2])",
        lambda: (
            jax.jacfwd(vector, 1)(V, W)[0:2, 0, 1:3],
            jax.jacfwd(vector)(V, W)[0:2],
        ),
        NO_NESTS,
    ),
    (
        vector,
        "hessian(w[0:2, 1], x, of=out[1])",
        lambda: jax.jacfwd(jax.jacfwd(vector, 1))(V, W)[1, 0:2, 1],
        NO_NESTS,
    ),
    (vector, "hessian(x)", lambda: jax.hessian(vector)(V, W), NO_NESTS),
    (
        vector,
        "diagonal(jacobian(x), 1)",
        lambda: jnp.diagonal(jax.jacfwd(vector)(V, W), 1),
        ALL,
    ),
    (
        vector,
        "entries(jacobian(x), [(out[2], x[0]), (out[0], x[2]), (out[2], x[1])])",
        lambda: jax.jacfwd(vector)(V, W)[np.array([2, 0, 2]), np.array([0, 2, 1])],
        ALL,
    ),
    (
        vector,
        "partial(w[1, 2], x[0], of=out[1])",
        lambda: jax.jacfwd(jax.jacfwd(vector, 1))(V, W)[1, 1, 2, 0],
        ALL,
    ),
    (
        tree,
        'gradient(params, of=out["energy"])',
        lambda: jax.grad(_energy)(P, V),
        ALL,
    ),
    (
        tree,
        'hessian(params, of=out["energy"])',
        lambda: jax.hessian(_energy)(P, V),
        NO_NESTS,
    ),
    (tree, "jacobian(x)", lambda: jax.jacfwd(tree, 1)(P, V), NO_NESTS),
    (
        tree,
        'derivatives(params, order=2, of=out["energy"])',
        lambda: jax.hessian(
            lambda z: _energy({"b": z[:2], "w": z[2:].reshape(2, 3)}, V)
        )(jnp.concatenate([P["b"], P["w"].ravel()]))[np.triu_indices(8)],
        ALL,
    ),
]

PRODUCTS: list[tuple[Callable[..., Any], str, Callable[..., Any], set[str]]] = [
    (
        scalar,
        "jvp(x)",
        lambda v: jax.jvp(lambda x: scalar(x, T), (X,), (v,))[1],
        ALL - {REVERSE},
    ),
    (scalar, "hvp(x)", lambda v: jax.hessian(scalar)(X, T) @ v, ALL),
    (vector, "hvp(x, of=out[1])", lambda v: jax.hessian(vector)(V, W)[1] @ v, ALL),
    (
        vector,
        "jvp(x, w)",
        lambda v, m: jax.jvp(vector, (V, W), (v, m))[1],
        {FULL, FORWARD},
    ),
    (vector, "vjp(out)", lambda c: jax.vjp(vector, V, W)[1](c), ALL),
    (vector, "vjp(out[0:2], w)", lambda c: c @ _rows(jax.jacfwd(vector, 1)(V, W)), ALL),
    (
        tree,
        'hvp(params, of=out["energy"])',
        lambda v: jax.jvp(jax.grad(_energy), (P, V), (v, 0 * V))[1],
        ALL,
    ),
    (tree, "vjp(out)", lambda c: jax.vjp(tree, P, V)[1](c), ALL),
    (
        vector,
        'sparse(jacobian(x), format="dense")',
        lambda: jax.jacfwd(vector)(V, W),
        ALL,
    ),
    (
        vector,
        "sparse(jacobian(w, of=out[2]))",
        lambda: jax.grad(lambda w: vector(V, w)[2])(W).ravel()[_SLOTS],
        ALL,
    ),
    (
        scalar,
        'sparse(lower(hessian(x)), format="bcoo")',
        lambda: (jax.hessian(scalar)(X, T)[_TRIL], np.stack(_TRIL, 1)),
        ALL,
    ),
    (
        tree,
        'sparse(jacobian(params["b"], x), format="dense")',
        lambda: _stacked(),
        ALL,
    ),
]


def _rows(jacobian: Any) -> Any:
    return jnp.moveaxis(jacobian[0:2], 0, 1)


@pytest.fixture(autouse=True)
def _x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def resolved(function: Callable[..., Any], *requests: str) -> tuple[Primal, Kernel]:
    primal = load_primal(function, ARGS[function], name="module")
    asked = requests[0] if len(requests) == 1 else list(requests)
    kernel = resolve_kernel(
        "k",
        asked,
        primal.signature,
        load_object=lambda _: None,
        patterns=partial(pattern_of, primal),
    )
    return primal, kernel


def test_a_list_of_entries_may_be_longer_than_any_test_writes() -> None:
    random = np.random.RandomState(0)
    entries = random.randint(0, 30, (150, 2))

    def ring(x: jax.Array) -> jax.Array:
        return jnp.sum(jnp.sin(x) * jnp.roll(x, 1) ** 2 * jnp.roll(x, 3))

    primal = load_primal(ring, {"x": "float[30]"}, name="module")
    listed = ", ".join(f"(x[{row}], x[{column}])" for row, column in entries)
    kernel = resolve_kernel(
        "k",
        f"entries(hessian(x), [{listed}])",
        primal.signature,
        load_object=lambda _: None,
    )
    with jax.enable_x64(True):
        x = jnp.asarray(random.uniform(0.5, 1.5, 30))
        (rival,) = rivals_of(kernel, primal, [x], names=[FULL])
        assert rival.call is not None
        (found,) = rival.call(x)
        expected = jax.hessian(ring)(x)[tuple(entries.T)]
    np.testing.assert_allclose(found, expected, 1e-12, 1e-13)


def check(
    function: Callable[..., Any],
    requests: tuple[str, ...],
    arguments: tuple[Any, ...],
    expected: Any,
    names: set[str],
) -> None:
    primal, kernel = resolved(function, *requests)
    arguments = jax.tree.map(jnp.asarray, arguments)
    rivals = rivals_of(kernel, primal, arguments)
    assert {rival.name for rival in rivals if rival.call is not None} == names
    for rival in rivals:
        if rival.call is None:
            assert rival.refusal
            continue
        found = jax.tree.leaves(jax.jit(rival.call)(*arguments))
        for got, want in zip(found, jax.tree.leaves(expected), strict=True):
            assert got.shape == jnp.shape(want), rival.name
            np.testing.assert_allclose(got, want, 1e-10, 1e-13, err_msg=rival.name)


@pytest.mark.drawn(3)
@pytest.mark.parametrize(
    ("function", "request_text", "truth", "names"),
    [pytest.param(*case, id=f"{case[0].__name__}-{case[1]}") for case in CASES],
)
def test_derivatives(
    function: Callable[..., Any],
    request_text: str,
    truth: Callable[[], Any],
    names: set[str],
) -> None:
    check(function, (request_text,), POINTS[function], truth(), names)


@pytest.mark.drawn(3)
@pytest.mark.parametrize(
    ("function", "request_text", "truth", "names"),
    [pytest.param(*case, id=f"{case[0].__name__}-{case[1]}") for case in PRODUCTS],
)
def test_products(
    function: Callable[..., Any],
    request_text: str,
    truth: Callable[..., Any],
    names: set[str],
) -> None:
    _, kernel = resolved(function, request_text)
    point = POINTS[function]
    given = []
    for direction in kernel.directions:
        if direction.argument is not None:
            mirrored = point[list(ARGS[function]).index(direction.argument)]
            given.append(jax.tree.map(lambda a: np.cos(a) + 0.1, mirrored))
        elif "[0:2]" in request_text:
            given.append(np.array([0.4, -1.1]))
        else:
            given.append(jax.tree.map(jnp.sin, function(*point)))
    check(function, (request_text,), (*point, *given), truth(*given), names)


def test_several_requests_keep_their_order() -> None:
    requests = ("hessian(x, t)", "value", "partial(t)", "gradient(x)", "hvp(x)")
    hessian = jax.hessian(scalar, (0, 1))(X, T)
    tangent = np.array([0.1, -0.4, 2.0, 1.0])
    expected = (
        hessian[0][1],
        scalar(X, T),
        jax.grad(scalar, 1)(X, T),
        jax.grad(scalar)(X, T),
        hessian[0][0] @ tangent,
    )
    check(scalar, requests, (X, T, tangent), expected, ALL)


def reasons(primal: Primal, kernel: Kernel, example: Any, **limits: int) -> Any:
    rivals = rivals_of(kernel, primal, example, **limits)
    return {rival.name: rival.refusal for rival in rivals}


def test_a_tensor_that_would_not_fit_is_not_built() -> None:
    primal, kernel = resolved(scalar, "partial(x[0], x[1], x[3])")
    example = (jnp.asarray(X), jnp.asarray(T))
    sizes = {"rows": 1000, "memory": 64 * 1000 * 4}  # in float32
    assert reasons(primal, kernel, example, **sizes)[FULL] is None
    sizes["memory"] -= 1
    why = reasons(primal, kernel, example, **sizes)[FULL]
    assert "64 numbers for each of 1,000 rows" in why


def test_what_jax_refuses_is_shown_with_its_reason() -> None:
    def looping(x: jax.Array) -> jax.Array:
        return jax.lax.while_loop(
            lambda s: jnp.sum(s) < 10.0, lambda s: s * 2.0, jnp.sin(x)
        )[0]

    primal = load_primal(looping, {"x": "float[2]"}, name="module")
    resolve = partial(resolve_kernel, "k", signature=primal.signature)
    kernel = resolve("partial(x[0], x[0])", load_object=lambda _: None)
    example = (jnp.asarray([0.3, 0.4]),)
    why = reasons(primal, kernel, example)
    assert why[FULL] is None  # in forward mode throughout
    assert why[FORWARD] is None
    assert why[REVERSE].startswith("JAX refuses: Reverse-mode differentiation")
    assert why[NESTS].startswith("JAX refuses: Reverse-mode differentiation")


@jax.custom_vjp
def backward_only(x: jax.Array) -> jax.Array:
    """JAX takes it in reverse mode alone."""
    return jnp.sin(x)


backward_only.defvjp(
    lambda x: (jnp.sin(x), x), lambda x, cotangent: (cotangent * jnp.cos(x),)
)


def test_what_cannot_be_pushed_can_be_pulled_first() -> None:
    primal = load_primal(
        lambda x: jnp.sum(backward_only(x) ** 2), {"x": "float[3]"}, name="module"
    )
    kernel = resolve_kernel(
        "k", "partial(x[0], x[0])", primal.signature, load_object=lambda _: None
    )
    why = reasons(primal, kernel, (jnp.ones(3),))
    assert {name for name, reason in why.items() if reason is None} == ALL - {FORWARD}
    assert why[FORWARD].startswith("JAX refuses: ")


def test_only_as_many_nests_as_one_would_write() -> None:
    primal = load_primal(lambda x: jnp.sum(x) ** 3, {"x": "float[20]"}, name="module")
    kernel = resolve_kernel(
        "k",
        "diagonal(hessian(x))",
        primal.signature,
        load_object=lambda _: None,
    )
    why = reasons(primal, kernel, (jnp.ones(20),))
    assert why[NESTS] == "it would take 20 nests of gradients"
    assert why[REVERSE] is None
