"""Values, equations, functions: frozen, shaped like a jaxpr, and nothing more.

Operations carry the name of their JAX primitive and its parameters, normalised by the
importer to the `Param` types below, so that neither passes nor printers ever see an
object of JAX. Identity is what makes a `Value`: two values are equal when they are the
same object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from partialc.errors import Location
from partialc.ir.dtypes import DType, Regime


@dataclass(frozen=True, slots=True)
class ArrayType:
    """Element type and shape of an array."""

    dtype: DType
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many elements."""
        return prod(self.shape)

    @property
    def ndim(self) -> int:
        """How many axes."""
        return len(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype}[{','.join(map(str, self.shape))}]"


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """What an input or an equation defines.

    Attributes:
        type: Its array type.
        hint: The name the user's source gave it, if that is known; printers may use it.
    """

    type: ArrayType
    hint: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Constant:
    """A number or an array known at build time.

    Attributes:
        type: Its array type.
        data: The elements as of the wide regime (bit-exact; narrower regimes round it),
            of shape `type.shape`. Read only.
    """

    type: ArrayType
    data: NDArray[np.generic]

    @classmethod
    def of(cls, kind: ArrayType, data: ArrayLike) -> Constant:
        """Own a read-only copy of elements, spread to the shape of their type."""
        elements = np.asarray(data, kind.dtype.numpy())
        if elements.shape != kind.shape:
            elements = np.broadcast_to(elements, kind.shape)
        owned = np.array(elements, order="C")
        owned.setflags(write=False)
        return cls(kind, owned)


Atom: TypeAlias = Value | Constant


@dataclass(frozen=True, slots=True)
class Dimensions:
    """A named bundle of integer tuples: the dimension numbers of a primitive.

    Attributes:
        kind: `gather`, `scatter`, `conv` or `dot`.
        fields: Name and value pairs, in the order JAX documents them.
    """

    kind: str
    fields: tuple[tuple[str, tuple[int, ...]], ...]

    def __getitem__(self, name: str) -> tuple[int, ...]:
        return dict(self.fields)[name]


Param: TypeAlias = (
    "bool | int | float | complex | str | DType | Dimensions | Function"
    " | tuple[Param, ...] | None"
)


@dataclass(frozen=True, eq=False, slots=True)
class Equation:
    """One operation.

    Attributes:
        op: The name of the JAX primitive (`sin`, `dot_general`, `scan`, ...), or `call`
            for every kind of plain function call (jit, pjit, closed_call).
        inputs: The operands, in the primitive's order.
        params: The primitive's parameters, normalised.
        outputs: What it defines; one value for most primitives.
        location: The line of the user's source it comes from.
    """

    op: str
    inputs: tuple[Atom, ...]
    params: Mapping[str, Param]
    outputs: tuple[Value, ...]
    location: Location | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Function:
    """A straight-line program over arrays; control flow holds functions as params.

    Attributes:
        name: A Python identifier.
        inputs: Its parameters. Functions are closed: what a sub-function needs from
            outside is passed as an operand, as in a jaxpr.
        equations: In an order in which every value is defined before it is used.
        outputs: What it returns.
    """

    name: str
    inputs: tuple[Value, ...]
    equations: tuple[Equation, ...]
    outputs: tuple[Atom, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Program:
    """A traced function for every regime a caller may run it under.

    Attributes:
        name: A Python identifier.
        variants: The function for each regime it was traced under. When one function
            with generic dtypes serves them all, all entries are that same object.
    """

    name: str
    variants: Mapping[Regime, Function]

    @property
    def generic(self) -> Function | None:
        """The one function that serves every regime; None if structures differ."""
        first, *others = self.variants.values()
        return first if all(other is first for other in others) else None

    @property
    def widest(self) -> Function:
        """The variant of the widest regime: what planning counts."""
        return list(self.variants.values())[-1]
