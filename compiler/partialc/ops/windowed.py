"""What an element of a convolution, or of a sum over sliding windows, reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from partialc.ir.boxes import Flat, ravel, unravel
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.elements import MAX_ROWS, Elements, Operands, Reads


@dataclass(frozen=True, slots=True)
class Sliding:
    """How windows slide along one axis.

    Attributes:
        extent: Elements of the operand.
        size: Places of the window.
        stride: From one window to the next.
        before: Padding in front; negative where the operand is cut.
        base: Dilation of the operand.
        dilation: Of the window.
    """

    extent: int
    size: int
    stride: int
    before: int
    base: int
    dilation: int

    def places(
        self, result: Flat, offset: Flat
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The operand's place that a window reads, and whether there is one."""
        place = result * self.stride + offset * self.dilation - self.before
        inside = (place >= 0) & (place % self.base == 0)
        place = place // self.base
        return place, inside & (place < self.extent)


def _sliding(equation: Equation, extents: Sequence[int]) -> list[Sliding]:
    def listed(name: str, otherwise: int) -> tuple[int, ...]:
        if name not in equation.params:
            return (otherwise,) * len(extents)
        return params.integers(equation, name)

    padding = params.integer_rows(equation, "padding")
    convolves = equation.op == "conv_general_dilated"
    if convolves:
        kernel = equation.inputs[1].type.shape
        axes = params.dimensions(equation)["rhs_spec"][2:]
        sizes = tuple(kernel[axis] for axis in axes)
        base, dilation = "lhs_dilation", "rhs_dilation"
    else:
        sizes = params.integers(equation, "window_dimensions")
        base, dilation = "base_dilation", "window_dilation"
    columns = zip(
        extents,
        sizes,
        listed("window_strides", 1),
        [before for before, _ in padding],
        listed(base, 1),
        listed(dilation, 1),
        strict=True,
    )
    return [Sliding(*column) for column in columns]


def _support(equation: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    """Nothing comes of nothing; more is not said."""
    shape = equation.outputs[0].type.shape
    if any(support.is_none for support in operands.supports):
        return (ElementSet.none(shape),)
    return (ElementSet.all(shape),)


def _reads_convolution(
    equation: Equation, _: int, wanted: Flat, operands: Operands
) -> Reads | None:
    """One product per place of the window and input channel, where neither is zero."""
    numbers = params.dimensions(equation)
    left, right, result = (
        numbers[name] for name in ("lhs_spec", "rhs_spec", "out_spec")
    )
    image, kernel = (atom.type for atom in equation.inputs)
    out = equation.outputs[0].type
    groups = params.integer(equation, "feature_group_count")
    if params.integer(equation, "batch_group_count") != 1 or any(
        kind.dtype != out.dtype for kind in (image, kernel)
    ):
        return None
    slides = _sliding(equation, [image.shape[axis] for axis in left[2:]])
    channels = kernel.shape[right[1]]
    window = (channels, *(slide.size for slide in slides))
    terms = prod(window)
    if terms * wanted.size > MAX_ROWS:
        return None
    rows = np.repeat(np.arange(wanted.size), terms)
    at = unravel(wanted[rows], out.shape)
    channel, *offsets = unravel(np.tile(np.arange(terms), wanted.size), window)
    feature = at[result[1]]
    group = feature // (kernel.shape[right[0]] // groups)
    first, second = [rows] * len(left), [rows] * len(right)
    first[left[0]], first[left[1]] = at[result[0]], group * channels + channel
    second[right[0]], second[right[1]] = feature, channel
    met = np.ones(rows.shape, bool)
    axes = zip(slides, left[2:], right[2:], result[2:], offsets, strict=True)
    for slide, axis, place, own, offset in axes:
        first[axis], inside = slide.places(at[own], offset)
        second[place] = offset
        met &= inside
    flats = [
        ravel([each[met] for each in first], image.shape),
        ravel([each[met] for each in second], kernel.shape),
    ]
    some = operands.supports[0].contains(flats[0])
    some &= operands.supports[1].contains(flats[1])
    return Reads(tuple(flat[some] for flat in flats), "product", "add", rows[met][some])


def _reads_window_sum(
    equation: Equation, _: int, wanted: Flat, operands: Operands
) -> Reads | None:
    """The window's elements that are not zero."""
    shape = equation.inputs[0].type.shape
    slides = _sliding(equation, shape)
    window = tuple(slide.size for slide in slides)
    terms = prod(window)
    if terms * wanted.size > MAX_ROWS or not shape:
        return None
    rows = np.repeat(np.arange(wanted.size), terms)
    at = unravel(wanted[rows], equation.outputs[0].type.shape)
    offsets = unravel(np.tile(np.arange(terms), wanted.size), window)
    met = np.ones(rows.shape, bool)
    places = []
    for slide, own, offset in zip(slides, at, offsets, strict=True):
        place, inside = slide.places(own, offset)
        places.append(place)
        met &= inside
    flat = ravel([place[met] for place in places], shape)
    some = operands.supports[0].contains(flat)
    return Reads((flat[some],), "pick", "add", rows[met][some])


CONVOLUTION = Elements(_support, _reads_convolution)
WINDOW_SUM = Elements(_support, _reads_window_sum)
