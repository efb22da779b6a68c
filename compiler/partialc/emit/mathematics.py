"""What a request is, in a phrase for a docstring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, assert_never

from partialc.request import syntax
from partialc.request.resolved import COTANGENT
from partialc.request.syntax import Request


def phrase(request: Request, function: str) -> str:
    """One line of mathematics: `d3 product / dx[0] dx[2] dx[4]`.

    Args:
        request: What is delivered.
        function: The function's name.
    """
    subject = function + _selected(request)
    match request:
        case syntax.Value():
            return f"The value of `{subject}`"
        case syntax.Partial():
            return f"The partial derivative `{_fraction(request, subject)}`"
        case syntax.Gradient():
            return f"The gradient of `{subject}` in {_names(request.wrt)}"
        case syntax.Jacobian():
            return f"The Jacobian of `{subject}` in {_names(request.wrt)}"
        case syntax.Hessian():
            return f"The Hessian of `{subject}` in {_names(request.wrt)}"
        case syntax.Weighted():
            inner = phrase(request.matrix, function)
            return f"{inner}, contracted with `{COTANGENT}`"
        case syntax.Derivatives():
            which = f"Each distinct order-{request.order} partial"
            return f"{which} of `{subject}` in {_names(request.wrt)}"
        case syntax.Jvp():
            return _along(request, subject)
        case syntax.Hvp():
            return (
                f"The Hessian of `{subject}` in {_names(request.wrt)} times a tangent"
            )
        case syntax.Vjp():
            return f"A cotangent times the Jacobian of `{subject}`"
        case syntax.Diagonal():
            which = f"diagonal {request.offset}" if request.offset else "the diagonal"
            inner = phrase(request.matrix, function)
            return f"{which.capitalize()} of {_lowered(inner)}"
        case syntax.Lower():
            return f"The lower triangle of {_lowered(phrase(request.matrix, function))}"
        case syntax.Sparse():
            inner = _lowered(phrase(request.matrix, function))
            return f"The structural nonzeros of {inner}{_FORMATS[request.format]}"
        case syntax.Entries():
            return f"Entries of {_lowered(phrase(request.matrix, function))}"
        case syntax.Laplacian() | syntax.Divergence() | syntax.Curl():
            which = "Laplacian" if request.keyword == "laplacian" else request.keyword
            return f"The {which} of `{subject}` in {_names(request.wrt)}"
        case syntax.Biharmonic():
            names = _names(request.wrt)
            return f"The Laplacian of the Laplacian of `{subject}` in {names}"
        case syntax.Polylaplacian():
            names = _names(request.wrt)
            return f"The Laplacian, {request.power} times, of `{subject}` in {names}"
        case syntax.EulerLagrange():
            return f"The accelerations of {_names(request.wrt[:1])} by `{subject}`"
        case syntax.Expression():
            return f"`{' '.join(request.text.split())}`, of `{function}`"
        case _:
            assert_never(request)


_FORMATS: Final[Mapping[syntax.Format, str]] = {
    "values": "",
    "csr": "",
    "bcoo": ", as a BCOO",
    "dense": ", in an array that is zero elsewhere",
}
"""What is said of the format of a sparse matrix."""


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def _selected(request: Request) -> str:
    """The part of the result that is meant, as it is written after the name."""
    match request:
        case (
            syntax.Weighted()
            | syntax.Diagonal()
            | syntax.Lower()
            | syntax.Entries()
            | syntax.Sparse()
        ):
            return _selected(request.matrix)
        case syntax.Vjp():
            return str(request.output).removeprefix(syntax.RESULT)
        case syntax.Expression():
            return ""
        case _:
            text = "" if request.of is None else str(request.of)
            return text.removeprefix(syntax.RESULT)


def _names(coordinates: tuple[syntax.Coordinate, ...]) -> str:
    return " and ".join(f"`{coordinate}`" for coordinate in coordinates)


def _along(request: syntax.Jvp, subject: str) -> str:
    """A derivative along directions that the caller gives."""
    if len(set(request.wrt)) < len(request.wrt):
        (name,) = {each.name for each in request.wrt}
        numbers = ("", *range(2, len(request.wrt) + 1))
        tangents = " and ".join(f"`{name}_tangent{number}`" for number in numbers)
        return f"The derivative of `{subject}` along {tangents}"
    if request.order == 1:
        return f"The Jacobian of `{subject}` in {_names(request.wrt)} times a tangent"
    names = " and ".join(f"`{each.name}_tangent`" for each in request.wrt)
    return f"The derivative of order {request.order} of `{subject}` along {names}"


def _fraction(request: syntax.Partial, subject: str) -> str:
    order = len(request.wrt)
    counted = Counter(map(str, request.wrt))
    below = " ".join(
        f"d{name}" if times == 1 else f"d{name}^{times}"
        for name, times in counted.items()
    )
    return f"d{order if order > 1 else ''} {subject} / {below}"


def shape_phrase(shapes: list[tuple[int, ...]], *, batched: bool) -> str:
    """The shape of a result, or of each of its arrays.

    Args:
        shapes: Of each of its arrays, for one row.
        batched: Whether the result holds many rows.
    """
    if len(shapes) > 1:
        return f"a tree of {len(shapes)} arrays"
    if batched:
        inner = ", ".join(map(str, shapes[0]))
        return f"shape (rows, {inner})" if inner else "shape (rows,)"
    return f"shape {shapes[0]}" if shapes[0] else "a scalar"
