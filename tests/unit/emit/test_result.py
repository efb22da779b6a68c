"""What kernels return: parts in the containers that were asked for."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

import partialc

X = jnp.arange(1.0, 4.0)


@pytest.mark.parametrize(
    ("function", "argument", "example"),
    [
        (lambda x: jnp.prod(x), X, "float[3]"),
        (lambda x: jnp.prod(x["w"]), {"w": X}, None),
        (lambda x: (jnp.prod(x[0]),), (X,), None),
    ],
    ids=["array", "dict", "tuple"],
)
def test_a_vjp_is_a_tuple_even_of_one_argument_of_one_leaf(
    function: Any, argument: Any, example: str | None
) -> None:
    args = {"x": example or argument}
    module = partialc.compile(
        function, args, {"pulled": "vjp(out)"}, "module", form="chain"
    ).load()
    value, pullback = jax.vjp(function, argument)
    cotangent = jax.tree.map(jnp.ones_like, value)
    actual, expected = module.pulled(argument, cotangent), pullback(cotangent)
    assert jax.tree.structure(actual) == jax.tree.structure(expected)
    assert jax.tree.all(jax.tree.map(jnp.allclose, actual, expected))
