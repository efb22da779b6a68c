"""Where the parts of a coordinate were written, for errors."""

from __future__ import annotations

from dataclasses import replace

from partialc.request.origin import Origin
from partialc.request.syntax import Attribute, Coordinate, Request


def origin_of(
    node: Coordinate, step: int | None = None, key: int | None = None
) -> Origin:
    """The place of a coordinate, of one of its steps, or of one key of a step.

    Args:
        node: The coordinate.
        step: The number of the step within it.
        key: The number of the key within that step, which is then a subscript.
    """
    whole = node.origin
    if whole is None:  # resolution reparses what was not written
        text = str(node)
        whole = Origin(text, 0, len(text))
    if step is None:
        return whole
    found = node.steps[step]
    if isinstance(found, Attribute):
        return found.origin or whole
    if not found.origins:
        return whole
    if key is not None:
        return found.origins[key]
    return replace(found.origins[0], stop=found.origins[-1].stop)


def origin_of_request(request: Request) -> Origin:
    """The place of a whole request."""
    text = str(request)
    return request.origin or Origin(text, 0, len(text))


def prefix(node: Coordinate, steps: int) -> str:
    """The text of a coordinate before one of its steps."""
    return str(Coordinate(node.name, node.steps[:steps]))
