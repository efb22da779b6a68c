"""The order of listed derivatives, against plain numpy indexing of a full tensor."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partialc.request.resolve import resolve_kernel
from partialc.request.resolved import Block, Dense, Kernel
from partialc.request.shapes import block_shape
from partialc.request.signature import Signature
from tests.unit.request.multi_indices import multi_indices, output_positions

Resolve = Callable[..., Kernel]


@pytest.fixture
def field_of_two(signature: Callable[..., Signature], array: Any) -> Signature:
    """Output (2, 3) of x (4,) and y (2, 2): eight input elements in all."""
    return signature(array("float", 2, 3), x=array("float", 4), y=array("float", 2, 2))


def read(block: Block, signature: Signature, tensor: np.ndarray) -> np.ndarray:
    """Take a block out of a tensor (output elements, inputs, inputs, ...)."""
    wanted = tuple(multi_indices(block, signature).T)
    rows = output_positions(block, signature)
    if not isinstance(block.layout, Dense) and block.layout.outputs is not None:
        found = tensor[(rows, *wanted)]
    else:
        found = tensor[rows][(slice(None), *wanted)]
    return found.reshape(block_shape(block, signature))


def tensor(order: int, inputs: int = 8, outputs: int = 6) -> np.ndarray:
    """All elements distinct, and none of the symmetries a real one has."""
    shape = (outputs, *(inputs,) * order)
    return np.arange(np.prod(shape)).reshape(shape)


X, Y = slice(0, 4), slice(4, 8)
LISTED = [
    ("value", 0, lambda t: t),
    ("partial(x[2])", 1, lambda t: t[..., 2]),
    ("partial(y[1, 0], x[3])", 2, lambda t: t[..., 6, 3]),
    ("partial(x[1], of=out[0, 1:3])", 1, lambda t: t[0, 1:3, 1]),
    ("jacobian(x)", 1, lambda t: t[..., X]),
    ("jacobian(y)", 1, lambda t: t[..., Y].reshape(2, 3, 2, 2)),
    ("jacobian(y[:, 1], of=out[1])", 1, lambda t: t[1][:, Y].reshape(3, 2, 2)[..., 1]),
    ("jacobian(x[0:4:2], of=out[:, -1])", 1, lambda t: t[:, 2, 0:4:2]),
    ("hessian(x)", 2, lambda t: t[..., X, X]),
    ("hessian(y, x)", 2, lambda t: t[..., Y, X].reshape(2, 3, 2, 2, 4)),
    ("hessian(x[1:3], y[0])", 2, lambda t: t[..., 1:3, 4:6]),
    (
        "diagonal(hessian(x))",
        2,
        lambda t: np.diagonal(t[..., X, X], axis1=-2, axis2=-1),
    ),
    (
        "diagonal(hessian(y))",
        2,
        lambda t: np.diagonal(t[..., Y, Y], axis1=-2, axis2=-1).reshape(2, 3, 2, 2),
    ),
    ("diagonal(hessian(x), 2)", 2, lambda t: np.diagonal(t[..., X, X], 2, -2, -1)),
    ("diagonal(hessian(x), -1)", 2, lambda t: np.diagonal(t[..., X, X], -1, -2, -1)),
    *(
        (
            f"diagonal(jacobian(x), {k})",
            1,
            lambda t, k=k: np.diagonal(t.reshape(6, 8)[:, X], k),
        )
        for k in (-5, -3, -1, 0, 1, 3)
    ),
    (
        "diagonal(jacobian(y, of=out[:, 1:]))",
        1,
        lambda t: np.diagonal(t[:, 1:, Y].reshape(4, 4)).reshape(2, 2),
    ),
    (
        "diagonal(jacobian(y, of=out[:, 1:]), 1)",
        1,
        lambda t: np.diagonal(t[:, 1:, Y].reshape(4, 4), 1),
    ),
    ("lower(hessian(x))", 2, lambda t: t[..., X, X][(..., *np.tril_indices(4))]),
    (
        "lower(hessian(y, of=out[0]))",
        2,
        lambda t: t[0][..., Y, Y][(..., *np.tril_indices(4))],
    ),
    (
        "entries(hessian(x), [(x[3], x[0]), (x[1], x[1]), (x[0], x[3])])",
        2,
        lambda t: t[..., [3, 1, 0], [0, 1, 3]],
    ),
    (
        "entries(hessian(x[1:4], y), [(x[3], y[0, 1]), (x[-3], y[1, 1])])",
        2,
        lambda t: t[..., [3, 1], [5, 7]],
    ),
    (
        "entries(jacobian(y, x), [(out[1, 2], x[0]), (out[0, 0], y[1, 0])])",
        1,
        lambda t: t[[1, 0], [2, 0], [0, 6]],
    ),
    (
        "entries(jacobian(x, of=out[1]), [(out[1, 2], x[0]), (out[1, 0], x[0])])",
        1,
        lambda t: t[1, [2, 0], [0, 0]],
    ),
]


@pytest.mark.parametrize(("text", "order", "index"), LISTED)
def test_like_indexing_the_full_tensor(
    text: str, order: int, index: Any, field_of_two: Signature, resolve: Resolve
) -> None:
    block = resolve(text, field_of_two).fields[0].parts
    assert block.order == order
    full = tensor(order)
    shaped = full.reshape(2, 3, *full.shape[1:])
    np.testing.assert_array_equal(
        read(block, field_of_two, full), index(shaped), strict=True
    )


def test_several_blocks(field_of_two: Signature, resolve: Resolve) -> None:
    first, second = resolve("jacobian(y, x)", field_of_two).fields[0].parts
    full = tensor(1)
    np.testing.assert_array_equal(
        read(first, field_of_two, full), full[:, Y].reshape(2, 3, 2, 2)
    )
    np.testing.assert_array_equal(
        read(second, field_of_two, full), full[:, X].reshape(2, 3, 4)
    )


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_derivatives_are_in_the_order_of_itertools(
    order: int, field_of_two: Signature, resolve: Resolve
) -> None:
    field = resolve(f"derivatives(y, x[1:3], order={order})", field_of_two).fields[0]
    listed = list(combinations_with_replacement(range(6), order))
    assert field.constants["INDICES"].tolist() == [list(each) for each in listed]
    assert field.parts.layout.inputs is field.constants["INDICES"]
    axis = np.array([4, 5, 6, 7, 1, 2])
    full = tensor(order)
    expected = [full[(slice(None), *axis[list(each)])] for each in listed]
    np.testing.assert_array_equal(
        read(field.parts, field_of_two, full),
        np.stack(expected, axis=-1).reshape(2, 3, -1),
    )


def test_derivatives_and_lower_differ_in_order(
    field_of_two: Signature, resolve: Resolve
) -> None:
    derivatives, lower = (
        multi_indices(
            resolve(text, field_of_two).fields[0].parts, field_of_two
        ).tolist()
        for text in ("derivatives(x[0:3], order=2)", "lower(hessian(x[0:3]))")
    )
    assert derivatives == [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]]
    assert lower == [[0, 0], [1, 0], [1, 1], [2, 0], [2, 1], [2, 2]]


def test_no_elements(
    signature: Callable[..., Signature], array: Any, resolve: Resolve
) -> None:
    empty = signature(array("float", 2), x=array("float", 0))
    for text, shape in [
        ("derivatives(x, order=3)", (2, 0)),
        ("lower(hessian(x))", (2, 0)),
        ("diagonal(hessian(x))", (2, 0)),
        ("diagonal(jacobian(x))", (0,)),
        ("jacobian(x)", (2, 0)),
    ]:
        block = resolve(text, empty).fields[0].parts
        assert block_shape(block, empty) == shape
        assert len(multi_indices(block, empty)) == 0


@st.composite
def slices(draw: st.DrawFn, size: int) -> str:
    start = draw(st.integers(0, size - 1))
    stop = draw(st.integers(start + 1, size))
    step = draw(st.integers(1, 3))
    return draw(
        st.sampled_from([str(start), f"{start}:{stop}:{step}", ":", f"{start}:"])
    )


@settings(deadline=None)
@given(data=st.data())
def test_random_blocks(
    data: st.DataObject, signature: Callable[..., Signature], array: Any
) -> None:
    shapes = data.draw(
        st.lists(st.lists(st.integers(1, 3), max_size=2), min_size=1, max_size=3)
    )
    out_shape = tuple(data.draw(st.lists(st.integers(1, 3), max_size=2)))
    arguments = {f"a{n}": array("float", *shape) for n, shape in enumerate(shapes)}
    described = signature(array("float", *out_shape), **arguments)
    sizes = [int(np.prod(shape)) for shape in shapes]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    order = data.draw(st.integers(1, 2))

    def written(name: str, shape: list[int] | tuple[int, ...]) -> str:
        keys = [data.draw(slices(size)) for size in shape]
        return name + (f"[{', '.join(keys)}]" if keys else "")

    of = written("out", out_shape)
    numbers = [data.draw(st.integers(0, len(shapes) - 1)) for _ in range(order)]
    wrt = [written(f"a{n}", shapes[n]) for n in numbers]
    keyword = "jacobian" if order == 1 else "hessian"
    text = f"{keyword}({', '.join(wrt)}, of={of})"
    kernel = resolve_kernel("k", text, described, load_object={}.__getitem__)
    block = kernel.fields[0].parts
    full = tensor(order, int(starts[-1]), int(np.prod(out_shape)))

    def pick(coordinate: str, values: np.ndarray) -> np.ndarray:
        """Apply a written subscript to the first axes, in numpy's own way."""
        subscript = coordinate.partition("[")[2].rstrip("]")
        keys = [
            slice(*(int(end) if end else None for end in key.split(":")))
            if ":" in key
            else int(key)
            for key in subscript.split(", ")
            if key
        ]
        return values[tuple(keys)]

    expected = pick(of, full.reshape(*out_shape, *full.shape[1:]))
    lead = expected.ndim - order
    for n, coordinate in zip(numbers, wrt, strict=True):
        axis = np.arange(starts[n], starts[n + 1]).reshape(shapes[n])
        chosen = pick(coordinate, axis)
        expected = np.take(expected, chosen, axis=lead)
        lead += chosen.ndim
    np.testing.assert_array_equal(read(block, described, full), expected, strict=True)
