"""Where a generated test samples the function: as text, and as chosen at build time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.errors import SpecError
from partialc.frontends.importing import ObjectPath, load_object
from partialc.ir.dtypes import DType
from partialc.request.resolved import Direction, Kernel
from partialc.request.signature import Leaf, Signature, Tree
from partialc.spec.arguments import ObjectText
from partialc.spec.model import Domain
from partialc.verify.body import Names
from partialc.verify.containers import Text, construction, is_displayable, tree_text
from partialc.verify.stand_ins import stand_in_text, unmakeable

_MOST_GIVEN: Final = 2000
_INTEGERS: Final = (0, 2)

RANGES: Final = ((0.5, 1.5), (0.1, 0.9), (-0.9, 0.9), (1.1, 3.0), (-1.5, -0.5))
"""Tried in this order for arguments without a range of their own. The first suits
logarithms, roots and quotients; the others inverse functions with bounded domains."""


@dataclass(frozen=True, slots=True)
class Given:
    """Values of one argument that the user gave.

    Attributes:
        values: Of each the leaves.
    """

    values: tuple[tuple[NDArray[Any], ...], ...]


@dataclass(frozen=True, slots=True)
class Ranges:
    """What each argument is drawn from; those not named have the sample's own range.

    Attributes:
        ranges: Low and high, inclusive for integers.
        given: Listed values.
        examples: For arguments that an example object describes, its path.
        stood_for: The arguments for which something else stands in.
    """

    ranges: Mapping[str, tuple[float, float]]
    given: Mapping[str, Given]
    examples: Mapping[str, str]
    stood_for: frozenset[str] = frozenset()

    @property
    def count(self) -> int:
        """How many samples show every listed value."""
        return max((len(entry.values) for entry in self.given.values()), default=0)


def read_domain(
    domain: Domain,
    signature: Signature,
    examples: Mapping[str, str],
    folder: Path | None,
) -> Ranges:
    """The domain of a spec with its objects imported.

    Args:
        domain: Ranges or paths of objects by argument; or the path of one object. An
            object is a sequence of points, or a function that returns one. A point of
            the one object is a mapping by argument, or a sequence in their order.
        signature: The function's signature.
        examples: Paths of example objects, by argument.
        folder: The spec's folder, where objects are imported from.

    Raises:
        SpecError: An object's points do not fit the arguments.
    """
    stood_for = frozenset(unmakeable(signature, examples))
    if isinstance(domain, ObjectText):
        points = _points(domain, folder)
        columns: dict[str, list[Any]] = {name: [] for name in signature.arguments}
        for point in points:
            row = point if isinstance(point, Mapping) else _by_order(point, signature)
            if set(row) != set(columns):
                raise _misfit(domain, f"a point names {', '.join(map(str, row))}")
            for name, values in columns.items():
                values.append(row[name])
        given = {
            name: _given(values, signature.arguments[name], domain)
            for name, values in columns.items()
        }
        return Ranges({}, given, examples, stood_for)
    ranges, given = {}, {}
    for name, entry in domain.items():
        if isinstance(entry, ObjectText):
            values = _points(entry, folder)
            given[name] = _given(values, signature.arguments[name], entry)
        else:
            ranges[name] = entry
    return Ranges(ranges, given, examples, stood_for)


def _points(path: ObjectText, folder: Path | None) -> list[Any]:
    found = load_object(path.path, folder)
    if callable(found):
        found = found()
    try:
        points = list(found)
    except TypeError:
        raise _misfit(path, f"it is of type {type(found).__name__}") from None
    if not points:
        raise _misfit(path, "it is empty")
    return points


def _by_order(point: Any, signature: Signature) -> dict[str, Any]:
    names = list(signature.arguments)
    values = [point] if len(names) == 1 else list(point)
    return dict(zip(names, values, strict=False)) if len(names) == len(values) else {}


def _given(values: Sequence[Any], tree: Tree, path: ObjectText) -> Given:
    wanted = [leaf.type.shape for leaf in tree.leaves]
    rows = []
    for value in values:
        try:
            leaves = [np.asarray(leaf) for leaf in tree.structure.flatten_up_to(value)]
        except (ValueError, TypeError) as error:
            raise _misfit(path, str(error).partition("\n")[0]) from None
        shapes = [leaf.shape for leaf in leaves]
        if shapes != wanted:
            raise _misfit(path, f"a value has the shapes {shapes}, not {wanted}")
        rows.append(tuple(leaves))
    if sum(leaf.type.size for leaf in tree.leaves) * len(values) > _MOST_GIVEN:
        raise _misfit(path, f"it holds more than {_MOST_GIVEN} numbers")
    return Given(tuple(rows))


def _misfit(path: ObjectText, why: str) -> SpecError:
    return SpecError(
        f"'{path}' cannot serve as the points of a generated test",
        why=why,
        fix="give a short sequence of values shaped like the argument, or a range",
    )


# --- text ----------------------------------------------------------------------------


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
        low, high = (0, 1) if dtype.is_bool else limits or _INTEGERS
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
    marks = jax.tree.map(
        lambda output: draw_text(
            signature.result.leaves[output.leaf].type.dtype, output.shape, limits
        ),
        direction.outputs,
    )
    return tree_text(marks, str, ())
