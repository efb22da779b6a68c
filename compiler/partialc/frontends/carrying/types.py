"""Annotations for trees of arrays."""

from __future__ import annotations

from typing import Any

import jax

from partialc.frontends.carrying.kinds import ANY, ARRAY
from partialc.request.signature import Tree


def tree_annotation(tree: Tree) -> str:
    """The annotation of an argument: `jax.Array`, `dict[str, jax.Array]`, ..."""
    return _annotation(
        jax.tree_util.tree_unflatten(tree.structure, [...] * len(tree.leaves))
    )


def _annotation(node: Any) -> str:
    if node is ...:
        return ARRAY
    if type(node) is dict and all(type(key) is str for key in node):
        inner = {_annotation(value) for value in node.values()}
        return f"dict[str, {inner.pop() if len(inner) == 1 else ANY}]"
    if type(node) is list:
        inner = {_annotation(value) for value in node}
        return f"list[{inner.pop() if len(inner) == 1 else ANY}]"
    if type(node) is tuple and node:
        return f"tuple[{', '.join(map(_annotation, node))}]"
    return ANY
