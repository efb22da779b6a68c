"""Symbols matched with arguments, by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.matrices.expressions.matexpr import MatrixElement

from partialc.errors import FrontendError
from partialc.request.signature import Tree

_ELEMENT = re.compile(r"(?P<base>.*?\D)_?(?P<index>\d+(_\d+)*)")


@dataclass(frozen=True, slots=True)
class Leaves:
    """What stands for arguments in expressions.

    Attributes:
        symbols: For each leaf of the expressions, the plain symbol that replaces it.
        texts: The Python text of each such symbol.
    """

    symbols: Mapping[Any, sympy.Symbol]
    texts: Mapping[Any, str]


def match_leaves(
    results: Sequence[Any],
    trees: Mapping[str, Tree],
    static: Mapping[str, Any],
    taken: set[str],
) -> Leaves:
    """Find the argument, or the element of one, that each symbol stands for.

    An argument `x = "float"` is the symbol `x`. The elements of `x = "float[3]"` are
    `x[0]` of an `IndexedBase` or `MatrixSymbol` called `x`, or the symbols `x0` or
    `x_0`; those of `float[3,2]` are `x[0, 1]` or `x_0_1`. A column `MatrixSymbol`
    serves for a vector. Symbols of real arguments are taken for real.

    Args:
        results: The expressions.
        trees: The arguments that vary.
        static: The numbers bound at build time.
        taken: Names that must not be used; those given here are added.

    Raises:
        FrontendError: A symbol is none of the arguments, an argument is not used, two
            symbols have one name, or an index is out of range.
    """
    shapes = {name: _shape(name, tree) for name, tree in trees.items()}
    shapes |= dict.fromkeys(static, ())
    reals = {name for name, tree in trees.items() if not _is_complex(tree)} | {*static}
    symbols: dict[Any, sympy.Symbol] = {}
    texts: dict[Any, str] = {}
    by_name: dict[str, Any] = {}
    used: set[str] = set()
    for leaf in _leaves_of(results):
        argument, index = _resolve(leaf, shapes)
        used.add(argument)
        label = "_".join([argument, *map(str, index)])
        if by_name.setdefault(label, leaf) != leaf:
            raise _two_of_one_name(by_name[label], leaf)
        name = argument
        if index:
            name = argument + "_".join(map(str, index))
            name = f"{name}_element" if name in taken else name
            taken.add(name)
        symbol = sympy.Symbol(name, **_assumptions(leaf, argument in reals))
        symbols[leaf] = symbol
        texts[symbol] = (
            f"{argument}[{', '.join(map(str, index))}]" if index else argument
        )
    unused = [name for name in shapes if name not in used]
    if unused:
        raise FrontendError(
            f"the SymPy expression has no symbol '{unused[0]}'",
            where=f"args.{unused[0]}",
            why=f"its symbols are {', '.join(sorted({str(each) for each in symbols}))}",
            fix=_near(unused[0], [str(each) for each in symbols])
            or "remove the argument",
        )
    return Leaves(symbols, texts)


def _shape(name: str, tree: Tree) -> tuple[int, ...]:
    if not tree.is_array:
        raise FrontendError(
            f"the argument '{name}' of a SymPy expression is a container",
            where=f"args.{name}",
            why="symbols stand for numbers",
            fix='give one array for each name: "float", or "float[3]"',
        )
    kind = tree.leaves[0].type
    if kind.dtype.is_key or kind.dtype.is_bool:
        raise FrontendError(
            f"the argument '{name}' of a SymPy expression is of type {kind.dtype}",
            where=f"args.{name}",
            why="symbols stand for numbers",
        )
    return kind.shape


def _is_complex(tree: Tree) -> bool:
    return tree.leaves[0].type.dtype.is_complex


def _assumptions(leaf: Any, is_real: bool) -> dict[str, bool]:
    assumed = {
        key: value
        for key, value in leaf.assumptions0.items()
        if isinstance(leaf, sympy.Symbol)
    }
    if is_real and assumed.get("real") is not False:
        assumed["real"] = True
    return assumed


def _leaves_of(results: Sequence[Any]) -> list[Any]:
    """Every symbol and element, the symbols that are only labels left out."""
    found: dict[Any, None] = {}

    def walk(node: Any) -> None:
        if isinstance(node, sympy.Symbol | sympy.Indexed | MatrixElement):
            found[node] = None
            return
        for argument in node.args:
            walk(argument)

    for result in results:
        walk(result)
    return sorted(found, key=sympy.default_sort_key)


def _resolve(
    leaf: Any, shapes: Mapping[str, tuple[int, ...]]
) -> tuple[str, tuple[int, ...]]:
    """The argument, and the index of the element, that a leaf stands for."""
    if isinstance(leaf, sympy.Symbol):
        return _resolve_symbol(leaf, shapes)
    if isinstance(leaf, sympy.Indexed):
        name, indices = str(leaf.base.label), tuple(leaf.indices)
    else:
        name, indices = str(leaf.parent), (leaf.i, leaf.j)
    if name not in shapes:
        raise _unknown(leaf, name, shapes)
    if not all(index.is_Integer for index in indices):
        raise FrontendError(
            f"the index of {leaf} is no number",
            fix="write sums over elements out (expr.doit)",
        )
    index = tuple(int(each) for each in indices)
    shape = shapes[name]
    if (
        isinstance(leaf, MatrixElement)
        and len(shape) == 1
        and leaf.parent.shape[1] == 1
    ):
        index = index[:1]
    return name, _checked(leaf, index, shape)


def _resolve_symbol(
    leaf: sympy.Symbol, shapes: Mapping[str, tuple[int, ...]]
) -> tuple[str, tuple[int, ...]]:
    name = leaf.name
    if name in shapes:
        if shapes[name]:
            raise FrontendError(
                f"the symbol '{name}' stands for a number, not for an array",
                where=f"args.{name}",
                fix=f'describe it as {name} = "float"; for many points at once there '
                "is the option batch, for elements there is sympy.IndexedBase",
            )
        return name, ()
    match = _ELEMENT.fullmatch(name)
    if match is None or not shapes.get(match["base"].removesuffix("_")):
        raise _unknown(leaf, name, shapes)
    base = match["base"].removesuffix("_")
    index = tuple(int(each) for each in match["index"].split("_"))
    return base, _checked(leaf, index, shapes[base])


def _checked(
    leaf: Any, index: tuple[int, ...], shape: tuple[int, ...]
) -> tuple[int, ...]:
    if len(index) == len(shape) and all(
        0 <= each < length for each, length in zip(index, shape, strict=True)
    ):
        return index
    valid = f"{len(shape)} indices below {shape}" if shape else "no index"
    raise FrontendError(
        f"there is no element {leaf}",
        why=f"by args the array has the shape {shape}: it takes {valid}",
        fix="indices count from 0",
    )


def _two_of_one_name(first: Any, second: Any) -> FrontendError:
    assumed = " and ".join(
        str(dict(sorted(each._assumptions_orig.items()))) for each in (first, second)
    )
    return FrontendError(
        f"two different symbols are called '{first}'",
        why=f"SymPy takes symbols with other assumptions for different ones: {assumed}",
        fix="create the symbol once and use it everywhere",
    )


def _unknown(
    leaf: Any, name: str, shapes: Mapping[str, tuple[int, ...]]
) -> FrontendError:
    return FrontendError(
        f"args lacks the symbol '{leaf}' of the SymPy expression",
        where="args",
        why=f"args describes {', '.join(shapes) or 'nothing'}",
        fix=_near(name, list(shapes))
        or f'describe it: {name} = "float", or a number to bind it',
    )


def _near(name: str, known: list[str]) -> str | None:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else None
