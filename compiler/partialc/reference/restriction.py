"""The function restricted to some elements of its arguments, for references.

The elements are moved by adding to them, and the derivative is taken where nothing is
added: `x.at[i].set(d)` would be wrong where two axes of a request overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.ir.distinct import distinct_numbers
from partialc.reference.body import Body, Names
from partialc.reference.derivatives import Policy, is_affordable
from partialc.reference.literals import index_text, is_whole, positions_text
from partialc.request.resolved import Axis, Block, Entries
from partialc.request.shapes import axis_shape, axis_size

Chosen: TypeAlias = NDArray[np.int64]
"""Positions along a flattened axis, ascending."""

_SAMPLE: Final = 8


class Restriction:
    """A local function of changes to the elements that the axes of a block select.

    Attributes:
        parameters: The names of the changes, one for each distinct axis.
        argnums: For each axis of the block, the number of its change.
        sizes: How many elements each axis of the block moves.
        are_scalars: Whether each change is a scalar.
        zeros: For each change, an expression for the change that changes nothing.
        labels: For each change, a piece of an identifier.
    """

    def __init__(
        self,
        names: Names,
        body: Body,
        axes: Sequence[Axis],
        chosen: Mapping[Axis, Chosen],
        steps: Sequence[tuple[int, str]] = (),
    ) -> None:
        self._names, self._body, self._steps = names, body, steps
        distinct = list(dict.fromkeys(axes))
        self.labels = ["_".join(map(names.label, axis)) for axis in distinct]
        self.parameters = [body.fresh(f"d_{label}") for label in self.labels]
        self.argnums = [distinct.index(axis) for axis in axes]
        shapes = [_shape(axis, chosen.get(axis)) for axis in distinct]
        self.sizes = [prod(shapes[number]) for number in self.argnums]
        self.are_scalars = not any(shapes)
        self.zeros = []
        self._moves: list[tuple[int, str, str]] = []
        for axis, parameter, shape in zip(
            distinct, self.parameters, shapes, strict=True
        ):
            dtype = f"{names.leaf(axis[0].leaf)}.dtype"
            extents = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
            self.zeros.append(f"jnp.zeros(({extents}), {dtype})")
            self._moves += _moves(names, axis, parameter, chosen.get(axis))

    def define(self, function: str, first: Sequence[str] = ()) -> str:
        """The restricted function's name.

        Args:
            function: The name of the function of all arguments.
            first: Parameters that come before the changes.
        """
        given = dict(self._names.arguments)
        for leaf, step in self._steps:
            self._move(given, leaf, "", step)
        for leaf, index, change in self._moves:
            self._move(given, leaf, index, change)
        called = f"{function}({', '.join(given.values())})"
        return self._body.define("near", [*first, *self.parameters], called)

    def _move(self, given: dict[str, str], leaf: int, index: str, change: str) -> None:
        argument, _, position = self._names.position(leaf)
        text = given[argument]
        if not self._names.signature.arguments[argument].is_array:
            where = f"np.s_[{index or '...'}]"
            given[argument] = f"moved({text}, {position}, {where}, {change})"
        elif index:
            given[argument] = f"{text}.at[{index}].add({change})"
        else:
            given[argument] = f"({text} + {change})"


def _shape(axis: Axis, chosen: Chosen | None) -> tuple[int, ...]:
    if chosen is not None:
        return (len(chosen),)
    return axis_shape(axis)


def _moves(
    names: Names, axis: Axis, change: str, chosen: Chosen | None
) -> list[tuple[int, str, str]]:
    """Leaf, index and change of everything that one axis moves."""
    moves = []
    offset = 0
    first = names.signature.leaves[axis[0].leaf][1].type.dtype
    for coordinates in axis:
        kind = names.signature.leaves[coordinates.leaf][1].type
        size = prod(coordinates.shape)
        if chosen is None:
            whole = is_whole(coordinates, kind.shape)
            index = "" if whole else index_text(coordinates.index, kind.shape)
            piece = change
            if len(axis) > 1:
                piece = f"{change}[{offset}:{offset + size}]"
                if coordinates.shape != (size,):
                    piece += f".reshape({coordinates.shape})"
        else:
            start, stop = np.searchsorted(chosen, [offset, offset + size])
            if start == stop:
                offset += size
                continue
            flat = coordinates.flat(kind.shape).ravel()[chosen[start:stop] - offset]
            index = _positions_index(flat, kind.shape)
            piece = (
                change if stop - start == len(chosen) else f"{change}[{start}:{stop}]"
            )
            piece = piece if kind.shape else f"{piece}.reshape(())"
        if str(kind.dtype) != str(first):
            piece += f".astype({names.leaf(coordinates.leaf)}.dtype)"
        moves.append((coordinates.leaf, index, piece))
        offset += size
    return moves


def _positions_index(flat: NDArray[np.int64], shape: Sequence[int]) -> str:
    if not shape:
        return ""
    text = positions_text(flat)
    return text if len(shape) == 1 else f"np.unravel_index({text}, {tuple(shape)})"


# --- a part of a block that is too large ---------------------------------------------


@dataclass(frozen=True, slots=True)
class Sample:
    """Which elements of a block are checked.

    Attributes:
        outputs: Positions within the flattened selected output.
        positions: For each distinct axis, positions along it.
        block: The block.
        entries: Of a list of entries, which ones; None for a dense block.
    """

    outputs: Chosen
    positions: Mapping[Axis, Chosen]
    block: Block
    entries: Chosen | None

    def cut_text(self) -> str:
        """What is applied to the kernel's result."""
        output_size = prod(self.block.output.shape)
        layout = self.block.layout
        if self.entries is None or not isinstance(layout, Entries):
            sizes = [axis_size(axis) for axis in self.block.axes]
            groups = [self.outputs, *(self.positions[axis] for axis in self.block.axes)]
            texts = ", ".join(map(positions_text, groups))
            shape = ", ".join(map(str, (output_size, *sizes)))
            return f".reshape({shape})[np.ix_({texts})]"
        entries = positions_text(self.entries)
        if layout.outputs is not None:
            return f".ravel()[{entries}]"
        rows = positions_text(self.outputs)
        shape = f"{output_size}, {len(layout.inputs)}"
        return f".reshape({shape})[np.ix_({rows}, {entries})]"

    def pick_text(self, full: str) -> str:
        """The same elements of the reference over the chosen positions."""
        layout = self.block.layout
        if self.entries is None or not isinstance(layout, Entries):
            return full
        columns = []
        for number, axis in enumerate(self.block.axes):
            wanted = layout.inputs[self.entries, number]
            columns.append(_literal(np.searchsorted(self.positions[axis], wanted)))
        if layout.outputs is None:
            return f"{full}[:, {', '.join(columns)}]"
        rows = np.searchsorted(self.outputs, layout.outputs[self.entries])
        return f"{full}[{', '.join([_literal(rows), *columns])}]"


def _literal(positions: NDArray[np.int64]) -> str:
    return f"np.array({[int(position) for position in positions]})"


def choose(block: Block, policy: Policy, work: int | None) -> Sample:
    """Random elements of a block, few enough that a reference can be built."""
    random = np.random.RandomState(len(block.axes))
    outputs = np.arange(prod(block.output.shape))
    positions = {axis: np.arange(axis_size(axis)) for axis in block.axes}
    entries: Chosen | None = None
    shrinks_outputs = True
    if isinstance(block.layout, Entries):
        entries = _some(random, len(block.layout.inputs))
        for axis in positions:
            columns = [n for n, other in enumerate(block.axes) if other == axis]
            positions[axis] = distinct_numbers(block.layout.inputs[entries][:, columns])
        if block.layout.outputs is not None:
            outputs = distinct_numbers(block.layout.outputs[entries])
            shrinks_outputs = False
    sample = Sample(outputs, positions, block, entries)
    if shrinks_outputs and not _fits(sample, policy, work):
        sample = replace(sample, outputs=_some(random, len(outputs)))
    if entries is None:
        for axis in sorted(positions, key=axis_size, reverse=True):
            if not _fits(sample, policy, work):
                positions = {**sample.positions, axis: _some(random, axis_size(axis))}
                sample = replace(sample, positions=positions)
    return sample


def _fits(sample: Sample, policy: Policy, work: int | None) -> bool:
    output = len(sample.outputs)
    sizes = [len(sample.positions[axis]) for axis in sample.block.axes]
    return is_affordable(policy.modes(output, sizes), output, sizes, work)


def _some(random: np.random.RandomState, size: int) -> Chosen:
    if size <= _SAMPLE:
        return np.arange(size)
    return np.unique(random.randint(0, size, _SAMPLE))
