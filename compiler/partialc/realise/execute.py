"""Running a written chain at build time, to trace it into a program."""

from __future__ import annotations

import builtins
import keyword
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import trace, trace_one
from partialc.ir.program import ArrayType, Function, Program
from partialc.realise import support
from partialc.realise.units import reach, role
from partialc.realise.writer import ChainText
from partialc.request.resolved import Coordinates, Direction, Kernel
from partialc.request.signature import Signature

_BUILTINS: Final = frozenset(dir(builtins))


def direction_types(
    direction: Direction, signature: Signature
) -> tuple[ArrayType, ...]:
    """The types of a further argument's leaves, in flattening order."""
    if direction.argument is not None:
        tree = signature.arguments[direction.argument]
        return tuple(leaf.type for leaf in tree.leaves)
    if direction.type is not None:
        return (direction.type,)
    selected: list[Coordinates] = jax.tree.leaves(
        direction.outputs, is_leaf=lambda node: isinstance(node, Coordinates)
    )
    return tuple(
        ArrayType(signature.result.leaves[output.leaf].type.dtype, output.shape)
        for output in selected
    )


def direction_structure(direction: Direction, signature: Signature) -> Any:
    """The tree structure of a further argument."""
    if direction.argument is not None:
        return signature.arguments[direction.argument].structure
    if direction.type is not None:
        return jax.tree.structure(0)
    return jax.tree.structure(
        direction.outputs, is_leaf=lambda node: isinstance(node, Coordinates)
    )


def kernel_types(kernel: Kernel, signature: Signature) -> tuple[ArrayType, ...]:
    """The types of all flat inputs of a kernel: argument leaves, then directions."""
    types = [leaf.type for _, leaf in signature.leaves]
    for direction in kernel.directions:
        types.extend(direction_types(direction, signature))
    return tuple(types)


def flat_call(
    text: ChainText,
    kernel: Kernel,
    signature: Signature,
    function: str,
    call: Callable[..., Any],
    *,
    given: Mapping[str, Any] = MappingProxyType({}),
    combined: bool = True,
) -> Callable[..., Sequence[jax.Array]]:
    """A function of the kernel's flat inputs that runs the written chain.

    Args:
        text: The chain as `write` gave it.
        kernel: What it delivers.
        signature: The function's signature.
        function: The name the text calls the function by.
        call: The function.
        given: The position arrays the module defines for the kernel, by name.
        combined: Whether it returns the kernel's results, or the derivatives that these
            are made of.

    Returns:
        A function that returns one array for each.
    """
    names = [*signature.arguments, *(direction.name for direction in kernel.directions)]
    body = "\n".join(
        f"    {line}" for lines in text.lines for line in lines.split("\n")
    )
    result = ", ".join(text.results if combined else text.parts)
    source = f"def kernel({', '.join(names)}):\n{body}\n    return [{result}]\n"
    namespace: dict[str, Any] = {
        "jax": jax,
        "jnp": jnp,
        "np": np,
        "Any": Any,
        **{name: getattr(support, name) for name in text.helpers},
        **given,
        **text.constants,
        function: call,
    }
    exec(compile(source, f"<chain {kernel.name}>", "exec"), namespace)
    structures = [tree.structure for tree in signature.arguments.values()]
    structures += [direction_structure(d, signature) for d in kernel.directions]

    def run(*leaves: jax.Array) -> Sequence[jax.Array]:
        rest = list(leaves)
        arguments = []
        for structure in structures:
            count = structure.num_leaves
            arguments.append(jax.tree.unflatten(structure, rest[:count]))
            rest = rest[count:]
        parts: Sequence[jax.Array] = namespace["kernel"](*arguments)
        return parts

    return run


def input_names(kernel: Kernel, signature: Signature) -> tuple[str, ...]:
    """A hint for each flat input."""
    names = [name for name, _ in signature.leaves]
    for direction in kernel.directions:
        names += [direction.name] * len(direction_types(direction, signature))
    return tuple(names)


def trace_flat(
    run: Callable[..., Sequence[jax.Array]],
    kernel: Kernel,
    signature: Signature,
    regime: Regime = Regime.WIDE,
) -> Function:
    """The program of a flat call in one regime: counting needs no more."""
    return trace_one(
        run,
        kernel_types(kernel, signature),
        regime,
        name=kernel.name,
        input_names=input_names(kernel, signature),
        rules=False,
    )


def trace_program(
    run: Callable[..., Sequence[jax.Array]],
    kernel: Kernel,
    signature: Signature,
    wide: Function | None = None,
) -> Program:
    """The program of a flat call in every regime, for writing it out.

    Args:
        run: The call.
        kernel: What it delivers.
        signature: The function's signature.
        wide: What `trace_flat` gave for it, if it was asked before.
    """
    return trace(
        run,
        kernel_types(kernel, signature),
        name=kernel.name,
        input_names=input_names(kernel, signature),
        rules=False,
        traced={} if wide is None else {Regime.WIDE: wide},
    )


@dataclass(frozen=True, slots=True)
class FlatNames:
    """The flat inputs of a kernel as expressions within its body.

    Attributes:
        preamble: Statements that take containers apart.
        expressions: One name per flat input.
        taken: All names among them.
    """

    preamble: tuple[str, ...]
    expressions: tuple[str, ...]
    taken: frozenset[str]


def flat_names(
    kernel: Kernel, signature: Signature, taken: Collection[str]
) -> FlatNames:
    """Names for the flat inputs: arguments themselves, or the leaves of containers.

    A leaf is called by its own key where no other is called so: `w1`, else `params_w1`.
    """
    trees = dict(signature.arguments)
    used = {*taken, *trees, *(direction.name for direction in kernel.directions)}
    paths = [leaf.path for tree in trees.values() for leaf in tree.leaves]
    for direction in kernel.directions:
        paths += [tuple(path) for path in direction_paths(direction, signature)]
    keys = Counter(role(path[-1:]) for path in paths if path)
    preamble: list[str] = []
    expressions: list[str] = []

    def leaf(tree: str, path: Sequence[Any], position: int) -> str:
        if not path:
            return tree
        base = name = f"{tree}_{role(path)}"
        key = role(path[-1:])
        if keys[key] == 1 and _is_plain(key):
            base = name = key
        suffix = 2
        while name in used:
            name, suffix = f"{base}_{suffix}", suffix + 1
        used.add(name)
        preamble.append(f"{name} = {reach(tree, path, position)}")
        return name

    for argument, found in trees.items():
        for position, each in enumerate(found.leaves):
            expressions.append(leaf(argument, each.path, position))
    for direction in kernel.directions:
        for position, path in enumerate(direction_paths(direction, signature)):
            expressions.append(leaf(direction.name, path, position))
    return FlatNames(tuple(preamble), tuple(expressions), frozenset(used))


def _is_plain(key: str) -> bool:
    """Whether a key can be a name that hides nothing."""
    return key.isidentifier() and not keyword.iskeyword(key) and key not in _BUILTINS


def direction_paths(direction: Direction, signature: Signature) -> list[Sequence[Any]]:
    """The paths of a further argument's leaves, in flattening order."""
    if direction.argument is not None:
        return [leaf.path for leaf in signature.arguments[direction.argument].leaves]
    if direction.type is not None:
        return [()]
    found = jax.tree_util.tree_flatten_with_path(
        direction.outputs, is_leaf=lambda node: isinstance(node, Coordinates)
    )[0]
    return [path for path, _ in found]
