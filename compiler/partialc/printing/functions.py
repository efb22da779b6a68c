"""A whole function: containers taken apart, the body, results put together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jax

from partialc.errors import UnsupportedError
from partialc.ir.program import Program
from partialc.printing.bodies import print_body
from partialc.printing.layouts import indented
from partialc.printing.module import ModuleParts, ModuleScope, imported_names
from partialc.printing.names import Names, identifier
from partialc.request.annotations import tree_annotation
from partialc.request.signature import Leaf, Signature, Tree

_SHORT_NAME: Final = 24


@dataclass(frozen=True, slots=True)
class Printed:
    """A function as source text.

    Attributes:
        source: The `def`, decorators included, not yet formatted.
        module: Constants, functions, helpers and imports it refers to.
    """

    source: str
    module: ModuleParts


def print_function(
    program: Program,
    signature: Signature,
    *,
    name: str,
    docstring: str | None = None,
    decorators: Sequence[str] = (),
    taken: Collection[str] = (),
    module: ModuleScope | None = None,
) -> Printed:
    """Print a program as a function with the signature a person would give it.

    Args:
        program: The function over flat leaves.
        signature: Its arguments and result as trees.
        name: What to call it.
        docstring: Its docstring, without quotes.
        decorators: Lines to stand above it, `@` included.
        taken: Module-level names it must not use.
        module: Collects what stands at module level; see `print_body`.

    Raises:
        UnsupportedError: The result holds a class that plain source cannot build, or an
            operation cannot be printed.
    """
    collected = ModuleScope({*taken, name}) if module is None else module
    names = Names([*taken, name, *signature.arguments], collected)
    unpacked: list[str] = []
    inputs: list[str] = []
    read = _read_leaves(program)
    for argument, tree in signature.arguments.items():
        for text, wanted in _leaves(argument, tree):
            used = read[len(inputs)]
            if text.isidentifier() or not used:
                inputs.append(text)
                continue
            chosen = names.allocate(wanted)
            unpacked.append(f"{chosen} = {text}")
            inputs.append(chosen)
    body = print_body(
        program,
        inputs,
        taken=[*taken, name, *signature.arguments, *inputs],
        output_names=[_key_name(leaf) for leaf in signature.result.leaves],
        module=collected,
    )
    returned = _assembled(signature.result, body.outputs)
    parameters = ", ".join(
        f"{argument}: {tree_annotation(tree)}"
        for argument, tree in signature.arguments.items()
    )
    head = f"def {name}({parameters}) -> {tree_annotation(signature.result)}:"
    quoted = [] if docstring is None else [_docstring(docstring)]
    statements = [*quoted, *unpacked, *body.lines, f"return {returned}"]
    source = "\n".join([*decorators, head, *indented(statements)])
    parts = body.module
    imports = parts.imports | imported_names(source)
    return Printed(
        source, ModuleParts(parts.constants, parts.functions, parts.helpers, imports)
    )


def _read_leaves(program: Program) -> list[bool]:
    """Which inputs any variant reads."""
    read = [False] * len(program.widest.inputs)
    for function in program.variants.values():
        atoms = {atom for equation in function.equations for atom in equation.inputs}
        atoms.update(function.outputs)
        for place, value in enumerate(function.inputs):
            read[place] = read[place] or value in atoms
    return read


def _key_name(leaf: Leaf) -> str | None:
    """The name under which the caller finds a leaf of the result."""
    match leaf.path:
        case (*_, jax.tree_util.DictKey(key=str(key))):
            return key
        case (*_, jax.tree_util.GetAttrKey(name=str(attribute))):
            return attribute
        case _:
            return None


def _docstring(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return "\n".join(
        line if number == 0 or not line else f"    {line}"
        for number, line in enumerate(f'"""{escaped}"""'.split("\n"))
    )


def _leaves(argument: str, tree: Tree) -> list[tuple[str, list[str]]]:
    """For each leaf the expression that reads it and names for it."""
    if tree.is_array:
        return [(argument, [argument])]
    found: list[tuple[str, list[str]]] = []
    for number, leaf in enumerate(tree.leaves):
        text, words = argument, [argument]
        for key in leaf.path:
            match key:
                case jax.tree_util.DictKey(key=label):
                    text += f"[{label!r}]".replace("'", '"')
                    words.append(str(label))
                case jax.tree_util.SequenceKey(idx=place):
                    text += f"[{place}]"
                    words.append(str(place))
                case jax.tree_util.GetAttrKey(name=attribute):
                    text += f".{attribute}"
                    words.append(attribute)
                case _:
                    text = f"jax.tree.leaves({argument})[{number}]"
                    words.append(str(number))
        last = words[-1]
        short = last if not last.isdigit() else f"{words[-2]}{last}"
        found.append((text, [identifier(short), identifier("_".join(words))]))
    return found


def _skeleton(tree: Tree, leaves: Sequence[str]) -> Any:
    """The result's containers with texts for leaves."""
    return jax.tree.unflatten(tree.structure, list(leaves))


def _assembled(tree: Tree, outputs: Sequence[str]) -> str:
    if tree.is_array:
        return outputs[0]
    return _display(_skeleton(tree, outputs))


def _display(node: Any) -> str:
    match node:
        case str():
            return node
        case None:
            return "None"
        case dict() if type(node) is dict:
            pairs = [f"{_key(key)}: {_display(value)}" for key, value in node.items()]
            return "{" + ", ".join(pairs) + "}"
        case list() if type(node) is list:
            return f"[{', '.join(map(_display, node))}]"
        case tuple() if type(node) is tuple:
            entries = ", ".join(map(_display, node))
            return f"({entries},)" if len(node) == 1 else f"({entries})"
        case _:
            raise UnsupportedError(
                f"the result holds a {type(node).__name__}, which cannot be printed",
                why="generated code builds tuples, lists and dicts only",
                fix="return one of those, or make the function's source self-contained",
            )


def _key(key: Any) -> str:
    text = repr(key)
    plain = isinstance(key, str) and '"' not in key and "\\" not in text
    return f'"{key}"' if plain else text
