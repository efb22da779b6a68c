"""The function of a module that reads the sizes off the shapes of its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from partialc.spec.lengths import Length
from partialc.spec.sizes import Reading


def sizes_text(
    told: Sequence[Reading],
    shapes: Mapping[str, tuple[Length, ...]],
    names: Sequence[str],
) -> str:
    """The definition of `_sizes`.

    Args:
        told: How each size is read off an axis, in order.
        shapes: The shapes of the arrays with open axes.
        names: The sizes, in the order of the result.
    """
    listed = ", ".join(names)
    expected = ", ".join(
        f"{name!r}: {_tuple(map(str, lengths))}" for name, lengths in shapes.items()
    )
    values = ", ".join(f'"{name}": {name}' for name in names)
    kind = "sizes" if len(names) > 1 else "size"
    return "\n".join(
        [
            "def _sizes(**arguments: Any) -> tuple[int, ...]:",
            f'    """The {kind} {listed}, read off the shapes of the arguments."""',
            "    shapes = _shapes(_SHAPES, arguments)",
            *(f"    {each.size} = {_solved(each)}" for each in told),
            f"    sizes = {{{values}}}",
            f"    expected: dict[str, tuple[int, ...]] = {{{expected}}}",
            "    _check_sizes(sizes, _LEAST, _SHAPES, shapes, expected)",
            f"    return {_tuple(names)}",
        ]
    )


def _tuple(texts: Iterable[str]) -> str:
    listed = [*texts]
    return f"({listed[0]},)" if len(listed) == 1 else f"({', '.join(listed)})"


def _solved(told: Reading) -> str:
    """A size from the length of an axis and the sizes that are known."""
    axis = told.axis
    text = f"shapes[{axis.name!r}][{axis.axis}]"
    factors = dict(axis.length.factors)
    own = factors.pop(told.size)
    rest = Length(axis.length.constant, tuple(factors.items())) * -1
    if rest.constant or rest.factors:
        text = f"{text} + {rest}".replace("+ -", "- ")
    if own == 1:
        return text
    text = f"({text})" if text[-1] != "]" else text
    return f"-{text}" if own == -1 else f"{text} // {own}"


def forms_text(shapes: Mapping[str, tuple[Length, ...]]) -> str:
    """The definition of `_SHAPES`: the forms, for errors."""
    table = {
        name: f"[{', '.join(map(str, lengths))}]" for name, lengths in shapes.items()
    }
    return f"_SHAPES = {table!r}"


def told_text(told: Sequence[Reading], least: Mapping[str, int]) -> str:
    """What a module says of its sizes: where they are read, and the least of each."""
    parts = []
    for each in told:
        length = each.axis.length
        is_plain = str(length) == each.size
        axis = f"axis {each.axis.axis} of {each.axis.name}"
        where = (
            f"the length of {axis}"
            if is_plain
            else f"told by {axis}, of length {length}"
        )
        parts.append(f"{each.size}, {where}, at least {least[each.size]}")
    return "; ".join(parts)
