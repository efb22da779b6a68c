"""What a matrix of derivatives is of: every output on its own, or a weighted sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

from partialc.request.resolved import COTANGENT, Direction, Output, WeightedSum
from partialc.request.scope import Scope, kind_text
from partialc.request.selection import Selection, text_of
from partialc.request.syntax import RESULT, AnyMatrix, Weighted
from partialc.request.written import origin_of, origin_of_request


@dataclass(frozen=True, slots=True)
class Differentiated:
    """What is differentiated.

    Attributes:
        selection: What `of=` selects.
        weighted: The weighted sum of all that is selected, if that is differentiated;
            None where each output is on its own.
        directions: The arguments that this adds to the kernel.
    """

    selection: Selection
    weighted: WeightedSum | None = None
    directions: tuple[Direction, ...] = ()

    @property
    def outputs(self) -> tuple[Output, ...]:
        """All that is differentiated."""
        if self.weighted is not None:
            return (self.weighted,)
        return self.selection.coordinates

    def map(self, make: Callable[[Output], Any]) -> Any:
        """The tree of what `make` gives for each output; bare for a weighted sum."""
        if self.weighted is not None:
            return make(self.weighted)
        return self.selection.map(make)


def differentiated(matrix: AnyMatrix, scope: Scope) -> Differentiated:
    """Look up what a matrix of derivatives is of.

    Raises:
        RequestError: There is no such output, or it is not floating point, or outputs
            of several element types are to be added up.
    """
    if not isinstance(matrix, Weighted):
        return Differentiated(scope.output(matrix.of, origin_of_request(matrix)))
    output = scope.output(matrix.of, origin_of_request(matrix.matrix))
    _check_types(output, scope)
    direction = cotangent_of(output)
    flat, _ = jax.tree_util.tree_flatten_with_path(direction.outputs)
    found = WeightedSum(output.coordinates, tuple(tuple(path) for path, _ in flat))
    return Differentiated(output, found, (direction,))


def cotangent_of(output: Selection) -> Direction:
    """The argument that holds a number for each element of what is selected."""
    return Direction(COTANGENT, None, output.map(lambda out: out))


def _check_types(output: Selection, scope: Scope) -> None:
    """Refuse to add up outputs of several element types.

    Raises:
        RequestError: There are several.
    """
    first = output.types[0].dtype
    for each, type_ in zip(output.coordinates, output.types, strict=True):
        if type_.dtype != first:
            leaf = RESULT + text_of(scope.signature.result.leaves[each.leaf])
            raise origin_of(output.node).fault(
                f"weighted adds up outputs of one element type, and {leaf} holds "
                f"{kind_text(type_.dtype)}, others hold {kind_text(first)}",
                why="the result would have the element type of neither",
                fix="convert the results of the function to one type, or weigh one "
                f"of them: hessian(..., of={leaf})",
            )
