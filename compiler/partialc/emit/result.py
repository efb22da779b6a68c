"""The expression a kernel returns: parts put back into the containers asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import jax

from partialc.errors import UnsupportedError
from partialc.realise.places import tuple_text
from partialc.realise.writer import Whole
from partialc.request.combination import Combination
from partialc.request.names import constant_name
from partialc.request.resolved import Block, Field, Kernel, Matrix, Product
from partialc.request.signature import Signature
from partialc.request.syntax import Format

_HELPERS: Final[Mapping[Format, str]] = {
    "dense": "_dense_matrix",
    "bcoo": "_bcoo_matrix",
}
"""The support functions that make a matrix of its values, by format."""


def helpers_of(kernel: Kernel) -> frozenset[str]:
    """The support functions that the returned expression of a kernel calls."""
    formats = [
        field.parts.format for field in kernel.fields if isinstance(field.parts, Matrix)
    ]
    return frozenset(_HELPERS[each] for each in formats if each in _HELPERS)


class Results:
    """Turns the parts of a kernel's fields into expressions, in order."""

    def __init__(
        self,
        signature: Signature,
        function: str,
        parts: Sequence[str],
        whole: Mapping[Whole, str],
    ) -> None:
        self.signature = signature
        self.function = function
        self.parts = parts
        self.whole = whole
        self.next = 0

    def kernel(self, kernel: Kernel, class_name: str | None) -> str:
        """What the kernel returns; a call of the NamedTuple when it is bundled."""
        texts = [self.field(kernel, field) for field in kernel.fields]
        if class_name is None:
            return texts[0]
        return f"{class_name}({', '.join(texts)})"

    def field(self, kernel: Kernel, field: Field) -> str:
        """One field of a kernel; consumes its parts in flattening order."""
        if not isinstance(field.parts, Matrix):
            return self.tree(field.parts)
        texts = [self.tree(block) for block in field.parts.blocks]
        values = texts[0]
        if len(texts) > 1:
            values = f"jnp.concatenate([{', '.join(texts)}])"
        helper = _HELPERS.get(field.parts.format)
        if helper is None:
            return values
        constants = [
            constant_name(kernel, field, suffix) for suffix in ("ROWS", "COLS", "SHAPE")
        ]
        return f"{helper}({', '.join([values, *constants])})"

    def tree(self, node: Any) -> str:
        """One tree of parts; consumes its parts in flattening order."""
        count = len(jax.tree.leaves(node))
        numbers = tuple(range(self.next, self.next + count))
        if isinstance(node, Block | Product | Combination):
            self.next += 1
            return self.parts[self.next - 1]
        tree = self.whole.get((numbers, jax.tree.structure(node)))
        if tree is not None:
            self.next += count
            return tree
        if node is None:
            return "None"
        like = None if _is_plain(node) else self.alike(node)
        if like is not None:
            return like
        if type(node) is dict:
            # JAX flattens dicts by sorted key, so the parts are consumed in that order.
            items = [f"{key!r}: {self.tree(node[key])}" for key in sorted(node)]
            return "{" + ", ".join(items) + "}"
        if type(node) is list:
            return f"[{', '.join(map(self.tree, node))}]"
        if type(node) is tuple:
            return tuple_text([self.tree(item) for item in node]) if node else "()"
        raise UnsupportedError(
            f"a result of class {type(node).__name__} cannot be built in the module",
            why="it is neither the structure of an argument nor that of the result",
            fix="ask for the leaves you need, or return dicts, tuples or lists",
        )

    def alike(self, node: Any) -> str | None:
        """A tree with classes of somebody's own: rebuilt by a structure at hand."""
        for name, tree in self.signature.arguments.items():
            inner = _children(tree.structure, node)
            if inner is not None:
                return self.unflattened(name, inner)
        inner = _children(self.signature.result.structure, node)
        if inner is None:
            return None
        call = f"{self.function}({', '.join(self.signature.arguments)})"
        return self.unflattened(call, inner)

    def unflattened(self, like: str, children: Sequence[Any]) -> str:
        """A tree with the structure of an expression's value."""
        texts = ", ".join(self.tree(child) for child in children)
        return f"jax.tree.unflatten(jax.tree.structure({like}), [{texts}])"


def _children(structure: Any, node: Any) -> list[Any] | None:
    """The subtrees of `node` where `structure` has leaves; None if it does not fit."""
    if jax.tree_util.treedef_is_leaf(structure):
        return None
    try:
        children: list[Any] = structure.flatten_up_to(node)
    except (ValueError, TypeError):
        return None
    return children


def _is_plain(node: Any) -> bool:
    """Whether a tree can be written with brackets alone."""
    if node is None or isinstance(node, Block | Product | Combination):
        return True
    if type(node) is dict:
        return all(map(_is_plain, node.values()))
    return type(node) in (list, tuple) and all(map(_is_plain, node))
