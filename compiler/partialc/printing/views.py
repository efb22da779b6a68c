"""Indexing as Python writes it: slices, dropped axes and new axes in one bracket.

A view is a tuple with one entry per axis of the base in order, and `None` where a new
axis of size one stands: an int picks one element and drops the axis, `(start, stop,
step)` keeps it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TypeAlias

from partialc.ir.program import ArrayType, Atom, Constant, Equation, Param, Value
from partialc.printing.build import number, subscript

Entry: TypeAlias = "int | tuple[int, int, int] | None"


@dataclass(frozen=True, slots=True)
class View:
    """What `base[index]` reads."""

    base: Value
    index: tuple[Entry, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it is the base itself."""
        return self.index == whole(self.base.type)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes it has."""
        kept = [entry for entry in self.index if not isinstance(entry, int)]
        return tuple(1 if entry is None else len(range(*entry)) for entry in kept)


def whole(kind: ArrayType) -> tuple[Entry, ...]:
    """The index that reads everything."""
    return tuple((0, size, 1) for size in kind.shape)


def viewed(equation: Equation, operand: View) -> View | None:
    """The view that an indexing equation makes of a view; None if it is no view."""
    match equation.op:
        case "slice":
            return _sliced(equation, operand)
        case "squeeze":
            dropped = _integers(equation.params["dimensions"])
            return _squeezed(operand, dropped)
        case "expand_dims":
            return _expanded(operand, _integers(equation.params["dimensions"]))
        case "reshape":
            return _reshaped(operand, equation.outputs[0].type.shape)
        case "broadcast_in_dim":
            placed = _integers(equation.params["broadcast_dimensions"])
            shape = equation.outputs[0].type.shape
            if [shape[axis] for axis in placed] != list(operand.shape):
                return None
            new = [axis for axis in range(len(shape)) if axis not in placed]
            if any(shape[axis] != 1 for axis in new):
                return None
            return _expanded(operand, new)
        case _:
            return None


def index_equation(view: View, value: Value) -> Equation:
    """The printer's own equation for a view."""
    return Equation("index", (view.base,), {"index": view.index}, (value,))


def index_expression(base: ast.expr, kind: ArrayType, index: Param) -> ast.expr:
    """`base[...]` for the index of an `index` equation."""
    entries = list(index) if isinstance(index, tuple) else []
    texts: list[ast.expr] = []
    last = 0
    axis = 0
    for entry in entries:
        match entry:
            case None:
                texts.append(ast.Constant(None))
                last = len(texts)
                continue
            case int():
                texts.append(number(entry))
                last = len(texts)
            case (int(start), int(stop), int(step)):
                size = kind.shape[axis]
                ends = stop - 1 + step < size or stop <= start
                texts.append(
                    ast.Slice(
                        number(start) if start else None,
                        number(stop) if ends else None,
                        number(step) if step != 1 else None,
                    )
                )
                if (start, stop, step) != (0, size, 1):
                    last = len(texts)
        axis += 1
    return subscript(base, texts[:last]) if last else base


def unstacked(view: View, axis: int) -> View | None:
    """The view without its new axis at one place; None if that axis is not new."""
    place = _places(view)[axis]
    if view.index[place] is not None:
        return None
    return View(view.base, (*view.index[:place], *view.index[place + 1 :]))


def _integers(param: Param) -> list[int]:
    entries = param if isinstance(param, tuple) else ()
    return [entry for entry in entries if isinstance(entry, int)]


def _places(view: View) -> list[int]:
    """Where in the index each axis of the view stands."""
    return [
        place for place, entry in enumerate(view.index) if not isinstance(entry, int)
    ]


def _sliced(equation: Equation, operand: View) -> View | None:
    starts = _integers(equation.params["start_indices"])
    stops = _integers(equation.params["limit_indices"])
    strides = equation.params["strides"]
    steps = [1] * len(starts) if strides is None else _integers(strides)
    index = list(operand.index)
    for place, start, stop, step in zip(
        _places(operand), starts, stops, steps, strict=True
    ):
        entry = index[place]
        if entry is None:
            if (start, stop) != (0, 1):
                return None
            continue
        assert isinstance(entry, tuple)
        selected = range(*entry)[start:stop:step]
        last = selected[-1] + 1 if len(selected) else selected.start
        index[place] = (selected.start, last, selected.step)
    return View(operand.base, tuple(index))


def _squeezed(operand: View, dropped: list[int]) -> View | None:
    places = _places(operand)
    index: list[Entry | str] = list(operand.index)
    for axis in dropped:
        entry = operand.index[places[axis]]
        index[places[axis]] = "dropped" if entry is None else entry[0]  # type: ignore[index]
    return View(operand.base, tuple(e for e in index if not isinstance(e, str)))


def _expanded(operand: View, new: list[int]) -> View:
    index: list[Entry] = list(operand.index)
    for axis in sorted(new):
        places = _places(View(operand.base, tuple(index)))
        index.insert(places[axis] if axis < len(places) else len(index), None)
    return View(operand.base, tuple(index))


def _reshaped(operand: View, shape: tuple[int, ...]) -> View | None:
    """A reshape that only drops and adds axes of size one."""
    old = operand.shape
    if [size for size in old if size != 1] != [size for size in shape if size != 1]:
        return None
    if 1 not in old and 1 not in shape:
        return operand
    kept: list[int] = []
    new: list[int] = []
    axis = 0
    for place, size in enumerate(shape):
        while axis < len(old) and old[axis] == 1 and size != 1:
            axis += 1
        if axis < len(old) and old[axis] == size:
            kept.append(axis)
            axis += 1
        else:
            new.append(place)
    squeezed = _squeezed(operand, [a for a in range(len(old)) if a not in kept])
    return None if squeezed is None else _expanded(squeezed, new)


def atom_view(atom: Atom) -> View | None:
    """The view that is the whole of a value."""
    return None if isinstance(atom, Constant) else View(atom, whole(atom.type))
