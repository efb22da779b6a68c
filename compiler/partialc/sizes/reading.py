"""The function of a module that reads the sizes off the shapes of its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    lines = [
        "def _sizes(**arguments: Any) -> tuple[int, ...]:",
        f'    """The sizes {listed}, read off the shapes; a TypeError where they contradict'
        ' each other."""'
        if len(names) > 1
        else f'    """The size {listed}, read off the shapes."""',
        "    shapes = _shapes(_SHAPES, arguments)",
        *(f"    {each.size} = {_solved(each)}" for each in told),
        "    expected = {",
    ]
    for name, lengths in shapes.items():
        extents = ", ".join(map(str, lengths))
        lines.append(f"        {name!r}: ({extents}{',' if len(lengths) == 1 else ''}),")
    values = ", ".join(f'"{name}": {name}' for name in names)
    return "\n".join(
        [
            *lines,
            "    }",
            f"    sizes = {{{values}}}",
            "    _check_sizes(sizes, _LEAST, _SHAPES, shapes, expected)",
            f"    return ({listed}{',' if len(names) == 1 else ''})",
        ]
    )


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
    text = f"({text})" if "]" != text[-1] else text
    return f"-{text}" if own == -1 else f"{text} // {own}"


def forms_text(shapes: Mapping[str, tuple[Length, ...]]) -> str:
    """The definition of `_SHAPES`: the forms, for errors."""
    table = {
        name: f"[{', '.join(map(str, lengths))}]" for name, lengths in shapes.items()
    }
    return f"_SHAPES = {table!r}"


def told_text(told: Sequence[Reading], least: Mapping[str, int]) -> str:
    """What a module says of its sizes: where they are read, and how small they may be."""
    parts = []
    for each in told:
        length = each.axis.length
        is_plain = str(length) == each.size
        axis = f"axis {each.axis.axis} of {each.axis.name}"
        where = f"the length of {axis}" if is_plain else f"told by {axis}, of length {length}"
        parts.append(f"{each.size}, {where}, at least {least[each.size]}")
    return "; ".join(parts)
