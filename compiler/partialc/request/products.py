"""Derivatives applied to directions that the caller gives: `jvp`, `hvp`, `vjp`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import jax

from partialc.request.answer import Answer
from partialc.request.resolved import Coordinates, Direction, Product
from partialc.request.scope import Scope
from partialc.request.selection import Selection, text_of
from partialc.request.syntax import RESULT, Coordinate, Hvp, Jvp, Request, Vjp
from partialc.request.weighted import cotangent_of
from partialc.request.written import origin_of, origin_of_request

MOST_ORDER: Final = 16
"""Nests double with each differentiation."""


def jvp(request: Jvp, scope: Scope) -> Answer:
    """The tangent of the output; a direction for every argument named."""
    output = scope.output(request.of, origin_of_request(request))
    order = max(request.order, len(request.wrt) - len(set(request.wrt)) + 1)
    check_order(request, order)
    wrt, further = _moved(request, scope)
    leaves = sorted(leaf for selection in wrt for leaf in _leaves(selection))
    parts = output.map(
        lambda out: Product("jvp", out, None, tuple(leaves), further=further)
    )
    directions = [
        _tangent(each, end) for end in dict.fromkeys(("", *further)) for each in wrt
    ]
    return Answer(parts, wrt, output, directions=tuple(directions))


def check_order(request: Request, order: int) -> None:
    """Refuse more differentiations than can be planned.

    Raises:
        RequestError: There are more.
    """
    if order > MOST_ORDER:
        raise origin_of_request(request).fault(
            f"{request} is of order {order}",
            why=f"no plan for more than {MOST_ORDER} differentiations would fit",
        )


def _moved(request: Jvp, scope: Scope) -> tuple[tuple[Selection, ...], tuple[str, ...]]:
    """The arguments that move, and of further differentiations the tangents' ends."""
    wrt = tuple(scope.whole(node, "jvp") for node in request.wrt)
    names = [selection.node.name for selection in wrt]
    repeated = len(names) - len(set(names))
    if not repeated:
        return wrt, ("",) * (request.order - 1)
    if len(set(names)) > 1 or request.order > 1:
        place = next(n for n, name in enumerate(names) if name in names[:n])
        raise origin_of(request.wrt[place]).fault(
            f"{names[place]} is named twice",
            why="a further direction is along one argument alone",
            fix=f"write jvp({names[place]}, {names[place]}), or jvp("
            f"{', '.join(dict.fromkeys(names))}, order=2)",
        )
    return wrt[:1], tuple(str(number) for number in range(2, len(names) + 1))


def hvp(request: Hvp, scope: Scope) -> Answer:
    """For each output the tree of the argument: its Hessian times the direction."""
    output = scope.output(request.of, origin_of_request(request))
    wrt = scope.whole(request.wrt[0], "hvp")
    _check_scalars(request, output, scope)
    leaves = _leaves(wrt)
    parts = output.map(
        lambda out: wrt.map_differentiable(
            lambda x: Product("hvp", out, x.leaf, leaves)
        )
    )
    return Answer(parts, (wrt,), output, directions=(_tangent(wrt),))


def _check_scalars(request: Hvp, output: Selection, scope: Scope) -> None:
    """Refuse the Hessian of an array: times a direction it is a matrix, not a vector.

    Raises:
        RequestError: What is to be differentiated is no scalar, nor a tree of scalars.
    """
    for out in output.coordinates:
        if out.shape:
            leaf = scope.signature.result.leaves[out.leaf]
            name = f"{RESULT}{text_of(leaf)}" if leaf.path else str(output.node)
            (wrt,) = request.wrt
            raise origin_of(request.of or wrt).fault(
                f"hvp wants a scalar, and {name} has shape {out.shape}",
                why="a Hessian-vector product is a Hessian times a direction, and only "
                "a scalar has one Hessian",
                fix=f"ask for one output: hvp({wrt}, of={scope.some_scalar(output)}); "
                f"for first derivatives along a direction: jvp({wrt}); "
                f"for all Hessians: hessian({wrt})",
            )


def vjp(request: Vjp, scope: Scope) -> Answer:
    """The cotangents of the arguments named, or of all differentiable ones."""
    output = scope.output(request.output, origin_of_request(request))
    if request.wrt:
        wrt = tuple(_whole_leaves(node, scope) for node in request.wrt)
    else:
        wrt = _differentiable_arguments(request, scope)
    outputs = output.coordinates

    def cotangent(x: Coordinates) -> Product:
        return Product("vjp", outputs[0], x.leaf, (), outputs)

    trees = [selection.map_differentiable(cotangent) for selection in wrt]
    parts = bare_or_tuple(trees) if request.wrt else tuple(trees)
    named = wrt if request.wrt else ()
    return Answer(parts, named, output, directions=(cotangent_of(output),))


def bare_or_tuple(trees: Iterable[Any]) -> Any:
    """The only one, or a tuple of several."""
    found = tuple(trees)
    return found[0] if len(found) == 1 else found


def same_direction(one: Direction, other: Direction) -> bool:
    """Whether two requests can share a direction."""
    leaves, structure = jax.tree_util.tree_flatten(one.outputs)
    other_leaves, other_structure = jax.tree_util.tree_flatten(other.outputs)
    structures: list[Any] = [structure, other_structure]
    return leaves == other_leaves and bool(structures[0] == structures[1])


def _tangent(wrt: Selection, end: str = "") -> Direction:
    return Direction(f"{wrt.node.name}_tangent{end}", wrt.node.name)


def _leaves(selection: Selection) -> tuple[int, ...]:
    return tuple(coordinates.leaf for coordinates in selection.differentiable)


def _whole_leaves(node: Coordinate, scope: Scope) -> Selection:
    found = scope.wrt(node)
    if not found.is_whole:
        raise origin_of(node).fault(
            f"vjp gives the cotangents of whole arrays, not of {node}",
            fix=f"ask for vjp({RESULT}, {node.name}) and index the result",
        )
    return found


def _differentiable_arguments(request: Vjp, scope: Scope) -> tuple[Selection, ...]:
    found = []
    for name, tree in scope.signature.arguments.items():
        if any(leaf.type.dtype.is_inexact for leaf in tree.leaves):
            node = Coordinate(name, origin=origin_of_request(request))
            found.append(scope.wrt(node))
    if not found:
        raise origin_of_request(request).fault(
            f"no argument of {scope.signature.name} can be differentiated",
            fix="give one a floating-point type in args, such as float[5]",
        )
    return tuple(found)
