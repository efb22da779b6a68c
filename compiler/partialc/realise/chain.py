"""Chains of derivatives as data.

A chain says how a kernel's derivatives come out of `jax.jvp`, `jax.vjp` and `jax.grad`,
and nothing about how the text looks. It is a set of paths: each starts from the primal
(or, after a pull, from its cotangents) and pushes tangents through it one after the
other. A path with pushes p1..pk delivers the derivative along *every* subset of them,
because `jax.jvp` returns primal and tangent together; this is what lets one nest serve
`u`, `u_x`, `u_t` and `u_xt` at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import ClassVar, Final, Literal, TypeAlias

from partialc.request.resolved import (
    Coordinates,
    Kernel,
    Output,
    WeightedSum,
    selections,
)

Positions: TypeAlias = tuple[int, ...]
"""Flat, row-major positions of elements."""

SHORTEST_RUN: Final = 3
"""Positions in a row that a key writes as a range."""


@dataclass(frozen=True, slots=True)
class OneHot:
    """Push one unit tangent: the derivative along one scalar coordinate.

    Attributes:
        is_given: Whether the caller gives the tangent.
        has_axis: Whether it adds an axis to the result.
        leaf: The argument leaf.
        index: The element, one non-negative int per axis; empty for a scalar leaf.
    """

    is_given: ClassVar[bool] = False
    has_axis: ClassVar[bool] = False

    leaf: int
    index: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many tangents it pushes."""
        return 1

    @property
    def element(self) -> tuple[int, tuple[int, ...]]:
        """The leaf and the index of the one element it moves along."""
        return self.leaf, self.index

    @property
    def leaves(self) -> tuple[int, ...]:
        """The leaves it moves along."""
        return (self.leaf,)

    @property
    def key(self) -> str:
        """Its canonical text: `jvp 0[2]`."""
        return f"jvp {self.leaf}{_index_key(self.index)}"


@dataclass(frozen=True, slots=True)
class Basis:
    """Push one unit tangent for each selected element; adds one trailing axis.

    Attributes:
        is_given: Whether the caller gives the tangents.
        has_axis: Whether it adds an axis to the result.
        leaf: The argument leaf.
        selection: A rectangular selection, or flat positions in any order.
    """

    is_given: ClassVar[bool] = False
    has_axis: ClassVar[bool] = True

    leaf: int
    selection: Coordinates | Positions

    @property
    def count(self) -> int:
        """How many tangents it pushes."""
        if isinstance(self.selection, tuple):
            return len(self.selection)
        return prod(self.selection.shape)

    @property
    def element(self) -> None:
        """It moves along several."""
        return None

    @property
    def leaves(self) -> tuple[int, ...]:
        """The leaves it moves along."""
        return (self.leaf,)

    @property
    def key(self) -> str:
        """Its canonical text: `jvps 0[0:3]`, `jvps 0{0:6:2,5}`."""
        if isinstance(self.selection, tuple):
            return f"jvps {self.leaf}{{{_positions_key(self.selection)}}}"
        return f"jvps {self.leaf}{_index_key(self.selection.index)}"


@dataclass(frozen=True, slots=True)
class Along:
    """Push the caller's own tangents.

    Attributes:
        is_given: Whether the caller gives the tangents.
        has_axis: Whether it adds an axis to the result.
        leaves: The argument leaves that move.
        end: The end of the name of their tangents: empty, or `2` for `x_tangent2`.
    """

    is_given: ClassVar[bool] = True
    has_axis: ClassVar[bool] = False

    leaves: tuple[int, ...]
    end: str = ""

    @property
    def count(self) -> int:
        """How many tangents it pushes."""
        return 1

    @property
    def element(self) -> None:
        """It moves along what the caller gives."""
        return None

    @property
    def key(self) -> str:
        """Its canonical text: `jvp along 0,1`, `jvp along2 0,1`."""
        return f"jvp along{self.end} {_joined(self.leaves)}"


Push: TypeAlias = OneHot | Basis | Along


@dataclass(frozen=True, slots=True)
class Pull:
    """Start from cotangents: reverse mode, innermost.

    Attributes:
        leaves: The argument leaves whose cotangents are wanted, ascending.
        seed: `one` for a scalar output (its gradient), `basis` for one row per element
            of the selected output, `given` for the caller's cotangent.
    """

    leaves: tuple[int, ...]
    seed: Literal["one", "basis", "given"]

    @property
    def key(self) -> str:
        """Its canonical text: `vjp one to 0,1`."""
        return f"vjp {self.seed} to {_joined(self.leaves)}"


@dataclass(frozen=True, slots=True)
class Path:
    """One nest of derivatives.

    Attributes:
        outputs: What of the result is differentiated; exactly one selection under a
            pull, unless the seed is given.
        pull: The innermost step, when it is reverse mode.
        pushes: The further steps, innermost first.
        zipped: Whether all pushes run together over one axis (each a `Basis` of as many
            elements): the entries of a list instead of a dense block.
    """

    outputs: tuple[Output, ...]
    pull: Pull | None = None
    pushes: tuple[Push, ...] = ()
    zipped: bool = False

    @property
    def key(self) -> str:
        """Its canonical text: `out 0 > vjp one to 0 > jvp 0[2]`."""
        outputs = " + ".join(map(_output_key, self.outputs))
        pull = [] if self.pull is None else [self.pull.key]
        steps = [*pull, *(push.key for push in self.pushes)]
        text = " > ".join([f"out {outputs}", *steps])
        return f"{text} (zipped)" if self.zipped else text


@dataclass(frozen=True, slots=True)
class Element:
    """One array that a path delivers.

    Its axes: those of the output, under a pull those of the leaf, then one for each
    pushed `Basis` (one for all of them when zipped).

    Attributes:
        path: What delivers it; paths are found by value, so that plans can be merged.
        pulled: Under a pull, the leaf whose cotangent it is; None for the output.
        pushed: The positions, among the path's pushes, that it is a tangent of.
        output: The output it belongs to.
    """

    path: Path
    pulled: int | None
    pushed: tuple[int, ...]
    output: Output

    def key_among(self, paths: Sequence[Path]) -> str:
        """Its canonical text, paths by number: `path 0 to 1 along 0,1 of 0[2]`."""
        pulled = "" if self.pulled is None else f" to {self.pulled}"
        pushed = f" along {_joined(self.pushed)}" if self.pushed else ""
        number = paths.index(self.path)
        return f"path {number}{pulled}{pushed} of {_output_key(self.output)}"


@dataclass(frozen=True, slots=True)
class Index:
    """Basic indexing, one entry for each of the leading axes."""

    entries: tuple[int | slice, ...]

    @property
    def key(self) -> str:
        """Its canonical text: `[0, 1:3]`."""
        return _index_key(self.entries)


@dataclass(frozen=True, slots=True)
class Take:
    """Parallel flat positions along the last axes: `a[..., first, second]`."""

    positions: tuple[Positions, ...]

    @property
    def key(self) -> str:
        """Its canonical text: `take(0:3; 1,5,2)`."""
        return f"take({'; '.join(map(_positions_key, self.positions))})"


@dataclass(frozen=True, slots=True)
class Reshape:
    """Another shape for the same elements."""

    shape: tuple[int, ...]

    @property
    def key(self) -> str:
        """Its canonical text: `reshape(2,3)`."""
        return f"reshape({_joined(self.shape)})"


@dataclass(frozen=True, slots=True)
class Transpose:
    """Axes in another order."""

    order: tuple[int, ...]

    @property
    def key(self) -> str:
        """Its canonical text: `transpose(1,0)`."""
        return f"transpose({_joined(self.order)})"


View: TypeAlias = Index | Take | Reshape | Transpose


@dataclass(frozen=True, slots=True)
class Read:
    """Where one part of a kernel's result comes from.

    Attributes:
        pieces: Elements, each with the views that cut it, innermost first. Several are
            joined along the last axis.
        views: What is done to the whole.
        concatenate: Whether the pieces have a last axis to be joined along; else they
            are stacked along a new one.
    """

    pieces: tuple[tuple[Element, tuple[View, ...]], ...]
    views: tuple[View, ...] = ()
    concatenate: bool = False

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths it reads from."""
        return tuple(dict.fromkeys(element.path for element, _ in self.pieces))

    def key_among(self, paths: Sequence[Path]) -> str:
        """Its canonical text, paths by number: `path 0 along 0 of 0 [1]`."""
        pieces = [
            " ".join([element.key_among(paths), *(view.key for view in views)])
            for element, views in self.pieces
        ]
        joined = (" ++ " if self.concatenate else " & ").join(pieces)
        return " then ".join([joined, *(view.key for view in self.views)])


@dataclass(frozen=True, slots=True)
class Chain:
    """A complete plan of jvps and vjps for one kernel.

    Attributes:
        kernel: What is to be delivered.
        reads: One for each part, in the order of the kernel's fields and of the leaves
            of each field's `parts`.
    """

    kernel: Kernel
    reads: tuple[Read, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """All nests, in the order they are first read."""
        return tuple(dict.fromkeys(path for read in self.reads for path in read.paths))

    @property
    def pulls(self) -> bool:
        """Whether a cotangent is pulled back anywhere."""
        return any(path.pull is not None for path in self.paths)

    @property
    def key(self) -> str:
        """Its canonical text: the same for the same plan, on every machine.

        Leaves, paths and pushes are numbered from 0; nothing in it depends on names.
        Equal keys mean equal paths and reads.

            out 0 > jvp 0[0] > jvp 0[2] | reads: path 0 along 0,1 of 0
        """
        paths = self.paths
        written = " | ".join(path.key for path in paths)
        reads = " | ".join(read.key_among(paths) for read in self.reads)
        return f"{written} | reads: {reads}"


def _joined(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))


def _index_key(index: Iterable[int | slice]) -> str:
    texts = [
        _range_key(entry) if isinstance(entry, slice) else str(entry) for entry in index
    ]
    return f"[{', '.join(texts)}]" if texts else ""


def _range_key(entry: slice) -> str:
    start, stop, step = (
        "" if each is None else str(each)
        for each in (entry.start, entry.stop, entry.step)
    )
    return f"{start}:{stop}" if step in ("", "1") else f"{start}:{stop}:{step}"


def _output_key(output: Output) -> str:
    """An output: `0[2]`; of a weighted sum `weighted(0, 1[0:3])`."""
    texts = ", ".join(map(_selection_key, selections(output)))
    return f"weighted({texts})" if isinstance(output, WeightedSum) else texts


def _selection_key(selection: Coordinates) -> str:
    return f"{selection.leaf}{_index_key(selection.index)}"


@lru_cache(maxsize=256)
def _positions_key(positions: Positions) -> str:
    """Positions in their order, runs of equal upward steps as ranges: `0:6:2,5`."""
    texts: list[str] = []
    place = 0
    while place < len(positions):
        first, left = positions[place], len(positions) - place
        step = positions[place + 1] - first if left > 1 else 0
        count = 1
        while count < left and positions[place + count] == first + count * step:
            count += 1
        if step > 0 and count >= SHORTEST_RUN:
            texts.append(_range_key(slice(first, first + count * step, step)))
            place += count
        else:
            texts.append(str(first))
            place += 1
    return ",".join(texts)
