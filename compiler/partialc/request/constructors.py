"""The request language as Python functions: `partial(x[0], x[2], of=out[1])`.

They give the very nodes that `parse` gives for the same text, without origins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index
from typing import TypeVar, final

from partialc.errors import RequestError
from partialc.request.syntax import (
    FORMATS,
    RESULT,
    AnyMatrix,
    Attribute,
    Biharmonic,
    Coordinate,
    Curl,
    Derivatives,
    Diagonal,
    Divergence,
    Entries,
    EulerLagrange,
    Expression,
    Format,
    Gradient,
    Hessian,
    Hvp,
    Jacobian,
    Jvp,
    Key,
    Laplacian,
    Lower,
    OverCoordinates,
    Partial,
    Polylaplacian,
    Range,
    Sparse,
    SquareMatrix,
    Subscript,
    Value,
    Vjp,
    Weighted,
)


@final
class Selector:
    """An argument, or `out`, that indexing and attribute access cut a part from.

    `arg("params")["w"][0, 1]` and `arg("state").position[2]` read as in the text of a
    request. It has no public attributes of its own: they all belong to the pytree.
    """

    __slots__ = ("_coordinate",)
    _coordinate: Coordinate

    def __init__(self, coordinate: Coordinate) -> None:
        object.__setattr__(self, "_coordinate", coordinate)

    def __getitem__(self, key: object) -> Selector:
        keys = key if isinstance(key, tuple) else (key,)
        return self._then(Subscript(tuple(map(_key, keys))))

    def __getattr__(self, name: str) -> Selector:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._then(Attribute(name))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a coordinate cannot be changed: {name}")

    __iter__ = None  # indexing never ends, so iteration would not either

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Selector):
            return NotImplemented
        return self._coordinate == other._coordinate

    def __hash__(self) -> int:
        return hash(self._coordinate)

    def __str__(self) -> str:
        return str(self._coordinate)

    def __repr__(self) -> str:
        return f"<coordinate {self._coordinate}>"

    def _then(self, step: Subscript | Attribute) -> Selector:
        found = self._coordinate
        return Selector(Coordinate(found.name, (*found.steps, step)))


Selectable = Selector | Coordinate
_Over = TypeVar("_Over", bound=OverCoordinates)

out = Selector(Coordinate(RESULT))


def arg(name: str) -> Selector:
    """The function's argument `name`, to be indexed like the argument itself.

    Raises:
        RequestError: `name` is not an identifier.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise RequestError(
            f"{name!r} cannot be the name of an argument", fix='write arg("x")'
        )
    return Selector(Coordinate(name))


def value(*, of: Selectable | None = None) -> Value:
    """The function itself, or the outputs that `of` selects."""
    return Value(_of(of))


def partial(*coordinates: Selectable, of: Selectable | None = None) -> Partial:
    """One mixed partial derivative, of as many orders as there are coordinates."""
    return _over(Partial, coordinates, of, 1, None)


def gradient(*wrt: Selectable, of: Selectable | None = None) -> Gradient:
    """The first derivatives of a scalar output."""
    return _over(Gradient, wrt, of, 1, None)


def jacobian(*wrt: Selectable, of: Selectable | None = None) -> Jacobian:
    """The first derivatives of any output, shape out + x."""
    return _over(Jacobian, wrt, of, 1, None)


def hessian(*wrt: Selectable, of: Selectable | None = None) -> Hessian:
    """The second derivatives along one argument twice, or along two."""
    return _over(Hessian, wrt, of, 1, 2)


def weighted(matrix: Hessian) -> Weighted:
    """The Hessians of all outputs, times weights given at run time, added up."""
    return Weighted(_matrix(matrix, "weighted", Hessian))


def jvp(*wrt: Selectable, order: int = 1, of: Selectable | None = None) -> Jvp:
    """The derivative of the output along directions given at run time, shape out.

    Args:
        wrt: The arguments that move together; an argument named twice, and no other
            beside it, gives the second derivative along two directions.
        order: How many derivatives along one direction.
        of: What of the result; None for all of it.
    """
    if not wrt:
        raise _too_few("jvp", 1)
    if _integer(order, "order") < 1:
        raise RequestError(f"order={order} is no order", fix="use order=1 or more")
    return Jvp(tuple(map(_coordinate, wrt)), _integer(order, "order"), _of(of))


def hvp(wrt: Selectable, *, of: Selectable | None = None) -> Hvp:
    """The Hessian times a direction given at run time, shape out + x."""
    return _over(Hvp, (wrt,), of, 1, 1)


def vjp(output: Selectable, *wrt: Selectable) -> Vjp:
    """The cotangents of the arguments for a cotangent of the output."""
    return Vjp(_result(output, "vjp"), tuple(map(_coordinate, wrt)))


def laplacian(*wrt: Selectable, of: Selectable | None = None) -> Laplacian:
    """The sum of the unmixed second derivatives, shape out."""
    return _over(Laplacian, wrt, of, 1, None)


def divergence(*wrt: Selectable, of: Selectable | None = None) -> Divergence:
    """The trace of the Jacobian: a scalar."""
    return _over(Divergence, wrt, of, 1, None)


def curl(*wrt: Selectable, of: Selectable | None = None) -> Curl:
    """The rotation of a vector field: shape (3,), or a scalar in two dimensions."""
    return _over(Curl, wrt, of, 1, None)


def biharmonic(*wrt: Selectable, of: Selectable | None = None) -> Biharmonic:
    """The Laplacian of the Laplacian, shape out."""
    return _over(Biharmonic, wrt, of, 1, None)


def polylaplacian(
    *wrt: Selectable, power: int, of: Selectable | None = None
) -> Polylaplacian:
    """The Laplacian applied `power` times, shape out."""
    if not wrt:
        raise _too_few("polylaplacian", 1)
    if _integer(power, "power") < 1:
        raise RequestError(f"power={power} is no power", fix="use power=1 or more")
    coordinates = tuple(map(_coordinate, wrt))
    return Polylaplacian(coordinates, _integer(power, "power"), _of(of))


def euler_lagrange(*wrt: Selectable, of: Selectable | None = None) -> EulerLagrange:
    """The accelerations of a Lagrangian, shape q.

    Args:
        wrt: The coordinates, the velocities, and the time if it depends on it.
        of: The Lagrangian, where it is a part of the result.
    """
    return _over(EulerLagrange, wrt, of, 2, 3)


def derivatives(
    *wrt: Selectable, order: int, of: Selectable | None = None
) -> Derivatives:
    """Every distinct partial of one order, once, over the concatenated flattening."""
    if not wrt:
        raise _too_few("derivatives", 1)
    if _integer(order, "order") < 1:
        raise RequestError(f"order={order} is no order", fix="use order=1 or more")
    return Derivatives(tuple(map(_coordinate, wrt)), _integer(order, "order"), _of(of))


def diagonal(matrix: AnyMatrix, k: int = 0) -> Diagonal:
    """The k-th diagonal of a Jacobian or Hessian."""
    found = _matrix(matrix, "diagonal", Jacobian, Hessian, Weighted)
    return Diagonal(found, _integer(k, "k"))


def lower(matrix: SquareMatrix) -> Lower:
    """The lower triangle of a Hessian, in the order of `np.tril_indices`."""
    return Lower(_matrix(matrix, "lower", Hessian, Weighted))


def entries(matrix: AnyMatrix, items: Iterable[Sequence[Selectable]] | str) -> Entries:
    """Chosen entries, in the order given; a string names an object that holds them."""
    found = _matrix(matrix, "entries", Jacobian, Hessian, Weighted)
    if isinstance(items, str):
        return Entries(found, items)
    return Entries(found, pairs_of(items))


def pairs_of(
    items: Iterable[Sequence[Selectable]],
) -> tuple[tuple[Coordinate, Coordinate], ...]:
    """The rows and columns of listed entries as coordinates.

    Raises:
        RequestError: There are none, or one is no pair of coordinates.
    """
    pairs = []
    for item in items:
        if not isinstance(item, Sequence) or len(item) != 2:
            raise RequestError(f"{item!r} is no pair of coordinates")
        pairs.append((_coordinate(item[0]), _coordinate(item[1])))
    if not pairs:
        raise RequestError("entries is given no entry")
    return tuple(pairs)


def sparse(matrix: AnyMatrix | Lower, *, format: Format = "values") -> Sparse:
    """The structural nonzeros of a Jacobian, a Hessian or its lower triangle.

    Args:
        matrix: The matrix; over several arguments it is one matrix over all of them.
        format: `values` for the bare values, `csr` for the same beside row pointers,
            `bcoo` for a `jax.experimental.sparse.BCOO`, `dense` for the whole array.

    Raises:
        RequestError: The format is not known.
    """
    if format not in FORMATS:
        raise RequestError(
            f"format={format!r} is not known",
            fix='use "values", "csr", "bcoo" or "dense"',
        )
    found = _matrix(matrix, "sparse", Jacobian, Hessian, Weighted, Lower)
    return Sparse(found, format)


def expression(text: str, **names: Selectable) -> Expression:
    """Arithmetic over derivatives of the function.

    Args:
        text: The expression, as SymPy writes derivatives: `Derivative(u, t)`.
        names: What parts of the result are called in it: `u=out[0]`.
    """
    called = ((name, _result(output, "u")) for name, output in names.items())
    return Expression(text, tuple(called))


_M = TypeVar("_M")


def _matrix(matrix: _M, keyword: str, *accepted: type) -> _M:
    if not isinstance(matrix, accepted):
        names = " or ".join(map(_example, accepted))
        raise RequestError(
            f"{keyword} cannot be taken of {matrix!s}", fix=f"give it {names}"
        )
    return matrix


def _example(kind: type) -> str:
    """How a matrix of a kind is written: `hessian(x)`."""
    inner = "x" if kind in (Jacobian, Hessian) else "hessian(x)"
    return f"{kind.__name__.lower()}({inner})"


def _over(
    kind: type[_Over],
    wrt: tuple[Selectable, ...],
    of: Selectable | None,
    least: int,
    most: int | None,
) -> _Over:
    if len(wrt) < least:
        raise _too_few(kind.keyword, least)
    if most is not None and len(wrt) > most:
        raise RequestError(
            f"{kind.keyword} takes at most {most} coordinates, not {len(wrt)}"
        )
    return kind(tuple(map(_coordinate, wrt)), _of(of))


def _too_few(keyword: str, least: int) -> RequestError:
    return RequestError(f"{keyword} takes at least {least} coordinate")


def _coordinate(given: Selectable) -> Coordinate:
    if isinstance(given, Selector):
        return given._coordinate
    if isinstance(given, Coordinate):
        return given
    raise RequestError(
        f"{given!r} is no coordinate", fix='write arg("x"), arg("x")[0] or out[0]'
    )


def _result(given: Selectable, keyword: str) -> Coordinate:
    found = _coordinate(given)
    if found.name != RESULT:
        raise RequestError(
            f"{keyword} wants a part of the result, not {found}",
            fix=f"write {RESULT}, {RESULT}[0], ...",
        )
    return found


def _of(given: Selectable | None) -> Coordinate | None:
    if given is None:
        return None
    found = _result(given, "of=")
    return found if found.steps else None


def _integer(given: int, name: str) -> int:
    if isinstance(given, bool):
        raise RequestError(f"{name}={given} is no integer")
    try:
        return index(given)
    except TypeError:
        raise RequestError(f"{name}={given!r} is no integer") from None


def _key(given: object) -> Key:
    match given:
        case str():
            return given
        case slice():
            return Range(_end(given.start), _end(given.stop), _end(given.step))
        case _ if given is ...:
            return ...
        case _:
            return _integer(given, "an index")  # type: ignore[arg-type]


def _end(given: object) -> int | None:
    return None if given is None else _integer(given, "a bound")  # type: ignore[arg-type]
