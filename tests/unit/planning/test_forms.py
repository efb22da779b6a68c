"""Which form planning chooses where it is left to itself."""

import jax
import jax.numpy as jnp

from examples.robot_arm.model import end_effector
from examples.thermodynamics.model import alphar
from partialc.frontends.load import load_primal
from partialc.lowering.pipeline import variants
from partialc.planning.choose import Wish, plan_kernel
from partialc.planning.preference import LONG
from partialc.planning.written_out import SHORT
from partialc.request.resolve import resolve_kernel


def plan(function, args, request, form="auto", reassociate=True):
    primal = load_primal(function, args, name="module")
    kernel = resolve_kernel("k", request, primal.signature, load_object=lambda _: None)
    wish = Wish(form, False, frozenset(), {}, ladder=variants(reassociate=reassociate))
    return plan_kernel(kernel, primal, function.__name__, wish)


def network(x: jax.Array, w: jax.Array, v: jax.Array) -> jax.Array:
    """Three dense layers."""
    return jnp.sum(jnp.tanh(v @ jnp.tanh(v @ jnp.tanh(w @ x))))


def iterated(x: jax.Array) -> jax.Array:
    """Steps of which none can be left out."""
    y = x
    for step in range(120):
        y = jnp.sin(y + step * x)
    return y


def test_a_longer_text_must_save_more():
    """A fortieth of the work is worth reading much, nearly all of it is not."""
    steps = plan(iterated, {"x": "float"}, "partial(x)")
    ways = [steps.chosen, *steps.rejected]
    (written, *_) = [way for way in ways if way.form == "expanded"]
    assert written.burden.statements > LONG
    assert steps.chosen.form == "chain"
    assert "statements" in written.refusal
    jacobian = plan(end_effector, {"q": "float[6]"}, "jacobian(q)").chosen
    assert jacobian.form == "expanded"
    assert jacobian.burden.statements > SHORT


def test_what_may_round_otherwise_is_told_and_can_be_had_without():
    args = {"tau": "float", "delta": "float"}
    request = "partial(tau, delta)"
    regrouped = plan(alphar, args, request, "expanded")
    in_order = plan(alphar, args, request, "expanded", reassociate=False)
    assert any("reassociate = false" in fact for fact in regrouped.facts)
    assert not any("reassociate" in fact for fact in in_order.facts)
    assert 2 * regrouped.chosen.cost.flops < in_order.chosen.cost.flops


def test_layers_are_worth_no_lines_where_they_stay():
    """Products of whole layers do not shrink: a chain of two lines is as good."""
    args = {"x": "float[8]", "w": "float[16,8]", "v": "float[16,16]"}
    found = plan(network, args, "partial(x[1], x[2])")
    assert found.chosen.form == "chain"
    (written, *_) = [way for way in found.rejected if way.form == "expanded"]
    assert written.cost.flops < found.chosen.cost.flops
