"""Linear programs as terms: the whole matrix against plain JAX, both ways round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from numpy.typing import NDArray

from partialc.ir.dtypes import DType, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Function
from partialc.lowering.common_subexpressions import COMMON_SUBEXPRESSIONS
from partialc.lowering.pipeline import FLAT, FULL
from partialc.lowering.structured import interpret
from partialc.lowering.structured.interpret import TooLargeError
from partialc.lowering.structured.matrix import LinearMatrix, linear_matrix
from partialc.lowering.structured.pipeline import whole_arrays
from partialc.lowering.structured.reads import READS
from partialc.lowering.structured.slots import SLOTS
from partialc.ops import linear
from partialc.ops.evaluation import run_function

FLOAT = DType.fixed("float64")
X = np.array([0.5, -1.25, 2.0, 0.75, -0.5, 1.5])
M = np.array(
    [[1.5, -0.5, 2.0], [0.25, 1.0, -1.75], [0.5, 3.0, -1.0], [2.5, 1.25, 0.75]]
)

Function_ = Callable[..., Any]


def tuple_of(function: Function_) -> Function_:
    """The same, with a tuple of results."""

    def call(*given: Any) -> tuple[Any, ...]:
        results = function(*given)
        return tuple(results) if isinstance(results, tuple) else (results,)

    return call


def taken_apart(
    function: Function_, points: Sequence[NDArray[Any]], *, is_reverse: bool = False
) -> LinearMatrix:
    """The matrix of a function's derivatives, as terms."""
    call = tuple_of(function)
    count = len(points)
    with jax.enable_x64(True):
        results = jax.eval_shape(call, *points)

    def linear(*given: Any) -> tuple[Any, ...]:
        at, seeds = given[:count], given[count:]
        if is_reverse:
            return tuple(jax.vjp(call, *at)[1](tuple(seeds)))
        return tuple(jax.linearize(call, *at)[1](*seeds))

    shapes = [each.shape for each in (results if is_reverse else points)]
    types = [ArrayType(FLOAT, each.shape) for each in points]
    types += [ArrayType(FLOAT, shape) for shape in shapes]
    names = [f"x{number}" for number in range(len(types))]
    traced = trace_one(
        linear, types, Regime.WIDE, name="linear", input_names=names, rules=False
    )
    sizes = [prod(shape) for shape in shapes]
    return linear_matrix(traced, sizes, [Regime.WIDE], is_reverse=is_reverse)


def assembled(
    found: LinearMatrix, points: Sequence[NDArray[Any]]
) -> NDArray[np.float64]:
    """A matrix of terms as an array, at a point."""
    pattern = found.matrix.pattern()
    keys = pattern.rows * max(pattern.shape[1], 1) + pattern.cols
    atom = found.matrix.values(keys, FLOAT, found.arrays)
    inputs = found.function.inputs[: len(points)]
    function = Function("values", inputs, tuple(found.arrays.equations), (atom,))
    with jax.enable_x64(True):
        (values,) = jax.jit(lambda *given: run_function(function, given))(*points)
    total = np.zeros(pattern.shape)
    total[pattern.rows, pattern.cols] = np.asarray(values)
    return total


def jacobian(
    function: Function_, points: Sequence[NDArray[Any]]
) -> NDArray[np.float64]:
    """All results by all arguments, flat, by plain JAX."""
    call = tuple_of(function)
    with jax.enable_x64(True):
        blocks = jax.jit(jax.jacrev(call, tuple(range(len(points)))))(*points)
        return np.vstack(
            [
                np.hstack(
                    [
                        np.asarray(block).reshape(-1, point.size)
                        for block, point in zip(row, points, strict=True)
                    ]
                )
                for row in blocks
            ]
        )


def antidiagonals(x: Any) -> Any:
    """Sums over two places: rows that depend on two axes of a grid."""
    index = np.arange(6)[:, None] + np.arange(2)
    return jnp.zeros(7).at[index].add(x[:, None] * np.array([1.0, 2]))


def repeated_factor(x: Any) -> Any:
    """A diagonal of an outer product: one term has a factor twice, the other once."""
    weight = lax.stop_gradient(jnp.sin(x))
    twice = x[np.array([3, 2, 5, 1, 0, 4])][:, None] * weight[:, None] * weight
    once = x[np.array([2, 4, 0, 5, 1, 3])] * weight
    every = np.arange(6)
    return twice[every, every] + once


def padded_image(weight: Any) -> Any:
    """A convolution of an image that is known, with zeros, and is read beside it."""
    image = np.array([0.0, 1, 2, 3, 0, 5, 6, 7, 8])[None, None]
    return lax.conv_general_dilated(image, weight[None, None], (1,), [(1, 1)])[0, 0]


CASES: dict[str, tuple[Function_, list[NDArray[Any]], int]] = {
    # The function, where, and how many entries its pattern has at most.
    "differences": (lambda x: (x[1:] - x[:-1]) ** 2, [X], 10),
    "wraps": (lambda x: jnp.roll(x, 1) * x, [X], 12),
    "several": (
        lambda x, m: (jnp.sin(x), m.T @ m[:, :1], x[0] * m[:, 1], np.pi),
        [X, M],
        6 + 9 + 21 + 8,
    ),
    "nothing": (lambda x: (x * 0, x[:0], jnp.float64(1)), [X], 0),
    "a scalar": (lambda x, t: t * jnp.sum(x), [X, np.float64(3)], 7),
    "lower": (lambda m: (jnp.tril(m @ m.T) @ m)[:, 0], [M], 48),
    "sums": (lambda x: jnp.cumsum(x[::-1]) * x, [X], 24),
    "products": (lambda x: jnp.cumprod(x[:4]), [X], 10),
    "windows": (
        lambda m: lax.reduce_window(m, 0.0, lax.add, (2, 2), (1, 1), "SAME"),
        [M],
        35,
    ),
    "element Hessians": (
        lambda x: jax.grad(lambda y: jnp.sum((y[1:] - y[:-1]) ** 4))(x),
        [X],
        16,
    ),
    "no elements": (
        lambda x: jnp.sum(jnp.broadcast_to(x, (0, 6)).reshape(-1)) + jnp.sin(x),
        [X],
        6,
    ),
    "cut antidiagonals, scattered": (
        lambda x: (
            jnp.zeros(6).at[np.array([3, 0, 4, 1, 2, 2])].add(antidiagonals(x)[:-1])
        ),
        [X],
        12,
    ),
    "cut antidiagonals, scaled": (
        lambda x: antidiagonals(x)[:-1] * np.array([0.0, 1, 2, 3, 0, 5]),
        [X],
        8,
    ),
    "a factor twice": (repeated_factor, [X], 12),
    "a known image": (padded_image, [X[:3]], 20),
}


@pytest.mark.parametrize("is_reverse", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_matrices(name: str, is_reverse: bool) -> None:
    function, points, entries = CASES[name]
    found = taken_apart(function, points, is_reverse=is_reverse)
    assert found.opaque == ()
    assert found.matrix.pattern().nonzeros <= entries
    want = jacobian(function, points)
    np.testing.assert_allclose(assembled(found, points), want, rtol=1e-12, atol=1e-14)


OPAQUE: dict[str, tuple[Function_, list[NDArray[Any]], tuple[str, ...], int]] = {
    # The function, where, the operations without a rule, and the entries.
    "a computed index": (
        lambda x: lax.dynamic_slice(x, (jnp.int32(x[0] > 0),), (3,)) ** 2,
        [X],
        ("dynamic_slice", "dynamic_update_slice"),
        18,
    ),
    "a loop": (
        lambda x: lax.scan(lambda c, v: (c * v + 1, c), x[0], x[:3])[1],
        [X],
        ("scan", "scan"),
        18,
    ),
    "dense over what stands behind it": (
        lambda x: jnp.concatenate([jnp.sort(x[:2]), x[2:] ** 2]),
        [X],
        ("gather", "scatter-add"),
        8,
    ),
}


@pytest.mark.parametrize("is_reverse", [False, True])
@pytest.mark.parametrize("name", OPAQUE)
def test_operations_without_a_rule(name: str, is_reverse: bool) -> None:
    function, points, ops, entries = OPAQUE[name]
    found = taken_apart(function, points, is_reverse=is_reverse)
    assert [equation.op for equation in found.opaque] == [ops[is_reverse]]
    assert found.matrix.pattern().nonzeros <= entries
    want = jacobian(function, points)
    np.testing.assert_allclose(assembled(found, points), want, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("is_reverse", "elements", "op"),
    [(False, 6 * 6, "dynamic_slice"), (True, 6 * 3, "dynamic_update_slice")],
)
def test_too_large(
    is_reverse: bool, elements: int, op: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The larger of operand and result, for each seed behind it."""
    function, points, _, _ = OPAQUE["a computed index"]
    monkeypatch.setattr(interpret, "LARGEST", elements)
    assert taken_apart(function, points, is_reverse=is_reverse).opaque
    monkeypatch.setattr(interpret, "LARGEST", elements - 1)
    with pytest.raises(TooLargeError, match=f"^{op} is computed densely"):
        taken_apart(function, points, is_reverse=is_reverse)


def test_constants_are_known() -> None:
    found = taken_apart(lambda x: 3 * x[:2] + x[2] ** 2, [X])
    pattern = found.matrix.pattern()
    places = zip(pattern.rows, pattern.cols, pattern.is_constant, strict=True)
    assert list(places) == [
        (0, 0, True),
        (0, 2, False),
        (1, 1, True),
        (1, 2, False),
    ]


@pytest.mark.parametrize("most", [0, linear.MOST_HOLES])
def test_sums_over_parts_of_sums_take_no_place_for_each_pair(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Hessian of squares of sums over a triangle: one place for each two seeds."""
    monkeypatch.setattr(linear, "MOST_HOLES", most)
    x, place = np.linspace(0.1, 1.0, 12), np.arange(12)

    def squares(x: Any) -> Any:
        terms = jnp.sin(x)[None] * jnp.cos(x)[:, None]
        below = jnp.where(place[:, None] >= place, terms, 0.0)
        return jnp.sum(jnp.sum(below, axis=1) ** 2)

    found = taken_apart(jax.grad(squares), [x])
    if not most:
        assert all(term.places <= 2 * x.size**2 for term in found.matrix.terms)
    want = jacobian(jax.grad(squares), [x])
    np.testing.assert_allclose(assembled(found, [x]), want, rtol=1e-12, atol=1e-14)


def test_terms_do_not_follow_the_length() -> None:
    def residual(x: Any) -> Any:
        return x[2:] - 2 * x[1:-1] + x[:-2] + jnp.exp(x[1:-1])

    counts = [
        len(taken_apart(residual, [np.zeros(length)]).matrix.terms)
        for length in (8, 80)
    ]
    assert counts[0] == counts[1] <= 3


def test_whole_arrays_leaves_other_passes_in_their_order() -> None:
    found = whole_arrays(FULL)
    first = [each.name for each in (*FLAT, READS)]
    names = [each.name for each in found.passes][len(first) :]
    every = [each.name for each in FULL.passes]
    assert found.name == FULL.name
    assert [each.name for each in found.passes][: len(first)] == first
    # Once more after the algebra, of what has become one number everywhere.
    assert names.pop(names.index("array_algebra") + 1) == READS.name
    # And at last, small axes are taken apart, of which some parts are equal.
    assert names[-2:] == [SLOTS.name, COMMON_SUBEXPRESSIONS.name]
    names = names[:-2]
    assert names == [name for name in every if name in names]
    assert set(every) - set(names) == {
        "light_cone",
        "needed_rectangles",
        "rectangles",
        "specialise_loops",
    }
