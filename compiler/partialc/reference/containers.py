"""Pytrees as source text: displays where Python has them, else their own classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from partialc.errors import UnsupportedError
from partialc.realise.units import reach
from partialc.reference.literals import literal_text
from partialc.request.signature import Tree


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """A leaf of a tree that stands for an expression."""

    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """A container that occurs in the signature.

    Attributes:
        tree: Its structure and the paths of its leaves.
        expression: What gives its structure in the test.
    """

    tree: Tree
    expression: str

    def children(self, node: Any) -> list[Any] | None:
        """The subtrees of a node in place of the leaves; None if it is another one."""
        if self.tree.is_array:
            return None
        try:
            return list(self.tree.structure.flatten_up_to(node))
        except (ValueError, TypeError):
            return None

    def joined(self, texts: Sequence[str]) -> str | None:
        """`full` when the texts are `full["w"]`, `full["b"]` and so on."""
        ends = [
            reach("", leaf.path, number) for number, leaf in enumerate(self.tree.leaves)
        ]
        if not texts or any("(" in end for end in ends):
            return None
        base = texts[0].removesuffix(ends[0])
        whole = [base + end for end in ends]
        return base if base and whole == list(texts) else None


def tree_text(node: Any, leaf: Callable[[Any], str], known: Sequence[Known]) -> str:
    """A pytree of leaves as an expression.

    Args:
        node: The tree; None stands for itself.
        leaf: The text of a leaf; called once for each, in order.
        known: Containers that occur, for those that no display writes.
    """
    if node is None:
        return "None"
    for container in known:
        children = container.children(node)
        if children is None:
            continue
        texts = [tree_text(child, leaf, known) for child in children]
        joined = container.joined(texts)
        if joined is not None:
            return joined
        made = container.tree.structure.unflatten([Text(text) for text in texts])
        if is_displayable(made):
            return construction(made, "")
        return f"{container.expression}.unflatten([{', '.join(texts)}])"
    shown = display(node, lambda child: tree_text(child, leaf, known))
    return leaf(node) if shown is None else shown


def display(node: Any, inner: Callable[[Any], str]) -> str | None:
    """A tuple, list or dict display; None for anything else."""
    match node:
        case dict() if type(node) is dict:
            items = (f"{key!r}: {inner(value)}" for key, value in node.items())
            return f"{{{', '.join(items)}}}"
        case list() if type(node) is list:
            return f"[{', '.join(map(inner, node))}]"
        case tuple() if type(node) is tuple:
            text = ", ".join(map(inner, node))
            return f"({text},)" if len(node) == 1 else f"({text})"
        case _:
            return None


def construction(node: Any, argument: str) -> str:
    """A tree of `Text` leaves as the expression that makes it.

    Args:
        node: The tree. Classes are imported by the helper `needed` of the test.
        argument: The argument's name, for errors.

    Raises:
        UnsupportedError: A class cannot be made from its fields alone.
    """
    if isinstance(node, Text):
        return node.text
    if node is None:
        return "None"

    def inner(child: Any) -> str:
        return construction(child, argument)

    shown = display(node, inner)
    if shown is not None:
        return shown
    kind = type(node)
    fields: Sequence[str] | None = getattr(kind, "_fields", None)
    if fields is None and dataclasses.is_dataclass(node):
        fields = [field.name for field in dataclasses.fields(node) if field.init]
    text = literal_text(node)
    if text is not None:
        return text
    if fields is None or "<locals>" in kind.__qualname__:
        raise UnsupportedError(
            f"the generated test cannot make the argument '{argument}'",
            where=f"args.{argument}",
            why=f"{kind.__qualname__} is neither a tuple, list or dict, nor a "
            "NamedTuple or dataclass of a module",
            fix='name an example object: args = { ARG = "package.module:object" }',
        )
    given = ", ".join(f"{name}={inner(getattr(node, name))}" for name in fields)
    return f'needed("{kind.__module__}", "{kind.__qualname__}")({given})'


def is_displayable(node: Any) -> bool:
    """Whether a tree of `Text` leaves holds tuples, lists and dicts alone."""
    match node:
        case None | Text():
            return True
        case dict() if type(node) is dict:
            return all(map(is_displayable, node.values()))
        case list() | tuple() if type(node) in (list, tuple):
            return all(map(is_displayable, node))
        case _:
            return False
