"""What stands in, in a generated test, for arguments of classes that it cannot make.

A kernel asks of an argument nothing but its leaves and the keys that lead to them, so a
container with the same keys will do. The function itself may ask for more (methods,
static fields): then its traced program is printed, which does not.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
from jax.tree_util import DictKey, FlattenedIndexKey, GetAttrKey, SequenceKey

from partialc.errors import UnsupportedError
from partialc.ir.dtypes import Regime
from partialc.reference.containers import Text, construction, display
from partialc.request.signature import Leaf, Signature, Tree

STAND_IN: Final = '''
@jax.tree_util.register_pytree_with_keys_class
class StandIn:
    """Has the leaves of an argument under their own keys, and nothing else of it."""

    def __init__(self, keys, children):
        self.keys, self.children = keys, children
        for key, child in zip(keys, children):
            if isinstance(key, jax.tree_util.GetAttrKey):
                setattr(self, key.name, child)

    def __getitem__(self, wanted):
        keys = [getattr(key, "key", getattr(key, "idx", None)) for key in self.keys]
        return self.children[keys.index(wanted)]

    def tree_flatten_with_keys(self):
        return tuple(zip(self.keys, self.children)), self.keys

    @classmethod
    def tree_unflatten(cls, keys, children):
        return cls(keys, children)
'''.strip()

_DISPLAYED: Final = (tuple, list, dict)


def examples_of(args: Mapping[str, Any], origin: str) -> dict[str, str]:
    """Paths of the example objects that describe arguments.

    Args:
        args: What the spec says of the arguments: a path, or an object, which has one
            where it is a variable of the function's module or of its class's.
        origin: The function, as `Primal.origin` names it.
    """
    found: dict[str, str] = {}
    for name, value in args.items():
        if isinstance(value, str):
            found |= {name: value.strip()} if ":" in value else {}
            continue
        for module in (origin.partition(":")[0], type(value).__module__):
            space = vars(sys.modules[module]) if module in sys.modules else {}
            names = [key for key, each in space.items() if each is value]
            if names and module not in ("__main__", "builtins"):
                found.setdefault(name, f"{module}:{names[0]}")
    return found


def unmakeable(signature: Signature, examples: Mapping[str, str]) -> tuple[str, ...]:
    """The arguments whose class a generated test can neither import nor construct.

    Args:
        signature: The function's signature.
        examples: Paths of example objects by argument.
    """
    return tuple(
        name
        for name, tree in signature.arguments.items()
        if name not in examples and not _is_makeable(name, tree)
    )


def foreign_class(tree: Tree) -> str:
    """The outermost class in a tree that is no tuple, list or dict."""
    pending = [tree.structure]
    while pending:
        node = pending.pop(0)
        data = node.node_data()
        if data is not None and data[0] not in (*_DISPLAYED, type(None)):
            return f"{data[0].__module__}:{data[0].__qualname__}"
        pending += node.children()
    return ""


def stand_in_text(tree: Tree, texts: Sequence[str], argument: str) -> str:
    """The expression that makes a stand-in for a tree.

    Args:
        tree: The tree.
        texts: Expressions for its leaves.
        argument: The argument's name, for errors.

    Raises:
        UnsupportedError: The class names its children by keys of its own making.
    """
    pairs = list(zip(texts, tree.leaves, strict=True))
    return _node_text(tree.structure, pairs, 0, argument)


def _node_text(
    structure: Any, pairs: Sequence[tuple[str, Leaf]], depth: int, argument: str
) -> str:
    data = structure.node_data()
    if data is None:
        return pairs[0][0]
    kind, names = data
    if kind is type(None):
        return "None"
    texts, keys, start = [], [], 0
    for child in structure.children():
        own = pairs[start : start + child.num_leaves]
        start += child.num_leaves
        if kind not in _DISPLAYED and not own:
            continue  # nothing that a key leads to
        texts.append(_node_text(child, own, depth + 1, argument))
        keys.append(own[0][1].path[depth] if own else None)
    if kind in _DISPLAYED:
        marks = [Text(text) for text in texts]
        node = dict(zip(names, marks, strict=True)) if kind is dict else kind(marks)
        return display(node, lambda mark: str(mark.text)) or ""
    listed = "".join(f"{_key_text(key, argument)}, " for key in keys)
    return f"StandIn(({listed}), [{', '.join(texts)}])"


def _key_text(key: Any, argument: str) -> str:
    match key:
        case GetAttrKey(name=name):
            return f"jax.tree_util.GetAttrKey({name!r})"
        case DictKey(key=str() | int() as name):
            return f"jax.tree_util.DictKey({name!r})"
        case SequenceKey(idx=number):
            return f"jax.tree_util.SequenceKey({number})"
        case FlattenedIndexKey(key=number):
            return f"jax.tree_util.FlattenedIndexKey({number})"
    raise UnsupportedError(
        f"the generated test cannot make the argument '{argument}'",
        where=f"args.{argument}",
        why=f"its class names a child by {key!r}, which is no key of jax.tree_util",
        fix='name an example object: args = { ARG = "package.module:object" }',
    )


def _is_makeable(name: str, tree: Tree) -> bool:
    """Whether the class makes the same tree again from its fields."""
    if not foreign_class(tree):
        return True
    numbers = range(len(tree.leaves))
    try:
        marks = [Text(f"leaves[{number}]") for number in numbers]
        text = construction(jax.tree.unflatten(tree.structure, marks), name)
        made = eval(text, {"leaves": _zeros(tree), "needed": _imported})
        return bool(jax.tree.structure(made) == tree.structure)
    except Exception:  # whatever the class does with what it is given
        return False


def _zeros(tree: Tree) -> list[Any]:
    kinds = [leaf.type for leaf in tree.leaves]
    return [
        jax.random.key(0)
        if kind.dtype.is_key
        else jnp.zeros(kind.shape, kind.dtype.numpy(Regime.NARROW))
        for kind in kinds
    ]


def _imported(module: str, path: str) -> Any:
    """A class that a test can import: of a module, and found under its own name."""
    if module == "__main__":
        raise ImportError(path)
    thing: Any = sys.modules[module]
    for name in path.split("."):
        thing = getattr(thing, name)
    return thing
