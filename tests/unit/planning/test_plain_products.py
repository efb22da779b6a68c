"""Products as plain JAX takes them are the products that are asked for."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.frontends.load import load_primal
from partialc.ir.dtypes import Regime
from partialc.planning.plain_products import product_call, taken_together
from partialc.planning.reference import References
from partialc.realise.execute import kernel_types
from partialc.request.parts import parts_of
from partialc.request.resolve import resolve_kernel
from tests.oracle import reference_value

ARGS = {"p": {"a": "float[3]", "n": "int", "b": "float"}, "t": "float[2]"}


def f(p: dict[str, jax.Array], t: jax.Array) -> dict[str, jax.Array]:
    """A vector and a scalar of a tree and a vector."""
    inner = jnp.sin(p["a"]) * p["b"] * p["n"]
    return {"u": inner * t[0] + p["a"] ** 2, "v": jnp.sum(inner**3) * t[1] ** 2}


@pytest.mark.parametrize(
    ("request_text", "applications"),
    [
        ("jvp(p)", 1),
        ("jvp(t)", 1),
        ("vjp(out)", 1),
        ('vjp(out["u"])', 1),
        ('hvp(p, of=out["v"])', 1),
        ('hvp(t, of=out["u"][1])', 1),
        ('jvp(p); vjp(out["v"]); hvp(t, of=out["v"])', 3),
    ],
)
def test_products_agree_with_the_full_tensors(
    request_text: str, applications: int
) -> None:
    primal = load_primal(f, ARGS, name="m")
    kernel = resolve_kernel(
        "k", request_text.split("; "), primal.signature, load_object=lambda _: None
    )
    random = np.random.default_rng(5)
    with jax.enable_x64():
        leaves = [
            jnp.asarray(random.normal(size=kind.shape) * 2, kind.dtype.numpy())
            for kind in kernel_types(kernel, primal.signature)
        ]
        arguments, directions = _trees(kernel, primal, leaves)
        want = [
            part
            for field in kernel.fields
            for part in jax.tree.leaves(
                reference_value(primal, field, arguments, directions)
            )
        ]
        groups = taken_together(parts_of(kernel))
        assert len(groups) == applications
        found = [
            array
            for group in groups
            for array in product_call(group, kernel, primal)(*leaves)
        ]
    for ours, theirs in zip(found, want, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def _trees(kernel: Any, primal: Any, leaves: list[Any]) -> tuple[list[Any], Any]:
    rest = list(leaves)
    arguments, directions = [], {}
    structures = {name: t.structure for name, t in primal.signature.arguments.items()}
    for structure in structures.values():
        count = structure.num_leaves
        arguments.append(jax.tree.unflatten(structure, rest[:count]))
        rest = rest[count:]
    for direction in kernel.directions:
        count = (
            len(jax.tree.leaves(direction.outputs))
            if direction.argument is None
            else structures[direction.argument].num_leaves
        )
        directions[direction.name], rest = rest[:count], rest[count:]
    return arguments, directions


def test_a_product_is_not_held_against_a_tensor_nobody_would_form() -> None:
    def g(x: jax.Array) -> jax.Array:
        return jnp.cumsum(jnp.tanh(x)) ** 2

    primal = load_primal(g, {"x": "float[300]"}, name="m")
    references = References(primal)

    def flops(text: str) -> float:
        kernel = resolve_kernel("k", text, primal.signature, load_object=lambda _: None)
        cost = references.cost(kernel)
        assert cost is not None
        return cost.flops

    assert flops("jvp(x)") < 10_000 < flops("jacobian(x)")
    assert flops("vjp(out)") < 10_000
    assert flops("hvp(x, of=out[7])") < 20_000 < flops("hessian(x, of=out[7])")


def test_what_differs_between_the_widths_costs_what_the_dearer_one_does() -> None:
    def g(x: jax.Array) -> jax.Array:
        y = x
        for _ in range(3 if jnp.finfo(x.dtype).eps < 1e-10 else 12):
            y = y * jnp.sin(x)
        return y

    primal = load_primal(g, {"x": "float"}, name="m")
    kernel = resolve_kernel("k", "value", primal.signature, load_object=lambda _: None)
    cost = References(primal).cost(kernel)
    assert cost is not None
    assert cost.flops == 12
    assert primal.program.variants[Regime.NARROW] is not primal.program.widest
