"""What the results of a program truly are: its scalar operations in many digits.

The program is taken apart into scalars, as the light cone does, but nothing is
simplified; each scalar is then computed by mpmath, with digits doubled until two
answers agree. What comes out of operations on whole arrays (solves, loops) has no such
truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
from mpmath import mp
from numpy.typing import NDArray

from partialc.analysis.demand import find_demand
from partialc.analysis.facts import find_facts
from partialc.ir.dtypes import DType
from partialc.ir.program import Constant, Function, Param, Value
from partialc.lowering.fold_constants import computed
from partialc.lowering.pipeline import FINAL, run
from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.extract import extract
from partialc.lowering.scalar.program import Array, Assembled
from partialc.lowering.scalar.terms import (
    CONSTANT,
    ELEMENT,
    NO_PARAMS,
    Term,
    Terms,
    reachable,
)
from partialc.ops.multiprecision import Precise
from partialc.ops.registry import find

FEWEST_DIGITS: Final = 50
MOST_DIGITS: Final = 3200
"""Where these do not settle a number, it is not known."""

SMALLEST: Final = mp.mpf(10) ** -330
"""What is smaller is zero to float64, be it exactly zero or what is left of digits."""

SURE_OF_ZERO: Final = 400
"""1 - tanh(x)**2 is zero to fewer digits where it is 1e-300."""

AGREEING: Final = 20
"""Digits that two answers must have in common."""

LARGEST: Final = 20_000
"""Programs with more elements to compute have no truth: it would take too long."""


class _Verbatim(Algebra):
    """Makes terms as they come; what is multiplied by a structural zero is zero."""

    def apply(
        self,
        op: str,
        args: Sequence[Term],
        dtype: DType,
        params: Mapping[str, Param] = NO_PARAMS,
        *,
        strict: bool = False,
    ) -> Term:
        zero = op == "mul" and any(arg.number == 0 for arg in args)
        if zero and dtype.is_float and not strict:
            return self.terms.scalar(0, dtype)
        return self.terms.operation(op, args, dtype, params)


class Truth:
    """The true results of a program.

    Attributes:
        work: The scalar operations so far, counted as of 50 digits.
    """

    def __init__(self, function: Function) -> None:
        """Nothing is computed yet.

        Args:
            function: The program in the widest regime, as it was traced: calls and
                custom rules may still be in it.
        """
        self.work = 0.0
        self._function = function
        self._orders: dict[tuple[int, int], tuple[Term, ...] | None] = {}
        self._found: dict[tuple[int, int, bytes], Any] = {}

    @cached_property
    def _program(self) -> Function:
        return run(self._function, FINAL)

    @cached_property
    def _places(self) -> Mapping[Value, int]:
        return {value: number for number, value in enumerate(self._program.inputs)}

    @cached_property
    def _outputs(self) -> tuple[Array, ...]:
        """The results as terms; none if there are too many."""
        facts = find_facts(self._program, computed)
        demand = find_demand(self._program, facts, LARGEST)
        if demand is None:
            return ()
        return extract(self._program, facts, demand, _Verbatim(Terms())).outputs

    def operations(self, output: int, position: int) -> int | None:
        """How many scalar operations an entry takes; None if it has no truth.

        Args:
            output: The number of the result.
            position: The flat position of the entry within it.
        """
        order = self._order(output, position)
        return None if order is None else len(order)

    def entry(
        self, output: int, position: int, point: Sequence[NDArray[np.generic]]
    ) -> Any:
        """One entry of the results at a point.

        Args:
            output: The number of the result.
            position: The flat position of the entry within it.
            point: One array for each input of the program.

        Returns:
            An mpmath number; None where it is not finite, or not known.
        """
        order = self._order(output, position)
        if order is None:
            return None
        key = output, position, b"".join(np.asarray(leaf).tobytes() for leaf in point)
        if key not in self._found:
            self._found[key] = self._settled(order, point)
        return self._found[key]

    def rounded(
        self,
        output: int,
        position: int,
        point: Sequence[NDArray[np.generic]],
        bits: int,
    ) -> Any:
        """An entry with every operation rounded to so many bits; None as in `entry`.

        It errs as a machine of that precision does, but alike on every machine.
        """
        order = self._order(output, position)
        if order is None:
            return None
        with mp.workprec(bits):
            return self._computed(order, point)

    def _settled(
        self, order: Sequence[Term], point: Sequence[NDArray[np.generic]]
    ) -> Any:
        last = None
        digits = FEWEST_DIGITS
        while digits <= MOST_DIGITS:
            self.work += len(order) * (digits / FEWEST_DIGITS) ** 1.5
            with mp.workdps(digits):
                now = self._computed(order, point)
                if now is not None and last is not None and _agree(now, last, digits):
                    return now
            last = now
            digits *= 2
        return None

    def _computed(
        self, order: Sequence[Term], point: Sequence[NDArray[np.generic]]
    ) -> Any:
        values: dict[Term, Any] = {}
        try:
            for term in order:
                values[term] = self._value(term, values, point)
        except (ArithmeticError, ValueError, MemoryError):
            return None
        result = values[order[-1]]
        return result if mp.isfinite(result) else None

    def _value(
        self,
        term: Term,
        values: Mapping[Term, Any],
        point: Sequence[NDArray[np.generic]],
    ) -> Any:
        if term.constant is not None:
            return _number(term.number)
        if term.op == ELEMENT:
            leaf = point[self._places[_array(term)]]
            return _number(np.asarray(leaf).reshape(-1)[term.position].item())
        return _rule(term)([values[arg] for arg in term.args], term.params)

    def _order(self, output: int, position: int) -> tuple[Term, ...] | None:
        """The terms of an entry, operands first; None where one has no truth."""
        key = output, position
        if key not in self._orders:
            array = self._outputs[output] if self._outputs else None
            term = None if array is None else self._root(array, position)
            order = () if term is None else tuple(reachable([term]))
            known = bool(order) and all(map(self._is_known, order))
            self._orders[key] = order if known else None
        return self._orders[key]

    def _root(self, array: Array, position: int) -> Term | None:
        if isinstance(array, Assembled):
            return array.terms[position]
        if isinstance(array, Constant):
            return Terms().scalar(array.data.reshape(-1)[position], array.type.dtype)
        return Terms().element(array, position) if array in self._places else None

    def _is_known(self, term: Term) -> bool:
        if term.op == CONSTANT:
            return not (term.dtype.is_complex or term.dtype.is_key)
        if term.op == ELEMENT:
            return _array(term) in self._places and not term.dtype.is_complex
        op = find(term.op)
        return op is not None and op.precise is not None and not term.dtype.is_complex


def _agree(now: Any, last: Any, digits: int) -> bool:
    """Whether an answer is sure, after one of half the digits."""
    if abs(now) < SMALLEST:
        return digits >= SURE_OF_ZERO and abs(last) < SMALLEST
    return bool(abs(now - last) <= abs(now) * mp.mpf(10) ** -AGREEING)


def _rule(term: Term) -> Precise:
    op = find(term.op)
    assert op is not None
    assert op.precise is not None
    return op.precise


def _array(term: Term) -> Value:
    assert term.array is not None
    return term.array


def _number(item: Any) -> Any:
    """A Python number for the rules: floats become mpmath's, exactly."""
    return mp.mpf(item) if isinstance(item, float) else item
