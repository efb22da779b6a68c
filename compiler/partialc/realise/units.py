"""Which variables a chain differentiates in: whole arguments, or leaves of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jax.tree_util import DictKey, FlattenedIndexKey, GetAttrKey, SequenceKey

from partialc.realise.chain import Chain
from partialc.request.signature import Leaf, Signature

Fresh = Callable[[str], str]
"""Turns a wanted identifier into one that is not taken, and takes it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A variable that is differentiated with respect to.

    Attributes:
        name: The local variable.
        argument: The argument it is, or is a leaf of.
        leaves: Its leaves' numbers in `Signature.leaves`.
        whole: Whether it is the argument itself.
    """

    name: str
    argument: str
    leaves: tuple[int, ...]
    whole: bool


def access(path: Sequence[Any]) -> str | None:
    """The subscripts and attributes that lead to a leaf; None if there are none.

    Custom pytree nodes have numbered children that no Python expression reaches.
    """
    text = ""
    for key in path:
        match key:
            case DictKey(key=name):
                text += f"[{name!r}]"
            case SequenceKey(idx=number):
                text += f"[{number}]"
            case GetAttrKey(name=name):
                text += f".{name}"
            case FlattenedIndexKey():
                return None
            case _:
                return None
    return text


def reach(expression: str, path: Sequence[Any], position: int) -> str:
    """An expression for one leaf of a tree."""
    suffix = access(path)
    if suffix is None:
        return f"jax.tree.leaves({expression})[{position}]"
    return expression + suffix


def role(path: Sequence[Any]) -> str:
    """The path as a piece of an identifier: `w_0`, `position`."""
    pieces = []
    for key in path:
        name = getattr(key, "key", getattr(key, "idx", getattr(key, "name", "leaf")))
        pieces.append("".join(c if c.isalnum() else "_" for c in str(name)))
    return "_".join(pieces)


def active_leaves(chain: Chain) -> frozenset[int]:
    """Every leaf that some path of the chain pushes along or pulls to."""
    found: set[int] = set()
    for path in chain.paths:
        if path.pull is not None:
            found.update(path.pull.leaves)
        for push in path.pushes:
            found.update(push.leaves)
    return frozenset(found)


def find_units(chain: Chain, signature: Signature, fresh: Fresh) -> tuple[Unit, ...]:
    """The active variables of a chain, in the order of the signature.

    An argument that is always moved as a whole stays whole (its gradient is then a tree
    of its own kind); otherwise each of its active leaves becomes a variable.
    """
    active = active_leaves(chain)
    units: list[Unit] = []
    for argument, tree in signature.arguments.items():
        numbers = tuple(signature.leaf_numbers(argument))
        used = [number for number in numbers if number in active]
        if not used:
            continue
        if tree.is_array or _always_whole(chain, frozenset(numbers)):
            units.append(Unit(argument, argument, numbers, whole=True))
            continue
        for number in used:
            leaf = signature.leaves[number][1]
            name = fresh(f"{argument}_{role(leaf.path)}")
            units.append(Unit(name, argument, (number,), whole=False))
    return tuple(units)


def _always_whole(chain: Chain, numbers: frozenset[int]) -> bool:
    for path in chain.paths:
        pulled = set(path.pull.leaves) if path.pull is not None else set()
        if pulled & numbers and not numbers <= pulled:
            return False
        for push in path.pushes:
            moved = set(push.leaves)
            if moved & numbers and not (push.is_given and numbers <= moved):
                return False
    return True


def unit_of(units: Sequence[Unit], leaf: int) -> Unit:
    """The variable that holds a leaf."""
    return next(unit for unit in units if leaf in unit.leaves)


def leaf_expression(unit: Unit, leaf: int, value: str, signature: Signature) -> str:
    """One leaf of a value that has the unit's structure (a gradient, a tangent)."""
    if not unit.whole or signature.arguments[unit.argument].is_array:
        return value
    position = unit.leaves.index(leaf)
    found: Leaf = signature.leaves[leaf][1]
    return reach(value, found.path, position)
