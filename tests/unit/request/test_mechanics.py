"""Accelerations of Lagrangians, against solves of what JAX differentiates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.errors import RequestError
from partialc.request.combination import Combination
from partialc.request.resolve import resolve_kernel
from partialc.request.signature import Signature
from tests.unit.request.multi_indices import multi_indices


def lagrangian(z: jax.Array, n: int) -> jax.Array:
    """Of coordinates, velocities and the time, one after the other."""
    q, qd, t = z[:n], z[n : 2 * n], z[2 * n]
    coupling = jnp.outer(jnp.cos(q), jnp.cos(q)) + (n + 1 + t**2) * jnp.eye(n)
    return 0.5 * qd @ coupling @ qd + jnp.sum(jnp.sin(q) * t) - jnp.sum(q**3)


def accelerations(z: jax.Array, n: int, *, is_timed: bool) -> jax.Array:
    gradient, hessian = jax.grad(lagrangian)(z, n), jax.hessian(lagrangian)(z, n)
    at, moved = slice(0, n), slice(n, 2 * n)
    force = gradient[at] - hessian[moved, at] @ z[moved]
    force = force - hessian[moved, 2 * n] if is_timed else force
    return jnp.linalg.solve(hessian[moved, moved], force)


@pytest.mark.parametrize(
    ("n", "is_scalar"), [(1, True), (1, False), (2, False), (3, False)]
)
@pytest.mark.parametrize("is_timed", [False, True])
def test_accelerations(
    n: int,
    is_scalar: bool,
    is_timed: bool,
    signature: Callable[..., Signature],
    array: Any,
) -> None:
    kind = array("float") if is_scalar else array("float", n)
    found = signature(array("float"), q=kind, qd=kind, t=array("float"))
    text = "euler_lagrange(q, qd, t)" if is_timed else "euler_lagrange(q, qd)"
    (field,) = resolve_kernel("k", text, found, load_object=str).fields
    node = field.parts
    assert isinstance(node, Combination)
    with jax.enable_x64(True):
        z = jnp.asarray(np.random.default_rng(n).uniform(0.2, 1.0, 2 * n + 1))
        parts = []
        for part in node.parts:
            tensor: Any = lambda z: lagrangian(z, n)  # noqa: E731
            for _ in part.axes:
                tensor = jax.jacfwd(tensor)
            indices = multi_indices(part, found)
            shape = [extent for axis in part.axes for extent in axis[0].shape]
            parts.append(tensor(z)[tuple(indices.T)].reshape(shape))
        leaves = [z[:n].reshape(kind.type.shape), z[n : 2 * n].reshape(kind.type.shape)]
        inputs = [leaves[each.leaf][each.index] for each in node.inputs]
        given = node.value(parts, inputs)
        assert given.shape == node.shape == kind.type.shape
        expected = accelerations(z, n, is_timed=is_timed).reshape(kind.type.shape)
        np.testing.assert_allclose(given, expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("euler_lagrange(q, v)", "has shape"),
        ("euler_lagrange(q, q)", "named twice"),
        ("euler_lagrange(w, w)", "named twice"),
        ("euler_lagrange(q, qd, v)", "is no scalar"),
        ("euler_lagrange(q, w)", "is no vector"),
    ],
)
def test_what_does_not_fit(
    text: str, message: str, signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(
        array("float"),
        q=array("float", 2),
        qd=array("float", 2),
        v=array("float", 3),
        w=array("float", 2, 2),
    )
    with pytest.raises(RequestError, match=message):
        resolve_kernel("k", text, found, load_object=str)


def test_the_lagrangian_is_a_scalar(
    signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(array("float", 2), q=array("float"), qd=array("float"))
    with pytest.raises(RequestError, match="wants a scalar"):
        resolve_kernel("k", "euler_lagrange(q, qd)", found, load_object=str)
