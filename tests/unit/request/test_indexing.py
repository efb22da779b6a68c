"""Written indices against numpy's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partialc.errors import RequestError
from partialc.ir.dtypes import FLOAT
from partialc.ir.program import ArrayType
from partialc.request import constructors as c
from partialc.request.indexing import cut
from partialc.request.parse import parse
from partialc.request.resolved import Coordinates


def cut_text(text: str, shape: tuple[int, ...]) -> Coordinates:
    (node,) = parse(f"jacobian({text})").wrt
    return cut(node, 0, 7, ArrayType(FLOAT, shape))


@st.composite
def subscripts(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[object, ...]:
    """A subscript that is in range and selects something."""
    keys: list[object] = []
    for size in shape[: draw(st.integers(0, len(shape)))]:
        start = draw(st.integers(0, size - 1))
        stop = draw(st.integers(start + 1, size))
        step = draw(st.none() | st.integers(1, 4))
        below = draw(st.booleans())  # written with negative numbers
        if draw(st.booleans()):
            keys.append(start - size if below else start)
        else:
            first = draw(st.sampled_from([start - size if below else start]))
            last = stop - size if below and stop < size else stop
            keys.append(slice(first or None, last if last != size else None, step))
    if len(keys) < len(shape) and draw(st.booleans()):
        keys.append(...)
    if keys and keys[-1] is ... and draw(st.booleans()):
        keys = [..., *[draw(st.integers(-size, size - 1)) for size in shape[-1:]]]
    return tuple(keys)


@settings(deadline=None)
@given(st.data())
def test_like_numpy(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 5), max_size=3)))
    numbers = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    found, expected = c.arg("x"), numbers
    for _ in range(data.draw(st.integers(1, 3))):
        keys = data.draw(subscripts(expected.shape))
        if keys:
            found, expected = found[keys], expected[keys]
    coordinates = cut_text(str(found), shape)
    assert coordinates.leaf == 7
    assert coordinates.shape == np.shape(expected)
    np.testing.assert_array_equal(coordinates.flat(shape), expected)
    assert coordinates.is_scalar == (np.ndim(expected) == 0)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("x[-1, 0]", (3, 0)),
        ("x[1]", (1, slice(0, 5, 1))),
        ("x[0:4, 2]", (slice(0, 4, 1), 2)),
        ("x[1:4][0, 1:]", (1, slice(1, 5, 1))),
        ("x[::2][1]", (2, slice(0, 5, 1))),
        ("x[:3:2, ...]", (slice(0, 3, 2), slice(0, 5, 1))),
        ("x[0:4:2]", (slice(0, 3, 2), slice(0, 5, 1))),
        ("x[0:1:7]", (slice(0, 1, 1), slice(0, 5, 1))),
        ("x[..., -1]", (slice(0, 4, 1), 4)),
    ],
)
def test_one_form_for_one_set(text: str, index: tuple[object, ...]) -> None:
    assert cut_text(text, (4, 5)).index == index


@pytest.mark.parametrize(
    ("text", "shape", "fault", "message"),
    [
        ("x[5]", (5,), "5", "indices 0 to 4, or -5 to -1"),
        ("x[-6]", (5,), "-6", "x has no index -6"),
        ("x[1, 3]", (2, 3), "3", "axis 1 of x has no index 3"),
        ("x[..., 3]", (2, 3), "3", "axis 1 of x has size 3"),
        ("x[0][3]", (2, 3), "3", "x[0] has no index 3"),
        ("x[1:4][3]", (5,), "3", "x[1:4] has size 3"),
        ("x[0]", (1,), None, None),
        ("x[1]", (1,), "1", "one element: index 0"),
        ("x[0]", (0,), "0", "x has no elements"),
        ("x[2:7]", (5,), "2:7", "reaches outside x"),
        ("x[-7:2]", (5,), "-7:2", "reaches outside x"),
        ("x[3:3]", (5,), "3:3", "selects nothing"),
        ("x[3:1]", (5,), "3:1", "selects nothing"),
        ("x[::-1]", (5,), "::-1", "not positive"),
        ("x[::0]", (5,), "::0", "not positive"),
        ("x[0, 1]", (5,), "1", "more indices than it has axes"),
        ("x[0][1]", (5,), "1", "x[0] is a scalar"),
        ("x[0]", (), "0", "x is a scalar"),
        ("x[..., ...]", (5,), "...", "only one"),
        ('x["w"]', (5,), '"w"', "has no keys"),
        ("x.real", (5,), "real", "no attributes"),
        ("x[0:2].real", (5,), "real", "x[0:2] is an array"),
    ],
)
def test_out_of_range(
    text: str, shape: tuple[int, ...], fault: str | None, message: str | None
) -> None:
    if fault is None:
        assert cut_text(text, shape).is_scalar
        return
    with pytest.raises(RequestError) as caught:
        cut_text(text, shape)
    assert caught.value.snippet == f"jacobian({text})"
    start = caught.value.span[0]
    assert f"jacobian({text})"[start : caught.value.span[1]] == fault
    assert start == len("jacobian(") + text.rindex(fault)
    assert message in str(caught.value)


def test_whole_empty_axis() -> None:
    assert cut_text("x[:]", (0, 3)).shape == (0, 3)
