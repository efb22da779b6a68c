"""The operations that payloads are written in, by numpy: no compilation, many shapes.

`test_arrays` compares it with `partialc.ops.evaluation`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import DType
from partialc.ir.program import Atom, Constant, Equation, Value
from partialc.lowering.structured.known import solid_results
from partialc.tangents.arrays import Arrays

FLOAT: Final = DType.fixed("float64")

Array = NDArray[Any]


def data_of(atom: Atom) -> Array | None:
    """What `Arrays` asks of an atom: its elements, if they are known."""
    return atom.data if isinstance(atom, Constant) else None


def fresh() -> Arrays:
    """Arrays of which nothing is known but constants."""
    return Arrays(data_of, lambda atom: None)


def knowing() -> Arrays:
    """Arrays that also know where constants are nonzero, and what is made of them."""

    def nonzero(atom: Atom) -> NDArray[np.bool_] | None:
        return np.asarray(atom.data != 0) if isinstance(atom, Constant) else None

    return Arrays(data_of, nonzero, solid=solid_results)


def evaluated(arrays: Arrays, atom: Atom, given: dict[Value, Array]) -> Array:
    """An atom's elements, for given elements of those that no equation defines."""
    known = dict(given)

    def read(each: Atom) -> Array:
        return each.data if isinstance(each, Constant) else known[each]

    for equation in arrays.equations:
        if equation.outputs[0] not in known:
            result = RULES[equation.op](equation, *map(read, equation.inputs))
            (value,) = equation.outputs
            assert result.shape == value.type.shape, equation.op
            assert str(result.dtype) == str(value.type.dtype), equation.op
            known[value] = result
    return read(atom)


def _broadcast(equation: Equation, array: Array) -> Array:
    shape: Any = equation.params["shape"]
    axes: Any = equation.params["broadcast_dimensions"]
    assert list(axes) == sorted(set(axes)), "axes stay in their order"
    wide = [1] * len(shape)
    for size, axis in zip(array.shape, axes, strict=True):
        wide[axis] = size
    return np.broadcast_to(array.reshape(wide), shape)


def _slice(equation: Equation, array: Array) -> Array:
    starts: Any = equation.params["start_indices"]
    limits: Any = equation.params["limit_indices"]
    steps: Any = equation.params["strides"] or (1,) * array.ndim
    for start, limit, size in zip(starts, limits, array.shape, strict=True):
        assert 0 <= start <= limit <= size, "a slice lies in its array"
    return array[tuple(map(slice, starts, limits, steps))]


def _dot(equation: Equation, one: Array, other: Array) -> Array:
    numbers: Any = equation.params["dimension_numbers"]
    letters = iter("abcdefghijklmnop")
    names = [["?"] * one.ndim, ["?"] * other.ndim]
    batch = []
    for kind in ("batch", "contracting"):
        for left, right in zip(
            numbers[f"lhs_{kind}"], numbers[f"rhs_{kind}"], strict=True
        ):
            names[0][left] = names[1][right] = letter = next(letters)
            if kind == "batch":
                batch.append(letter)
    free = []
    for each in names:
        for place, name in enumerate(each):
            if name == "?":
                each[place] = next(letters)
                free.append(each[place])
    left, right = ("".join(each) for each in names)
    found: Array = np.einsum(f"{left},{right}->{''.join([*batch, *free])}", one, other)
    return found


def _gather(equation: Equation, array: Array, index: Array) -> Array:
    assert equation.params["mode"] == "PROMISE_IN_BOUNDS"
    places = index[..., 0]
    assert ((places >= 0) & (places < len(array))).all(), "as promised"
    return array[places]


def _scatter_add(equation: Equation, base: Array, index: Array, new: Array) -> Array:
    places = index[..., 0]
    assert ((places >= 0) & (places < len(base))).all(), "as promised"
    is_sorted = bool((np.diff(places.astype(np.int64)) >= 0).all())
    assert equation.params["indices_are_sorted"] == is_sorted
    total = base.copy()
    np.add.at(total, places, new)
    return total


def _scatter(equation: Equation, base: Array, index: Array, values: Array) -> Array:
    places = index[..., 0].astype(np.int64)
    assert np.unique(places).size == places.size, "each once"
    assert equation.params["indices_are_sorted"] == bool((np.diff(places) > 0).all())
    found = base.copy()
    found[places] = values
    return found


def _pad(equation: Equation, array: Array, filled: Array) -> Array:
    widths: Any = equation.params["padding_config"]
    assert all(low >= 0 and high >= 0 and not inner for low, high, inner in widths)
    return np.pad(array, [each[:2] for each in widths], constant_values=filled.item())


def _converted(equation: Equation, array: Array) -> Array:
    dtype: Any = equation.params["new_dtype"]
    return array.astype(dtype.numpy())


RULES: Final[dict[str, Callable[..., Array]]] = {
    "add": lambda _, one, other: one + other,
    "mul": lambda _, one, other: one * other,
    "div": lambda _, one, other: one / other,
    "neg": lambda _, one: -one,
    "eq": lambda _, one, other: one == other,
    "select_n": lambda _, which, *cases: np.where(which, cases[1], cases[0]),
    "reshape": lambda e, one: one.reshape(e.params["new_sizes"]),
    "transpose": lambda e, one: one.transpose(e.params["permutation"]),
    "squeeze": lambda e, one: one.squeeze(e.params["dimensions"]),
    "rev": lambda e, one: np.flip(one, e.params["dimensions"]),
    "reduce_sum": lambda e, one: one.sum(e.params["axes"]),
    "concatenate": lambda e, *parts: np.concatenate(parts, e.params["dimension"]),
    "stack": lambda e, *parts: np.stack(parts, e.params["axis"]),
    "broadcast_in_dim": _broadcast,
    "convert_element_type": _converted,
    "dot_general": _dot,
    "gather": _gather,
    "pad": _pad,
    "scatter": _scatter,
    "scatter-add": _scatter_add,
    "slice": _slice,
}
