"""Derivatives of what is more than a bare output, expanded by SymPy.

`Derivative((nu + u**2) * Derivative(u, y), y)` becomes a sum of products of derivatives
of `u`: the product rule and the chain rule are SymPy's, and so is the text of the
result, which is read like what a person writes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import sympy
from sympy.core.function import AppliedUndef
from sympy.printing.str import StrPrinter

from partialc.errors import RequestError
from partialc.request.text import Text
from partialc.request.vectors import DERIVATIVE

FUNCTIONS: Final[Mapping[str, tuple[Any, int, str]]] = {
    **{
        name: (getattr(sympy, name), 1, f"jnp.{name}")
        for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "sqrt")
    },
    "asin": (sympy.asin, 1, "jnp.arcsin"),
    "acos": (sympy.acos, 1, "jnp.arccos"),
    "atan": (sympy.atan, 1, "jnp.arctan"),
    "asinh": (sympy.asinh, 1, "jnp.arcsinh"),
    "acosh": (sympy.acosh, 1, "jnp.arccosh"),
    "atanh": (sympy.atanh, 1, "jnp.arctanh"),
    "atan2": (sympy.atan2, 2, "jnp.arctan2"),
    "erf": (sympy.erf, 1, "jax.lax.erf"),
    "erfc": (sympy.erfc, 1, "jax.lax.erfc"),
    "Abs": (sympy.Abs, 1, "jnp.abs"),
    "abs": (sympy.Abs, 1, "jnp.abs"),
    "sign": (sympy.sign, 1, "jnp.sign"),
    "Min": (sympy.Min, 2, "jnp.minimum"),
    "Max": (sympy.Max, 2, "jnp.maximum"),
    "Heaviside": (sympy.Heaviside, 2, "jnp.heaviside"),
}
"""By the name that an expression calls a function: SymPy's, how many arguments it has,
and JAX's."""

CONSTANTS: Final = {"pi": (sympy.pi, "jnp.pi"), "E": (sympy.E, "jnp.e")}
"""By name: SymPy's, and JAX's."""


def expanded(
    inner: ast.expr,
    along: Sequence[ast.expr],
    source: Text,
    *,
    is_output: Callable[[ast.expr], bool],
    element: Callable[[ast.expr], str | None],
) -> ast.expr:
    """The derivative of an expression, in derivatives of outputs alone.

    Args:
        inner: What is differentiated.
        along: What along, once for each differentiation.
        source: The text, for errors.
        is_output: Whether a node is a bare output.
        element: The text of an element of an argument, one for each; None of all else.

    Returns:
        A node that holds `Derivative` of bare outputs only.

    Raises:
        RequestError: SymPy has no rule for a function in it.
    """
    reading = _Reading(source, is_output, element)
    moved = [reading.moved(each) for each in along]
    reading.collect(inner)
    result = sympy.diff(reading.read(inner), *moved)
    text = _Printer().doprint(result)
    node: ast.expr = ast.parse(text, mode="eval").body
    for each in ast.walk(node):  # places of the text that was written, for errors
        if isinstance(each, ast.expr):
            ast.copy_location(each, inner)
    return node


class _Reading:
    """Turns nodes into SymPy expressions; names are the texts they are written by."""

    def __init__(
        self,
        source: Text,
        is_output: Callable[[ast.expr], bool],
        element: Callable[[ast.expr], str | None],
    ) -> None:
        self._source = source
        self._is_output = is_output
        self._element = element
        self._symbols: dict[str, sympy.Symbol] = {}

    def symbol(self, node: ast.expr) -> sympy.Symbol | None:
        """What stands for an element of an argument; None of all else."""
        text = self._element(node)
        if text is None:
            return None
        return self._symbols.setdefault(text, sympy.Symbol(text, real=True))

    def moved(self, node: ast.expr) -> sympy.Symbol:
        """What stands for an element that is differentiated along."""
        found = self.symbol(node)
        assert found is not None, "all else was refused"
        return found

    def collect(self, node: ast.expr) -> None:
        """Note all elements of arguments within a node: outputs depend on these."""
        if self.symbol(node) is not None:
            return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.collect(child)

    def read(self, node: ast.expr) -> Any:
        """A node as a SymPy expression."""
        if self._is_output(node):
            return sympy.Function(ast.unparse(node), real=True)(*self._symbols.values())
        symbol = self.symbol(node)
        if symbol is not None:
            return symbol
        match node:
            case ast.Constant(value=int() | float() as value):
                return sympy.sympify(value)
            case ast.Name(id=name) if name in CONSTANTS:
                return CONSTANTS[name][0]
            case ast.Name() | ast.Subscript() | ast.Attribute():
                return sympy.Symbol(ast.unparse(node), real=True)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.read(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.read(operand)
            case ast.BinOp(left=left, op=operator, right=right) if (
                type(operator) in _OPERATORS
            ):
                make = _OPERATORS[type(operator)]
                return make(self.read(left), self.read(right))
            case ast.Call(func=ast.Name(id=name), args=[first, *rest]) if (
                name == DERIVATIVE
            ):
                inner = self.read(first)
                return sympy.diff(inner, *map(self.moved, rest))
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in FUNCTIONS:
                return FUNCTIONS[name][0](*map(self.read, arguments))
        raise self.refused(node)

    def refused(self, node: ast.expr) -> RequestError:
        """The error about a node that has no derivative here."""
        return self._source.origin(node).fault(
            f"{ast.unparse(node)} cannot be differentiated",
            why="derivatives of expressions are taken of sums, products, powers and "
            "elementary functions",
            fix="let the function compute it",
        )


_OPERATORS: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


class _Printer(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """SymPy expressions in the language of expressions."""

    def _print_Float(self, number: Any) -> str:
        return repr(float(number))

    def _print_Function(self, call: Any) -> str:
        if isinstance(call, AppliedUndef):
            return str(call.func.__name__)
        return str(super()._print_Function(call))

    def _print_Heaviside(self, call: Any) -> str:
        return f"Heaviside({self._print(call.args[0])}, 0.5)"  # as `jnp.maximum` has it

    def _print_Derivative(self, node: Any) -> str:
        variables = ", ".join(self._print(each) for each in node.variables)
        return f"{DERIVATIVE}({self._print(node.expr)}, {variables})"
