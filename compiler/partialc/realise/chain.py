"""Chains of derivatives as data.

A chain says how a kernel's derivatives come out of `jax.jvp`, `jax.vjp` and `jax.grad`,
and nothing about how the text looks. It is a set of paths: each starts from the primal
(or, after a pull, from its cotangents) and pushes tangents through it one after the
other. A path with pushes p1..pk delivers the derivative along *every* subset of them,
because `jax.jvp` returns primal and tangent together; this is what lets one nest serve
`u`, `u_x`, `u_t` and `u_xt` at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from partialc.request.resolved import Coordinates, Kernel

Positions: TypeAlias = tuple[int, ...]
"""Flat, row-major positions of elements."""


@dataclass(frozen=True, slots=True)
class OneHot:
    """Push one unit tangent: the derivative along one scalar coordinate.

    Attributes:
        leaf: The argument leaf.
        index: The element, one non-negative int per axis; empty for a scalar leaf.
    """

    leaf: int
    index: tuple[int, ...]

    @property
    def leaves(self) -> tuple[int, ...]:
        """The leaves it moves along."""
        return (self.leaf,)


@dataclass(frozen=True, slots=True)
class Basis:
    """Push one unit tangent for each selected element; adds one trailing axis.

    Attributes:
        leaf: The argument leaf.
        selection: A rectangular selection, or flat positions in any order.
    """

    leaf: int
    selection: Coordinates | Positions

    @property
    def leaves(self) -> tuple[int, ...]:
        """The leaves it moves along."""
        return (self.leaf,)


@dataclass(frozen=True, slots=True)
class Along:
    """Push the caller's own tangents.

    Attributes:
        leaves: The argument leaves that move.
    """

    leaves: tuple[int, ...]


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

    outputs: tuple[Coordinates, ...]
    pull: Pull | None = None
    pushes: tuple[Push, ...] = ()
    zipped: bool = False


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
    output: Coordinates


@dataclass(frozen=True, slots=True)
class Index:
    """Basic indexing, one entry for each of the leading axes."""

    entries: tuple[int | slice, ...]


@dataclass(frozen=True, slots=True)
class Take:
    """Parallel flat positions along the last axes: `a[..., first, second]`."""

    positions: tuple[Positions, ...]


@dataclass(frozen=True, slots=True)
class Reshape:
    """Another shape for the same elements."""

    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Transpose:
    """Axes in another order."""

    order: tuple[int, ...]


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
