"""The request language as data; `str(request)` is its canonical text.

Nothing here knows a function: whether `x` exists and how long it is, is decided by
`resolve`. Two nodes are equal when they say the same, wherever they were written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import EllipsisType
from typing import ClassVar, Final, Literal, TypeAlias, final, get_args

from partialc.request.origin import Origin

RESULT = "out"
"""The name that stands for the function's result."""


@final
@dataclass(frozen=True, slots=True)
class Range:
    """`1:4` within a subscript; None where an end or the step is left out."""

    start: int | None
    stop: int | None
    step: int | None = None

    def __str__(self) -> str:
        ends = f"{_blank(self.start)}:{_blank(self.stop)}"
        return ends if self.step is None else f"{ends}:{self.step}"


Key: TypeAlias = int | str | Range | EllipsisType


@final
@dataclass(frozen=True, slots=True)
class Subscript:
    """`[0, 1:4]` or `["w"]`.

    Attributes:
        keys: What stands between the commas.
        origins: Where each key was written; empty when it was not.
    """

    keys: tuple[Key, ...]
    origins: tuple[Origin, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return f"[{', '.join(map(_key_text, self.keys))}]"


@final
@dataclass(frozen=True, slots=True)
class Attribute:
    """`.position`."""

    name: str
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f".{self.name}"


@final
@dataclass(frozen=True, slots=True)
class Coordinate:
    """An argument or the result, or a part of it: `x[0]`, `params["w"][0, 1]`, `out`.

    Attributes:
        name: The argument, or `out`.
        steps: How to get from it to the part that is meant.
        origin: Where it was written.
    """

    name: str
    steps: tuple[Subscript | Attribute, ...] = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.name + "".join(map(str, self.steps))


@final
@dataclass(frozen=True, slots=True)
class Value:
    """`value`: the function itself."""

    keyword: ClassVar[str] = "value"
    of: Coordinate | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.keyword if self.of is None else f"{self.keyword}(of={self.of})"


@dataclass(frozen=True, slots=True)
class _OverCoordinates:
    """Abstract: a request that lists what it differentiates along.

    Attributes:
        wrt: The coordinates, in the order they were written.
        of: What of the result; None for all of it.
        origin: Where the request was written.
    """

    keyword: ClassVar[str]
    wrt: tuple[Coordinate, ...]
    of: Coordinate | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False, kw_only=True)

    def __str__(self) -> str:
        return _call(self.keyword, *self.wrt, of=self.of)


@final
class Partial(_OverCoordinates):
    """`partial(x[0], x[2], of=out[1])`: one mixed partial derivative."""

    __slots__ = ()
    keyword = "partial"


@final
class Gradient(_OverCoordinates):
    """`gradient(x)`: the first derivatives of a scalar."""

    __slots__ = ()
    keyword = "gradient"


@final
class Jacobian(_OverCoordinates):
    """`jacobian(x[0:3], of=out[2])`: first derivatives, as a block."""

    __slots__ = ()
    keyword = "jacobian"


@final
class Hessian(_OverCoordinates):
    """`hessian(x)` or the cross block `hessian(x, y)`."""

    __slots__ = ()
    keyword = "hessian"


@final
class Hvp(_OverCoordinates):
    """`hvp(x)`: the Hessian times a direction the caller gives."""

    __slots__ = ()
    keyword = "hvp"


@final
class Laplacian(_OverCoordinates):
    """`laplacian(x)`: the sum of the unmixed second derivatives."""

    __slots__ = ()
    keyword = "laplacian"


@final
class Divergence(_OverCoordinates):
    """`divergence(x)`: the trace of the Jacobian."""

    __slots__ = ()
    keyword = "divergence"


@final
class Curl(_OverCoordinates):
    """`curl(x)`: the rotation of a vector field in two or three dimensions."""

    __slots__ = ()
    keyword = "curl"


@final
class Biharmonic(_OverCoordinates):
    """`biharmonic(x)`: the Laplacian of the Laplacian."""

    __slots__ = ()
    keyword = "biharmonic"


@final
class EulerLagrange(_OverCoordinates):
    """`euler_lagrange(q, qd)`: the accelerations that a Lagrangian gives."""

    __slots__ = ()
    keyword = "euler_lagrange"


@final
@dataclass(frozen=True, slots=True)
class Jvp:
    """`jvp(x)`: the derivative along a direction the caller gives.

    `jvp(x, order=2)` is the second one along it, `jvp(x, x)` the one along two.

    Attributes:
        wrt: The arguments that move, together; one named twice moves along two.
        order: How many derivatives along one direction, at least one.
        of: What of the result; None for all of it.
        origin: Where the request was written.
    """

    keyword: ClassVar[str] = "jvp"
    wrt: tuple[Coordinate, ...]
    order: int = 1
    of: Coordinate | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        order = None if self.order == 1 else self.order
        return _call(self.keyword, *self.wrt, order=order, of=self.of)


@final
@dataclass(frozen=True, slots=True)
class Polylaplacian:
    """`polylaplacian(x, power=3)`: the Laplacian, applied several times.

    Attributes:
        wrt: What it runs over, all elements of all of them.
        power: How many times, at least one.
        of: What of the result; None for all of it.
        origin: Where the request was written.
    """

    keyword: ClassVar[str] = "polylaplacian"
    wrt: tuple[Coordinate, ...]
    power: int
    of: Coordinate | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return _call(self.keyword, *self.wrt, power=self.power, of=self.of)


@final
@dataclass(frozen=True, slots=True)
class Derivatives:
    """`derivatives(x, order=3)`: every distinct partial of one order, once.

    Attributes:
        wrt: What the flattening runs over, concatenated in this order.
        order: How many differentiations, at least one.
        of: What of the result; None for all of it.
        origin: Where the request was written.
    """

    keyword: ClassVar[str] = "derivatives"
    wrt: tuple[Coordinate, ...]
    order: int
    of: Coordinate | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return _call(self.keyword, *self.wrt, order=self.order, of=self.of)


@final
@dataclass(frozen=True, slots=True)
class Vjp:
    """`vjp(out)` or `vjp(out, x)`: a cotangent the caller gives, times the Jacobian.

    Attributes:
        output: The part of the result that the cotangent belongs to.
        wrt: The arguments whose cotangents are returned; empty for a tuple of all.
        origin: Where the request was written.
    """

    keyword: ClassVar[str] = "vjp"
    output: Coordinate
    wrt: tuple[Coordinate, ...] = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return _call(self.keyword, self.output, *self.wrt)


@final
@dataclass(frozen=True, slots=True)
class Weighted:
    """`weighted(hessian(x))`: the Hessians of all outputs, times weights, added up.

    Attributes:
        matrix: The Hessians.
        origin: Where the request was written.
    """

    keyword: ClassVar[str] = "weighted"
    matrix: Hessian
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return _call(self.keyword, self.matrix)

    @property
    def wrt(self) -> tuple[Coordinate, ...]:
        """What the Hessians are along."""
        return self.matrix.wrt

    @property
    def of(self) -> Coordinate | None:
        """What of the result is weighed; None for all of it."""
        return self.matrix.of


SquareMatrix: TypeAlias = Hessian | Weighted
AnyMatrix: TypeAlias = Jacobian | SquareMatrix
"""What a layout can be asked of."""


@final
@dataclass(frozen=True, slots=True)
class Diagonal:
    """`diagonal(hessian(x))` or `diagonal(jacobian(x), 1)`.

    Attributes:
        matrix: What it is the diagonal of.
        offset: Which diagonal: 0 the main one, positive above, negative below.
        origin: Where the request was written.
    """

    keyword: ClassVar[str] = "diagonal"
    matrix: AnyMatrix
    offset: int = 0
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return _call(self.keyword, self.matrix, *([self.offset] if self.offset else []))


@final
@dataclass(frozen=True, slots=True)
class Lower:
    """`lower(hessian(x))`: the lower triangle, row by row."""

    keyword: ClassVar[str] = "lower"
    matrix: SquareMatrix
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return _call(self.keyword, self.matrix)


@final
@dataclass(frozen=True, slots=True)
class Entries:
    """`entries(hessian(x), [(x[0], x[1]), (x[3], x[3])])`: a list of entries.

    Attributes:
        matrix: What the entries are of.
        items: Row and column of each entry, or the name of an object that holds them.
        origin: Where the request was written.
        items_origin: Where the list or the name was written.
    """

    keyword: ClassVar[str] = "entries"
    matrix: AnyMatrix
    items: tuple[tuple[Coordinate, Coordinate], ...] | str
    origin: Origin | None = field(default=None, compare=False, repr=False)
    items_origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        if isinstance(self.items, str):
            return _call(self.keyword, self.matrix, _quoted(self.items))
        pairs = ", ".join(f"({row}, {column})" for row, column in self.items)
        return _call(self.keyword, self.matrix, f"[{pairs}]")


Format: TypeAlias = Literal["values", "csr", "bcoo", "dense"]
"""What a sparse matrix is returned as: the bare values (with `csr` the module has row
pointers as well), a `jax.experimental.sparse.BCOO`, or the whole array."""

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
"""All of them."""


@final
@dataclass(frozen=True, slots=True)
class Sparse:
    """`sparse(jacobian(x))`: the structural nonzeros, row-major.

    Attributes:
        matrix: What is wanted sparsely.
        format: What is returned.
        origin: Where the request was written.
    """

    keyword: ClassVar[str] = "sparse"
    matrix: AnyMatrix | Lower
    format: Format = "values"
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        if self.format == "values":
            return _call(self.keyword, self.matrix)
        return _call(self.keyword, self.matrix, format=_quoted(self.format))


@final
@dataclass(frozen=True, slots=True)
class Expression:
    """`expression("Derivative(u, x) + u")`: arithmetic over derivatives.

    Attributes:
        text: The expression, unread until it is resolved.
        names: What parts of the result are called in it.
        origin: Where the request was written.
        text_origin: Where the quoted text was written.
    """

    keyword: ClassVar[str] = "expression"
    text: str
    names: tuple[tuple[str, Coordinate], ...] = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)
    text_origin: Origin | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        named = {name: _quoted(str(output)) for name, output in self.names}
        return _call(self.keyword, _quoted(self.text), **named)


OverCoordinates: TypeAlias = (
    Partial
    | Gradient
    | Jacobian
    | Hessian
    | Hvp
    | Laplacian
    | Divergence
    | Curl
    | Biharmonic
    | EulerLagrange
)
Request: TypeAlias = (
    Value
    | OverCoordinates
    | Jvp
    | Polylaplacian
    | Derivatives
    | Vjp
    | Weighted
    | Diagonal
    | Lower
    | Entries
    | Sparse
    | Expression
)


def _call(keyword: str, *positional: object, **named: object) -> str:
    arguments = [str(argument) for argument in positional]
    arguments += [f"{name}={it}" for name, it in named.items() if it is not None]
    return f"{keyword}({', '.join(arguments)})"


def _quoted(text: str) -> str:
    """A string literal in double quotes; every JSON string is one of Python too."""
    return json.dumps(text, ensure_ascii=False)


def _blank(end: int | None) -> str:
    return "" if end is None else str(end)


def _key_text(key: Key) -> str:
    match key:
        case EllipsisType():
            return "..."
        case str():
            return _quoted(key)
        case int() | Range():
            return str(key)
