"""Terms: scalars as nodes of a graph in which equal nodes are one node."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np

from partialc.ir.dtypes import DType, Regime
from partialc.ir.program import ArrayType, Constant, Equation, Param, Value
from partialc.ir.structure import constant_key, equation_key
from partialc.lowering.fold_constants import constant_results

ELEMENT: Final = "element"
CONSTANT: Final = "constant"
REDUCTIONS: Final = frozenset({"reduce_sum", "reduce_prod"})
_DIGITS: Final = 12
_NOISE: Final = 4 * float(np.finfo(np.float64).eps)
NO_PARAMS: Final[Mapping[str, Param]] = MappingProxyType({})


@dataclass(frozen=True, eq=False, slots=True)
class Term:
    """One scalar.

    Attributes:
        op: `element` (of an array), `constant`, an elementwise primitive, or a
            reduction (`reduce_sum`, ...) of its operands.
        args: Its operands.
        dtype: Its element type.
        params: Parameters of the primitive.
        order: The place in the order in which terms were made.
        array: Of an element: the array it is an element of.
        position: Of an element: its flat position there.
        constant: Of a constant: the scalar.
        strict: Whether somebody may depend on how it is rounded (it decides a truth
            value, or compensates for the rounding of others): passes that reassociate
            leave it as it is.
    """

    op: str
    args: tuple[Term, ...]
    dtype: DType
    order: int
    params: Mapping[str, Param] = field(default_factory=lambda: NO_PARAMS)
    array: Value | None = None
    position: int = 0
    constant: Constant | None = None
    strict: bool = False

    @property
    def number(self) -> Any:
        """The Python number of a constant, else None."""
        return None if self.constant is None else self.constant.data.item()

    def __repr__(self) -> str:
        inner = ", ".join(f"t{term.order}" for term in self.args)
        held = self.number if self.constant is not None else self.position
        return f"t{self.order}={self.op}({inner or held})"


Key: TypeAlias = tuple[object, ...]


class Terms:
    """Makes terms; asked twice for the same, it gives the same one."""

    def __init__(self) -> None:
        self._known: dict[Key, Term] = {}
        self._digests: dict[int, str] = {}

    def element(self, array: Value, position: int) -> Term:
        """An element of an array that stays an array."""
        key: Key = (ELEMENT, array, position)
        found = self._known.get(key)
        if found is None:
            found = Term(
                ELEMENT,
                (),
                array.type.dtype,
                len(self._known),
                array=array,
                position=position,
            )
            self._known[key] = found
        return found

    def constant(self, constant: Constant) -> Term:
        """A scalar constant."""
        key: Key = (CONSTANT, constant_key(constant))
        found = self._known.get(key)
        if found is None:
            found = Term(
                CONSTANT, (), constant.type.dtype, len(self._known), constant=constant
            )
            self._known[key] = found
        return found

    def scalar(self, number: Any, dtype: DType) -> Term:
        """A number of an element type."""
        return self.constant(Constant.of(ArrayType(dtype, ()), number))

    def known(self, op: str, args: Sequence[Term], dtype: DType) -> Term | None:
        """An operation without parameters, if it was made before."""
        return self._known.get((op, tuple(args), str(dtype), "", False))

    def operation(
        self,
        op: str,
        args: Sequence[Term],
        dtype: DType,
        params: Mapping[str, Param] = NO_PARAMS,
        *,
        strict: bool = False,
    ) -> Term:
        """An operation, as it is: `algebra.Algebra` simplifies."""
        operands = tuple(args)
        digest = ""
        if params:
            equation = Equation(op, (), params, ())
            digest = equation_key(equation, self._digests)[1]
        key: Key = (op, operands, str(dtype), digest, strict)
        found = self._known.get(key)
        if found is None:
            order = len(self._known)
            found = Term(op, operands, dtype, order, params, strict=strict)
            self._known[key] = found
        return found

    def folded(self, term: Term, *, strict: bool = False) -> Term:
        """The constant that an operation on constants is.

        Args:
            term: The operation.
            strict: Whether its bits must be certain; products and quotients are
                otherwise folded up to their rounding.
        """
        if not term.args or any(arg.constant is None for arg in term.args):
            return term
        quick = _dyadic(term)
        if quick is None and not strict:
            quick = _scaled(term)
        if quick is not None:
            return self.scalar(quick, term.dtype)
        results = constant_results(
            Equation(
                term.op,
                tuple(arg.constant for arg in term.args if arg.constant is not None),
                term.params,
                (Value(ArrayType(term.dtype, ())),),
            )
        )
        return term if results is None else self.constant(results[0])


def _dyadic(term: Term) -> float | None:
    """Sums and products of small numbers that all float widths hold exactly."""
    if term.op not in ("add", "add_any", "sub", "mul") or not is_usual(term.dtype):
        return None
    first, second = (arg.number for arg in term.args)
    match term.op:
        case "mul":
            result = first * second
        case "sub":
            result = first - second
        case _:
            result = first + second
    small = all(
        abs(number) < 1 << 20 and float(np.float16(number)) == number
        for number in (first, second, result)
        if abs(number) < 60000
    )
    zero = result == 0 and np.signbit(result)
    large = max(abs(first), abs(second), abs(result)) >= 60000
    return None if large or zero or not small else float(result)


def _scaled(term: Term) -> float | None:
    """Products and quotients that no float width rounds but in the last place."""
    if term.op not in ("mul", "div") or not is_usual(term.dtype):
        return None
    first, second = (arg.number for arg in term.args)
    if not (is_moderate(first) and is_moderate(second)):
        return None
    return rounded(float(first * second if term.op == "mul" else first / second))


def rounded(number: float, size: float | None = None) -> float:
    """A number without the noise of its last digits: 2.7 - 1 is 1.7.

    Args:
        number: The number.
        size: The size of what it was computed from; its own if not given.
    """
    short = float(f"{number:.{_DIGITS}g}")
    noise = _NOISE * abs(number if size is None else size)
    return short if abs(short - number) <= noise else number


def is_moderate(number: Any) -> bool:
    """Whether a number is so far from overflow that one may multiply by it freely."""
    return isinstance(number, float) and 1e-15 < abs(number) < 1e15


def is_tame(number: Any) -> bool:
    """Whether a number is so near to one that powers of it are taken freely.

    (3.4e-10 / x) ** 12 is a number where neither 3.4e-10 ** 12 nor x ** -12 is one, and
    (3.4e-10 * (1 / x)) ** 12 becomes their product when XLA compiles it.
    """
    return isinstance(number, float) and 1e-4 <= abs(number) <= 1e4


def scales_wildly(term: Term) -> bool:
    """Whether a term is the multiple of another by a number that is far from one."""
    return term.op in ("mul", "div") and any(
        isinstance(arg.number, float) and arg.number and not is_tame(arg.number)
        for arg in term.args
    )


def is_usual(dtype: DType) -> bool:
    """Whether it is a float of 32 or 64 bits, whoever calls."""
    return dtype.is_float and all(
        name in ("float32", "float64") for name in _widths(dtype)
    )


def _widths(dtype: DType) -> tuple[str, ...]:
    return tuple(dtype.at(regime) for regime in Regime)


def reachable(roots: Sequence[Term]) -> Iterator[Term]:
    """All terms that some terms are made of, operands before what uses them."""
    return unknown(roots, ())


def unknown(roots: Sequence[Term], known: Collection[Term]) -> Iterator[Term]:
    """Those of them that are not known, nor made of for what is known."""
    done: set[Term] = set()
    begun: set[Term] = set()
    for root in roots:
        pending = [root]
        while pending:
            term = pending[-1]
            if term in done or term in known:
                pending.pop()
            elif term in begun or not term.args:
                pending.pop()
                done.add(term)
                yield term
            else:
                begun.add(term)
                pending.extend(reversed(term.args))


def uses(roots: Sequence[Term]) -> dict[Term, int]:
    """How often each term is an operand, or a root."""
    counts: dict[Term, int] = {}
    for term in reachable(roots):
        for arg in term.args:
            counts[arg] = counts.get(arg, 0) + 1
    for root in roots:
        counts[root] = counts.get(root, 0) + 1
    return counts
