"""Every candidate of every plan against full JAX tensors, in float64."""

from collections.abc import Callable
from functools import partial
from itertools import combinations_with_replacement
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.frontends.load import load_primal
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.planning.choose import Wish, plan_kernel
from partialc.planning.patterns import pattern_of
from partialc.planning.plan import KernelPlan
from partialc.planning.realisation import Chained
from partialc.realise.execute import direction_types, kernel_types
from partialc.request.combination import Combination, results_of
from partialc.request.parts import part_numbers, parts_of
from partialc.request.resolve import resolve_kernel
from partialc.request.resolved import Block, Dense, Product, WeightedSum
from tests.unit.request.multi_indices import axis_positions


def scalar(x: jax.Array, t: jax.Array) -> jax.Array:
    """A scalar of a vector and a scalar, with all third derivatives nonzero."""
    return jnp.sum(jnp.sin(x) * x[::-1]) * t + x[0] * x[1] ** 2 * t**3


def vector(x: jax.Array, w: jax.Array) -> jax.Array:
    """Three outputs of a vector and a non-square matrix."""
    return jnp.tanh(w @ x) * x[0] + jnp.stack([x[1], x[0] * x[2], w[0, 0] ** 2])


def tree(params: dict[str, jax.Array], x: jax.Array) -> dict[str, Any]:
    """A tree in, a tree out."""
    hidden = jnp.tanh(params["w"] @ x + params["b"])
    return {"energy": jnp.sum(hidden**2), "parts": (hidden, x * params["b"][0])}


def optional(x: jax.Array) -> dict[str, Any]:
    """A result with a hole in it."""
    return {"parts": (jnp.sin(x), None), "sum": jnp.sum(x)}


def constant(x: jax.Array) -> jax.Array:
    """Nothing of it depends on its argument."""
    return jnp.round(x[:2])


def stencil(x: jax.Array, k: jax.Array) -> jax.Array:
    """As many outputs as inputs but one, each of two of them."""
    return jnp.sin(x[1:] - k * x[:-1] ** 2) * x[:-1]


def pairs(x: jax.Array) -> jax.Array:
    """A sum over neighbours, of more elements than are differentiated one by one."""
    return jnp.sum(jnp.sin(x[1:]) * x[:-1] ** 3)


FUNCTIONS = {
    "pairs": (pairs, {"x": "float[80]"}),
    "stencil": (stencil, {"x": "float[12]", "k": "float"}),
    "constant": (constant, {"x": "float[3]"}),
    "optional": (optional, {"x": "float[3]"}),
    "scalar": (scalar, {"x": "float[4]", "t": "float"}),
    "vector": (vector, {"x": "float[3]", "w": "float[3,3]"}),
    "tree": (tree, {"params": {"w": "float[2,3]", "b": "float[2]"}, "x": "float[3]"}),
}

REQUESTS = [
    ("scalar", "value"),
    ("scalar", "partial(x[0])"),
    ("scalar", "partial(x[0], t)"),
    ("scalar", "partial(x[1], x[0], x[1])"),
    ("scalar", "partial(t, t, x[1])"),
    ("scalar", "gradient(x)"),
    ("scalar", "gradient(x, t)"),
    ("scalar", "hessian(x)"),
    ("scalar", "hessian(x, t)"),
    ("scalar", "hessian(t, x[1:3])"),
    ("scalar", "hessian(x[0:2], x[1:4])"),
    ("scalar", "derivatives(x, order=3)"),
    ("scalar", "derivatives(x, t, order=2)"),
    ("scalar", "diagonal(hessian(x))"),
    ("scalar", "lower(hessian(x))"),
    ("scalar", "entries(hessian(x), [(x[3], x[0]), (x[1], x[1])])"),
    ("scalar", "jvp(x)"),
    ("scalar", "hvp(x)"),
    ("scalar", "vjp(out)"),
    ("vector", "jacobian(x)"),
    ("vector", "jacobian(x[1:3], of=out[0:2])"),
    ("vector", "jacobian(w)"),
    ("vector", "jacobian(w[0, 1:3], x)"),
    ("vector", "jacobian(x, of=out[2])"),
    ("vector", "hessian(x)"),
    ("vector", "hessian(x, w[1])"),
    ("vector", "hessian(w[0:2, 1], x, of=out[1])"),
    ("vector", "derivatives(x, order=2)"),
    ("vector", "diagonal(jacobian(x))"),
    ("vector", "diagonal(jacobian(x), 1)"),
    ("vector", "diagonal(hessian(x, of=out[0]))"),
    ("vector", "entries(jacobian(x), [(out[0], x[2]), (out[2], x[0])])"),
    ("vector", "partial(w[0, 1], x[0], of=out[0])"),
    ("vector", "jvp(x, w)"),
    ("vector", "vjp(out, w)"),
    ("vector", "vjp(out[0])"),
    ("vector", "vjp(out[-1], x)"),
    ("vector", "vjp(out[0:2], x)"),
    ("vector", "vjp(out[::2])"),
    ("vector", "hvp(w, of=out[1])"),
    ("tree", "value"),
    ("tree", 'gradient(params, of=out["energy"])'),
    ("tree", 'gradient(params["w"], x, of=out["energy"])'),
    ("tree", "jacobian(x)"),
    ("tree", 'jacobian(params, of=out["parts"])'),
    ("tree", 'hessian(params, of=out["energy"])'),
    ("tree", 'partial(params["w"][0, 1], x[2], of=out["energy"])'),
    ("tree", "jvp(params)"),
    ("tree", 'hvp(params, of=out["energy"])'),
    ("tree", "vjp(out)"),
    ("tree", 'vjp(out["parts"], x)'),
    ("tree", 'vjp(out["parts"][1][0:2])'),
    ("optional", 'vjp(out["parts"])'),
    ("scalar", "sparse(hessian(x))"),
    ("scalar", "sparse(lower(hessian(x, t)))"),
    ("scalar", "sparse(jacobian(x[1:3], t))"),
    ("vector", "sparse(jacobian(w))"),
    ("vector", "sparse(jacobian(w[1], x, of=out[::2]))"),
    ("vector", "sparse(hessian(w, x, of=out[2]))"),
    ("tree", "sparse(jacobian(params, x))"),
    ("tree", 'sparse(hessian(params["w"], x, of=out["energy"]))'),
    ("optional", "sparse(jacobian(x))"),
    ("scalar", "weighted(hessian(x))"),
    ("scalar", "weighted(hessian(t, x[1:3]))"),
    ("vector", "weighted(hessian(x))"),
    ("vector", "weighted(hessian(x, w[1]))"),
    ("vector", "weighted(hessian(x, of=out[0:2]))"),
    ("vector", "weighted(hessian(w, of=out[1]))"),
    ("vector", "lower(weighted(hessian(x)))"),
    ("vector", "diagonal(weighted(hessian(w)))"),
    ("vector", "diagonal(weighted(hessian(x)), -1)"),
    ("vector", "entries(weighted(hessian(x, w)), [(x[0], w[1, 2]), (x[2], w[0, 0])])"),
    ("vector", "sparse(weighted(hessian(w, x)))"),
    ("vector", "sparse(lower(weighted(hessian(x))))"),
    ("tree", "weighted(hessian(params))"),
    ("tree", 'weighted(hessian(params["w"], x, of=out["parts"]))'),
    ("tree", "sparse(weighted(hessian(params, x)))"),
    ("optional", "weighted(hessian(x))"),
    ("stencil", "weighted(hessian(x))"),
    ("stencil", "sparse(weighted(hessian(x)))"),
    ("stencil", "sparse(lower(weighted(hessian(x, k))))"),
    ("stencil", "sparse(weighted(hessian(x, of=out[3:])))"),
    ("constant", "sparse(weighted(hessian(x)))"),
    ("constant", "sparse(jacobian(x))"),
    ("constant", "sparse(hessian(x, of=out[0]))"),
    ("scalar", "jvp(x, order=2)"),
    ("scalar", "jvp(x, t, order=3)"),
    ("vector", "jvp(x, x)"),
    ("tree", "jvp(params, order=2)"),
    ("scalar", "laplacian(x)"),
    ("scalar", "biharmonic(x[0], t)"),
    ("scalar", "biharmonic(x)"),
    ("vector", "laplacian(x, w[1])"),
    ("vector", "divergence(x)"),
    ("vector", "curl(x)"),
    ("tree", "laplacian(x)"),
    ("pairs", "laplacian(x)"),
    ("scalar", "polylaplacian(x, power=3)"),
    ("scalar", "derivatives(x, order=4)"),
    ("stencil", "divergence(x[1:])"),
    ("scalar", 'expression("Derivative(u, t) + k * u * Derivative(u, x[0], x[1])")'),
    ("vector", 'expression("dot(curl(u, x), u) - k")'),
    ("tree", """expression("[Derivative(e, x[0]), e * x[1]]", e="out['energy']")"""),
]


def compiled(function: str, *requests: str) -> tuple[Primal, KernelPlan]:
    call, args = FUNCTIONS[function]
    return planned(call, args, *requests)


def planned(
    call: Callable[..., Any], args: dict[str, Any], *requests: str
) -> tuple[Primal, KernelPlan]:
    primal = load_primal(call, args, name="module")
    asked = requests[0] if len(requests) == 1 else list(requests)
    kernel = resolve_kernel(
        "k",
        asked,
        primal.signature,
        load_object=lambda _: None,
        patterns=partial(pattern_of, primal),
    )
    wish = Wish("auto", False, frozenset(), {})
    return primal, plan_kernel(kernel, primal, call.__name__, wish)


def points(primal: Primal, plan: KernelPlan) -> list[jax.Array]:
    rng = np.random.default_rng(7)
    types = kernel_types(plan.kernel, primal.signature)
    return [jnp.asarray(rng.uniform(0.5, 1.5, kind.shape)) for kind in types]


def expected(primal: Primal, plan: KernelPlan, flat: list[jax.Array]) -> list[Any]:
    """Each part by indexing full tensors over the concatenation of all leaves."""
    signature = primal.signature
    count = len(signature.leaves)
    leaves, directions = flat[:count], flat[count:]
    shapes = [leaf.type.shape for _, leaf in signature.leaves]
    splits = np.cumsum([leaf.size for leaf in leaves])[:-1]
    point = jnp.concatenate([leaf.ravel() for leaf in leaves])

    def outputs(z: jax.Array) -> list[jax.Array]:
        pieces = jnp.split(z, splits)
        arrays = [p.reshape(s) for p, s in zip(pieces, shapes, strict=True)]
        arguments = []
        for argument in signature.arguments.values():
            own, arrays = arrays[: len(argument.leaves)], arrays[len(argument.leaves) :]
            arguments.append(jax.tree.unflatten(argument.structure, own))
        return jax.tree.leaves(primal.call(*arguments))

    def tensor(order: int, output: int) -> jax.Array:
        run: Callable[[jax.Array], Any] = lambda z: outputs(z)[output]  # noqa: E731
        for _ in range(order):
            run = jax.jacfwd(run)
        return run(point)

    given: dict[str, Any] = {}
    for direction in plan.kernel.directions:
        size = len(direction_types(direction, signature))
        given[direction.name], directions = directions[:size], directions[size:]

    def tangent(moved: tuple[int, ...], end: str = "") -> jax.Array:
        pieces = [jnp.zeros_like(leaf) for leaf in leaves]
        for number in moved:
            name = signature.leaves[number][0]
            place = signature.leaf_numbers(name).index(number)
            pieces[number] = given[f"{name}_tangent{end}"][place]
        return jnp.concatenate([piece.ravel() for piece in pieces])

    def cut(flat_array: jax.Array, leaf: int) -> jax.Array:
        return jnp.split(flat_array, splits)[leaf].reshape(shapes[leaf])

    results: list[Any] = []
    for part in parts_of(plan.kernel):
        output = part.output
        if isinstance(part, Block):
            if isinstance(output, WeightedSum):
                full = sum(
                    jnp.tensordot(
                        weight, tensor(part.order, each.leaf)[each.index], weight.ndim
                    )
                    for each, weight in zip(
                        output.outputs, given["out_cotangent"], strict=True
                    )
                )
            else:
                full = tensor(part.order, output.leaf)[output.index]
            places = [axis_positions(axis, signature) for axis in part.axes]
            if isinstance(part.layout, Dense):
                lead = (slice(None),) * len(output.shape)
                for number, place in enumerate(places):
                    full = jnp.take(full, place, axis=len(lead) + number)
                shape = [e for axis in part.axes for e in axis[0].shape]
                results.append(full.reshape(*output.shape, *shape))
                continue
            columns = [p[part.layout.inputs[:, n]] for n, p in enumerate(places)]
            if part.layout.outputs is None:
                picked = full[(..., *columns)]
                results.append(picked.reshape(*output.shape, *part.layout.shape))
            else:
                rows = full.reshape(-1, *full.shape[len(output.shape) :])
                results.append(rows[(part.layout.outputs, *columns)])
        elif part.kind == "jvp":
            full = tensor(len(part.steps), output.leaf)[output.index]
            for end in reversed(part.steps):
                full = full @ tangent(part.directions, end)
            results.append(full)
        elif part.kind == "hvp":
            assert part.leaf is not None
            hessian = tensor(2, output.leaf)[output.index]
            results.append(cut(hessian @ tangent(part.directions), part.leaf))
        else:
            assert isinstance(part, Product)
            assert part.leaf is not None
            total = jnp.zeros_like(point)
            for out, weight in zip(part.outputs, given["out_cotangent"], strict=True):
                jacobian = tensor(1, out.leaf)[out.index]
                axes = list(range(weight.ndim))
                total = total + jnp.tensordot(weight, jacobian, (axes, axes))
            results.append(cut(total, part.leaf))
    return combined(plan, results, leaves, given)


def combined(
    plan: KernelPlan, parts: list[Any], leaves: list[jax.Array], given: dict[str, Any]
) -> list[Any]:
    """What operators and expressions make of the parts."""
    results = []
    pairs = zip(results_of(plan.kernel), part_numbers(plan.kernel), strict=True)
    for result, numbers in pairs:
        own = [parts[number] for number in numbers]
        if isinstance(result, Combination):
            inputs = [leaves[each.leaf][each.index] for each in result.inputs]
            named = {name: given[name][0] for name in result.given}
            results.append(result.value(own, inputs, named))
        else:
            results += own
    return results


@pytest.fixture(autouse=True)
def x64() -> Any:
    with jax.enable_x64(True):
        yield


def chains(plan: KernelPlan) -> list[Chained]:
    """The chains of a plan, the chosen one first if it is one."""
    return [c for c in (plan.chosen, *plan.rejected) if isinstance(c, Chained)]


def check(primal: Primal, plan: KernelPlan) -> None:
    # Compiled whole: one by one, operations take most of the time of these tests.
    flat = points(primal, plan)
    wanted = jax.jit(lambda *flat: expected(primal, plan, list(flat)))(*flat)
    for candidate in (plan.chosen, *plan.rejected):
        if candidate.refusal is not None:
            continue
        found = jax.jit(candidate.call(Regime.WIDE))(*flat)
        assert len(found) == len(wanted)
        for got, want in zip(found, wanted, strict=True):
            assert got.shape == want.shape, candidate.title
            np.testing.assert_allclose(got, want, 1e-10, 1e-12, err_msg=candidate.title)


@pytest.mark.drawn(5)
@pytest.mark.parametrize(("function", "request_text"), REQUESTS)
def test_single_request(function: str, request_text: str) -> None:
    primal, plan = compiled(function, request_text)
    assert plan.chosen.refusal is None
    check(primal, plan)


@pytest.mark.drawn(2)
@pytest.mark.parametrize(
    ("function", "requests"),
    [
        ("scalar", ["value", "partial(t)", "partial(t, t)", "partial(x[0], t)"]),
        ("scalar", ["value", "gradient(x)", "hvp(x)", "jvp(x)"]),
        ("scalar", ["hessian(x)", "gradient(x, t)", "lower(hessian(x))", "value"]),
        ("vector", ["value", "jacobian(x)", "jacobian(x, of=out[1])", "vjp(out, x)"]),
        ("vector", ["partial(x[0], of=out[0])", "partial(x[0], of=out[2])", "value"]),
        ("tree", ["value", 'gradient(params, of=out["energy"])', "jacobian(x)"]),
        ("vector", ["value", "vjp(out, x)", "weighted(hessian(x))", "hessian(x)"]),
        ("vector", ["jvp(x)", "weighted(hessian(x, w))", "sparse(jacobian(x))"]),
        ("tree", ["vjp(out, x)", "jvp(x)", "weighted(hessian(x))"]),
        ("stencil", ["jvp(x)", "vjp(out)", "sparse(weighted(hessian(x)))"]),
        ("scalar", ["value", "laplacian(x)", "gradient(x)", "jvp(x, order=2)"]),
        ("pairs", ["gradient(x)", "laplacian(x)", "sparse(hessian(x))"]),
        ("vector", ["jvp(x)", "jvp(x, x)", "weighted(hessian(x))", "curl(x)"]),
    ],
)
def test_requests_together(function: str, requests: list[str]) -> None:
    primal, plan = compiled(function, *requests)
    check(primal, plan)


def test_one_nest_delivers_everything_below_it() -> None:
    _, plan = compiled("scalar", "value", "partial(t)", "partial(x[0])", "hessian(t)")
    nests = [c for c in chains(plan) if "nested" in c.title]
    assert len(nests[0].chain.paths) == 2  # (t, t) carries value and t; (x0) the rest


def test_one_pushed_gradient_serves_all_second_derivatives_along_a_coordinate() -> None:
    requests = ("value", "partial(x[1])", "partial(t)", "partial(t, t)")
    primal, plan = compiled("scalar", *requests, "partial(x[1], t)")
    single = [
        each.chain.paths[0] for each in chains(plan) if len(each.chain.paths) == 1
    ]
    pulled = {path for path in single if path.pull is not None}
    assert [len(path.pushes) for path in pulled] == [1]
    check(primal, plan)


def test_derivatives_are_delivered_once_each() -> None:
    primal, plan = compiled("scalar", "derivatives(x, order=2)")
    flat = points(primal, plan)
    (found,) = plan.chosen.call(Regime.WIDE)(*flat)
    hessian = jax.hessian(scalar)(*flat)
    pairs = list(combinations_with_replacement(range(4), 2))
    np.testing.assert_allclose(found, [hessian[pair] for pair in pairs], 1e-10)


@jax.custom_jvp
def lopsided(x: jax.Array, y: jax.Array) -> jax.Array:
    """x * y, with a rule that drops dy: d2/dxdy is 1 and d2/dydx is 0."""
    return x * y


@lopsided.defjvp
def _lopsided_jvp(primals: Any, tangents: Any) -> Any:
    (x, y), (dx, _) = primals, tangents
    return lopsided(x, y), dx * y


def test_custom_rules_keep_the_order_as_written() -> None:
    args = {"x": "float", "y": "float"}

    def f(x: jax.Array, y: jax.Array) -> jax.Array:
        return lopsided(x, y)

    for request, value in (("partial(x, y)", 1.0), ("partial(y, x)", 0.0)):
        _, plan = planned(f, args, request)
        for candidate in (plan.chosen, *plan.rejected):
            run = candidate.call(Regime.WIDE)
            assert run(jnp.array(2.0), jnp.array(3.0))[0] == value
        assert plan.facts


def test_refused_candidates_say_why() -> None:
    @jax.custom_vjp
    def square(x: jax.Array) -> jax.Array:
        return x * x

    square.defvjp(lambda x: (x * x, x), lambda x, bar: (2 * x * bar,))

    def f(x: jax.Array) -> jax.Array:
        return jnp.sum(square(x))

    _, plan = planned(f, {"x": "float[3]"}, "gradient(x)")
    assert chains(plan)[0].chain.pulls
    (refused,) = plan.rejected
    assert "custom_vjp" in str(refused.refusal)


def test_nothing_to_choose_from_is_an_error_that_names_the_reasons() -> None:
    from partialc.errors import FrontendError  # noqa: PLC0415

    @jax.custom_vjp
    def square(x: jax.Array) -> jax.Array:
        return x * x

    square.defvjp(lambda x: (x * x, x), lambda x, bar: (2 * x * bar,))

    def f(x: jax.Array) -> jax.Array:
        return jnp.sum(square(x))

    with pytest.raises(FrontendError, match="JAX refuses every candidate"):
        planned(f, {"x": "float[3]"}, "jvp(x)")


def test_a_vanishing_partial_is_warned_of() -> None:
    def f(x: jax.Array) -> jax.Array:
        return x[0] ** 2 + x[1]

    _, plan = planned(f, {"x": "float[2]"}, "partial(x[0], x[1])")
    assert plan.warnings
    assert "zero" in plan.warnings[0]
