"""One SymPy expression as a Python expression over `jnp` and `jax.scipy.special`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import sympy
from sympy.functions.special.error_functions import erf2, erf2inv
from sympy.logic.boolalg import Boolean

from partialc.errors import FrontendError
from partialc.frontends.symbolic.tails import ErfcOfNegative

# Python's precedences, as far as they are needed.
_OR, _XOR, _AND, _SHIFT, _SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(9)
_COMPARE: Final = -1
_SPECIAL: Final = "jax.scipy.special."

_CALLS: Final[Mapping[type, str]] = {
    sympy.sin: "jnp.sin",
    sympy.cos: "jnp.cos",
    sympy.tan: "jnp.tan",
    sympy.asin: "jnp.arcsin",
    sympy.acos: "jnp.arccos",
    sympy.atan: "jnp.arctan",
    sympy.atan2: "jnp.arctan2",
    sympy.sinh: "jnp.sinh",
    sympy.cosh: "jnp.cosh",
    sympy.tanh: "jnp.tanh",
    sympy.asinh: "jnp.arcsinh",
    sympy.acosh: "jnp.arccosh",
    sympy.atanh: "jnp.arctanh",
    sympy.exp: "jnp.exp",
    sympy.log: "jnp.log",
    sympy.Abs: "jnp.abs",
    sympy.sign: "jnp.sign",
    sympy.floor: "jnp.floor",
    sympy.ceiling: "jnp.ceil",
    sympy.re: "jnp.real",
    sympy.im: "jnp.imag",
    sympy.arg: "jnp.angle",
    sympy.conjugate: "jnp.conj",
    sympy.Mod: "jnp.mod",
    sympy.Heaviside: "jnp.heaviside",
    sympy.erf: _SPECIAL + "erf",
    sympy.erfc: _SPECIAL + "erfc",
    sympy.erfinv: _SPECIAL + "erfinv",
    sympy.gamma: _SPECIAL + "gamma",
    sympy.loggamma: _SPECIAL + "gammaln",
    sympy.digamma: _SPECIAL + "digamma",
    sympy.Ei: _SPECIAL + "expi",
}
"""Functions that take the same arguments in SymPy and in JAX."""

_REWRITES: Final[Mapping[type, Callable[..., Any]]] = {
    sympy.sec: lambda x: 1 / sympy.cos(x),
    sympy.csc: lambda x: 1 / sympy.sin(x),
    sympy.cot: lambda x: 1 / sympy.tan(x),
    sympy.sech: lambda x: 1 / sympy.cosh(x),
    sympy.csch: lambda x: 1 / sympy.sinh(x),
    sympy.coth: lambda x: 1 / sympy.tanh(x),
    sympy.asec: lambda x: sympy.acos(1 / x),
    sympy.acsc: lambda x: sympy.asin(1 / x),
    sympy.acot: lambda x: sympy.atan(1 / x),
    sympy.asech: lambda x: sympy.acosh(1 / x),
    sympy.acsch: lambda x: sympy.asinh(1 / x),
    sympy.acoth: lambda x: sympy.atanh(1 / x),
    sympy.frac: lambda x: x - sympy.floor(x),
    sympy.factorial: lambda n: sympy.gamma(n + 1),
    sympy.binomial: lambda n, k: (
        sympy.gamma(n + 1) / (sympy.gamma(k + 1) * sympy.gamma(n - k + 1))
    ),
    sympy.erfcinv: lambda x: sympy.erfinv(1 - x),
    erf2: lambda a, b: sympy.erf(b) - sympy.erf(a),
    erf2inv: lambda a, b: sympy.erfinv(sympy.erf(a) + b),
    sympy.li: lambda x: sympy.Ei(sympy.log(x)),
}
"""Functions that are others by definition."""

_CONSTANTS: Final = {
    sympy.pi: "jnp.pi",
    sympy.E: "jnp.e",
    sympy.oo: "jnp.inf",
    -sympy.oo: "-jnp.inf",
    sympy.nan: "jnp.nan",
    sympy.I: "1j",
}
_RELATIONS: Final = {
    sympy.Gt: ">",
    sympy.Ge: ">=",
    sympy.Lt: "<",
    sympy.Le: "<=",
    sympy.Eq: "==",
    sympy.Ne: "!=",
}
_LARGEST_INTEGER: Final = 2**31 - 1
_DIGITS: Final = 30


class Printer:
    """Prints expressions whose leaves have been given names.

    Attributes:
        leaves: The text of each symbol, indexed element and matrix element.
    """

    def __init__(self, leaves: Mapping[sympy.Basic, str]) -> None:
        self.leaves = leaves

    def text(self, node: Any, precedence: int = _COMPARE) -> str:
        """The expression, in parentheses where the precedence around it needs them.

        Raises:
            FrontendError: JAX has no counterpart of a function in it.
        """
        text, own = self._print(node)
        return f"({text})" if own < precedence else text

    def _print(self, node: Any) -> tuple[str, int]:
        if node in self.leaves:
            text = self.leaves[node]
            return text, _UNARY if text.startswith("-") else _ATOM
        if node in _CONSTANTS:
            text = _CONSTANTS[node]
            return text, _UNARY if text.startswith("-") else _ATOM
        if isinstance(node, Boolean):
            return self._boolean(node)
        if _is_irrational(node):
            return _number(node.evalf(_DIGITS))
        match node:
            case (
                sympy.Integer()
                | sympy.Rational()
                | sympy.Float()
                | sympy.NumberSymbol()
            ):
                return _number(node)
            case sympy.Add():
                return self._sum(node)
            case sympy.Mul():
                return self._product(node)
            case sympy.Pow():
                return self._power(node)
            case sympy.Piecewise():
                return self._piecewise(node), _ATOM
            case sympy.Min():
                return self._fold("jnp.minimum", node), _ATOM
            case sympy.Max():
                return self._fold("jnp.maximum", node), _ATOM
            case sympy.KroneckerDelta():
                first, second = (self.text(each, _OR) for each in node.args[:2])
                return f"jnp.where({first} == {second}, 1.0, 0.0)", _ATOM
            case _:
                return self._function(node)

    def _boolean(self, node: Boolean) -> tuple[str, int]:
        operator = _RELATIONS.get(type(node))
        if operator is not None:
            left, right = (self.text(side, _OR) for side in node.args)
            return f"{left} {operator} {right}", _COMPARE
        # `&` binds closer than comparisons: those are put in parentheses.
        match node:
            case sympy.And():
                parts = [self.text(each, _AND) for each in _ordered(node.args)]
                return " & ".join(parts), _AND
            case sympy.Or():
                parts = [self.text(each, _OR) for each in _ordered(node.args)]
                return " | ".join(parts), _OR
            case sympy.Xor():
                parts = [self.text(each, _XOR) for each in _ordered(node.args)]
                return " ^ ".join(parts), _XOR
            case sympy.Not():
                return f"~{self.text(node.args[0], _UNARY)}", _UNARY
            case sympy.ITE():
                return f"jnp.where({self._list(node.args)})", _ATOM
            case sympy.true | sympy.false:
                return str(bool(node)), _ATOM
        raise no_counterpart(node)

    def _sum(self, node: sympy.Add) -> tuple[str, int]:
        text = ""
        terms = node.as_ordered_terms()
        # A leading minus reads badly: "b - a" rather than "-a + b".
        terms.sort(key=lambda term: text == "" and term.could_extract_minus_sign())
        for number, term in enumerate(terms):
            printed = self.text(term, _SUM)
            if number and printed.startswith("-"):
                text += f" - {self.text(-term, _PRODUCT)}"
            else:
                text += f" + {printed}" if number else printed
        return text, _SUM

    def _product(self, node: sympy.Mul) -> tuple[str, int]:
        coefficient, rest = _coefficient(node)
        if coefficient.is_number and coefficient.is_extended_negative:
            inner = self.text(-node, _PRODUCT)
            return f"-{inner}", _UNARY if _is_atom(inner) else _PRODUCT
        above: list[str] = []
        below: list[str] = []
        if isinstance(coefficient, sympy.Rational) and not _is_exact(coefficient):
            if coefficient.p != 1:
                above.append(_number(sympy.Integer(coefficient.p))[0])
            below.append(_number(sympy.Integer(coefficient.q))[0])
        elif coefficient != 1:
            above.append(_number(coefficient)[0])
        for factor in _factors(rest):
            base, exponent = factor.as_base_exp()
            if exponent.is_Rational and exponent.is_negative and not factor.is_Atom:
                below.append(self.text(sympy.Pow(base, -exponent), _UNARY))
            else:
                above.append(self.text(factor, _PRODUCT if not above else _UNARY))
        top = " * ".join(above) if above else "1"
        if not below:
            return top, _PRODUCT
        bottom = " * ".join(below)
        return f"{top} / {f'({bottom})' if len(below) > 1 else bottom}", _PRODUCT

    def _power(self, node: sympy.Pow) -> tuple[str, int]:
        base, exponent = node.args
        if exponent.is_Rational and exponent.is_negative:
            return f"1 / {self.text(sympy.Pow(base, -exponent), _UNARY)}", _PRODUCT
        if exponent == sympy.Rational(1, 2):
            return f"jnp.sqrt({self.text(base)})", _ATOM
        if exponent == sympy.Rational(1, 3) and base.is_nonnegative:
            return f"jnp.cbrt({self.text(base)})", _ATOM
        written = self.text(base, _ATOM)
        if base.is_Integer:
            written = f"{float(base)!r}"
        return f"{written} ** {self.text(exponent, _UNARY)}", _POWER

    def _piecewise(self, node: sympy.Piecewise) -> str:
        *branches, (last, condition) = node.args
        if condition == sympy.true:
            text = self._value(last)
        else:
            text = "jnp.nan"
            branches.append((last, condition))
        for value, condition in reversed(branches):
            text = f"jnp.where({self.text(condition)}, {self._value(value)}, {text})"
        return text

    def _value(self, node: Any) -> str:
        """An argument that must not be an integer: `where` would keep it one."""
        return f"{float(node)!r}" if node.is_Integer else self.text(node)

    def _fold(self, function: str, node: Any) -> str:
        first, *others = _ordered(node.args)
        text = self._value(first)
        for other in others:
            text = f"{function}({text}, {self._value(other)})"
        return text

    def _function(self, node: Any) -> tuple[str, int]:
        name = _CALLS.get(type(node))
        if name is not None:
            return f"{name}({self._list(node.args)})", _ATOM
        rewrite = _REWRITES.get(type(node))
        if rewrite is not None:
            return self._print(rewrite(*node.args))
        match node:
            case ErfcOfNegative(args=(z,)):
                return f"{_SPECIAL}erfc({self.text(-z)})", _ATOM
            case sympy.sinc():
                return f"jnp.sinc({self.text(node.args[0] / sympy.pi)})", _ATOM
            case sympy.LambertW() | sympy.besselj():
                raise no_counterpart(node)
            case sympy.polygamma(args=(order, x)):
                if order == 0:
                    return f"{_SPECIAL}digamma({self.text(x)})", _ATOM
                return f"{_SPECIAL}polygamma({self._list((order, x))})", _ATOM
            case sympy.besseli(args=(order, x)) if order in (0, 1):
                return f"{_SPECIAL}i{order}({self.text(x)})", _ATOM
            case sympy.expint(args=(order, x)) if order.is_Integer and order >= 0:
                if order == 1:
                    return f"{_SPECIAL}exp1({self.text(x)})", _ATOM
                return f"{_SPECIAL}expn({self._list((order, x))})", _ATOM
            case sympy.zeta(args=(s,)):
                return f"{_SPECIAL}zeta({self._value(s)}, 1.0)", _ATOM
            case sympy.zeta(args=(s, a)):
                return f"{_SPECIAL}zeta({self._value(s)}, {self._value(a)})", _ATOM
            case sympy.beta(args=(a, b)):
                text = f"{_SPECIAL}betaln({self._value(a)}, {self._value(b)})"
                return f"jnp.exp({text})", _ATOM
            case sympy.lowergamma(args=(s, x)) | sympy.uppergamma(args=(s, x)):
                name = "gammainc" if isinstance(node, sympy.lowergamma) else "gammaincc"
                regular = f"{_SPECIAL}{name}({self._value(s)}, {self._value(x)})"
                return f"{regular} * {self.text(sympy.gamma(s), _UNARY)}", _PRODUCT
        raise no_counterpart(node)

    def _list(self, nodes: Any) -> str:
        return ", ".join(self.text(node) for node in nodes)


def no_counterpart(node: Any) -> FrontendError:
    """The error for a node that JAX cannot compute."""
    kind = type(node).__name__
    text = str(node)
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    return FrontendError(
        f"SymPy's {kind} has no counterpart in JAX",
        where=f"in the expression: {shown}",
        fix="rewrite it by elementary functions (expr.rewrite, expr.doit), or write "
        "the function in JAX",
    )


def _is_irrational(node: Any) -> bool:
    """Whether it is a real number that takes a function or a root to compute.

    Such numbers become literals, which SymPy rounds correctly; a sum or a product of
    fractions and pi stays as it is.
    """
    return bool(
        node.is_number
        and node.is_real
        and not node.is_infinite
        and (node.has(sympy.Function) or node.has(sympy.Pow))
        and not node.is_Rational
    )


def _coefficient(node: sympy.Mul) -> tuple[Any, Any]:
    """The numerical factor of a product and the rest."""
    rational, rest = node.as_coeff_Mul()
    numbers = [each for each in sympy.Mul.make_args(rest) if each.is_number]
    if any(map(_is_irrational, numbers)):
        number, rest = rest.as_independent(*rest.free_symbols, as_Add=False)
        product = (rational * number).evalf(_DIGITS)
        if product.is_real:
            return product, rest
    return rational, rest


def _ordered(nodes: Any) -> list[Any]:
    return sorted(nodes, key=sympy.default_sort_key)


def _factors(node: Any) -> list[Any]:
    return node.as_ordered_factors() if node.is_Mul else [] if node == 1 else [node]


def _is_exact(value: sympy.Rational) -> bool:
    """Whether a fraction is an integer, or a short binary fraction such as 0.5."""
    return bool(value.q == 1 or (value.q in (2, 4, 8) and abs(value.p) < 1000))


def _is_atom(text: str) -> bool:
    return text.replace("_", "").replace(".", "").isalnum()


def _number(node: Any) -> tuple[str, int]:
    if node.is_Integer and abs(int(node)) <= _LARGEST_INTEGER:
        text = str(int(node))
    else:
        # SymPy rounds to 53 bits correctly; repr gives the shortest such literal.
        text = repr(float(node))
    return text, _UNARY if text.startswith("-") else _ATOM
