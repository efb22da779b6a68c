"""Requests in canonical form: which scalars of which leaves, in which layout.

`resolve` (in `resolve.py`) turns the request language into these; planning, emission
and the generated tests read nothing else.

Axis order everywhere: the axes of the selected output first, then one group of axes per
differentiation, in the order the request names them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.ir.patterns import Pattern
from partialc.ir.program import ArrayType
from partialc.request.syntax import RESULT, Format, Request

COTANGENT: Final = f"{RESULT}_cotangent"
"""The argument by which the caller gives cotangents, or weights, of the outputs."""


@dataclass(frozen=True, slots=True)
class Coordinates:
    """An ordered, rectangular selection of the elements of one array leaf.

    Attributes:
        leaf: The leaf's number in `Signature.leaves` (for inputs) or in
            `Signature.result.leaves` (for outputs).
        index: One entry per axis of the leaf: a non-negative int (the axis is dropped)
            or a slice with explicit int start, stop and positive step (it is kept);
            one form for one set of elements.
    """

    leaf: int
    index: tuple[int | slice, ...]

    def __hash__(self) -> int:
        """Slices are hashable only from Python 3.12 on; their parts always are."""
        parts = (
            (entry.start, entry.stop, entry.step) if isinstance(entry, slice) else entry
            for entry in self.index
        )
        return hash((self.leaf, *parts))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the selection."""
        return tuple(
            len(range(entry.start, entry.stop, entry.step))
            for entry in self.index
            if isinstance(entry, slice)
        )

    @property
    def is_scalar(self) -> bool:
        """Whether it selects one element (no axis is kept)."""
        return not any(isinstance(entry, slice) for entry in self.index)

    def flat(self, leaf_shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Row-major positions within the leaf, as an array of shape `self.shape`."""
        size = int(np.prod(leaf_shape, dtype=np.int64))
        return np.arange(size, dtype=np.int64).reshape(leaf_shape)[self.index]


@dataclass(frozen=True, slots=True)
class WeightedSum:
    """One number: outputs times the weights that the caller gives, all added up.

    The weights are the leaves of the kernel's argument `COTANGENT`.

    Attributes:
        outputs: The selected output leaves, at least one, all of one element type.
        paths: For each of them, where its weight stands in that argument: the keys of
            `jax.tree_util`.
    """

    outputs: tuple[Coordinates, ...]
    paths: tuple[tuple[Hashable, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """That of a scalar."""
        return ()

    @property
    def is_scalar(self) -> bool:
        """It is one number."""
        return True


Output: TypeAlias = Coordinates | WeightedSum
"""What is differentiated: a part of the result, or a weighted sum of such parts."""


def selections(output: Output) -> tuple[Coordinates, ...]:
    """The parts of the result that an output is made of."""
    return output.outputs if isinstance(output, WeightedSum) else (output,)


Axis: TypeAlias = tuple[Coordinates, ...]
"""The coordinates one differentiation runs over: usually one selection; several when
a request runs over the concatenated flattening of leaves (`derivatives(a, b)`)."""


Constant: TypeAlias = NDArray[np.int64] | tuple[int, ...]
"""A constant of a module that describes a layout: an array, or a shape."""


@dataclass(frozen=True, slots=True)
class Dense:
    """Every combination: shape `out + axis1 + axis2 + ...`."""


@dataclass(frozen=True, eq=False, slots=True)
class Entries:
    """Named multi-indices only: shape `out + (k,)`, or `(k,)` when outputs vary too.

    It is the layout of `entries`, `derivatives`, `lower`, `diagonal` and `sparse`.

    Attributes:
        kind: The request it comes from; `diagonal(hessian(x))` has shape `out + x`.
        inputs: Integers of shape (k, order): for each entry and differentiation, the
            position along the flattened (concatenated) axis.
        outputs: Integers of shape (k,): positions within the flattened selected output;
            None when every entry is wanted for the whole selected output.
        shape: What the `(k,)` axis is reshaped to; `(k,)` but for diagonals.
    """

    kind: Literal["entries", "derivatives", "lower", "diagonal", "sparse"]
    inputs: NDArray[np.int64]
    outputs: NDArray[np.int64] | None
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A set of partial derivatives of one output leaf, all of one order.

    Attributes:
        output: Which elements of the result, or which weighted sum of them.
        axes: One per differentiation; empty for the value itself. With `Entries` of
            several orders of coordinates each axis is the whole space its column of
            `inputs` indexes.
        layout: How the derivatives are laid out.
    """

    output: Output
    axes: tuple[Axis, ...]
    layout: Dense | Entries = field(default_factory=Dense)

    @property
    def order(self) -> int:
        """How many differentiations."""
        return len(self.axes)


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True, eq=False, slots=True)
class Matrix:
    """One matrix, delivered by the values at its structural nonzeros.

    It is a pytree node whose children are blocks, so that whatever walks the leaves of
    `Field.parts` meets these alone. Only what builds or describes the result of a
    kernel looks at the node.

    Attributes:
        blocks: The values, row-major: those of each selected output leaf, of shape
            (k,), one after the other. Leaves without any have no block; at least one
            has.
        outputs: All selected output leaves, or their weighted sum.
        pattern: The structural nonzeros. Rows run over the concatenated flattening of
            the selected outputs (of the arguments for a Hessian), columns over that of
            the arguments.
        is_lower: Whether what is above the diagonal is left out of it.
        format: What is made of the values.
    """

    blocks: tuple[Block, ...]
    outputs: tuple[Output, ...]
    pattern: Pattern
    is_lower: bool
    format: Format

    @property
    def needs_places(self) -> bool:
        """Whether rows and columns are needed to make the result of the values."""
        return self.format in ("bcoo", "dense")

    @property
    def result_shape(self) -> tuple[int, ...]:
        """The shape of the array that is returned; of a BCOO that of its matrix."""
        if self.needs_places:
            return self.pattern.shape
        return (self.pattern.nonzeros,)

    def tree_flatten(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The children, and what else there is."""
        return self.blocks, (self.outputs, self.pattern, self.is_lower, self.format)

    @classmethod
    def tree_unflatten(cls, rest: tuple[Any, ...], children: Iterable[Any]) -> Matrix:
        """The node with other children."""
        return cls(tuple(children), *rest)


@dataclass(frozen=True, slots=True)
class Product:
    """A derivative applied to a direction that the caller gives.

    Attributes:
        kind: `jvp`: tangents in, tangent of the output out. `hvp`: tangent of one
            argument in, Hessian times it out. `vjp`: cotangent of the output in,
            cotangents of leaves out.
        output: Which elements of the result (one leaf; the cotangent has its shape).
        leaf: For `hvp` and `vjp`: the leaf whose (co)tangent is returned.
        directions: For `jvp` and `hvp`: the leaves that a tangent is given for.
        outputs: For `vjp`: every selected output leaf, in the order of the cotangent's
            tree; `output` is the first of them. Empty for the others.
        further: For `jvp`: of each differentiation after the first, the end of the
            name of its tangents: empty along `x_tangent` again, `2` along
            `x_tangent2`.
    """

    kind: Literal["jvp", "hvp", "vjp"]
    output: Coordinates
    leaf: int | None
    directions: tuple[int, ...]
    outputs: tuple[Coordinates, ...] = ()
    further: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """Of each differentiation along tangents, the end of their names."""
        return ("", *self.further)


@dataclass(frozen=True, slots=True)
class Direction:
    """A further argument of a kernel: a tangent, a cotangent, or a parameter.

    Attributes:
        name: `x_tangent`, `x_tangent2`, `out_cotangent`, or what an expression calls a
            parameter.
        argument: For a tangent: the argument whose tree it mirrors.
        outputs: For the cotangent: the selected output leaves, in order, as a pytree of
            `Coordinates` with the structure of what `of=` selects.
        type: For a parameter of an expression: its array type.
    """

    name: str
    argument: str | None
    outputs: Any = None
    type: ArrayType | None = None

    @property
    def is_cotangent(self) -> bool:
        """Whether it is the cotangent."""
        return self.argument is None and self.type is None


@dataclass(frozen=True, slots=True)
class Field:
    """One result of a kernel.

    Attributes:
        name: Its name in the kernel's NamedTuple (also computed for a single request).
        request: The request it answers, for text and errors.
        parts: A pytree whose leaves are `Block`, `Product` or `Combination` and whose
            containers are those of the returned value; None stands for an integer leaf.
            Of a `sparse` request it is a `Matrix`.
        constants: Module constants that describe the layout, by suffix (`INDICES`).
    """

    name: str
    request: Request
    parts: Any
    constants: Mapping[str, Constant]


@dataclass(frozen=True, slots=True)
class Kernel:
    """One function of the generated module.

    Attributes:
        name: An identifier.
        fields: What it returns, in order.
        bundled: Whether it returns a NamedTuple of the fields (list and table kernels)
            or the single field's bare value.
        directions: Its further arguments, after the function's own.
    """

    name: str
    fields: tuple[Field, ...]
    bundled: bool
    directions: tuple[Direction, ...]
