"""Small axes that a program mixes, taken apart: one array for each place.

The derivative of the stress of an element has two rows, two columns and four slots of
components, and most of what is computed along these axes is stacked, masked and summed
place by place: `stack([a, b]) * mask[:, None] + stack([c, d])`. With an array of its
own for each place that is `a + c` and `d`. Zeros and ones in masks are gone, and XLA
computes without branches along long axes, where it puts nothing together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.ir.equations import sliced, squeezed, stacked
from partialc.ir.program import ArrayType, Atom, Constant, Equation, Function, Value
from partialc.ir.rewrite import without_dead_equations
from partialc.lowering.passes import Grade, Pass
from partialc.lowering.structured.mixing import (
    Mixing,
    contraction,
    is_elementwise,
    strided_moves,
    summed_axes,
)
from partialc.lowering.structured.separable import separable
from partialc.tangents.arrays import Arrays, Factor

SHORT: Final = 12
"""Parts of constants of no more elements are constants of their own."""

Places: TypeAlias = NDArray[Any]
"""For each place of the mixed axes a `Factor` along the classes of the others; None
where all elements are zero."""


def slots(function: Function) -> Function:
    """stack(a, b) * [[1], [0]] + stack(c, d) -> stack(a + c, d).

    `0 * x` is 0 and `1 * x` is x; sums of products over a small axis are in its order.
    """
    mixing = Mixing(function)
    chosen = separable(function, mixing)
    return _Rewriter(function, mixing, chosen).rewritten() if chosen else function


SLOTS: Final = Pass("slots", Grade.FINITE, slots)


class _Rewriter:
    """The function with some values as arrays for each of their places."""

    def __init__(
        self, function: Function, mixing: Mixing, chosen: frozenset[Value]
    ) -> None:
        self.function = function
        self.mixing = mixing
        self.chosen = chosen
        self.arrays = Arrays(_elements, lambda atom: None)
        self.places: dict[Value, Places] = {}
        self.defined: dict[Value, Equation] = {}
        self.wholes: dict[Value, Atom] = {}
        self.read: dict[tuple[int, tuple[int, ...]], Factor] = {}

    def rewritten(self) -> Function:
        """The function."""
        for equation in self.function.equations:
            self.defined.update(dict.fromkeys(equation.outputs, equation))
            if any(value in self.chosen for value in equation.outputs):
                self.places[equation.outputs[0]] = self.taken_apart(equation)
                continue
            inputs = tuple(map(self.whole, equation.inputs))
            self.arrays.write(replace(equation, inputs=inputs))
        outputs = tuple(map(self.whole, self.function.outputs))
        equations = tuple(self.arrays.equations)
        return without_dead_equations(
            replace(self.function, equations=equations, outputs=outputs)
        )

    # --- what operations make of places

    def taken_apart(self, equation: Equation) -> Places:
        """The places of a result."""
        if is_elementwise(equation):
            return self.elementwise(equation)
        if equation.op == "dot_general":
            return self.contracted(equation)
        if equation.op == "reduce_sum":
            return self.summed(equation)
        return self.moved(equation)

    def operand(self, equation: Equation, number: int) -> Places:
        """The places of an operand: computed apart, moved, or read where they are."""
        atom = equation.inputs[number]
        if isinstance(atom, Value) and atom in self.places:
            return self.places[atom]
        source = self.defined.get(atom) if isinstance(atom, Value) else None
        is_view = source is not None and len(source.inputs) == 1
        if source is not None and is_view and strided_moves(source) is not None:
            return self.moved(source)
        axes = self.mixing.mixed_axes(equation, number)
        found: Places = np.empty([atom.type.shape[axis] for axis in axes], object)
        for index in np.ndindex(found.shape):
            found[index] = self.element(equation, number, axes, index)
        return found

    def element(
        self,
        equation: Equation,
        number: int,
        axes: Sequence[int],
        index: tuple[int, ...],
    ) -> Factor | None:
        """What is at one place of an array that stays whole."""
        atom = equation.inputs[number]
        shape = atom.type.shape
        left = [n for n, size in enumerate(shape) if size > 1 and n not in axes]
        at = dict(zip(axes, index, strict=True))
        classes = tuple(self.mixing.class_of(equation, number, axis) for axis in left)
        if isinstance(atom, Constant) and (axes or not left):
            data = atom.data[tuple(at.get(n, slice(None)) for n in range(len(shape)))]
            data = data.reshape([shape[axis] for axis in left])
            if not data.any():
                return None
            if (data == data.flat[0]).all():
                data, classes = np.asarray(data.flat[0]), ()
            if data.size <= SHORT:
                kind = ArrayType(atom.type.dtype, np.shape(data))
                return Factor(Constant.of(kind, data), classes)  # type: ignore[arg-type]
        key = id(atom), index
        if key not in self.read:
            box = tuple(
                range(at[n], at[n] + 1) if n in at else range(size)
                for n, size in enumerate(shape)
            )
            part: Atom = atom if not axes else self.arrays.add(sliced(atom, box))
            gone = [n for n in range(len(shape)) if n not in left]
            part = self.arrays.add(squeezed(part, gone)) if gone else part
            self.read[key] = Factor(part, ())
        return Factor(self.read[key].atom, classes)  # type: ignore[arg-type]

    def moved(self, equation: Equation) -> Places:
        """Places in another order, or side by side."""
        moves = strided_moves(equation)
        assert moves is not None, "it was asked for before"
        result = equation.outputs[0]
        axes = self.mixing.axes_of(result)
        found: Places = np.empty([result.type.shape[axis] for axis in axes], object)
        for number, move in enumerate(moves):
            places = self.operand(equation, number)
            own = self.mixing.mixed_axes(equation, number)
            for index in np.ndindex(found.shape):
                at = dict(zip(axes, index, strict=True))
                if any(at[axis] not in move.put[axis] for axis in axes):
                    continue
                source = []
                for axis in own:
                    target = move.axes[axis]
                    step = (
                        0
                        if target is None
                        else move.put[target].index(at.get(target, 0))
                    )
                    source.append(move.taken[axis][step])
                found[index] = places[tuple(source)]
        return found

    def elementwise(self, equation: Equation) -> Places:
        """An operation place by place."""
        result = equation.outputs[0]
        axes = self.mixing.axes_of(result)
        found: Places = np.empty([result.type.shape[axis] for axis in axes], object)
        operands = [self.operand(equation, n) for n in range(len(equation.inputs))]
        owns = [
            self.mixing.mixed_axes(equation, n) for n in range(len(equation.inputs))
        ]
        for index in np.ndindex(found.shape):
            at = dict(zip(axes, index, strict=True))
            given = [
                places[tuple(at[axis] for axis in own)]
                for places, own in zip(operands, owns, strict=True)
            ]
            found[index] = self.applied(equation, given, _name(equation, index))
        return found

    def contracted(self, equation: Equation) -> Places:
        """Sums of products, place by place."""
        result = equation.outputs[0]
        summed, batch, free = contraction(equation)
        axes = self.mixing.axes_of(result)
        found: Places = np.empty([result.type.shape[axis] for axis in axes], object)
        left, right = self.operand(equation, 0), self.operand(equation, 1)
        counts = [equation.inputs[0].type.shape[one] for one, _ in summed]
        sides = []
        for side in (0, 1):
            targets = {pair[side]: n for n, pair in enumerate(batch)}
            first = len(batch) + (len(free[0]) if side else 0)
            targets |= {axis: first + n for n, axis in enumerate(free[side])}
            sides.append(targets)
        for index in np.ndindex(found.shape):
            at = dict(zip(axes, index, strict=True))
            products = []
            for inner in np.ndindex(*counts):
                pair = []
                for side, places in ((0, left), (1, right)):
                    along = {each[side]: inner[n] for n, each in enumerate(summed)}
                    along |= {a: at.get(t, 0) for a, t in sides[side].items()}
                    own = self.mixing.mixed_axes(equation, side)
                    pair.append(places[tuple(along[axis] for axis in own)])
                products.append(self.product(result, *pair))
            found[index] = self.total(result, products, _name(equation, index))
        return found

    def summed(self, equation: Equation) -> Places:
        """Sums over axes, place by place."""
        result = equation.outputs[0]
        own = self.mixing.mixed_axes(equation, 0)
        gone = summed_axes(equation)
        places = self.operand(equation, 0)
        order = [n for n, axis in enumerate(own) if axis not in gone]
        order += [n for n, axis in enumerate(own) if axis in gone]
        shape = [result.type.shape[axis] for axis in self.mixing.axes_of(result)]
        lines = places.transpose(order).reshape(*shape, -1)
        found: Places = np.empty(shape, object)
        for index in np.ndindex(found.shape):
            found[index] = self.total(
                result, list(lines[index]), _name(equation, index)
            )
        return found

    # --- arithmetic

    def applied(
        self, equation: Equation, given: Sequence[Factor | None], hint: str | None
    ) -> Factor | None:
        """An operation on what is at one place."""
        result = equation.outputs[0]
        match equation.op, given:
            case "mul", (one, other):
                return self.product(result, one, other)
            case "add" | "add_any", (one, other):
                return self.sum(result, one, other, hint)
            case "sub", (one, None):
                return one
            case "sub", (None, other):
                return self.negative(result, other)
            case "neg", (one,):
                return self.negative(result, one)
            case "div", (None, _):
                return None
            case _:
                pairs = zip(equation.inputs, given, strict=True)
                filled = [
                    Factor(self.arrays.number(atom.type.dtype, 0), ())
                    if each is None
                    else each
                    for atom, each in pairs
                ]
                return self.write(equation.op, result, filled, equation.params, hint)

    def product(
        self, like: Value, one: Factor | None, other: Factor | None
    ) -> Factor | None:
        """The product of two; numbers one and minus one are gone."""
        if one is None or other is None:
            return None
        for number, rest in ((one, other), (other, one)):
            if isinstance(number.atom, Constant) and not number.axes:
                if number.atom.data == 1:
                    return rest
                if number.atom.data == -1:
                    return self.negative(like, rest)
        return self.write("mul", like, [one, other], {})

    def total(
        self, like: Value, given: Sequence[Factor | None], hint: str | None
    ) -> Factor | None:
        """The sum of some, in their order."""
        total: Factor | None = None
        last = max((n for n, each in enumerate(given) if each is not None), default=0)
        for number, each in enumerate(given):
            total = self.sum(like, total, each, hint if number == last else None)
        return total

    def sum(
        self,
        like: Value,
        one: Factor | None,
        other: Factor | None,
        hint: str | None = None,
    ) -> Factor | None:
        """The sum of two; a difference where one is a negative."""
        if one is None or other is None:
            return other if one is None else one
        for plus, minus in ((one, other), (other, one)):
            definition = self.arrays.definition(minus.atom)
            if definition is not None and definition.op == "neg":
                negated = Factor(definition.inputs[0], minus.axes)
                return self.write("sub", like, [plus, negated], {}, hint)
        return self.write("add", like, [one, other], {}, hint)

    def negative(self, like: Value, one: Factor | None) -> Factor | None:
        """Minus it."""
        return None if one is None else self.write("neg", like, [one], {})

    def write(
        self,
        op: str,
        like: Value,
        given: Sequence[Factor],
        params: Mapping[str, Any],
        hint: str | None = None,
    ) -> Factor:
        """An operation along the axes of all its operands."""
        wide = max(given, key=lambda each: len(each.axes))
        axes = [*wide.axes]
        for each in given:
            axes += [axis for axis in each.axes if axis not in axes]
        atoms = [self.arrays.aligned(each, axes) for each in given]
        shape = np.broadcast_shapes(*(atom.type.shape for atom in atoms))
        found = Value(ArrayType(like.type.dtype, shape), hint)
        self.arrays.write(Equation(op, tuple(atoms), params, (found,)))
        return Factor(found, tuple(axes))

    # --- whole again

    def whole(self, atom: Atom) -> Atom:
        """An array put together again, where what needs it is left as it is."""
        if not isinstance(atom, Value) or atom not in self.places:
            return atom
        if atom not in self.wholes:
            self.wholes[atom] = self.together(atom)
        return self.wholes[atom]

    def together(self, value: Value) -> Atom:
        """Stacked along the axes that were taken apart."""
        shape = value.type.shape
        mixed = self.mixing.axes_of(value)
        lanes = {
            self.mixing.of(value, axis): axis
            for axis, size in enumerate(shape)
            if size > 1 and axis not in mixed
        }
        places = self.places[value]
        zero = Factor(self.arrays.number(value.type.dtype, 0), ())
        filled = [zero if each is None else each for each in places.reshape(-1)]
        order = [*max((each.axes for each in filled), key=len)]
        order += [each for each in lanes if each not in order]
        sizes = [shape[lanes[each]] for each in order]
        numbered = [
            Factor(each.atom, tuple(order.index(axis) for axis in each.axes))
            for each in filled
        ]
        atoms = [self.arrays.full(each, range(len(order)), sizes) for each in numbered]
        for count in reversed(places.shape):
            atoms = [
                self.arrays.add(stacked(group, 0)) for group in _grouped(atoms, count)
            ]
        (whole,) = atoms
        axes = [*mixed, *(lanes[each] for each in order)]
        whole = self.arrays.transposed(
            whole, sorted(range(len(axes)), key=lambda n: axes[n])
        )
        return self.arrays.reshaped(whole, shape)


_WORDS: Final = {
    "add": "sum",
    "add_any": "sum",
    "dot_general": "dot",
    "reduce_sum": "sum",
    "sub": "difference",
}


def _name(equation: Equation, index: tuple[int, ...]) -> str | None:
    """What a sum at one place is called: `dot_0_1`, as in index notation."""
    word = _WORDS.get(equation.op)
    return "_".join((word, *map(str, index))) if word and index else None


def _grouped(atoms: Sequence[Atom], count: int) -> Iterator[Sequence[Atom]]:
    return (atoms[start : start + count] for start in range(0, len(atoms), count))


def _elements(atom: Atom) -> NDArray[Any] | None:
    return atom.data if isinstance(atom, Constant) else None
