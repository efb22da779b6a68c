"""What planning counts is what the module holds."""

from __future__ import annotations

import ast
from collections.abc import Callable
from textwrap import indent
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import partialc
from partialc.errors import FrontendError
from partialc.frontends.load import load_primal
from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import trace_one
from partialc.lowering.fold_constants import FOLD_CONSTANTS
from partialc.lowering.inline_calls import INLINE_CALLS
from partialc.lowering.pipeline import run
from partialc.ops.cost import cost_of
from partialc.ops.registry import Cost
from partialc.planning.choose import Wish, plan_kernel
from partialc.planning.cost import run_like_xla
from partialc.planning.plan import KernelPlan
from partialc.printing import ModuleScope, module_source
from partialc.realise.execute import kernel_types
from partialc.request.resolve import resolve_kernel
from partialc.request.signature import Signature


def differing(x: jax.Array) -> jax.Array:
    """Takes more steps in float32 than in float64."""
    steps = 3 if jnp.finfo(x.dtype).eps < 1e-10 else 12
    y = x
    for _ in range(steps):
        y = y * jnp.sin(x)
    return jnp.sum(y)


def distance(x: jax.Array) -> jax.Array:
    return jnp.sum(x * x) ** -1.5


def layer(x: jax.Array, w: jax.Array) -> jax.Array:
    return jnp.sum(jnp.tanh(w @ x))


def loop(x: jax.Array) -> jax.Array:
    def step(state: jax.Array, entry: jax.Array) -> tuple[jax.Array, jax.Array]:
        return state * jnp.sin(entry), state

    return jax.lax.scan(step, x[0], x)[0]


def planned(
    function: Callable[..., Any], args: dict[str, str], *requests: str
) -> tuple[KernelPlan, Signature]:
    primal = load_primal(function, args, name="module")
    asked = requests[0] if len(requests) == 1 else list(requests)
    kernel = resolve_kernel("k", asked, primal.signature, load_object=lambda _: None)
    wish = Wish("expanded", False, frozenset(), {})
    plan = plan_kernel(kernel, primal, function.__name__, wish)
    return plan, primal.signature


def printed_work(plan: KernelPlan, signature: Signature, regime: Regime) -> Cost:
    """The work of a kernel as its text is traced again, but for that of constants."""
    scope = ModuleScope()
    body = plan.chosen.body(plan.kernel, signature, scope)
    lines = [*body.lines, f"return [{', '.join(body.parts)}]"]
    text = f"def k({', '.join(signature.arguments)}):\n" + indent(
        "\n".join(lines), "  "
    )
    namespace: dict[str, Any] = {}
    exec(module_source(text, scope.parts(text)), namespace)
    types = kernel_types(plan.kernel, signature)
    names = list(signature.arguments)
    kernel = namespace["k"]
    traced = trace_one(kernel, types, regime, name="k", input_names=names)
    return cost_of(run_like_xla(run(traced, (INLINE_CALLS, FOLD_CONSTANTS))))


@pytest.mark.parametrize(
    ("function", "args", "requests"),
    [
        (distance, {"x": "float[3]"}, ["hessian(x)"]),
        (
            layer,
            {"x": "float[4]", "w": "float[3,4]"},
            ["value", "gradient(x)", "partial(x[0], x[1])"],
        ),
        (loop, {"x": "float[4]"}, ["gradient(x)"]),
    ],
)
def test_the_cost_is_that_of_the_printed_program(
    function: Callable[..., Any], args: dict[str, str], requests: list[str]
) -> None:
    plan, signature = planned(function, args, *requests)
    assert plan.chosen.cost is not None
    for regime in Regime:
        found = printed_work(plan, signature, regime)
        assert found.flops == plan.chosen.cost.flops
        assert found.transcendentals == plan.chosen.cost.transcendentals


def test_where_element_types_differ_the_heaviest_program_counts() -> None:
    plan, signature = planned(differing, {"x": "float[3]"}, "partial(x[0], x[0])")
    narrow, mixed, wide = (printed_work(plan, signature, each) for each in Regime)
    assert narrow == mixed
    cost = plan.chosen.cost
    assert cost is not None
    assert (cost.flops, cost.transcendentals) == (narrow.flops, narrow.transcendentals)
    assert wide.flops < narrow.flops
    (fact,) = (fact for fact in plan.facts if "takes" in fact)
    assert f"float32 takes {narrow.flops:.0f} flops" in fact
    assert f"float64 takes {wide.flops:.0f} flops" in fact


def test_without_the_callers_float_the_programs_are_told_apart_by_x64() -> None:
    def scaled(n: jax.Array) -> jax.Array:
        exact = jnp.finfo(jnp.result_type(float)).eps < 1e-10
        return jnp.sum(n * n) if exact else jnp.sum(n)

    plan, _ = planned(scaled, {"n": "int[3]"}, "value")
    (fact,) = (fact for fact in plan.facts if "takes" in fact)
    assert "without x64 takes" in fact
    assert "; x64 takes" in fact


def test_what_no_regime_but_one_can_trace_is_refused_with_the_reason() -> None:
    @jax.custom_jvp
    def exact(x: jax.Array) -> jax.Array:
        return x * x

    @exact.defjvp
    def _rule(primals: Any, tangents: Any) -> Any:
        if primals[0].dtype != jnp.float64:
            raise TypeError("float64 only")
        return exact(*primals), 2 * primals[0] * tangents[0]

    def squared(x: jax.Array) -> jax.Array:
        return exact(x)

    with pytest.raises(FrontendError, match="no plan") as caught:
        planned(squared, {"x": "float"}, "partial(x)")
    assert "float64 only" in str(caught.value)


def test_emission_traces_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, signature = planned(differing, {"x": "float[3]"}, "partial(x[0], x[0])")

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("emission traced a program")

    monkeypatch.setattr(jax, "make_jaxpr", refuse)
    body = plan.chosen.body(plan.kernel, signature, ModuleScope())
    assert any("float64" in line for line in body.lines)


@pytest.mark.parametrize("form", ["chain", "expanded"])
@pytest.mark.parametrize(
    "request_text", ["partial(x[0], x[1])", "hessian(x)", "hvp(x)", "lower(hessian(x))"]
)
def test_the_statements_are_those_of_the_module(form: str, request_text: str) -> None:
    """Of a chain one more where its result needs a type of its own."""
    module = partialc.compile(
        distance,
        args={"x": "float[3]"},
        kernels={"k": request_text},
        name="m",
        form=form,
    )
    (kernel,) = [
        node
        for node in ast.parse(module.source).body
        if isinstance(node, ast.FunctionDef) and node.name == "k"
    ]
    body = [node for node in ast.walk(kernel) if isinstance(node, ast.stmt)]
    others = 3  # the function itself, its docstring, the check of its arguments
    burden = module.plan.kernels["k"].chosen.burden
    assert burden is not None
    more = len(body) - others - burden.statements
    assert more in ((0, 1) if form == "chain" else (0,))
