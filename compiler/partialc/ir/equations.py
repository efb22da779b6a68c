"""Equations that move elements, made: passes and terms name no primitives for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.boxes import Box
from partialc.ir.dtypes import DType
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Dimensions,
    Equation,
    Param,
    Value,
)


def sliced(atom: Atom, box: Box) -> Equation:
    """A rectangle of an array; along no axis it is empty."""
    steps = tuple(each.step if len(each) > 1 else 1 for each in box)
    return _made(
        "slice",
        [atom],
        tuple(map(len, box)),
        start_indices=tuple(each[0] for each in box),
        limit_indices=tuple(each[-1] + 1 for each in box),
        strides=None if set(steps) <= {1} else steps,
    )


def squeezed(atom: Atom, axes: Sequence[int]) -> Equation:
    """An array without some axes of size one."""
    shape = tuple(n for axis, n in enumerate(atom.type.shape) if axis not in axes)
    return _made("squeeze", [atom], shape, dimensions=tuple(axes))


def reshaped(atom: Atom, shape: Sequence[int]) -> Equation:
    """The elements of an array in another shape."""
    sizes = tuple(shape)
    return _made("reshape", [atom], sizes, new_sizes=sizes, dimensions=None)


def transposed(atom: Atom, order: Sequence[int]) -> Equation:
    """An array with its axes in another order."""
    shape = tuple(atom.type.shape[axis] for axis in order)
    return _made("transpose", [atom], shape, permutation=tuple(order))


def turned(atom: Atom, axes: Sequence[int]) -> Equation:
    """An array that is reversed along some axes."""
    return _made("rev", [atom], atom.type.shape, dimensions=tuple(axes))


def spread(atom: Atom, shape: Sequence[int], axes: Sequence[int]) -> Equation:
    """An array repeated along further axes; its own are these, in their order."""
    sizes, axes = tuple(shape), tuple(axes)
    return _made(
        "broadcast_in_dim", [atom], sizes, shape=sizes, broadcast_dimensions=axes
    )


def spread_by(equation: Equation | None) -> Atom | None:
    """What an equation repeats along further axes, if it does just that."""
    if equation is None or equation.op != "broadcast_in_dim":
        return None
    return equation.inputs[0]


def reshaped_by(equation: Equation | None) -> Atom | None:
    """What an equation gives another shape, if it does just that."""
    if equation is None or equation.op != "reshape":
        return None
    return equation.inputs[0]


def concatenated(atoms: Sequence[Atom], axis: int) -> Equation:
    """Arrays one after the other."""
    shape = list(atoms[0].type.shape)
    shape[axis] = sum(atom.type.shape[axis] for atom in atoms)
    return _made("concatenate", atoms, shape, dimension=axis)


def stacked(atoms: Sequence[Atom], axis: int) -> Equation:
    """Arrays of one shape side by side along a new axis."""
    shape = list(atoms[0].type.shape)
    shape.insert(axis, len(atoms))
    return _made("stack", atoms, shape, axis=axis)


def unstacked(atom: Atom, outputs: Sequence[Value]) -> Equation:
    """The slices along the first axis, each by itself: these values."""
    return Equation("unstack", (atom,), {"axis": 0}, tuple(outputs))


def padded(
    atom: Atom, filling: Atom, config: Sequence[tuple[int, int, int]]
) -> Equation:
    """An array within a border.

    Args:
        atom: The array.
        filling: The number that the border is made of.
        config: What comes before, behind and between elements, along each axis.
    """
    shape = [
        low + size + max(size - 1, 0) * inner + high
        for size, (low, high, inner) in zip(atom.type.shape, config, strict=True)
    ]
    return _made("pad", [atom, filling], shape, padding_config=tuple(config))


INDEX: Final = DType.fixed("uint32")
"""The type of the indices of rows."""

WIDE_INDEX: Final = DType.fixed("int64")
"""That of more than 2^31 rows."""


def rows_of(atom: Atom, index: NDArray[np.int64]) -> Equation:
    """Places along the first axis of an array.

    Args:
        atom: The array.
        index: The places, of any shape; the result has shape `index + rest`.
    """
    rest = atom.type.shape[1:]
    return _made(
        "gather",
        [atom, _numbers(index, atom.type.shape[0])],
        (*index.shape, *rest),
        dimension_numbers=Dimensions(
            "gather",
            (
                ("offset_dims", tuple(range(index.ndim, index.ndim + len(rest)))),
                ("collapsed_slice_dims", (0,)),
                ("start_index_map", (0,)),
                ("operand_batching_dims", ()),
                ("start_indices_batching_dims", ()),
            ),
        ),
        fill_value=None,
        indices_are_sorted=False,
        mode="PROMISE_IN_BOUNDS",
        slice_sizes=(1, *rest),
        unique_indices=False,
    )


def with_elements(base: Atom, values: Atom, at: NDArray[np.int64]) -> Equation:
    """A vector with other values at some places, each of which occurs once."""
    return _made(
        "scatter",
        [base, _numbers(at, base.type.size), values],
        base.type.shape,
        dimension_numbers=_ALONG_ONE_AXIS,
        indices_are_sorted=bool((np.diff(at) > 0).all()),
        mode="FILL_OR_DROP",
        unique_indices=True,
        update_jaxpr=None,
    )


def with_added(base: Atom, values: Atom, at: NDArray[np.int64]) -> Equation:
    """A vector with values added at some places, in the order that they have."""
    return _made(
        "scatter-add",
        [base, _numbers(at, base.type.size), values],
        base.type.shape,
        dimension_numbers=_ALONG_ONE_AXIS,
        indices_are_sorted=bool((np.diff(at) >= 0).all()),
        mode="PROMISE_IN_BOUNDS",
        unique_indices=False,
    )


_ALONG_ONE_AXIS: Final = Dimensions(
    "scatter",
    (
        ("update_window_dims", ()),
        ("inserted_window_dims", (0,)),
        ("scatter_dims_to_operand_dims", (0,)),
        ("operand_batching_dims", ()),
        ("scatter_indices_batching_dims", ()),
    ),
)


def _numbers(places: NDArray[np.int64], count: int) -> Constant:
    """Places along an axis of so many, as an array of index vectors."""
    dtype = INDEX if count < 2**31 else WIDE_INDEX
    return Constant.of(ArrayType(dtype, (*places.shape, 1)), places[..., None])


def _made(
    op: str, operands: Sequence[Atom], result: Sequence[int], /, **params: Param
) -> Equation:
    kind = ArrayType(operands[0].type.dtype, tuple(result))
    return Equation(op, tuple(operands), params, (Value(kind),))
