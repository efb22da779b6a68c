"""Which form planning chooses where it is left to itself."""

import jax
import jax.numpy as jnp

from partialc.frontends.load import load_primal
from partialc.planning.choose import SHORT, Wish, plan_kernel
from partialc.request.resolve import resolve_kernel


def plan(function, args, request):
    primal = load_primal(function, args, name="module")
    kernel = resolve_kernel("k", request, primal.signature, load_object=lambda _: None)
    wish = Wish("auto", False, frozenset(), {})
    return plan_kernel(kernel, primal, function.__name__, wish)


def bell(x: jax.Array, width: jax.Array, height: jax.Array) -> jax.Array:
    """A function of numbers whose derivatives share much of their work."""
    ratio = x / (width * jnp.sqrt(height))
    return height * jnp.exp(-0.5 * ratio**2) / (width * jnp.sqrt(height))


def network(x: jax.Array, w: jax.Array, v: jax.Array) -> jax.Array:
    """Two dense layers."""
    return jnp.sum(jnp.tanh(v @ jnp.tanh(w @ x)))


def test_long_kernels_of_numbers_are_written_out_where_that_is_lighter():
    requests = ["value", "hessian(x, width)", "hessian(height)", "partial(x, x, width)"]
    args = dict.fromkeys(("x", "width", "height"), "float")
    chosen = plan(bell, args, requests).chosen
    assert chosen.length > SHORT
    assert chosen.form == "expanded"


def test_dense_layers_stay_chains():
    args = {"x": "float[8]", "w": "float[16,8]", "v": "float[16,16]"}
    assert plan(network, args, "hessian(x)").chosen.form == "chain"
