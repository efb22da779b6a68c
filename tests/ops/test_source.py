"""How operations read when they are printed: the text, not only the numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from partialc.ir.dtypes import DType
from partialc.ir.jaxprs import trace
from partialc.ir.program import ArrayType
from partialc.printing import print_body

VECTOR, MATRIX = "float[5]", "float[3,4]"
INDICES, NUMBERS, WHOLE = "int32[2]", "int32[5]", "int32[]"

TABLE: Final[list[tuple[Callable[..., Any], tuple[str, ...], str]]] = [
    # arithmetic: operators where numpy means the same
    (lambda x, y: (x + y) * -x / y - x**2, (VECTOR, VECTOR), "(x + y) * -x / y - x**2"),
    (lambda n, m: lax.div(n, m), (NUMBERS, NUMBERS), "lax.div(n, m)"),
    (lambda n, m: lax.rem(n, m), (NUMBERS, NUMBERS), "lax.rem(n, m)"),
    (lambda n: n >> 2, (NUMBERS,), "n >> 2"),
    (
        lambda n: lax.shift_right_logical(n, jnp.int32(2)),
        (NUMBERS,),
        "lax.shift_right_logical(n, jnp.asarray(2, jnp.int32))",
    ),
    (lambda p, q: p & ~q | p, ("bool[5]", "bool[5]"), "p & ~q | p"),
    (lambda x: x**3.0, (VECTOR,), "x**3.0"),
    (lambda x: 1 / x**2, (VECTOR,), "1.0 / x**2"),
    (lambda x: lax.integer_pow(x, -3), (VECTOR,), "x**-3"),
    (lambda x: jnp.maximum(x, 0.0), (VECTOR,), "jnp.maximum(x, 0.0)"),
    (
        lambda x: lax.clamp(jnp.zeros((), x.dtype), x, jnp.ones((), x.dtype)),
        (VECTOR,),
        "lax.clamp(jnp.asarray(0.0, x.dtype), x, jnp.asarray(1.0, x.dtype))",
    ),
    # choosing: the false case stands first in select_n and last in where
    (
        lambda p, x, y: jnp.where(p, x, y),
        ("bool[5]", VECTOR, VECTOR),
        "jnp.where(p, x, y)",
    ),
    (lambda x: jnp.where(x > 0, x, 0.0), (VECTOR,), "jnp.where(x > 0.0, x, 0.0)"),
    # conversions
    (lambda n: n.astype(jnp.float32), (NUMBERS,), "n.astype(jnp.float32)"),
    (lambda n, x: n.astype(x.dtype) * x, (NUMBERS, VECTOR), "n.astype(x.dtype) * x"),
    (lambda n: n.astype(float), (NUMBERS,), "n.astype(float)"),
    # shapes
    (lambda x: x.T, (MATRIX,), "x.T"),
    (lambda x: jnp.swapaxes(x, 1, 2), ("float[2,3,4]",), "x.mT"),
    (lambda x: x.transpose(2, 0, 1), ("float[2,3,4]",), "x.transpose(2, 0, 1)"),
    (lambda x: x.reshape(2, 6), (MATRIX,), "x.reshape(2, 6)"),
    (lambda x: x.ravel(), (MATRIX,), "x.ravel()"),
    (lambda x: x[::-1], (VECTOR,), "x[::-1]"),
    (lambda x: lax.rev(x, (1,)), (MATRIX,), "x[:, ::-1]"),
    (lambda x: jnp.tile(x, (2, 1)), (MATRIX,), "jnp.tile(x, (2, 1))"),
    (lambda x: jnp.broadcast_to(x, (3, 5)), (VECTOR,), "jnp.broadcast_to(x, (3, 5))"),
    (
        lambda x: lax.broadcast_in_dim(x, (5, 3), (0,)),
        (VECTOR,),
        "jnp.broadcast_to(x[:, None], (5, 3))",
    ),
    (lambda x, y: x[:, None] * y[None], (VECTOR, "float[3]"), "x[:, None] * y[None]"),
    (lambda x: jnp.pad(x, 1), (VECTOR,), "jnp.pad(x, 1)"),
    # slices and indices
    (lambda x: x[:2, ::2], (MATRIX,), "x[:2, ::2]"),
    (lambda x: x[1, 2], (MATRIX,), "x[1, 2]"),
    (lambda x: x[:, -1], (MATRIX,), "x[:, 3]"),
    (lambda x, i: x[i], (MATRIX, WHOLE), "x[i]"),
    (lambda x, i: x[:, i], (MATRIX, WHOLE), "x[:, i]"),
    (lambda x, i: x[i, 1:3], (MATRIX, WHOLE), "x[i, 1:3]"),
    (lambda x, i, j: x[i, j], (MATRIX, WHOLE, WHOLE), "x[i, j]"),
    (lambda x, i: x[i], (MATRIX, INDICES), "x[i]"),
    (lambda x, i: x[:, i], (MATRIX, INDICES), "x[:, i]"),
    (lambda x, i, j: x[i, :, j], ("float[2,3,4]", INDICES, INDICES), "x[i, :, j]"),
    (
        lambda x, i: x.at[i].get(mode="clip"),
        (VECTOR, INDICES),
        'x.at[i].get(mode="clip")',
    ),
    (
        lambda x, i: x.at[i].get(mode="fill", fill_value=0.0),
        (VECTOR, INDICES),
        'x.at[i].get(mode="fill", fill_value=0.0)',
    ),
    (lambda x, i, u: x.at[i].add(u), (VECTOR, INDICES, "float[2]"), "x.at[i].add(u)"),
    (lambda x, u: x.at[1:3].set(u), (VECTOR, "float[2]"), "x.at[1:3].set(u)"),
    (
        lambda x, u: x.at[:, 1].multiply(u),
        (MATRIX, "float[3]"),
        "x.at[:, 1].multiply(u)",
    ),
    (
        lambda x, i, u: x.at[i].max(u, mode="promise_in_bounds"),
        (VECTOR, INDICES, "float[2]"),
        'x.at[i].max(u, mode="promise_in_bounds")',
    ),
    # products
    (lambda a, b: a @ b, (MATRIX, "float[4,2]"), "a @ b"),
    (lambda a, x: a @ x, (MATRIX, "float[4]"), "a @ x"),
    (lambda a: a.T @ a, (MATRIX,), "a.T @ a"),
    (lambda a, b: a @ b, ("float[2,3,4]", "float[2,4,5]"), "a @ b"),
    (
        lambda a, b: jnp.einsum("bij,bkj->bik", a, b),
        ("float[2,3,4]", "float[2,5,4]"),
        'jnp.einsum("abc,adc->abd", a, b)',
    ),
    # reductions and orders
    (lambda x: x.sum(), (MATRIX,), "jnp.sum(x)"),
    (lambda x: x.sum(axis=0), (MATRIX,), "jnp.sum(x, axis=0)"),
    (lambda x: x.max(axis=(0, 1)), ("float[2,3,4]",), "jnp.max(x, axis=(0, 1))"),
    (lambda p: p.any(axis=1), ("bool[3,4]",), "jnp.any(p, axis=1)"),
    (lambda x: jnp.argmax(x, axis=1), (MATRIX,), "jnp.argmax(x, axis=1)"),
    (lambda x: lax.cumsum(x, axis=1), (MATRIX,), "jnp.cumsum(x, axis=1)"),
    (lambda x: jnp.sort(x, axis=0), (MATRIX,), "jnp.sort(x, axis=0)"),
    # linear algebra and transforms
    (lambda x: jnp.fft.rfft(x), (VECTOR,), "jnp.fft.rfft(x)"),
    (
        partial(lax.linalg.triangular_solve, left_side=True, lower=True),
        ("float[3,3]", "float[3,2]"),
        "lax.linalg.triangular_solve(x, y, left_side=True, lower=True)",
    ),
    (lambda x: lax.stop_gradient(x) * x, (VECTOR,), "lax.stop_gradient(x) * x"),
]


def types_of(texts: tuple[str, ...]) -> list[ArrayType]:
    """Array types from texts such as `float[3,4]`."""
    kinds = []
    for text in texts:
        name, _, sizes = text.rstrip("]").partition("[")
        shape = tuple(int(size) for size in sizes.split(",") if size)
        kinds.append(ArrayType(DType.parse(name), shape))
    return kinds


def printed(function: Callable[..., Any], texts: tuple[str, ...]) -> list[str]:
    """The statements and results of a printed function."""
    code = getattr(function, "__code__", None)
    names = ["x", "y"] if code is None else list(code.co_varnames[: len(texts)])
    program = trace(
        lambda *leaves: jax.tree.leaves(function(*leaves)),
        types_of(texts),
        name="function",
        input_names=names,
    )
    body = print_body(program, names)
    return [*body.lines, *body.outputs]


@pytest.mark.parametrize(
    ("function", "texts", "wanted"), TABLE, ids=[row[2] for row in TABLE]
)
def test_reads_as_people_write_it(
    function: Callable[..., Any], texts: tuple[str, ...], wanted: str
) -> None:
    assert printed(function, texts) == [wanted]


def test_a_scan_body_closes_over_its_constants() -> None:
    lines = printed(
        lambda x, w: lax.scan(lambda c, y: (jnp.tanh(w @ c) + y, c), x[0], x),
        (MATRIX, "float[4,4]"),
    )
    text = "\n".join(lines)
    assert "jnp.tanh(w @" in text
    assert "lax.scan(body, x[0], x)" in text


def test_the_second_branch_is_the_true_one() -> None:
    lines = printed(lambda p, x: lax.cond(p, jnp.sin, jnp.cos, x), ("bool[]", VECTOR))
    text = "\n".join(lines)
    assert text.index("on_false") < text.index("jnp.cos") < text.index("on_true")
    assert "lax.cond(p, on_true, on_false, x)" in text


def test_an_index_that_is_not_wrapped_is_not_printed_as_one_that_is() -> None:
    (line,) = printed(
        lambda x, i: lax.dynamic_slice(x, (i,), (2,), allow_negative_indices=False),
        (VECTOR, WHOLE),
    )
    assert line == "lax.dynamic_slice(x, (i,), (2,), allow_negative_indices=False)"


def test_max_pooling_derivatives_are_derivatives_of_the_pooling() -> None:
    def pooled(x: Any) -> Any:
        return lax.reduce_window(x, -jnp.inf, lax.max, (2,), (1,), "VALID")

    lines = printed(lambda x, t: jax.jvp(pooled, (x,), (t,))[1], (VECTOR, VECTOR))
    assert "jax.jvp(lambda v: lax.reduce_window(v, -jnp.inf, lax.max" in lines[-1]
