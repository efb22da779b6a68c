"""The text that draws the points at which a generated test samples the function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import jax

from partialc.frontends.importing import ObjectPath
from partialc.ir.dtypes import DType
from partialc.reference.body import Names
from partialc.reference.containers import Text, construction, is_displayable, tree_text
from partialc.request.resolved import Direction, Kernel
from partialc.request.signature import Leaf, Tree
from partialc.sampling.domain import INTEGERS, Ranges
from partialc.verify.stand_ins import stand_in_text


def point_text(names: Names, ranges: Ranges) -> str:
    """The function that draws one sample of all arguments."""
    lines = ["def point(draw):", '    """One sample of the arguments."""']
    signature = names.signature
    for name, tree in signature.arguments.items():
        texts = [
            _leaf_text(name, number, tree.leaves, ranges)
            for number in range(len(tree.leaves))
        ]
        made = _tree(tree, texts, name, ranges)
        lines.append(f"    {names.arguments[name]} = {made}")
    values = list(names.arguments.values())
    listed = f"({values[0]},)" if len(values) == 1 else ", ".join(values)
    lines.append(f"    return {listed}")
    return "\n".join(lines)


def _leaf_text(name: str, number: int, leaves: Sequence[Leaf], ranges: Ranges) -> str:
    kind = leaves[number].type
    if name in ranges.given:
        values = [
            (
                each[number].astype(complex) if kind.dtype.is_complex else each[number]
            ).tolist()
            for each in ranges.given[name].values
        ]
        dtype = _dtype(kind.dtype) or ("int" if kind.dtype.is_integer else "")
        return f"draw.given({values}{', ' + dtype if dtype else ''})"
    return draw_text(kind.dtype, kind.shape, ranges.ranges.get(name))


def draw_text(
    dtype: DType, shape: Sequence[int], limits: tuple[float, float] | None
) -> str:
    """The call that draws one array."""
    given = [*map(str, shape)]
    if dtype.is_key:
        return f"draw.key({', '.join(given)})"
    if not dtype.is_inexact:
        low, high = (0, 1) if dtype.is_bool else limits or INTEGERS
        given += [f"low={int(low)}", f"high={int(high)}"]
    elif limits is not None:
        given += [f"low={limits[0]!r}", f"high={limits[1]!r}"]
    fixed = _dtype(dtype)
    given += [f"dtype={fixed}"] if fixed else []
    kind = "complex" if dtype.is_complex else "real" if dtype.is_float else "integer"
    return f"draw.{kind}({', '.join(given)})"


_DEFAULTS: Final = {
    "default_float": "float",
    "default_complex": "complex",
    "default_uint": "jnp.result_type(jnp.uint)",
}


def _dtype(dtype: DType) -> str:
    """A dtype as an expression; empty for that of the sample."""
    if dtype.is_fixed:
        return f'"{dtype}"'
    return _DEFAULTS.get(str(dtype), "")


def _tree(tree: Tree, texts: Sequence[str], argument: str, ranges: Ranges) -> str:
    """The expression that makes a tree of drawn arrays."""
    examples = ranges.examples
    if argument in ranges.stood_for:
        return stand_in_text(tree, texts, argument)
    leaves = [Text(text) for text in texts]
    node = jax.tree.unflatten(tree.structure, leaves)
    if argument in examples and not is_displayable(node):
        path = ObjectPath.parse(examples[argument])
        attributes = ".".join(path.attributes)
        example = f'needed("{path.module}", "{attributes}")'
        listed = ", ".join(leaf.text for leaf in leaves)
        return f"jax.tree.structure({example}).unflatten([{listed}])"
    return construction(node, argument)


def directions_text(kernel: Kernel, names: Names, ranges: Ranges) -> str:
    """The function that draws all arguments of a kernel that has further ones."""
    given = [_direction_text(each, names, ranges) for each in kernel.directions]
    listed = " and ".join(direction.name for direction in kernel.directions)
    return (
        f"def point_{kernel.name}(draw):\n"
        f'    """One sample of the arguments and of {listed}."""\n'
        f"    return *point(draw), {', '.join(given)}"
    )


def _direction_text(direction: Direction, names: Names, ranges: Ranges) -> str:
    signature = names.signature
    limits = (0.5, 1.5)
    if direction.argument is not None:
        tree = signature.arguments[direction.argument]
        texts = [
            draw_text(leaf.type.dtype, leaf.type.shape, limits) for leaf in tree.leaves
        ]
        return _tree(tree, texts, direction.argument, ranges)
    if direction.type is not None:
        return draw_text(direction.type.dtype, direction.type.shape, limits)
    marks = jax.tree.map(
        lambda output: draw_text(
            signature.result.leaves[output.leaf].type.dtype, output.shape, limits
        ),
        direction.outputs,
    )
    return tree_text(marks, str, ())
