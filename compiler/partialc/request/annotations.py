"""Type annotations for arguments and results of generated functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import jax

from partialc.request.combination import Combination
from partialc.request.resolved import Block, Matrix, Product
from partialc.request.signature import Tree

ARRAY: Final = "jax.Array"
ANY: Final = "Any"
BCOO: Final = "BCOO"
_KEYS: Final = (str, int, bool, float, bytes)
"""Keys of other types cannot be named in a module that does not import them."""


def tree_annotation(tree: Tree) -> str:
    """The annotation of an argument: `jax.Array`, `dict[str, jax.Array]`, ..."""
    leaves = [jax.Array] * len(tree.leaves)
    return annotation(jax.tree.unflatten(tree.structure, leaves))


def annotation(node: Any) -> str:
    """The annotation of a tree whose leaves stand for arrays; `Any` where none fits."""
    if node is None:
        return "None"
    if node is jax.Array or isinstance(node, Block | Product | Combination):
        return ARRAY
    if isinstance(node, Matrix):
        return BCOO if node.format == "bcoo" else ARRAY
    if type(node) is dict:
        keys, values = map(_key, node), map(annotation, node.values())
        return f"dict[{_common(keys)}, {_common(values)}]"
    if type(node) is list:
        return f"list[{_common(map(annotation, node))}]"
    if type(node) is tuple:
        return f"tuple[{', '.join(map(annotation, node)) or '()'}]"
    return ANY


def _key(key: Any) -> str:
    return type(key).__name__ if type(key) in _KEYS else ANY


def _common(kinds: Iterable[str]) -> str:
    found = set(kinds)
    return found.pop() if len(found) == 1 else ANY
