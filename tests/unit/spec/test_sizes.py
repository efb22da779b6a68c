"""Sizes that arguments leave open, and how they are read off shapes."""

from pathlib import PurePosixPath

import pytest

from partialc.errors import SpecError
from partialc.spec.model import ModuleSpec, Options
from partialc.spec.sizes import at_sizes, open_axes, open_shapes, readings


def told(args: dict[str, object]) -> list[tuple[str, str, int]]:
    return [(each.size, each.axis.name, each.axis.axis) for each in readings(args)]


def test_a_size_is_read_off_the_plainest_axis() -> None:
    assert told({"x": "float[2*n + 1]", "y": "float[3, n]"}) == [("n", "y", 1)]


def test_a_size_is_read_where_the_others_are_known() -> None:
    args = {"x": "float[n + m]", "y": "float[m]"}
    assert told(args) == [("m", "y", 0), ("n", "x", 0)]


def test_arrays_within_trees_are_read_too() -> None:
    args = {"p": {"w": "float[n]", "b": "float"}}
    assert [axis.name for axis in open_axes(args)] == ["p['w']"]
    assert list(open_shapes(args)) == ["p['w']"]


def test_what_nothing_fixes_is_refused() -> None:
    with pytest.raises(SpecError, match="nothing fixes the size `n`"):
        readings({"x": "float[n + m]"})


def spec(**args: object) -> ModuleSpec:
    path = PurePosixPath("m.py")
    return ModuleSpec("m", path, path.parent, None, args, {}, Options(), {})


def test_numbers_take_the_place_of_sizes() -> None:
    found = at_sizes(spec(x="float[n, 2*n]", y=3, z="f32[4]"), {"n": 5})
    assert found.args == {"x": "float[5,10]", "y": 3, "z": "f32[4]"}


def test_negative_lengths_are_refused() -> None:
    with pytest.raises(SpecError, match="negative length at n = 1"):
        at_sizes(spec(x="float[n - 2]"), {"n": 1})
