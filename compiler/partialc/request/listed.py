"""Requests for listed entries: `entries(hessian(x), [(x[0], x[1]), (x[3], x[3])])`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partialc.errors import RequestError
from partialc.request.answer import Answer
from partialc.request.constructors import pairs_of
from partialc.request.layouts import flattened, single_array
from partialc.request.origin import Origin
from partialc.request.resolved import Axis, Block
from partialc.request.resolved import Entries as EntriesLayout
from partialc.request.scope import Scope
from partialc.request.selection import Selection
from partialc.request.shapes import axis_size
from partialc.request.syntax import Coordinate, Entries, Jacobian
from partialc.request.weighted import differentiated
from partialc.request.written import origin_of, origin_of_request


@dataclass(frozen=True, slots=True)
class _Side:
    """The rows or the columns of the matrix whose entries are listed.

    Attributes:
        text: What they run over, as written.
        size: How many there are.
        select: Looks a written coordinate up.
        numbers: For each leaf they run over, the number of each element; -1 outside.
    """

    text: str
    size: int
    select: Callable[[Coordinate], Selection]
    numbers: dict[int, NDArray[np.int64]]

    def position(self, node: Coordinate, origin: Origin) -> int:
        found = self.select(node)
        if not found.is_scalar:
            what = (
                f"an array of shape {found.shape}" if found.is_array else "a container"
            )
            raise origin.fault(
                f"{node} is not one element but {what}",
                fix="index it down to one element, or ask for the whole matrix",
            )
        (element,) = found.coordinates
        if element.leaf in self.numbers:
            number = int(self.numbers[element.leaf][element.index])
            if number >= 0:
                return number
        raise origin.fault(
            f"{node} is not within {self.text}",
            why=f"this side of the matrix runs over {self.text}",
        )


def entries(request: Entries, scope: Scope) -> Answer:
    """The entries that a list names, in its order.

    Raises:
        RequestError: An entry is outside the matrix, or the object is no such list.
    """
    matrix = request.matrix
    output = differentiated(matrix, scope)
    wrt = tuple(map(scope.wrt, matrix.wrt))
    if isinstance(matrix, Jacobian):
        row = single_array(output.selection, "entries")
        axis = flattened(wrt, scope)
        rows = _side((output.selection,), (row,), scope.result)
        pairs = _pairs(request, (rows, _side(wrt, axis, scope.wrt)), scope)
        layout = EntriesLayout("entries", pairs[:, 1:], pairs[:, 0], (len(pairs),))
        return Answer(Block(row, (axis,), layout), wrt, output.selection)
    first, second = flattened(wrt[:1], scope), flattened(wrt[-1:], scope)
    sides = (_side(wrt[:1], first, scope.wrt), _side(wrt[-1:], second, scope.wrt))
    pairs = _pairs(request, sides, scope)
    layout = EntriesLayout("entries", pairs, None, (len(pairs),))
    parts = output.map(lambda out: Block(out, (first, second), layout))
    return Answer(parts, wrt, output.selection, directions=output.directions)


def _side(
    selections: tuple[Selection, ...],
    axis: Axis,
    select: Callable[[Coordinate], Selection],
) -> _Side:
    types = [type_ for selection in selections for type_ in selection.types]
    numbers: dict[int, NDArray[np.int64]] = {}
    start = 0
    for coordinates, type_ in zip(axis, types, strict=True):
        size = axis_size((coordinates,))
        own = numbers.setdefault(
            coordinates.leaf, np.full(type_.shape, -1, dtype=np.int64)
        )
        own[coordinates.index] = np.arange(start, start + size).reshape(
            coordinates.shape
        )
        start += size
    text = ", ".join(str(selection.node) for selection in selections)
    return _Side(text, start, select, numbers)


def _pairs(
    request: Entries, sides: tuple[_Side, _Side], scope: Scope
) -> NDArray[np.int64]:
    """Row and column of each entry, shape (k, 2)."""
    items = request.items
    if not isinstance(items, str):
        return _positions(items, sides, None)
    origin = request.items_origin or origin_of_request(request)
    listed = _load(items, scope, origin)
    if isinstance(listed, tuple):
        return _positions(listed, sides, origin)
    for column, (numbers, side) in enumerate(zip(listed.T, sides, strict=True)):
        wrong = np.flatnonzero((numbers < -side.size) | (numbers >= side.size))
        if wrong.size:
            raise origin.fault(
                f"{items}[{wrong[0]}, {column}] is {numbers[wrong[0]]}, outside "
                f"{side.text}",
                why=f"along the flattened {side.text} there are {side.size} positions",
            )
    sizes = np.array([side.size for side in sides], dtype=np.int64)
    return np.where(listed < 0, listed + sizes, listed)


def _positions(
    items: tuple[tuple[Coordinate, Coordinate], ...],
    sides: tuple[_Side, _Side],
    origin: Origin | None,
) -> NDArray[np.int64]:
    positions = [
        [
            side.position(node, origin or origin_of(node))
            for node, side in zip(item, sides, strict=True)
        ]
        for item in items
    ]
    return np.array(positions, dtype=np.int64).reshape(-1, 2)


def _load(
    name: str, scope: Scope, origin: Origin
) -> NDArray[np.int64] | tuple[tuple[Coordinate, Coordinate], ...]:
    """The object's pairs: of positions, or of coordinates."""
    found: Any = scope.load_object(name)
    try:
        array = np.asarray(found)
    except Exception:  # whatever it is, it is no array: say what it should be
        array = np.asarray(None)
    if array.dtype.kind in "iu" and array.ndim == 2 and array.shape[1] == 2:
        return array.astype(np.int64)
    if isinstance(found, list | tuple):
        try:
            return pairs_of(found)
        except RequestError:
            pass
    raise origin.fault(
        f"{name} is no list of entries",
        why=f"it is a {type(found).__name__}"
        + (f" of shape {array.shape}" if array.ndim else ""),
        fix="make it an integer array of shape (k, 2), row and column of each entry "
        "along the flattened axes, or a list of pairs such as (x[0], x[1])",
    )
