"""Arrays that are made of derivatives by arithmetic: operators and expressions.

A `Combination` holds the derivatives as blocks, which planning delivers like those of
any other request, and a formula that says what becomes of them. Chains, references and
rivals all write or run that one formula.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import jax
import jax.numpy as jnp

from partialc.request.resolved import Block, Coordinates, Kernel, Product

PART: Final = "part_"
INPUT: Final = "input_"
"""Beginnings of the names that stand in a formula for derivatives and for arguments."""


@dataclass(frozen=True, slots=True)
class Combination:
    """One array of a kernel's result, computed from derivatives.

    To `jax.tree` it is a leaf, as a block is.

    Attributes:
        parts: The derivatives.
        formula: A Python expression over `part_0`, `part_1`, ... (the derivatives),
            `input_0`, ... (elements of arguments), the names of the kernel's further
            arguments, `jax` and `jnp`.
        inputs: What each `input_` stands for.
        given: The names of further arguments among those in the formula.
        shape: The shape of the result.
    """

    parts: tuple[Block, ...]
    formula: str
    inputs: tuple[Coordinates, ...] = ()
    given: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()

    def text(
        self,
        parts: Sequence[str],
        inputs: Sequence[str] = (),
        given: Mapping[str, str] | None = None,
    ) -> str:
        """The formula with other expressions in the places of its names.

        Args:
            parts: For each derivative.
            inputs: For each input.
            given: For further arguments that are called otherwise.
        """
        names = {f"{PART}{number}": text for number, text in enumerate(parts)}
        names |= {f"{INPUT}{number}": text for number, text in enumerate(inputs)}
        names |= given or {}
        tree = ast.parse(self.formula, mode="eval")
        return ast.unparse(_Renamed(names).visit(tree))

    def value(
        self,
        parts: Sequence[jax.Array],
        inputs: Sequence[jax.Array] = (),
        given: Mapping[str, jax.Array] | None = None,
    ) -> jax.Array:
        """The formula of arrays; traceable by JAX.

        Args:
            parts: The derivatives.
            inputs: The elements of arguments.
            given: The further arguments, by name.
        """
        names: dict[str, Any] = {f"{PART}{n}": each for n, each in enumerate(parts)}
        names |= {f"{INPUT}{n}": each for n, each in enumerate(inputs)}
        names |= {"jax": jax, "jnp": jnp, **(given or {})}
        result: jax.Array = eval(_code(self.formula), names)
        return result


@lru_cache(maxsize=256)
def _code(formula: str) -> Any:
    return compile(formula, "<formula>", "eval")


class _Renamed(ast.NodeTransformer):
    """Puts expressions in the places of names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """One name; those that nothing is given for stay."""
        if node.id not in self.names:
            return node
        return ast.parse(self.names[node.id], mode="eval").body


Result = Block | Product | Combination
"""What one array of a kernel's result is."""


def results_of(kernel: Kernel) -> list[Result]:
    """What every program that delivers a kernel returns, in order."""
    return [each for field in kernel.fields for each in jax.tree.leaves(field.parts)]


def parts_in(tree: Any) -> Iterator[Block | Product]:
    """The derivatives that a tree of results is made of, in order."""
    for result in jax.tree.leaves(tree):
        if isinstance(result, Combination):
            yield from result.parts
        else:
            yield result


def with_parts(tree: Any, change: Callable[[Any], Any]) -> Any:
    """The tree with every derivative in it changed."""

    def changed(result: Result) -> Any:
        if not isinstance(result, Combination):
            return change(result)
        parts = tuple(change(part) for part in result.parts)
        return Combination(
            parts, result.formula, result.inputs, result.given, result.shape
        )

    return jax.tree.map(changed, tree)
