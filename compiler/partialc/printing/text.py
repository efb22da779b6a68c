"""Expressions as text, the way black writes them.

`ast.unparse` leaves quotes, power operators and slices for a formatter to change. This
writer gets them right at once, so that a statement that fits on its line is final.
"""

from __future__ import annotations

import ast
from typing import Final

_BINARY: Final[dict[type[ast.operator], tuple[str, int]]] = {
    ast.BitOr: ("|", 6),
    ast.BitXor: ("^", 7),
    ast.BitAnd: ("&", 8),
    ast.LShift: ("<<", 9),
    ast.RShift: (">>", 9),
    ast.Add: ("+", 10),
    ast.Sub: ("-", 10),
    ast.Mult: ("*", 11),
    ast.MatMult: ("@", 11),
    ast.Div: ("/", 11),
    ast.FloorDiv: ("//", 11),
    ast.Mod: ("%", 11),
}
_UNARY: Final[dict[type[ast.unaryop], str]] = {
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Invert: "~",
}
_COMPARE: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_TEST, _COMPARISON, _UNARY_LEVEL, _POWER, _ATOM = 0, 5, 12, 13, 15


def unparse(expression: ast.expr) -> str:
    """The expression on one line, with as few parentheses as its meaning needs."""
    return _text(expression)[0]


def depth(expression: ast.expr) -> int:
    """How deeply calls, subscripts and parentheses are nested in it."""
    text = unparse(expression)
    level = deepest = 0
    for character in text:
        if character in "([{":
            level += 1
            deepest = max(deepest, level)
        elif character in ")]}":
            level -= 1
    return deepest


def _wrapped(expression: ast.expr, level: int) -> str:
    text, own = _text(expression)
    return f"({text})" if own < level else text


def _text(node: ast.expr) -> tuple[str, int]:
    """The text and how tightly its outermost operator binds."""
    match node:
        case ast.Name(id=name):
            return name, _ATOM
        case ast.Constant(value=value):
            return _constant(value)
        case ast.Attribute(value=base, attr=attribute):
            return f"{_base(base)}.{attribute}", _ATOM
        case ast.Call(func=function, args=arguments, keywords=keywords):
            parts = [_argument(argument) for argument in arguments]
            parts += [_keyword(keyword) for keyword in keywords]
            return f"{_base(function)}({', '.join(parts)})", _ATOM
        case ast.Subscript(value=base, slice=index):
            return f"{_base(base)}[{_index(index)}]", _ATOM
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(left, right), _POWER
        case ast.BinOp(left=left, op=operator, right=right):
            symbol, level = _BINARY[type(operator)]
            pieces = _wrapped(left, level), symbol, _wrapped(right, level + 1)
            return " ".join(pieces), level
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"not {_wrapped(operand, 4)}", 4
        case ast.UnaryOp(op=operator, operand=operand):
            # black sets a power under a sign in parentheses
            inner = _wrapped(operand, _UNARY_LEVEL)
            power = isinstance(operand, ast.BinOp) and isinstance(operand.op, ast.Pow)
            # two signs in a row read as an operator that Python does not have
            if power or inner.startswith(("-", "+", "~")):
                inner = f"({inner})"
            return _UNARY[type(operator)] + inner, _UNARY_LEVEL
        case ast.Compare(left=left, ops=operators, comparators=others):
            pieces_ = [_wrapped(left, _COMPARISON + 1)]
            for operator_, other in zip(operators, others, strict=True):
                pieces_ += [_COMPARE[type(operator_)], _wrapped(other, _COMPARISON + 1)]
            return " ".join(pieces_), _COMPARISON
        case ast.Tuple(elts=entries):
            return f"({_entries(entries)})", _ATOM
        case ast.List(elts=entries):
            return "[" + ", ".join(_argument(entry) for entry in entries) + "]", _ATOM
        case ast.Dict(keys=keys, values=values):
            pairs = [
                f"{_wrapped(key, 1)}: {_wrapped(value, 1)}"
                if key
                else f"**{unparse(value)}"
                for key, value in zip(keys, values, strict=True)
            ]
            return "{" + ", ".join(pairs) + "}", _ATOM
        case ast.Lambda(args=parameters, body=body):
            listed = ast.unparse(parameters)
            head = f"lambda {listed}" if listed else "lambda"
            return f"{head}: {_wrapped(body, 1)}", _TEST
        case ast.IfExp(test=test, body=body, orelse=other):
            text = (
                f"{_wrapped(body, 2)} if {_wrapped(test, 2)} else {_wrapped(other, 1)}"
            )
            return text, 1
        case _:
            return ast.unparse(node), _TEST


def _constant(value: object) -> tuple[str, int]:
    match value:
        case str():
            quoted = repr(value)
            plain = quoted[0] == "'" and '"' not in quoted and "\\" not in quoted
            return (f'"{quoted[1:-1]}"' if plain else quoted), _ATOM
        case float() if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(f"{value} has no literal")
        case complex() if value.real:
            return repr(value), _ATOM
        case bool() | None:
            return repr(value), _ATOM
        case int() | float() if value < 0:
            return repr(value), _UNARY_LEVEL
        case ellipsis if ellipsis is Ellipsis:
            return "...", _ATOM
        case _:
            return repr(value), _ATOM


def _base(node: ast.expr) -> str:
    """What stands before a dot, a bracket or a call."""
    text = _wrapped(node, _ATOM)
    number = isinstance(node, ast.Constant) and isinstance(node.value, (int, float))
    return f"({text})" if number and text[0] != "(" else text


def _argument(node: ast.expr) -> str:
    if isinstance(node, ast.Starred):
        return f"*{_wrapped(node.value, 6)}"
    return unparse(node)


def _keyword(keyword: ast.keyword) -> str:
    text = unparse(keyword.value)
    return f"**{text}" if keyword.arg is None else f"{keyword.arg}={text}"


def _entries(entries: list[ast.expr]) -> str:
    listed = ", ".join(_argument(entry) for entry in entries)
    return f"{listed}," if len(entries) == 1 else listed


def _index(node: ast.expr) -> str:
    if isinstance(node, ast.Tuple) and node.elts:
        listed = ", ".join(_index_entry(entry) for entry in node.elts)
        return f"{listed}," if len(node.elts) == 1 else listed
    return _index_entry(node)


def _index_entry(node: ast.expr) -> str:
    if not isinstance(node, ast.Slice):
        return _argument(node)
    ends = [end for end in (node.lower, node.upper, node.step) if end is not None]
    # black spaces the colons out as soon as one end is more than a name or a number
    spaced = not all(_is_simple(end) for end in ends)
    texts = ["" if end is None else unparse(end) for end in (node.lower, node.upper)]
    if node.step is not None:
        texts.append(unparse(node.step))
    if not spaced:
        return ":".join(texts)
    text = texts[0]
    for part in texts[1:]:
        text += (" :" if text and not text.endswith(":") else ":") + (
            f" {part}" if part else ""
        )
    return text


def _is_simple(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
        return isinstance(node.operand, (ast.Constant, ast.Name))
    return isinstance(node, (ast.Name, ast.Constant))


def _power(left: ast.expr, right: ast.expr) -> str:
    base = _wrapped(left, _POWER + 1)
    exponent = _wrapped(right, _UNARY_LEVEL)
    if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Pow):
        exponent = f"({exponent})" if not exponent.startswith("(") else exponent
    hugs = _hugs(left) and _hugs(right) and not isinstance(left, ast.UnaryOp)
    return f"{base}**{exponent}" if hugs else f"{base} ** {exponent}"


def _hugs(node: ast.expr) -> bool:
    """Whether black writes a power without spaces beside this operand."""
    match node:
        case ast.Name():
            return True
        case ast.Constant(value=value):
            return isinstance(value, (int, float, complex)) and not isinstance(
                value, bool
            )
        case ast.UnaryOp(op=ast.USub(), operand=ast.Name() | ast.Constant() as operand):
            return _hugs(operand)
        case ast.Attribute(value=base):
            return isinstance(base, (ast.Name, ast.Attribute)) and _hugs(base)
        case _:
            return False
