"""Type annotations for arguments and results of generated functions."""

from __future__ import annotations

from typing import Any

import jax

from partialc.request.resolved import Block, Product
from partialc.request.signature import Tree


def tree_annotation(tree: Tree) -> str:
    """The annotation of an argument: `jax.Array`, `dict[str, jax.Array]`, ..."""
    return annotation(
        jax.tree.unflatten(tree.structure, [jax.Array] * len(tree.leaves))
    )


def annotation(node: Any) -> str:
    """The annotation of a tree whose leaves stand for arrays; `Any` where none fits."""
    if node is None:
        return "None"
    if node is jax.Array or isinstance(node, Block | Product):
        return "jax.Array"
    if type(node) is dict:
        inner = {annotation(value) for value in node.values()}
        keys = {type(key).__name__ for key in node}
        key = keys.pop() if len(keys) == 1 else "Any"
        return f"dict[{key}, {inner.pop() if len(inner) == 1 else 'Any'}]"
    if type(node) is list:
        inner = {annotation(value) for value in node}
        return f"list[{inner.pop() if len(inner) == 1 else 'Any'}]"
    if type(node) is tuple:
        return f"tuple[{', '.join(map(annotation, node)) or '()'}]"
    return "Any"
