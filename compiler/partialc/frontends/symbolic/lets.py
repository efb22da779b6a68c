"""Repeated subexpressions, bound to names that say what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sympy
from sympy.logic.boolalg import Boolean

from partialc.frontends.symbolic.branches import SafeBranches, fresh
from partialc.frontends.symbolic.tails import restored

_MOST_SYMBOLS: Final = 3


@dataclass(frozen=True, slots=True)
class Lets:
    """A let-bound graph.

    Attributes:
        bound: Name and definition of each subexpression, in an order that defines
            each before its use. Definitions refer to others by symbols of their names.
        results: What is returned, in terms of them.
    """

    bound: tuple[tuple[sympy.Symbol, Any], ...]
    results: tuple[Any, ...]


def bind_repeated(
    results: Sequence[Any], named: Mapping[str, Any], taken: set[str]
) -> Lets:
    """Bind what occurs more than once.

    Args:
        results: The expressions.
        named: Subexpressions that the user has given names to; they keep them.
        taken: Names that must not be used; those given here are added.
    """
    branches = SafeBranches(taken)
    exprs = [branches.rewrite(result) for result in results]
    definitions: dict[sympy.Symbol, Any] = dict(branches.variables)
    exprs, users = _substitute_named(exprs, named, taken)
    definitions |= users
    exprs = [restored(expr) for expr in exprs]
    definitions = {symbol: restored(body) for symbol, body in definitions.items()}
    symbols = list(definitions)
    repeated, reduced = sympy.cse(
        [*definitions.values(), *exprs],
        symbols=sympy.numbered_symbols("_repeated", sympy.Dummy),
        order="canonical",
    )
    definitions = dict(zip(symbols, reduced, strict=False))
    definitions, exprs = _inlined(definitions, repeated, reduced[len(symbols) :])
    ordered = _ordered(definitions, exprs)
    return _named_by_role(ordered, definitions, exprs, taken)


def _substitute_named(
    exprs: Sequence[Any], named: Mapping[str, Any], taken: set[str]
) -> tuple[list[Any], dict[sympy.Symbol, Any]]:
    """Replace the user's own subexpressions by their names, largest first."""
    by_size = sorted(
        (
            (name, expr)
            for name, expr in named.items()
            if name not in taken and expr not in exprs
        ),
        key=lambda item: (-item[1].count_ops(), item[0]),
    )
    exprs = list(exprs)
    definitions: dict[sympy.Symbol, Any] = {}
    for name, expr in by_size:
        symbol = sympy.Symbol(name, **_assumptions(expr))
        replaced = [_replaced(each, expr, symbol) for each in exprs]
        inside = {
            each: _replaced(body, expr, symbol) for each, body in definitions.items()
        }
        if replaced == exprs and inside == definitions:
            continue
        taken.add(name)
        exprs, definitions = replaced, {**inside, symbol: expr}
    return exprs, definitions


def _replaced(node: Any, expr: Any, symbol: sympy.Symbol) -> Any:
    """Put a symbol in the place of an expression.

    SymPy keeps no sum, product or quotient whole within another one: in -d, 1/d and
    d + 1 the factors or terms of d are found one by one.
    """
    if isinstance(expr, sympy.Add | sympy.Mul):
        return node.subs(expr, symbol).subs(-expr, -symbol)
    return node.xreplace({expr: symbol, 1 / expr: 1 / symbol})


def _assumptions(expr: Any) -> dict[str, bool]:
    known = {"real": expr.is_real, "positive": expr.is_positive}
    return {key: value for key, value in known.items() if value}


def _inlined(
    definitions: Mapping[sympy.Symbol, Any],
    repeated: Sequence[tuple[sympy.Symbol, Any]],
    exprs: Sequence[Any],
) -> tuple[dict[sympy.Symbol, Any], list[Any]]:
    """Definitions without those that are no easier to read than what they stand for.

    A repeated expression that the user has a name for takes that name.
    """
    renamed = {
        body: symbol
        for symbol, body in definitions.items()
        if isinstance(body, sympy.Dummy)
    }
    rules: dict[Any, Any] = {}
    kept: dict[sympy.Symbol, Any] = {}
    for symbol, expr in repeated:
        body = expr.xreplace(rules)
        if symbol in renamed:
            rules[symbol] = renamed[symbol]
            kept[renamed[symbol]] = body
        elif _is_short(body):
            rules[symbol] = body
        else:
            kept[symbol] = body
    others = {
        symbol: body.xreplace(rules)
        for symbol, body in definitions.items()
        if symbol not in kept
    }
    return others | kept, [expr.xreplace(rules) for expr in exprs]


def _is_short(body: Any) -> bool:
    if body.is_number or body.is_Symbol:
        return True
    if isinstance(body, Boolean):
        return bool(body.count_ops() <= _MOST_SYMBOLS)
    match body:
        case sympy.Pow(args=(base, sympy.Integer() as exponent)):
            return bool(base.is_Symbol and exponent == -1)
        case sympy.Mul(args=(sympy.Integer(), factor)):
            return bool(factor.is_Symbol)
        case _:
            return False


def _ordered(
    definitions: Mapping[sympy.Symbol, Any], exprs: Sequence[Any]
) -> list[sympy.Symbol]:
    """The symbols that are used, each after those it is defined by."""
    found: dict[sympy.Symbol, None] = {}

    def need(node: Any) -> None:
        for symbol in sorted(
            node.free_symbols & definitions.keys(), key=sympy.default_sort_key
        ):
            if symbol not in found:
                need(definitions[symbol])
                found[symbol] = None

    for expr in exprs:
        need(expr)
    return list(found)


def _named_by_role(
    ordered: Sequence[sympy.Symbol],
    definitions: Mapping[sympy.Symbol, Any],
    exprs: Sequence[Any],
    taken: set[str],
) -> Lets:
    names: dict[sympy.Symbol, sympy.Symbol] = {}
    bound: list[tuple[sympy.Symbol, Any]] = []
    for symbol in ordered:
        body = definitions[symbol].xreplace(names)
        if isinstance(symbol, sympy.Dummy):
            name = fresh(role(body), taken)
            names[symbol] = sympy.Symbol(name, **_assumptions(body))
        bound.append((names.get(symbol, symbol), body))
    return Lets(tuple(bound), tuple(expr.xreplace(names) for expr in exprs))


def role(expr: Any) -> str:
    """A name for an expression, from its operation and its symbols."""
    match expr:
        case sympy.Symbol():
            return str(expr.name)
        case sympy.Pow(args=(base, exponent)):
            if exponent == 2:
                return f"{role(base)}_squared"
            if exponent == 3:
                return f"{role(base)}_cubed"
            if exponent == sympy.Rational(1, 2):
                return f"sqrt_{role(base)}"
            if exponent == -1:
                return f"inverse_{role(base)}"
            return f"power_{_symbols(expr)}"
        case sympy.Add(args=(first, second)):
            if first.is_Symbol and second.is_Symbol:
                return f"{first}_plus_{second}"
            if first.is_Symbol and (-second).is_Symbol:
                return f"{first}_minus_{-second}"
            if second.is_Symbol and (-first).is_Symbol:
                return f"{second}_minus_{-first}"
            return f"sum_{_symbols(expr)}"
        case sympy.Mul(args=(first, second)):
            if first.is_Symbol and second.is_Symbol:
                return f"{first}_{second}"
            if first.is_Symbol and (1 / second).is_Symbol:
                return f"{first}_over_{1 / second}"
            if second.is_Symbol and (1 / first).is_Symbol:
                return f"{second}_over_{1 / first}"
            return f"term_{_symbols(expr)}"
        case sympy.Add():
            return f"sum_{_symbols(expr)}"
        case sympy.Mul():
            return f"term_{_symbols(expr)}"
        case sympy.Piecewise():
            return f"case_{_symbols(expr)}"
        case Boolean():
            return f"condition_{_symbols(expr)}"
        case _:
            return f"{type(expr).__name__.lower()}_{_symbols(expr)}"


def _symbols(expr: Any) -> str:
    names = sorted(symbol.name for symbol in expr.free_symbols)
    return "_".join(names[:_MOST_SYMBOLS]) or "constant"
