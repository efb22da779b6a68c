"""The text of a request into its syntax node: on `ast`, nothing is evaluated."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, TypeVar

from partialc.errors import Location, RequestError
from partialc.request.origin import Origin
from partialc.request.parse_coordinate import coordinate, integer, result
from partialc.request.syntax import (
    RESULT,
    AnyMatrix,
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
    OverCoordinates,
    Partial,
    Polylaplacian,
    Request,
    Sparse,
    Value,
    Vjp,
    Weighted,
)
from partialc.request.text import Text


def parse(text: str, location: Location | None = None) -> Request:
    """Read one request.

    Args:
        text: Python call syntax: `partial(x[0], x[2])`, `value`, ...
        location: Where the text begins, for errors.

    Returns:
        The request; its nodes know where they were written.

    Raises:
        RequestError: The text is no request. Line, column and underline show the fault.
    """
    source = Text.read(text, location)
    return _request(source.tree(), source)


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that has been taken apart, and the form it must have."""

    source: Text
    origin: Origin
    form: _Form
    positional: tuple[ast.expr, ...]
    named: dict[str, ast.expr]

    def coordinates(self) -> tuple[Coordinate, ...]:
        return tuple(coordinate(node, self.source) for node in self.positional)

    def of(self) -> Coordinate | None:
        node = self.named.get("of")
        if node is None:
            return None
        found = result(node, self.source)
        return found if found.steps else None


@dataclass(frozen=True, slots=True)
class _Form:
    """How a request is written.

    Attributes:
        usage: An example, shown in errors.
        least: The fewest positional arguments.
        most: The most; None for any number.
        named: The keyword arguments it knows; None for any.
        build: Makes the node from a call of the right form.
    """

    usage: str
    least: int
    most: int | None
    named: tuple[str, ...] | None
    build: Callable[[_Call], Request]

    def takes(self, name: str | None) -> bool:
        """Whether it takes a keyword argument; None is what `**` stands for."""
        return name is not None and (self.named is None or name in self.named)


def _request(node: ast.expr, source: Text) -> Request:
    origin = source.origin(node)
    match node:
        case ast.Name(id="value"):
            return Value(origin=origin)
        case ast.Name(id=name) if name in _FORMS:
            raise origin.fault(
                f"{name} is written without its arguments",
                fix=f"write {_FORMS[name].usage}",
            )
        case ast.Call(func=ast.Name(id=name)) if name in _FORMS:
            form = _FORMS[name]
            return form.build(_take_apart(node, name, form, source))
        case ast.Call(func=ast.Name(id=name) as function):
            raise _unknown(name, source.origin(function))
        case ast.Name(id=name) if get_close_matches(name, _FORMS, n=1):
            raise _unknown(name, origin)
        case ast.Subscript() | ast.Attribute() if _is_of_request(node):
            raise origin.fault(
                f"{ast.unparse(node)} takes a part of a request",
                why="the parts are named within the request, so that no more than "
                "these is computed",
                fix="name the elements: jacobian(x[0]), partial(x[0], x[1]), "
                "entries(hessian(x), [(x[0], x[1])]); of the result: of=out[0]",
            )
        case ast.Name() | ast.Subscript() | ast.Attribute():
            raise origin.fault(
                f"{ast.unparse(node)} is a coordinate, not a request",
                fix=f"say what is wanted of it: partial({ast.unparse(node)}), "
                f"gradient({ast.unparse(node)}), ...",
            )
        case ast.List() | ast.Tuple():
            raise origin.fault(
                "several requests stand in one text",
                fix='write each as a text of its own: ["value", "gradient(x)"]',
            )
        case _:
            raise origin.fault(
                "this is not a request",
                why="a request is a call of one of: " + ", ".join(_FORMS),
                fix="write a request such as partial(x[0], x[2])",
            )


def _is_of_request(node: ast.expr) -> bool:
    """Whether a chain of indices and attributes starts from a request."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in _FORMS
        case _:
            return False


def _unknown(name: str, origin: Origin) -> RequestError:
    near = get_close_matches(name, _FORMS, n=2)
    return origin.fault(
        f"there is no request {name!r}",
        why="the requests are " + ", ".join(_FORMS),
        fix="did you mean " + " or ".join(_FORMS[match].usage for match in near) + "?"
        if near
        else "use one of them",
    )


def _take_apart(node: ast.Call, name: str, form: _Form, source: Text) -> _Call:
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            raise source.origin(argument).fault(
                "a request is never evaluated, so * cannot be used",
                fix=f"write every argument out: {form.usage}",
            )
    named: dict[str, ast.expr] = {}
    for keyword in node.keywords:
        if not form.takes(keyword.arg):
            raise _unknown_keyword(keyword, name, form, source)
        named[str(keyword.arg)] = keyword.value
    if form.most is not None and len(node.args) > form.most:
        surplus = source.between(node.args[form.most], node.args[-1])
        raise surplus.fault(
            f"{name} takes at most {_count(form.most)}, not {len(node.args)}",
            fix=f"write {form.usage}",
        )
    if len(node.args) < form.least:
        raise source.origin(node).fault(
            f"{name} needs at least {_count(form.least)}, and has {len(node.args)}",
            fix=f"write {form.usage}",
        )
    return _Call(source, source.origin(node), form, tuple(node.args), named)


def _unknown_keyword(
    keyword: ast.keyword, name: str, form: _Form, source: Text
) -> RequestError:
    origin = source.origin(keyword)
    if keyword.arg is None:
        return origin.fault("a request is never evaluated, so ** cannot be used")
    known = form.named or ()
    near = get_close_matches(keyword.arg, known, n=1)
    accepted = " and ".join(f"{each}=" for each in known) or "none"
    return origin.fault(
        f"{name} has no keyword {keyword.arg!r}",
        why=f"keywords it takes: {accepted}",
        fix=f"did you mean {near[0]}=?" if near else f"write {form.usage}",
    )


def _count(number: int) -> str:
    return "1 argument" if number == 1 else f"{number} arguments"


_Over = TypeVar("_Over", bound=OverCoordinates)


def _over(kind: type[_Over]) -> Callable[[_Call], _Over]:
    def build(call: _Call) -> _Over:
        return kind(call.coordinates(), call.of(), origin=call.origin)

    return build


def _value(call: _Call) -> Value:
    return Value(call.of(), call.origin)


def _jvp(call: _Call) -> Jvp:
    node = call.named.get("order")
    order = 1 if node is None else _order(node, call)
    return Jvp(call.coordinates(), order, call.of(), call.origin)


def _order(node: ast.expr, call: _Call) -> int:
    order = integer(node, call.source, "order")
    if order < 1:
        raise call.source.origin(node).fault(
            f"there is no derivative of order {order}",
            fix="use order=1 or more; the function itself is the request value",
        )
    return order


def _polylaplacian(call: _Call) -> Polylaplacian:
    node = call.named.get("power")
    if node is None:
        raise call.origin.fault(
            "polylaplacian is not told the power", fix=f"write {call.form.usage}"
        )
    power = integer(node, call.source, "power")
    if power < 1:
        raise call.source.origin(node).fault(
            f"power={power} is no power of the Laplacian", fix="use power=1 or more"
        )
    return Polylaplacian(call.coordinates(), power, call.of(), call.origin)


def _derivatives(call: _Call) -> Derivatives:
    node = call.named.get("order")
    if node is None:
        raise call.origin.fault(
            "derivatives is not told the order", fix=f"write {call.form.usage}"
        )
    order = _order(node, call)
    return Derivatives(call.coordinates(), order, call.of(), call.origin)


def _vjp(call: _Call) -> Vjp:
    output = result(call.positional[0], call.source)
    wrt = tuple(coordinate(node, call.source) for node in call.positional[1:])
    return Vjp(output, wrt, call.origin)


def _diagonal(call: _Call) -> Diagonal:
    matrix = _matrix(call)
    if len(call.positional) == 2 and "k" in call.named:
        raise call.source.origin(call.named["k"]).fault("k is given twice")
    nodes = [*call.positional[1:], *call.named.values()]
    offset = integer(nodes[0], call.source, "the diagonal") if nodes else 0
    return Diagonal(matrix, offset, call.origin)


def _lower(call: _Call) -> Lower:
    accepted = ("hessian", "weighted")
    found = _nested(call, *accepted)
    if not isinstance(found, Hessian | Weighted):
        raise _misplaced(call, found, *accepted)
    return Lower(found, call.origin)


def _weighted(call: _Call) -> Weighted:
    found = _nested(call, "hessian")
    if isinstance(found, Hessian):
        return Weighted(found, call.origin)
    raise call.source.origin(call.positional[0]).fault(
        f"{found.keyword} cannot be weighted",
        why="weighted adds up Hessians, each times its weight",
        fix=_instead_of_weighted(found),
    )


def _instead_of_weighted(found: Request) -> str:
    match found:
        case Weighted():
            return f"weigh once: {found}"
        case Jacobian(wrt=wrt, of=of):
            arguments = ", ".join(map(str, (of or RESULT, *wrt)))
            return f"a Jacobian times weights is a vjp: vjp({arguments})"
        case Lower() | Diagonal() | Entries() | Sparse():
            return f"weigh the matrix within: {found.keyword}(weighted(hessian(x)))"
        case _:
            return "write weighted(hessian(x))"


def _sparse(call: _Call) -> Sparse:
    accepted = ("jacobian", "hessian", "weighted", "lower")
    matrix = _nested(call, *accepted)
    if not isinstance(matrix, Jacobian | Hessian | Weighted | Lower):
        raise _misplaced(call, matrix, *accepted)
    match call.named.get("format"):
        case None:
            return Sparse(matrix, origin=call.origin)
        case ast.Constant(value="values" | "csr" | "bcoo" | "dense" as layout):
            return Sparse(matrix, layout, call.origin)
        case node:
            raise call.source.origin(node).fault(
                f"{ast.unparse(node)} is no format",
                fix='use format="values", "csr", "bcoo" or "dense"',
            )


def _expression(call: _Call) -> Expression:
    text = _string(call.positional[0])
    origin = call.source.origin(call.positional[0])
    if text is None:
        raise origin.fault("the expression is not in quotes", fix=call.form.usage)
    names = tuple((name, _output(node, call)) for name, node in call.named.items())
    return Expression(text, names, call.origin, origin)


def _output(node: ast.expr, call: _Call) -> Coordinate:
    """The part of the result that a name of an expression stands for, in quotes."""
    written = _string(node)
    if written is None:
        raise call.source.origin(node).fault(
            f"{ast.unparse(node)} is no part of the result in quotes",
            fix=f'write expression("Derivative(u, x)", u="{RESULT}[0]")',
        )
    source = Text.read(written, None)
    try:
        return result(source.tree(), source)
    except RequestError as error:
        raise call.source.origin(node).fault(
            f"{ast.unparse(node)} is no part of the result",
            why=error.what,
            fix=f'write u="{RESULT}[0]"',
        ) from None


def _entries(call: _Call) -> Entries:
    matrix = _matrix(call)
    node = call.positional[1]
    origin = call.source.origin(node)
    named = _string(node)
    if named is not None:
        return Entries(matrix, named, call.origin, origin)
    if not isinstance(node, ast.List | ast.Tuple):
        raise origin.fault(
            "the entries are no list",
            fix=f'write {call.form.usage}, or name an object: "pkg.mod:INDICES"',
        )
    if not node.elts:
        raise origin.fault("entries is given no entry", fix=f"write {call.form.usage}")
    pairs = tuple(_pair(item, matrix, call) for item in node.elts)
    return Entries(matrix, pairs, call.origin, origin)


def _pair(
    node: ast.expr, matrix: AnyMatrix, call: _Call
) -> tuple[Coordinate, Coordinate]:
    if not isinstance(node, ast.Tuple | ast.List) or len(node.elts) != 2:
        example = "(out[0], x[2])" if isinstance(matrix, Jacobian) else "(x[0], x[1])"
        raise call.source.origin(node).fault(
            "an entry is a pair of coordinates: its row and its column",
            fix=f"write each entry as {example}",
        )
    row, column = (coordinate(part, call.source) for part in node.elts)
    return row, column


def _matrix(call: _Call) -> AnyMatrix:
    accepted = ("jacobian", "hessian", "weighted")
    found = _nested(call, *accepted)
    if not isinstance(found, Jacobian | Hessian | Weighted):
        raise _misplaced(call, found, *accepted)
    return found


def _nested(call: _Call, *accepted: str) -> Request:
    """The first argument, which is itself a request."""
    node = call.positional[0]
    if not isinstance(node, ast.Call):
        raise call.source.origin(node).fault(
            f"{ast.unparse(node)} is no matrix of derivatives",
            fix=f"write {_usages(accepted)} in its place",
        )
    return _request(node, call.source)


def _misplaced(call: _Call, found: Request, *accepted: str) -> RequestError:
    return call.source.origin(call.positional[0]).fault(
        f"{found.keyword} cannot stand here",
        fix=f"write {_usages(accepted)} in its place",
    )


def _usages(keywords: Sequence[str]) -> str:
    usages = [_FORMS[keyword].usage for keyword in keywords]
    return " or ".join(filter(None, (", ".join(usages[:-1]), usages[-1])))


def _string(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


_OF: Final = ("of",)
_FORMS: Final[dict[str, _Form]] = {
    "value": _Form("value", 0, 0, _OF, _value),
    "partial": _Form("partial(x[0], x[2])", 1, None, _OF, _over(Partial)),
    "gradient": _Form("gradient(x)", 1, None, _OF, _over(Gradient)),
    "jacobian": _Form("jacobian(x)", 1, None, _OF, _over(Jacobian)),
    "hessian": _Form("hessian(x)", 1, 2, _OF, _over(Hessian)),
    "weighted": _Form("weighted(hessian(x))", 1, 1, (), _weighted),
    "derivatives": _Form(
        "derivatives(x, order=3)", 1, None, ("order", "of"), _derivatives
    ),
    "diagonal": _Form("diagonal(hessian(x))", 1, 2, ("k",), _diagonal),
    "lower": _Form("lower(hessian(x))", 1, 1, (), _lower),
    "entries": _Form(
        "entries(hessian(x), [(x[0], x[1]), (x[3], x[3])])", 2, 2, (), _entries
    ),
    "sparse": _Form("sparse(jacobian(x))", 1, 1, ("format",), _sparse),
    "jvp": _Form("jvp(x)", 1, None, ("order", "of"), _jvp),
    "hvp": _Form("hvp(x)", 1, 1, _OF, _over(Hvp)),
    "vjp": _Form("vjp(out)", 1, None, (), _vjp),
    "laplacian": _Form("laplacian(x)", 1, None, _OF, _over(Laplacian)),
    "divergence": _Form("divergence(x)", 1, None, _OF, _over(Divergence)),
    "curl": _Form("curl(x)", 1, None, _OF, _over(Curl)),
    "biharmonic": _Form("biharmonic(x)", 1, None, _OF, _over(Biharmonic)),
    "polylaplacian": _Form(
        "polylaplacian(x, power=3)", 1, None, ("power", "of"), _polylaplacian
    ),
    "euler_lagrange": _Form("euler_lagrange(q, qd)", 2, 3, _OF, _over(EulerLagrange)),
    "expression": _Form('expression("Derivative(u, x) + u")', 1, 1, None, _expression),
}
REQUESTS: Final = tuple(_FORMS)
"""The name of every request."""
