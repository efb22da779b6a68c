"""Text for where things are: indices, positions, seeds, views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count, islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.realise.chain import (
    Basis,
    Index,
    OneHot,
    Positions,
    Reshape,
    Take,
    Transpose,
    View,
)
from partialc.realise.units import reach
from partialc.request.resolved import COTANGENT, Coordinates, Output, WeightedSum
from partialc.request.signature import Signature

_ROLES: Final = ("rows", "columns", "depths")
"""What lists of positions along the first axes are called."""

SHORT = 12
"""Lists of at most this many positions are written where they are used."""


def index_text(entries: Sequence[int | slice], shape: Sequence[int]) -> str:
    """What stands in the brackets; empty when the index keeps everything.

    Args:
        entries: One per leading axis; trailing axes are kept.
        shape: The extents of those axes, to leave out bounds that say nothing.
    """
    texts = []
    for entry, extent in zip(entries, shape, strict=False):
        texts.append(_entry_text(entry, extent))
    while texts and texts[-1] == ":":
        texts.pop()
    return ", ".join(texts)


def _entry_text(entry: int | slice, extent: int | None) -> str:
    if isinstance(entry, int):
        return str(entry)
    step = entry.step or 1
    start = "" if entry.start is None else str(entry.start)
    stop = "" if entry.stop is None else str(entry.stop)
    if step > 0 and entry.start == 0:
        start = ""
    if (step > 0 and entry.stop == extent) or (entry.stop or 0) < 0:
        stop = ""
    return f"{start}:{stop}" + ("" if step == 1 else f":{step}")


def tuple_text(items: Sequence[str]) -> str:
    """A tuple's source."""
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def output_text(result: str, output: Output, signature: Signature) -> str:
    """A selected output of an expression for the function's whole result.

    A weighted sum of several leaves has the expression in it several times.
    """
    if isinstance(output, WeightedSum):
        return weighted_text(
            output, [output_text(result, each, signature) for each in output.outputs]
        )
    leaf = signature.result.leaves[output.leaf]
    text = reach(result, leaf.path, output.leaf)
    index = index_text(output.index, leaf.type.shape)
    return f"{text}[{index}]" if index else text


def weighted_text(weighted: WeightedSum, values: Sequence[str]) -> str:
    """A weighted sum of outputs: `jnp.sum(out_cotangent * f(x))`.

    Args:
        weighted: The sum.
        values: An expression for each of its outputs.
    """
    terms = []
    for number, (output, path, value) in enumerate(
        zip(weighted.outputs, weighted.paths, values, strict=True)
    ):
        product = f"{reach(COTANGENT, path, number)} * {value}"
        terms.append(f"jnp.sum({product})" if output.shape else product)
    return " + ".join(terms)


@dataclass
class Constants:
    """The arrays of positions that a kernel's text refers to by name.

    Attributes:
        prefix: The kernel's name in capitals, with which every name starts.
        given: Arrays the module defines anyway (`J_INDICES`), by name.
        made: Arrays the text needs beyond those, by name.
    """

    prefix: str
    given: Mapping[str, NDArray[np.int64]]
    made: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def positions(self, positions: Positions, role: str) -> str:
        """An expression for a list of positions, as short as it can be."""
        array = np.asarray(positions, dtype=np.int64)
        step = int(array[1] - array[0]) if array.size > 1 else 1
        ranged = np.arange(array[0], array[0] + step * array.size, step or 1)
        if step > 0 and array.size > 2 and np.array_equal(array, ranged):
            tail = f", {step}" if step != 1 else ""
            return f"np.arange({array[0]}, {array[-1] + 1}{tail})"
        if array.size <= SHORT:
            return f"[{', '.join(map(str, positions))}]"
        for name, values in self.given.items():
            if np.array_equal(values, array):
                return name
            for column in range(values.shape[1] if values.ndim == 2 else 0):
                if np.array_equal(values[:, column], array):
                    return f"{name}[:, {column}]"
        extent = int(array.max()) + 1
        for triangle in (np.tril_indices, np.triu_indices):
            for axis, indices in enumerate(triangle(extent)):
                if np.array_equal(indices, array):
                    return f"np.{triangle.__name__}({extent})[{axis}]"
        return self._made(array, role)

    def _made(self, array: NDArray[np.int64], role: str) -> str:
        for name, values in self.made.items():
            if np.array_equal(values, array):
                return name
        name = base = f"_{self.prefix}_{role.upper()}"
        suffix = 2
        while name in self.made:
            name, suffix = f"{base}_{suffix}", suffix + 1
        self.made[name] = array
        return name


def one_hot_text(push: OneHot, variable: str) -> str:
    """The seed of one coordinate."""
    if not push.index:
        return f"jnp.ones_like({variable})"
    return f"_one_hot({variable}, {', '.join(map(str, push.index))})"


def basis_text(
    push: Basis, variable: str, shape: Sequence[int], constants: Constants
) -> str:
    """The seeds of a selection, along axis 0."""
    selection = push.selection
    if isinstance(selection, Coordinates):
        index = index_text(selection.index, shape)
        return f"_basis({variable}, np.s_[{index}])" if index else f"_basis({variable})"
    if not shape:
        return f"jnp.ones({len(selection)}, {variable}.dtype)"
    positions = constants.positions(selection, f"{variable}_positions")
    if len(shape) == 1:
        return f"_basis({variable}, {positions})"
    return f"_basis({variable}, np.unravel_index({positions}, {tuple(shape)}))"


def view_text(expression: str, view: View, constants: Constants) -> str:
    """One view applied to an expression."""
    match view:
        case Index(entries):
            texts = [_entry_text(entry, None) for entry in entries]
            return f"{expression}[{', '.join(texts)}]"
        case Take(positions):
            further = (f"positions_{number}" for number in count(len(_ROLES) + 1))
            roles = islice(chain(_ROLES, further), len(positions))
            texts = [
                constants.positions(each, role)
                for each, role in zip(positions, roles, strict=True)
            ]
            return f"{expression}[..., {', '.join(texts)}]"
        case Reshape(shape):
            return f"{expression}.reshape({', '.join(map(str, shape)) or '()'})"
        case Transpose(order):
            return f"{expression}.transpose({', '.join(map(str, order))})"
