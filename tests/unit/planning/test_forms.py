"""Which form planning chooses where it is left to itself."""

import jax
import jax.numpy as jnp

from examples.robot_arm.model import end_effector
from examples.thermodynamics.model import alphar
from partialc.frontends.load import load_primal
from partialc.planning.choose import SHORT, Wish, plan_kernel
from partialc.request.resolve import resolve_kernel


def plan(function, args, request):
    primal = load_primal(function, args, name="module")
    kernel = resolve_kernel("k", request, primal.signature, load_object=lambda _: None)
    wish = Wish("auto", False, frozenset(), {})
    return plan_kernel(kernel, primal, function.__name__, wish)


def network(x: jax.Array, w: jax.Array, v: jax.Array) -> jax.Array:
    """Two dense layers."""
    return jnp.sum(jnp.tanh(v @ jnp.tanh(w @ x)))


def test_a_longer_text_must_save_more():
    """A fortieth of the work is worth reading much, four fifths of it are not."""
    args = {"tau": "float", "delta": "float"}
    everything = ["value", "gradient(tau, delta)", "hessian(tau, delta)"]
    everything += ["partial(tau, tau)", "partial(delta, delta)"]
    assert plan(alphar, args, everything).chosen.form == "chain"
    jacobian = plan(end_effector, {"q": "float[6]"}, "jacobian(q)").chosen
    assert jacobian.form == "expanded"
    assert jacobian.length > SHORT


def test_columns_of_a_layer_are_worth_some_lines():
    args = {"x": "float[8]", "w": "float[16,8]", "v": "float[16,16]"}
    chosen = plan(network, args, "partial(x[1], x[2])").chosen
    assert chosen.form == "expanded"
    assert chosen.length > SHORT
