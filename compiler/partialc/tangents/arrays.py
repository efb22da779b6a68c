"""Equations on arrays whose axes are axes of a grid: what payloads are computed by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.ir.boxes import line as line_range
from partialc.ir.boxes import row_major, upward
from partialc.ir.dtypes import DType
from partialc.ir.equations import (
    reshaped,
    reshaped_by,
    rows_of,
    sliced,
    spread,
    spread_by,
    squeezed,
    transposed,
    turned,
)
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Dimensions,
    Equation,
    Param,
    Value,
)
from partialc.tangents.maps import IndexMap, raveled

FEW: Final = 1 << 14
"""Arrays of more elements are not computed at once to see what they are."""

Compute: TypeAlias = Callable[
    [Equation, Sequence[NDArray[Any]]], Sequence[NDArray[Any]] | None
]

Solid: TypeAlias = Callable[
    [Equation, Sequence[NDArray[np.bool_] | None], Sequence[NDArray[Any] | None]],
    Sequence[NDArray[np.bool_] | None],
]


@dataclass(frozen=True, eq=False, slots=True)
class Factor:
    """An array along some axes of a grid.

    Attributes:
        atom: The array.
        axes: The axis of the grid that each of its own axes is; each at most once.
    """

    atom: Atom
    axes: tuple[int, ...]


class Arrays:
    """Writes equations, each of which defines one array.

    Args:
        known: The elements of an atom that does not depend on the inputs, or None.
        nonzero: Which elements of an atom may be nonzero; None where all may.
        computed: The results of an operation on known operands, or None.
        solid: Where the results of an operation may be nonzero, from where its operands
            may be; None where that is everywhere.
    """

    def __init__(
        self,
        known: Callable[[Atom], NDArray[Any] | None],
        nonzero: Callable[[Atom], NDArray[np.bool_] | None],
        computed: Compute = lambda equation, operands: None,
        solid: Solid = lambda equation, solid, known: [None] * len(equation.outputs),
    ) -> None:
        self.equations: list[Equation] = []
        self._solid_results = solid
        self._given = known
        self._nonzero = nonzero
        self._computed = computed
        self._found: dict[Value, NDArray[Any]] = {}
        self._solid: dict[Value, NDArray[np.bool_]] = {}
        self._defined: dict[Value, Equation] = {}

    def copied(self) -> Arrays:
        """The same equations, to which others can be added."""
        found = Arrays(self._given, self._nonzero, self._computed, self._solid_results)
        found._found, found._solid = {**self._found}, {**self._solid}
        found.equations = [*self.equations]
        found._defined = {**self._defined}
        return found

    def write(self, equation: Equation) -> None:
        """Append an equation."""
        self.equations.append(equation)
        self._defined.update(dict.fromkeys(equation.outputs, equation))
        if max((value.type.size for value in equation.outputs), default=0) > FEW:
            return
        found = list(map(self.known, equation.inputs))
        operands = [array for array in found if array is not None]
        if len(operands) == len(equation.inputs):
            results = self._computed(equation, operands)
            if results is not None:
                arrays = map(np.asarray, results)
                self._found.update(zip(equation.outputs, arrays, strict=True))
                return
        masks = list(map(self.nonzero, equation.inputs))
        if any(mask is not None and not mask.all() for mask in masks):
            solid = self._solid_results(equation, masks, found)
            pairs = zip(equation.outputs, solid, strict=True)
            self._solid.update(
                (value, mask) for value, mask in pairs if mask is not None
            )

    def known(self, atom: Atom) -> NDArray[Any] | None:
        """The elements of an atom that does not depend on the inputs, or None."""
        found = self._found.get(atom) if isinstance(atom, Value) else None
        return self._given(atom) if found is None else found

    def nonzero(self, atom: Atom) -> NDArray[np.bool_] | None:
        """Which elements of an atom may be nonzero; None where all may."""
        if isinstance(atom, Value) and atom in self._found:
            return np.asarray(self._found[atom] != 0)
        if isinstance(atom, Value) and atom in self._solid:
            return self._solid[atom]
        return self._nonzero(atom)

    def definition(self, atom: Atom) -> Equation | None:
        """The equation that defines an array; None of inputs and constants."""
        return self._defined.get(atom) if isinstance(atom, Value) else None

    def apply(
        self, op: str, inputs: Sequence[Atom], kind: ArrayType, **params: Param
    ) -> Value:
        """One operation with one result."""
        return self.add(Equation(op, tuple(inputs), params, (Value(kind),)))

    def add(self, equation: Equation) -> Value:
        """Write an equation; its result."""
        self.write(equation)
        return equation.outputs[0]

    def number(self, dtype: DType, value: float) -> Constant:
        """A scalar."""
        return Constant.of(ArrayType(dtype, ()), value)

    def like(self, op: str, *atoms: Atom) -> Atom:
        """An operation element by element; axes of length one are stretched."""
        shape = np.broadcast_shapes(*(atom.type.shape for atom in atoms))
        return self.apply(op, atoms, ArrayType(atoms[-1].type.dtype, shape))

    def reshaped(self, atom: Atom, shape: Sequence[int]) -> Atom:
        """The same elements in another shape."""
        before = reshaped_by(self.definition(atom))
        atom = atom if before is None else before
        if atom.type.shape == tuple(shape):
            return atom
        return self.add(reshaped(atom, shape))

    def transposed(self, atom: Atom, order: Sequence[int]) -> Atom:
        """Its axes in another order."""
        if tuple(order) == tuple(range(len(order))):
            return atom
        return self.add(transposed(atom, order))

    def spread(self, atom: Atom, shape: Sequence[int], axes: Sequence[int]) -> Atom:
        """Repeat it along further axes.

        Args:
            atom: The array.
            shape: The shape of the result.
            axes: The axis of the result that each of its own is.
        """
        if atom.type.shape == tuple(shape):
            return atom
        return self.add(spread(atom, shape, axes))

    def converted(self, atom: Atom, dtype: DType) -> Atom:
        """Its elements as another type."""
        if atom.type.dtype == dtype:
            return atom
        kind = ArrayType(dtype, atom.type.shape)
        return self.apply("convert_element_type", [atom], kind, new_dtype=dtype)

    def aligned(self, factor: Factor, axes: Sequence[int]) -> Atom:
        """An array with one axis for each of `axes`, of length one where it has none.

        Args:
            factor: The array.
            axes: Grid axes, in the order of the result's; with all of the factor's.
        """
        order = sorted(
            range(len(factor.axes)), key=lambda n: axes.index(factor.axes[n])
        )
        atom = self.transposed(factor.atom, order)
        shape = iter(atom.type.shape)
        full = [next(shape) if axis in factor.axes else 1 for axis in axes]
        if not factor.axes:
            return atom
        places = [place for place, axis in enumerate(axes) if axis in factor.axes]
        return self.spread(atom, full, places)

    def combined(self, op: str, one: Factor, other: Factor) -> Factor:
        """Two arrays combined element by element, along the axes of both."""
        wide, small = (one, other) if len(one.axes) >= len(other.axes) else (other, one)
        axes = [*wide.axes, *(axis for axis in small.axes if axis not in wide.axes)]
        pair = [self.aligned(each, axes) for each in (one, other)]
        return Factor(self.like(op, *pair), tuple(axes))

    def full(self, factor: Factor, axes: Sequence[int], sizes: Sequence[int]) -> Atom:
        """An array along some axes, repeated where it does not depend on them."""
        shape = [sizes[axis] for axis in axes]
        atom = self.aligned(factor, axes)
        if atom.type.shape == tuple(shape):
            return atom
        return self.spread(atom, shape, range(len(shape)) if atom.type.shape else ())

    def summed(self, factor: Factor, axes: Sequence[int]) -> Factor:
        """The sum over some of its axes."""
        places = tuple(n for n, axis in enumerate(factor.axes) if axis in axes)
        if not places:
            return factor
        left = [n for n in range(len(factor.axes)) if n not in places]
        shape = tuple(factor.atom.type.shape[n] for n in left)
        kind = ArrayType(factor.atom.type.dtype, shape)
        atom = self.apply("reduce_sum", [factor.atom], kind, axes=places)
        return Factor(atom, tuple(factor.axes[n] for n in left))

    def contracted(self, one: Factor, other: Factor, axes: Sequence[int]) -> Factor:
        """The sum over some common axes of the product of two arrays."""
        common = [axis for axis in one.axes if axis in other.axes]
        batch = [axis for axis in common if axis not in axes]
        free = [
            [axis for axis in each.axes if axis not in common] for each in (one, other)
        ]
        if batch and not all(free):
            return self.summed(self.combined("mul", one, other), axes)
        summed = [axis for axis in common if axis in axes]

        def places(factor: Factor, of: Sequence[int]) -> tuple[int, ...]:
            return tuple(factor.axes.index(axis) for axis in of)

        dimensions = Dimensions(
            "dot",
            (
                ("lhs_contracting", places(one, summed)),
                ("rhs_contracting", places(other, summed)),
                ("lhs_batch", places(one, batch)),
                ("rhs_batch", places(other, batch)),
            ),
        )
        left = (*batch, *free[0], *free[1])
        sizes = dict(zip(one.axes, one.atom.type.shape, strict=True))
        sizes |= zip(other.axes, other.atom.type.shape, strict=True)
        kind = ArrayType(one.atom.type.dtype, tuple(sizes[axis] for axis in left))
        atom = self.apply(
            "dot_general",
            [one.atom, other.atom],
            kind,
            dimension_numbers=dimensions,
            precision=None,
            preferred_element_type=None,
        )
        return Factor(atom, left)

    def taken(self, atom: Atom, places: Sequence[IndexMap]) -> Factor:
        """The elements of an array that a grid reads.

        Args:
            atom: The array.
            places: For each of its axes the place read, inside the array everywhere.
        """
        atom, places = self._unstacked(atom, places)
        atom, places = self._unspread(atom, places)
        atom, places = self._folded(atom, places)
        lines = [place.line() for place in places]
        axes = [line[0] for line in lines if line is not None]
        if any(
            line is None and place.number() is None
            for line, place in zip(lines, places, strict=True)
        ) or len(set(axes)) != len(axes):
            return self._gathered(atom, places)
        return Factor(self._sliced(atom, places), tuple(axes))

    def _unstacked(
        self, atom: Atom, places: Sequence[IndexMap]
    ) -> tuple[Atom, Sequence[IndexMap]]:
        """What was stacked, where an array is read in one slot of its stack."""
        found = self.definition(atom)
        while found is not None and found.op == "stack":
            axis = found.params["axis"]
            assert isinstance(axis, int), "an axis is a number"
            slot = places[axis].number()
            if slot is None:
                break
            atom, places = found.inputs[slot], [*places[:axis], *places[axis + 1 :]]
            found = self.definition(atom)
        return atom, places

    def _unspread(
        self, atom: Atom, places: Sequence[IndexMap]
    ) -> tuple[Atom, Sequence[IndexMap]]:
        """What an array repeats, and where that is read."""
        while (source := spread_by(found := self.definition(atom))) is not None:
            axes = found.params["broadcast_dimensions"] if found is not None else ()
            assert isinstance(axes, tuple), "axes are a tuple"
            chosen = []
            for size, axis in zip(source.type.shape, axes, strict=True):
                assert isinstance(axis, int), "an axis is a number"
                still = IndexMap.constant(places[axis].sizes, 0)
                chosen.append(still if size == 1 else places[axis])
            atom, places = source, chosen
        if isinstance(atom, Constant) and atom.type.size and places:
            first = atom.data.reshape(-1)[0]
            if (atom.data == first).all():
                return self.number(atom.type.dtype, first), []
        return atom, places

    def _folded(
        self, atom: Atom, places: Sequence[IndexMap]
    ) -> tuple[Atom, Sequence[IndexMap]]:
        """An array whose axes are split where the grid counts along several of its."""
        shape: list[int] = []
        slices: list[IndexMap] = []
        read: list[IndexMap] = []
        for place, size in zip(places, atom.type.shape, strict=True):
            axes = sorted(place.axes, key=lambda axis: -place.strides[axis])
            counts = [place.sizes[axis] for axis in axes]
            total = prod(counts)
            steps = [place.strides[axis] for axis in axes]
            is_folded = place.is_affine and len(axes) > 1 and steps == row_major(counts)
            if is_folded:
                shape += counts
                read += [IndexMap.along(place.sizes, axis) for axis in axes]
                slices.append(IndexMap.along((total,), 0, place.start))
            else:
                shape.append(size)
                read.append(place)
                slices.append(IndexMap.along((size,), 0))
        if len(shape) == len(places):
            return atom, places
        return self.reshaped(self._sliced(atom, slices), shape), read

    def _sliced(self, atom: Atom, places: Sequence[IndexMap]) -> Atom:
        """By a slice for each axis; axes that are read at one place are gone."""
        box, backwards, gone = [], [], []
        for number, place in enumerate(places):
            line = place.line()
            if line is None:
                gone.append(number)
                box.append(range(place.start, place.start + 1))
                continue
            axis, first, stride = line
            each = line_range(first, stride, place.sizes[axis])
            box.append(upward(each))
            if stride < 0:
                backwards.append(number)
        if tuple(map(len, box)) != atom.type.shape:
            atom = self.add(sliced(atom, tuple(box)))
        if backwards:
            atom = self.add(turned(atom, backwards))
        return self.add(squeezed(atom, gone)) if gone else atom

    def _gathered(self, atom: Atom, places: Sequence[IndexMap]) -> Factor:
        """By index arrays, along the axes that need them."""
        lines = [place.line() for place in places]
        shared = [line[0] for line in lines if line is not None]
        for place, line in zip(places, lines, strict=True):
            if line is None:
                shared += place.axes
        whole = {
            number
            for number, line in enumerate(lines)
            if line is not None and shared.count(line[0]) == 1
        }
        sliced = [
            place if number in whole else IndexMap.along((size,), 0)
            for number, (place, size) in enumerate(
                zip(places, atom.type.shape, strict=True)
            )
        ]
        counts = [
            place.sizes[line[0]] if number in whole and line is not None else size
            for number, (place, line, size) in enumerate(
                zip(places, lines, atom.type.shape, strict=True)
            )
        ]
        atom = self.reshaped(self._sliced(atom, sliced), counts)
        rest = [number for number in range(len(places)) if number not in whole]
        order = [*rest, *sorted(whole)]
        atom = self.transposed(atom, order)
        shape = atom.type.shape[: len(rest)]
        atom = self.reshaped(atom, (prod(shape), *atom.type.shape[len(rest) :]))
        flat = raveled([places[number] for number in rest], shape)
        axes = flat.axes
        index = flat.compact().reshape([flat.sizes[axis] for axis in axes])
        found = self.rows(atom, index)
        along = [line[0] for n in sorted(whole) if (line := lines[n]) is not None]
        return Factor(found, (*axes, *along))

    def rows(self, atom: Atom, index: NDArray[np.int64]) -> Atom:
        """Places along the first axis of an array.

        Args:
            atom: The array.
            index: The places, of any shape; the result has shape `index + rest`.
        """
        return self.add(rows_of(atom, index))
