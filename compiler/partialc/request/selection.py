"""A written coordinate, looked up in a tree of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from jax.tree_util import DictKey, FlattenedIndexKey, GetAttrKey, SequenceKey

from partialc.errors import RequestError
from partialc.ir.program import ArrayType
from partialc.request.indexing import cut
from partialc.request.resolved import Coordinates
from partialc.request.shapes import whole
from partialc.request.signature import Leaf, Tree
from partialc.request.syntax import Attribute, Coordinate, Subscript
from partialc.request.written import origin_of, prefix


@dataclass(frozen=True, slots=True)
class Selection:
    """A whole tree, a sub-tree, a leaf, or elements of a leaf.

    Attributes:
        node: The coordinate as written.
        structure: The `PyTreeDef` of what is selected; a bare leaf for an array.
        coordinates: One for each of its leaves.
        types: The array type of each leaf that `coordinates` index.
        path: The keys from the argument, or result, down to what is selected.
    """

    node: Coordinate
    structure: Any
    coordinates: tuple[Coordinates, ...]
    types: tuple[ArrayType, ...]
    path: tuple[Any, ...]

    @property
    def is_array(self) -> bool:
        """Whether it is one array, or elements of one, and no container."""
        return is_leaf(self.structure)

    @property
    def is_scalar(self) -> bool:
        """Whether it is one element."""
        return self.is_array and self.coordinates[0].is_scalar

    @property
    def is_whole(self) -> bool:
        """Whether every leaf in it is selected whole."""
        return all(
            coordinates.shape == type_.shape
            for coordinates, type_ in zip(self.coordinates, self.types, strict=True)
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the selected array; only when `is_array`."""
        return self.coordinates[0].shape

    @property
    def differentiable(self) -> tuple[Coordinates, ...]:
        """The coordinates of its floating-point leaves."""
        pairs = zip(self.coordinates, self.types, strict=True)
        return tuple(
            coordinates for coordinates, type_ in pairs if type_.dtype.is_float
        )

    def map(self, make: Callable[[Coordinates], Any]) -> Any:
        """The tree of what `make` gives for each leaf."""
        return self._build([make(each) for each in self.coordinates])

    def map_differentiable(self, make: Callable[[Coordinates], Any]) -> Any:
        """The same, with None for leaves that have no derivative."""
        pairs = zip(self.coordinates, self.types, strict=True)
        return self._build(
            [make(each) if type_.dtype.is_float else None for each, type_ in pairs]
        )

    def _build(self, leaves: list[Any]) -> Any:
        try:
            return self.structure.unflatten(leaves)
        except Exception as error:
            raise origin_of(self.node).fault(
                f"the class of {self.node} refuses to hold anything but its arrays: "
                f"{error}",
                why="JAX itself puts other things into pytrees, and so does partialc",
                fix="check the class's tree_unflatten, or request single leaves",
            ) from None


def select(node: Coordinate, tree: Tree, first_leaf: int) -> Selection:
    """Look a coordinate up.

    Args:
        node: The coordinate; that its name is the tree's is up to the caller.
        tree: The argument or the result.
        first_leaf: The number of the tree's first leaf.

    Raises:
        RequestError: It names a key, index or attribute that is not there.
    """
    structure, leaves, start = tree.structure, tree.leaves, first_leaf
    path: tuple[Any, ...] = ()
    for position, step in enumerate(node.steps):
        if is_leaf(structure):
            coordinates = cut(node, position, start, leaves[0].type)
            return Selection(node, structure, (coordinates,), (leaves[0].type,), path)
        key, structure, skipped = _descend(
            node, position, step, structure, leaves, path
        )
        leaves = leaves[skipped : skipped + structure.num_leaves]
        start += skipped
        path = (*path, key)
    types = tuple(leaf.type for leaf in leaves)
    everything = tuple(whole(start + n, type_.shape) for n, type_ in enumerate(types))
    return Selection(node, structure, everything, types, path)


def is_leaf(structure: Any) -> bool:
    """Whether a `PyTreeDef` is that of one array; None is no array."""
    return bool(structure.num_nodes == 1 and structure.num_leaves == 1)


def key_values(key: Any) -> tuple[int | str, ...] | None:
    """What a request writes for a JAX key; None if nothing can stand for it.

    It is one value, but for dictionary keys that are tuples.
    """
    value: Any = None
    match key:
        case DictKey(key=value) | SequenceKey(idx=value) | FlattenedIndexKey(key=value):
            pass
        case GetAttrKey(name=value):
            pass
    values = value if isinstance(value, tuple) else (value,)
    if any(
        isinstance(each, bool) or not isinstance(each, int | str) for each in values
    ):
        return None
    return values or None


def text_of(leaf: Leaf) -> str:
    """How a request writes the path of a leaf: `["w"][0]`, `.position`."""
    texts = (
        f"[{key}]" if key_values(key) is None else _written_key(key)
        for key in leaf.path
    )
    return "".join(texts)


def _descend(
    node: Coordinate,
    position: int,
    step: Subscript | Attribute,
    structure: Any,
    leaves: Sequence[Leaf],
    path: tuple[Any, ...],
) -> tuple[Any, Any, int]:
    """The key and structure of the child a step names, and the leaves before it."""
    children = list(_children(structure, leaves, len(path)))
    keys = [key for key, _, _ in children]
    wanted = _wanted(node, position, step, structure, keys)
    for number, (key, child, skipped) in enumerate(children):
        if _names(step, wanted, key, number, structure):
            return key, child, skipped
    raise _absent(node, position, step, keys)


def _children(
    structure: Any, leaves: Sequence[Leaf], depth: int
) -> Sequence[tuple[Any, Any, int]]:
    """Key, structure and number of leaves before it, for each child with leaves."""
    found: list[tuple[Any, Any, int]] = []
    skipped = 0
    for child in structure.children():
        if child.num_leaves:
            found.append((leaves[skipped].path[depth], child, skipped))
        skipped += child.num_leaves
    return found


def _wanted(
    node: Coordinate,
    position: int,
    step: Subscript | Attribute,
    structure: Any,
    keys: list[Any],
) -> Any:
    """The key a step writes; negative indices counted from the start."""
    if isinstance(step, Attribute):
        return step.name
    if any(isinstance(key, DictKey) and key.key == step.keys for key in keys):
        return step.keys
    (key, *others) = step.keys
    if others or not isinstance(key, int | str):
        raise origin_of(node, position).fault(
            f"{prefix(node, position)} is a container, not an array",
            why="a container level takes one key in brackets of its own",
            fix=f"take a leaf first: {prefix(node, position)}[KEY][0:2]",
        )
    if isinstance(key, int) and key < 0 and _is_sequence(structure):
        return key + len(structure.children())
    return key


def _names(
    step: Subscript | Attribute, wanted: Any, key: Any, number: int, structure: Any
) -> bool:
    if isinstance(step, Attribute):
        return isinstance(key, GetAttrKey) and key.name == wanted
    match key:
        case DictKey(key=value) | FlattenedIndexKey(key=value):
            return type(value) is type(wanted) and bool(value == wanted)
        case SequenceKey(idx=value):
            return isinstance(wanted, int) and value == wanted
        case GetAttrKey(name=name):  # the fields of a named tuple have numbers as well
            fields = _fields(structure)
            return isinstance(wanted, int) and fields[wanted : wanted + 1] == (name,)
        case _:
            return False


def _fields(structure: Any) -> tuple[str, ...]:
    """The fields of a named tuple; empty for everything else."""
    data = structure.node_data()
    kind = data[0] if data else None
    if isinstance(kind, type) and issubclass(kind, tuple):
        fields: tuple[str, ...] = getattr(kind, "_fields", ())
        return fields
    return ()


def _is_sequence(structure: Any) -> bool:
    data = structure.node_data()
    return bool(
        data and isinstance(data[0], type) and issubclass(data[0], list | tuple)
    )


def _absent(
    node: Coordinate, position: int, step: Subscript | Attribute, keys: list[Any]
) -> RequestError:
    holder = prefix(node, position)
    written = {key_values(key): holder + _written_key(key) for key in keys}
    texts = [str(values[0]) for values in written if values and len(values) == 1]
    if isinstance(step, Attribute):
        missing = f"{holder} has no attribute {step.name!r}"
        near = get_close_matches(step.name, texts, n=1)
    else:
        missing = f"{holder} has no {step}"
        near = get_close_matches(str(step.keys[0]), texts, n=1)
    there = ", ".join(_written_key(key) for key in keys if key_values(key))
    return origin_of(node, position).fault(
        missing,
        why=f"its arrays are in {there}" if there else "it holds no arrays",
        fix=f"did you mean {written[(near[0],)]}?" if (*near,) in written else None,
    )


def _written_key(key: Any) -> str:
    values = key_values(key) or ()
    if isinstance(key, GetAttrKey):
        return f".{key.name}"
    return str(Subscript(values))
