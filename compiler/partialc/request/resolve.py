"""Requests against a function's signature: validated, and in canonical form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, assert_never

from partialc.errors import RequestError
from partialc.request import (
    expressions,
    layouts,
    listed,
    mechanics,
    names,
    operators,
    products,
    sparse,
)
from partialc.request.answer import Answer
from partialc.request.parse import parse
from partialc.request.resolved import Block, Direction, Field, Kernel
from partialc.request.scope import Patterns, Scope
from partialc.request.selection import Selection
from partialc.request.signature import Signature
from partialc.request.syntax import (
    RESULT,
    Biharmonic,
    Coordinate,
    Curl,
    Derivatives,
    Diagonal,
    Divergence,
    Entries,
    EulerLagrange,
    Expression,
    Gradient,
    Hessian,
    Hvp,
    Jacobian,
    Jvp,
    Laplacian,
    Lower,
    Partial,
    Polylaplacian,
    Request,
    Sparse,
    Value,
    Vjp,
    Weighted,
)
from partialc.request.weighted import differentiated
from partialc.request.written import origin_of, origin_of_request

Requests: TypeAlias = (
    Request | str | Sequence[Request | str] | Mapping[str, Request | str]
)
"""One request, a list of them, or a table from field names to requests."""


def resolve_kernel(
    name: str,
    requests: Requests,
    signature: Signature,
    *,
    load_object: Callable[[str], Any],
    patterns: Patterns | None = None,
) -> Kernel:
    """Bring what a kernel asks for into canonical form.

    Args:
        name: The kernel's name.
        requests: One request, a list, or a table of field names; texts are parsed.
        signature: The function's arguments and result.
        load_object: Imports `pkg.mod:NAME`, for long lists of entries.
        patterns: Finds structural nonzeros, for `sparse`.

    Returns:
        The kernel; its fields are in the order of the requests, its directions in the
        order of the function's arguments, then parameters, the cotangent last.

    Raises:
        RequestError: A name cannot stand, or a request does not fit the signature.
    """
    names.check_kernel_name(name)
    names.check_arguments(signature)
    is_table = isinstance(requests, Mapping)
    scope = Scope(signature, load_object, is_table, patterns)
    try:
        pairs = _named_requests(name, requests)
        answers = [(each, request, _answer(request, scope)) for each, request in pairs]
        fields = _fields(name, answers, requests, signature)
        directions = _directions(answers, signature)
    except RequestError as error:
        if isinstance(error.where, str) and "column" in error.where:
            error.where = f"kernel {name!r}, {error.where}"
        raise
    bundled = not isinstance(requests, str) and isinstance(requests, Mapping | Sequence)
    return Kernel(name, fields, bundled, directions)


def _named_requests(
    kernel: str, requests: Requests
) -> list[tuple[str | None, Request]]:
    """Field names, where the user gave them, with requests that know their place."""
    found: list[tuple[str | None, Request]]
    match requests:
        case Mapping():
            for name in requests:
                names.check_field_name(name, kernel)
            found = [(name, _placed(each)) for name, each in requests.items()]
        case str():
            found = [(None, _placed(requests))]
        case Sequence():
            found = [(None, _placed(each)) for each in requests]
        case _:
            found = [(None, _placed(requests))]
    if not found:
        raise RequestError(
            "the kernel requests nothing",
            where=f"kernel {kernel!r}",
            fix='write a request: "gradient(x)"',
        )
    return found


def _placed(request: Request | str) -> Request:
    """The request with places to point at: those of its canonical text if need be."""
    if isinstance(request, str):
        return parse(request)
    if not isinstance(request, Request):
        raise RequestError(
            f"{request!r} is no request",
            fix='write "gradient(x)" or gradient(arg("x"))',
        )
    return parse(str(request)) if request.origin is None else request


def _fields(
    kernel: str,
    answers: Sequence[tuple[str | None, Request, Answer]],
    requests: Requests,
    signature: Signature,
) -> tuple[Field, ...]:
    named = [
        (given or names.field_name(request, answer), request, answer)
        for given, request, answer in answers
    ]
    if not isinstance(requests, str | Mapping) and isinstance(requests, Sequence):
        for _, request, answer in named:
            names.check_argument_texts(request, answer, signature, kernel)
        names.check_list_names(named, kernel)
    return tuple(
        Field(name, request, answer.parts, answer.constants)
        for name, request, answer in named
    )


def _directions(
    answers: Sequence[tuple[str | None, Request, Answer]], signature: Signature
) -> tuple[Direction, ...]:
    """The directions of all requests, shared where they mean the same."""
    found: dict[str, Direction] = {}
    for _, request, answer in answers:
        for direction in answer.directions:
            if direction.name in signature.arguments:
                raise origin_of_request(request).fault(
                    f"{request} adds an argument {direction.name}, and "
                    f"{signature.name} has one of that name",
                    fix=f"rename the parameter {direction.name} of {signature.name}",
                )
            other = found.setdefault(direction.name, direction)
            if not products.same_direction(other, direction):
                raise origin_of_request(request).fault(
                    f"{request} needs another {direction.name} than an earlier request",
                    why="the requests of a kernel share their directions",
                    fix="make it a kernel of its own",
                )
    order = {name: number for number, name in enumerate(signature.arguments)}

    def place(direction: Direction) -> tuple[int, str]:
        if direction.argument is None:
            return len(order) + direction.is_cotangent, ""
        return order[direction.argument], direction.name

    return tuple(sorted(found.values(), key=place))


def _answer(request: Request, scope: Scope) -> Answer:
    match request:
        case Value():
            output = scope.result(request.of or Coordinate(RESULT))
            return Answer(output.map(lambda out: Block(out, ())), (), output)
        case Partial():
            return _partial(request, scope)
        case Gradient():
            return _gradient(request, scope)
        case Jacobian():
            output = scope.output(request.of, origin_of_request(request))
            return _first_derivatives(request, output, scope)
        case Hessian() | Weighted():
            return _hessian(request, scope)
        case Derivatives():
            return layouts.derivatives(request, scope)
        case Diagonal():
            return layouts.diagonal(request, scope)
        case Lower():
            return layouts.lower(request, scope)
        case Entries():
            return listed.entries(request, scope)
        case Sparse():
            return sparse.sparse(request, scope)
        case Jvp():
            return products.jvp(request, scope)
        case Hvp():
            return products.hvp(request, scope)
        case Vjp():
            return products.vjp(request, scope)
        case Laplacian() | Biharmonic() | Polylaplacian():
            return operators.powers(request, scope)
        case Divergence():
            return operators.divergence(request, scope)
        case Curl():
            return operators.curl(request, scope)
        case EulerLagrange():
            return mechanics.euler_lagrange(request, scope)
        case Expression():
            return expressions.expression(request, scope)
        case _:
            assert_never(request)


def _partial(request: Partial, scope: Scope) -> Answer:
    wrt = tuple(map(scope.wrt, request.wrt))
    for selection in wrt:
        if not selection.is_scalar:
            raise _no_scalar(request, selection)
    output = scope.output(request.of, origin_of_request(request))
    axes = tuple(selection.coordinates for selection in wrt)
    return Answer(output.map(lambda out: Block(out, axes)), wrt, output)


def _no_scalar(request: Partial, selection: Selection) -> RequestError:
    node = selection.node
    whole = ", ".join(dict.fromkeys(map(str, request.wrt)))
    of = f", of={request.of}" if request.of else ""
    match len(request.wrt):
        case 1:
            instead = f"jacobian({whole}{of}) (or gradient, of a scalar output)"
        case 2:
            instead = f"hessian({whole}{of})"
        case order:
            arguments = ", ".join(dict.fromkeys(each.name for each in request.wrt))
            instead = f"derivatives({arguments}, order={order}{of})"
    what = (
        f"an array of shape {selection.shape}" if selection.is_array else "a container"
    )
    return origin_of(node).fault(
        f"{node} is not a scalar but {what}",
        why="each coordinate of partial is one element",
        fix=f"name an element, or ask for the block: {instead}",
    )


def _gradient(request: Gradient, scope: Scope) -> Answer:
    output = scope.output(request.of, origin_of_request(request))
    if not output.is_scalar:
        wrt = ", ".join(map(str, request.wrt))
        shape = f"has shape {output.shape}" if output.is_array else "is a container"
        raise origin_of(output.node).fault(
            f"gradient wants a scalar, and {output.node} {shape}",
            fix=f"ask for jacobian({wrt}), or for one output: "
            f"gradient({wrt}, of={scope.some_scalar(output)})",
        )
    return _first_derivatives(request, output, scope)


def _first_derivatives(
    request: Gradient | Jacobian, output: Selection, scope: Scope
) -> Answer:
    """For each output the tree of the argument; a tuple of trees for several."""
    wrt = tuple(map(scope.wrt, request.wrt))
    return Answer(
        output.map(
            lambda out: products.bare_or_tuple(
                selection.map_differentiable(lambda x: Block(out, ((x,),)))
                for selection in wrt
            )
        ),
        wrt,
        output,
    )


def _hessian(request: Hessian | Weighted, scope: Scope) -> Answer:
    """For each output the tree of the first argument, in it that of the second."""
    output = differentiated(request, scope)
    wrt = tuple(map(scope.wrt, request.wrt))
    first, second = wrt[0], wrt[-1]
    parts = output.map(
        lambda out: first.map_differentiable(
            lambda x: second.map_differentiable(lambda y: Block(out, ((x,), (y,))))
        )
    )
    return Answer(parts, wrt, output.selection, directions=output.directions)
