"""Random operations that move elements, on operands of distinct whole numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.ir.dtypes import DType
from partialc.ir.program import ArrayType, Dimensions, Equation, Param, Value
from partialc.ops.registry import find

INTEGER = DType.fixed("int64")
Shape = tuple[int, ...]
Draw = st.DrawFn


@dataclass(frozen=True, slots=True)
class Case:
    """An operation, and arrays for its operands.

    Attributes:
        equation: Its operands are values.
        arrays: The numbers 1, 2, 3, ... on through all operands that are moved, and
            the indices they are moved by.
        is_index: Which operands are such indices.
    """

    equation: Equation
    arrays: tuple[NDArray[np.int64], ...]
    is_index: tuple[bool, ...]

    def run(self) -> list[NDArray[Any]]:
        """What the oracle makes of these arrays."""
        return evaluated(self.equation, self.arrays)

    def __repr__(self) -> str:
        shapes = [array.shape for array in self.arrays]
        params = dict(self.equation.params)
        indices = [a for a, i in zip(self.arrays, self.is_index, strict=True) if i]
        return f"{self.equation.op}({shapes}, {params}, {indices})"


def evaluated(equation: Equation, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """An operation by its rule for evaluation."""
    op = find(equation.op)
    assert op is not None
    with jax.enable_x64(True):
        return [
            np.asarray(x) for x in op.evaluate(equation, list(map(jnp.asarray, arrays)))
        ]


def case(
    op: str,
    operands: Sequence[Shape],
    params: Mapping[str, Param],
    results: Sequence[Shape],
    indices: Mapping[int, Any] | None = None,
) -> Case:
    """The operation on operands of these shapes; of some, by number, the elements."""
    arrays, start = list[NDArray[np.int64]](), 1
    given = {} if indices is None else indices
    for number, shape in enumerate(operands):
        if number in given:
            arrays.append(np.asarray(given[number], np.int64))
            continue
        count = prod(shape)
        arrays.append(np.arange(start, start + count, dtype=np.int64).reshape(shape))
        start += count
    inputs = tuple(Value(ArrayType(INTEGER, array.shape)) for array in arrays)
    outputs = tuple(Value(ArrayType(INTEGER, shape)) for shape in results)
    equation = Equation(op, inputs, params, outputs)
    is_index = tuple(number in given for number in range(len(arrays)))
    return Case(equation, tuple(arrays), is_index)


def shapes(least: int = 0, most: int = 3) -> st.SearchStrategy[Shape]:
    """Shapes of some axes, short ones."""
    return st.lists(st.integers(1, 4), min_size=least, max_size=most).map(tuple)


@st.composite
def slices(draw: Draw) -> Case:
    """Of any stride, empty ones too."""
    shape = draw(shapes())
    starts = [draw(st.integers(0, size)) for size in shape]
    stops = [draw(st.integers(a, size)) for a, size in zip(starts, shape, strict=True)]
    steps = [draw(st.integers(1, 3)) for _ in shape]
    rows = zip(starts, stops, steps, strict=True)
    params = {
        "start_indices": tuple(starts),
        "limit_indices": tuple(stops),
        "strides": None if set(steps) <= {1} else tuple(steps),
    }
    return case("slice", [shape], params, [tuple(len(range(*row)) for row in rows)])


@st.composite
def reorders(draw: Draw) -> Case:
    """Reversals, transposes, and dropped axes."""
    shape = draw(shapes())
    axes = range(len(shape))
    match draw(st.sampled_from(["rev", "transpose", "squeeze"])):
        case "rev":
            turned = tuple(axis for axis in axes if draw(st.booleans()))
            return case("rev", [shape], {"dimensions": turned}, [shape])
        case "transpose":
            order = tuple(draw(st.permutations(axes)))
            result = tuple(shape[axis] for axis in order)
            return case("transpose", [shape], {"permutation": order}, [result])
    gone = tuple(axis for axis in axes if shape[axis] == 1 and draw(st.booleans()))
    result = tuple(size for axis, size in enumerate(shape) if axis not in gone)
    return case("squeeze", [shape], {"dimensions": gone}, [result])


@st.composite
def reshapes(draw: Draw) -> Case:
    """Of sixteen elements, or of axes of size one."""
    if draw(st.booleans()):
        pair = draw(st.lists(st.sampled_from(SIXTEEN), min_size=2, max_size=2))
    else:
        lengths = draw(st.lists(st.integers(2, 3), max_size=2))
        pair = [draw(with_ones(lengths)), draw(with_ones(lengths))]
    params: dict[str, Param] = {"new_sizes": pair[1], "dimensions": None}
    return case("reshape", pair[:1], params, pair[1:])


SIXTEEN = [(16,), (4, 4), (2, 8), (8, 2), (2, 2, 4), (4, 2, 2), (1, 16), (2, 1, 8)]


@st.composite
def with_ones(draw: Draw, lengths: Sequence[int]) -> Shape:
    sizes = list(lengths)
    for _ in range(draw(st.integers(0, 2))):
        sizes.insert(draw(st.integers(0, len(sizes))), 1)
    return tuple(sizes)


@st.composite
def broadcasts(draw: Draw) -> Case:
    """New axes, and repetition along axes of size one."""
    shape = draw(shapes(0, 2))
    result, places = list(draw(shapes(0, 2))), list[int]()
    for size in reversed(shape):
        at = draw(st.integers(0, places[0] if places else len(result)))
        result.insert(at, draw(st.integers(1, 3)) if size == 1 else size)
        places = [at, *(place + 1 for place in places)]
    params: dict[str, Param] = {
        "shape": tuple(result),
        "broadcast_dimensions": tuple(places),
    }
    return case("broadcast_in_dim", [shape], params, [tuple(result)])


@st.composite
def pads(draw: Draw) -> Case:
    """Borders that may be negative, and places between elements."""
    shape = draw(shapes())
    config, result = [], []
    for size in shape:
        inner = draw(st.integers(0, 2))
        whole = size + (size - 1) * inner
        low = draw(st.integers(-whole, 3))
        high = draw(st.integers(-min(whole, whole + low), 3))
        config.append((low, high, inner))
        result.append(low + whole + high)
    params: dict[str, Param] = {"padding_config": tuple(config)}
    return case("pad", [shape, ()], params, [tuple(result)])


@st.composite
def joins(draw: Draw) -> Case:
    """Concatenations and stacks."""
    shape, count = draw(shapes(1)), draw(st.integers(1, 3))
    if draw(st.booleans()):
        axis = draw(st.integers(0, len(shape)))
        result = (*shape[:axis], count, *shape[axis:])
        return case("stack", [shape] * count, {"axis": axis}, [result])
    axis = draw(st.integers(0, len(shape) - 1))
    sizes = [draw(st.integers(0, 3)) for _ in range(count)]
    parts = [(*shape[:axis], size, *shape[axis + 1 :]) for size in sizes]
    whole = (*shape[:axis], sum(sizes), *shape[axis + 1 :])
    return case("concatenate", parts, {"dimension": axis}, [whole])


@st.composite
def cuts(draw: Draw) -> Case:
    """Unstackings and splits."""
    shape = draw(shapes(1))
    axis = draw(st.integers(0, len(shape) - 1))
    if draw(st.booleans()):
        result = (*shape[:axis], *shape[axis + 1 :])
        return case("unstack", [shape], {"axis": axis}, [result] * shape[axis])
    ends = sorted(draw(st.lists(st.integers(0, shape[axis]), max_size=2)))
    bounds = [0, *ends, shape[axis]]
    sizes = tuple(b - a for a, b in pairwise(bounds))
    results = [(*shape[:axis], size, *shape[axis + 1 :]) for size in sizes]
    return case("split", [shape], {"sizes": sizes, "axis": axis}, results)


@st.composite
def tiles(draw: Draw) -> Case:
    """Repetition, with new axes in front."""
    shape = draw(shapes(0, 2))
    more = draw(st.integers(0, 1))
    reps = tuple(draw(st.integers(1, 3)) for _ in range(len(shape) + more))
    long = (*(1,) * more, *shape)
    result = tuple(a * b for a, b in zip(long, reps, strict=True))
    return case("tile", [shape], {"reps": reps}, [result])


@st.composite
def windows(draw: Draw) -> Case:
    """Dynamic slices and updates, from starts that may be out of range."""
    shape = draw(shapes())
    sizes = tuple(draw(st.integers(1, size)) for size in shape)
    starts = [np.int64(draw(st.sampled_from([1, 0, 9, -2]))) for _ in shape]
    if draw(st.booleans()):
        params: dict[str, Param] = {"slice_sizes": sizes}
        given = dict(enumerate(starts, 1))
        operands = [shape, *[()] * len(shape)]
        return case("dynamic_slice", operands, params, [sizes], given)
    operands = [shape, sizes, *[()] * len(shape)]
    given = dict(enumerate(starts, 2))
    return case("dynamic_update_slice", operands, {}, [shape], given)


@st.composite
def by_indices(draw: Draw) -> Case:
    """Gathers and scatters of windows, in each mode, from anywhere."""
    shape, often = draw(shapes(1)), st.integers(0, 2).map(bool)
    axes = range(len(shape))
    mapped = tuple(draw(st.permutations([a for a in axes if draw(often)])))
    removed = tuple(axis for axis in axes if not draw(often))
    sizes = tuple(
        1 if axis in removed else draw(st.integers(1, shape[axis])) for axis in axes
    )
    outer = draw(shapes(0, 2))
    window = [sizes[axis] for axis in axes if axis not in removed]
    rank = len(outer) + len(window)
    offset = tuple(sorted(draw(st.permutations(range(rank)))[: len(window)]))
    inner, rest = iter(window), iter(outer)
    result = tuple(next(inner if n in offset else rest) for n in range(rank))
    far = draw(st.integers(0, 3)) > 0
    last = [shape[axis] - sizes[axis] for axis in mapped] * prod(outer)
    entries = [
        draw(st.sampled_from([n + 1, n, 0, -1]) if far else st.integers(0, n))
        for n in last
    ]
    indices = np.array(entries, np.int64).reshape((*outer, len(mapped)))
    mode = draw(st.sampled_from(["CLIP", "FILL_OR_DROP"]))
    shared: dict[str, Param] = {
        "mode": mode if far else "PROMISE_IN_BOUNDS",
        "indices_are_sorted": False,
        "unique_indices": False,
    }
    if draw(st.booleans()):
        numbers = Dimensions(
            "gather",
            (
                ("offset_dims", offset),
                ("collapsed_slice_dims", removed),
                ("start_index_map", mapped),
                ("operand_batching_dims", ()),
                ("start_indices_batching_dims", ()),
            ),
        )
        params = {**shared, "dimension_numbers": numbers, "slice_sizes": sizes}
        params["fill_value"] = None
        return case("gather", [shape, indices.shape], params, [result], {1: indices})
    numbers = Dimensions(
        "scatter",
        (
            ("update_window_dims", offset),
            ("inserted_window_dims", removed),
            ("scatter_dims_to_operand_dims", mapped),
            ("operand_batching_dims", ()),
            ("scatter_indices_batching_dims", ()),
        ),
    )
    params = {**shared, "dimension_numbers": numbers}
    operands = [shape, indices.shape, result]
    return case("scatter", operands, params, [shape], {1: indices})


FAMILIES = {
    "slices": slices(),
    "reorders": reorders(),
    "reshapes": reshapes(),
    "broadcasts": broadcasts(),
    "pads": pads(),
    "joins": joins(),
    "cuts": cuts(),
    "tiles": tiles(),
    "windows": windows(),
    "by indices": by_indices(),
}
