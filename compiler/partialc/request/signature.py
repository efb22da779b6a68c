"""The arguments and the result of a function, as trees of typed leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax

from partialc.ir.program import ArrayType


@dataclass(frozen=True, slots=True)
class Leaf:
    """One array within an argument or within the result.

    Attributes:
        path: Where it sits in its tree: JAX key objects (`DictKey`, `SequenceKey`,
            `GetAttrKey`, `FlattenedIndexKey`); empty for a bare array.
        type: Its array type.
    """

    path: tuple[Any, ...]
    type: ArrayType

    @property
    def keystr(self) -> str:
        """The path as JAX writes it: `['w'][0]`, `.position`, or the empty string."""
        return jax.tree_util.keystr(self.path)


@dataclass(frozen=True, slots=True)
class Tree:
    """A pytree of arrays: structure and leaves in JAX's flattening order."""

    structure: Any  # jax.tree_util.PyTreeDef, which JAX does not export as a type
    leaves: tuple[Leaf, ...]

    @property
    def is_array(self) -> bool:
        """Whether it is one bare array and no container."""
        return len(self.leaves) == 1 and not self.leaves[0].path


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives.

    Attributes:
        name: The function's own name, an identifier.
        arguments: Name to tree, in the order of the parameters; static ones are gone.
        result: The tree of the result.
    """

    name: str
    arguments: Mapping[str, Tree]
    result: Tree

    @property
    def leaves(self) -> tuple[tuple[str, Leaf], ...]:
        """All argument leaves and their arguments, as `Coordinates` number them."""
        return tuple(
            (name, leaf)
            for name, tree in self.arguments.items()
            for leaf in tree.leaves
        )

    def leaf_numbers(self, argument: str) -> range:
        """The numbers of one argument's leaves in `leaves`."""
        start = 0
        for name, tree in self.arguments.items():
            if name == argument:
                return range(start, start + len(tree.leaves))
            start += len(tree.leaves)
        raise KeyError(argument)
