"""Branches of `Piecewise` that stay finite where they are not taken.

`jnp.where(x > 0, jnp.log(x), 0)` has the derivative nan at x = -1: the branch that is
not taken is evaluated all the same, and nan times zero is nan. The remedy is to
evaluate it elsewhere: at `jnp.where(x > 0, x, 1)`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

import sympy
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean

from partialc.errors import FrontendError

_FINITE: Final = (
    *(sympy.sin, sympy.cos, sympy.tanh, sympy.atan, sympy.asinh, sympy.erf, sympy.erfc),
    *(sympy.Abs, sympy.sign, sympy.Min, sympy.Max, sympy.floor, sympy.ceiling),
    *(sympy.Heaviside, sympy.Add, sympy.Mul, sympy.Piecewise, Boolean, ExprCondPair),
)
_CANDIDATES: Final = tuple(
    sympy.Rational(*pair)
    for pair in (
        *((1, 1), (2, 1), (1, 2), (3, 1), (1, 4), (-1, 1), (-2, 1), (-1, 2), (-1, 4)),
        *((10, 1), (100, 1), (1, 10), (0, 1), (-3, 1), (-10, 1), (-100, 1), (1000, 1)),
    )
)
_MOST_POINTS: Final = 4000


class SafeBranches:
    """Rewrites expressions so that no branch is evaluated outside of its domain.

    Attributes:
        variables: The definition of each safe variable that was introduced, in order.
    """

    def __init__(self, taken: set[str]) -> None:
        self.variables: dict[sympy.Symbol, sympy.Piecewise] = {}
        self._taken = taken
        self._known: dict[tuple[Any, Any, Any], sympy.Symbol] = {}

    def rewrite(self, node: Any) -> Any:
        """The expression with safe branches.

        Raises:
            FrontendError: No point is found at which a branch is taken and finite.
        """
        if isinstance(node, sympy.Piecewise):
            return self._piecewise(node)
        if not node.args or not node.has(sympy.Piecewise):
            return node
        return node.func(*(self.rewrite(argument) for argument in node.args))

    def _piecewise(self, node: sympy.Piecewise) -> Any:
        branches: list[tuple[Any, Any]] = []
        before: list[Any] = []
        for value, condition in node.args:
            guard = sympy.And(condition, *(sympy.Not(each) for each in before))
            before.append(condition)
            if guard.has(sympy.And):
                guard = guard.simplify()
            endangered = _endangered(value)
            if guard != sympy.true and endangered:
                value = value.xreplace(self._substitution(value, guard, endangered))
            branches.append((self.rewrite(value), condition))
        return sympy.Piecewise(*branches, evaluate=False)

    def _substitution(
        self, value: Any, guard: Any, endangered: set[Any]
    ) -> dict[Any, sympy.Symbol]:
        variables = sorted(endangered, key=lambda symbol: symbol.name)
        point = _safe_point(value, guard, variables)
        return {
            variable: self._safe_variable(variable, guard, at)
            for variable, at in point.items()
        }

    def _safe_variable(self, variable: Any, guard: Any, at: Any) -> sympy.Symbol:
        key = (variable, guard, at)
        if key not in self._known:
            name = fresh(f"{variable.name}_safe", self._taken)
            symbol = sympy.Symbol(name, **variable.assumptions0)
            self._known[key] = symbol
            self.variables[symbol] = sympy.Piecewise(
                (variable, guard), (at, True), evaluate=False
            )
        return self._known[key]


def fresh(name: str, taken: set[str]) -> str:
    """The name, with a letter after it if it is taken; it is taken from now on."""
    suffixes = itertools.chain([""], (f"_{letter}" for letter in _letters()))
    found = next(name + suffix for suffix in suffixes if name + suffix not in taken)
    taken.add(found)
    return found


def _letters() -> Iterator[str]:
    alphabet = "bcdefghijklmnopqrstuvwxyz"
    for length in itertools.count(1):
        for letters in itertools.product(alphabet, repeat=length):
            yield "".join(letters)


def _endangered(node: Any) -> set[Any]:
    """The variables in those parts of a branch that are not finite everywhere.

    What is finite, with all its derivatives, for all real arguments needs no care; nor
    does a variable that merely multiplies or is added to the rest.
    """
    if node.is_Atom:
        return set()
    if isinstance(node, sympy.Pow):
        is_finite = node.exp.is_Integer and node.exp.is_nonnegative
    else:
        is_finite = isinstance(node, _FINITE)
    if not is_finite:
        return set(node.free_symbols)
    return set().union(*map(_endangered, node.args))


def _safe_point(value: Any, guard: Any, variables: list[Any]) -> Mapping[Any, Any]:
    """A point at which the guard holds and the branch is finite and smooth."""
    present = guard.free_symbols | value.free_symbols
    others = sorted(present - set(variables), key=lambda each: each.name)
    everything = [*variables, *others]
    numbers = sorted({each for each in guard.atoms(sympy.Number) if each.is_finite})
    near = [
        number + step
        for number in numbers
        for step in (1, -1, sympy.Rational(1, 2), -sympy.Rational(1, 2))
    ]
    middle = [(low + high) / 2 for low, high in itertools.pairwise(numbers)]
    candidates = list(dict.fromkeys([*_CANDIDATES, *middle, *near, *numbers]))
    slopes = [sympy.diff(value, variable) for variable in variables]
    points = itertools.product(candidates, repeat=len(everything))
    for values in itertools.islice(points, _MOST_POINTS):
        point = dict(zip(everything, values, strict=True))
        if guard.xreplace(point) == sympy.true and all(
            _is_finite_at(each, point) for each in (value, *slopes)
        ):
            return {variable: point[variable] for variable in variables}
    raise FrontendError(
        "a branch of a SymPy Piecewise cannot be made safe",
        where=f"in the branch: {value}, where {guard}",
        why="no point was found at which it is taken and finite; evaluated elsewhere, "
        "it would make derivatives nan",
        fix="write the branch so that it is finite everywhere, or write it in JAX",
    )


def _is_finite_at(node: Any, point: Mapping[Any, Any]) -> bool:
    try:
        number = complex(node.subs(point).evalf())
    except (TypeError, ValueError, ZeroDivisionError):
        return False
    return number.imag == 0 and abs(number.real) < 1e100
