"""What is known of derivatives through loops, branches, solvers and sorts."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from numpy.typing import NDArray

from partialc.ops import loop_reach
from tests.unit.lowering.test_structured import (
    Function_,
    assembled,
    jacobian,
    taken_apart,
)

N = 12
X = np.random.default_rng(0).normal(size=N)
C = np.array([0.3, 0.7])
W = np.array([[0.2, 1.0, -0.4], [0.5, -0.1, 0.3], [0.9, 0.6, -1.1]])


def jacobian_forward(function: Function_, x: NDArray[Any]) -> NDArray[Any]:
    """By plain JAX, of what cannot be taken in reverse."""
    with jax.enable_x64(True):
        return np.asarray(jax.jit(jax.jacfwd(function))(x))


def banded(v: Any) -> Any:
    """A step that reads each place and the two beside it."""
    p = jnp.pad(v, 1, constant_values=1.0)
    return v + 0.1 * jnp.sin(p[2:] * p[:-2] - 2.0 * v)


def band(width: int) -> int:
    """How many entries of a matrix are within so many diagonals of the main one."""
    return N * (2 * width + 1) - width * (width + 1)


def solved(x: Any) -> Any:
    """Two small systems."""
    matrix = 3.0 * jnp.eye(2) + 0.1 * jnp.sin(x[:8].reshape(2, 2, 2))
    return jnp.linalg.solve(matrix, x[8:].reshape(2, 2, 1)).ravel()


def factorised(x: Any) -> Any:
    """Three small factorisations."""
    a = jnp.sin(x.reshape(3, 2, 2))
    return jnp.linalg.cholesky(5.0 * jnp.eye(2) + 0.1 * (a + a.mT)).ravel()


def nested(x: Any) -> Any:
    """A loop for each row."""

    def row(r: Any) -> Any:
        return lax.scan(lambda v, _: (jnp.sin(v) * r[0], None), r, None, length=3)[0]

    return lax.map(row, x.reshape(-1, 3)).ravel()


def controlled(u: Any, *, reverse: bool = False) -> Any:
    """What comes later depends on all controls before."""
    start = jnp.ones(2)
    steps = u[:10].reshape(-1, 2)
    _, ys = lax.scan(
        lambda v, a: (jnp.tanh(v + a), v * a), start, steps, reverse=reverse
    )
    return ys.ravel()


CASES: dict[str, tuple[Function_, list[NDArray[Any]], int]] = {
    # The function, where, and how many entries its pattern has, forward.
    "map": (lambda x: lax.map(lambda r: jnp.tanh(W @ r) * r[0], x.reshape(-1, 3)),
            [X], 36),
    "windows of a map": (
        lambda x: lax.map(
            lambda i: jnp.sum(lax.dynamic_slice(x, (i,), (3,)) ** 2), jnp.arange(N - 2)
        ),
        [X],
        30,
    ),
    "a carry that is known": (
        lambda x, c: lax.scan(
            lambda a, r: (a + 1.0, jnp.sin(r) * c[0] * a + r[1]), 1.0, x.reshape(-1, 3)
        )[1],
        [X, C],
        12 + 8 + 12,
    ),
    "two steps": (
        lambda x: lax.scan(lambda v, _: (banded(v), None), x, None, length=2)[0],
        [X],
        band(2),
    ),
    "no steps": (
        lambda x: lax.scan(lambda v, _: (banded(v), None), x, None, length=0)[0],
        [X],
        N,
    ),
    "what steps leave": (
        lambda x: lax.scan(lambda v, _: (banded(v), v), x, None, length=3)[1],
        [X],
        band(0) + band(1) + band(2),
    ),
    "steps until it is full": (
        lambda x: lax.scan(lambda v, _: (banded(v), None), x, None, length=40)[0],
        [X],
        N * N,
    ),
    "controls": (controlled, [X], 30),
    "controls from behind": (lambda u: controlled(u, reverse=True), [X], 30),
    "a constant in a loop": (
        lambda x: lax.scan(lambda v, _: (v * x[2:4], None), x[:2], None, length=4)[0],
        [X],
        4,
    ),
    "counted": (lambda x: lax.fori_loop(0, 3, lambda i, v: banded(v) * i, x), [X],
                band(3)),
    "branches": (lambda x: lax.cond(x[0] > 0, banded, lambda v: 2.0 * v, x), [X],
                 band(1)),
    "sorted rows": (lambda x: jnp.sort(x.reshape(3, 4), 1), [X], 48),
    "solved": (solved, [X], 4 * 6),
    "factorised": (factorised, [X], 36),
    "nested": (nested, [X], 4 * 5),
    "transformed": (lambda x: jnp.abs(jnp.fft.fft(x.reshape(3, 4))), [X], 48),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_forward(name: str) -> None:
    function, points, entries = CASES[name]
    found = taken_apart(function, points)
    assert found.pattern.nonzeros == entries
    want = jacobian(function, points)
    np.testing.assert_allclose(assembled(found, points), want, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_reverse(name: str) -> None:
    """As many entries or more: what is added up along a loop is not told apart."""
    function, points, _ = CASES[name]
    found = taken_apart(function, points, is_reverse=True)
    want = jacobian(function, points)
    np.testing.assert_allclose(assembled(found, points), want, rtol=1e-11, atol=1e-13)


def test_until() -> None:
    """Of a loop of unknown length all that any number of steps reaches."""

    def function(x: Any) -> Any:
        def turn(state: Any) -> Any:
            count, v = state
            return count + 1, v.at[1:3].set(v[:2] * v[1:3])

        return lax.while_loop(lambda state: state[0] < 3, turn, (0, x))[1]

    found = taken_apart(function, [X])
    rows, cols = found.pattern.rows.tolist(), found.pattern.cols.tolist()
    places = set(zip(rows, cols, strict=True))
    apart = {(n, n) for n in range(N)}
    assert places == apart | {(1, 0), (2, 0), (2, 1)}


def test_until_of_several() -> None:
    """Values that are carried, one into the other, and a constant that is added."""

    def function(x: Any) -> Any:
        def turn(state: Any) -> Any:
            count, a, b, c = state
            return count + 1, b * x[9], a[::-1] + x[:2], c

        start = (0, x[2:4], x[4:6], x[6:8])
        _, a, b, c = lax.while_loop(lambda state: state[0] < 2, turn, start)
        return jnp.concatenate([a, b, c])

    found = taken_apart(function, [X])
    places: dict[int, set[int]] = {}
    for row, col in zip(found.pattern.rows, found.pattern.cols, strict=True):
        places.setdefault(int(row), set()).add(int(col))
    both = {0, 1, 2, 3, 4, 5, 9}
    assert places == {0: both, 1: both, 2: both, 3: both, 4: {6}, 5: {7}}
    want = jacobian_forward(function, X)
    np.testing.assert_allclose(assembled(found, [X]), want, rtol=1e-12)


def test_long_loops_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then everything depends on everything."""

    def function(x: Any) -> Any:
        return lax.scan(lambda v, _: (banded(v), None), x, None, length=3)[0]

    assert taken_apart(function, [X]).pattern.nonzeros == band(3)
    monkeypatch.setattr(loop_reach, "MOST_WORK", 10)
    found = taken_apart(function, [X])
    assert found.pattern.nonzeros == N * N
    np.testing.assert_allclose(
        assembled(found, [X]), jacobian(function, [X]), rtol=1e-12, atol=1e-14
    )


def test_as_many_derivatives_as_colours() -> None:
    """Five diagonals are five derivatives, however long the vector is."""

    def function(x: Any) -> Any:
        return lax.scan(lambda v, _: (banded(v), None), x, None, length=2)[0]

    found = taken_apart(function, [np.linspace(0.1, 1.0, 50)])
    (loop,) = (
        e for e in found.arrays.equations if e.op == "scan" and len(e.inputs) > 2
    )
    assert [v.type.shape for v in loop.outputs if v.type.ndim == 2] == [(5, 50)]
