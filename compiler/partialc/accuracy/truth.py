"""What the results of a program truly are: its scalar operations in many digits.

Each scalar is computed by mpmath, with digits doubled until two answers agree. What
comes out of operations on whole arrays (solves, loops) has no such truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from mpmath import mp
from numpy.typing import NDArray

from partialc.accuracy.scalars import Scalars
from partialc.ir.program import Param
from partialc.lowering.scalar.terms import CONSTANT, ELEMENT, Term
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


class Truth:
    """The true results of a program.

    Attributes:
        work: The scalar operations so far, counted as of 50 digits.
    """

    def __init__(self, scalars: Scalars) -> None:
        """Nothing is computed yet.

        Args:
            scalars: The program, taken apart.
        """
        self.work = 0.0
        self._scalars = scalars
        self._orders: dict[tuple[int, int], list[_Step] | None] = {}
        self._found: dict[tuple[int, int, bytes], Any] = {}

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
            return _computed(order, point)

    def _settled(
        self, steps: Sequence[_Step], point: Sequence[NDArray[np.generic]]
    ) -> Any:
        last = None
        digits = FEWEST_DIGITS
        while digits <= MOST_DIGITS:
            self.work += len(steps) * (digits / FEWEST_DIGITS) ** 1.5
            with mp.workdps(digits):
                now = _computed(steps, point)
                if now is not None and last is not None and _agree(now, last, digits):
                    return now
            last = now
            digits *= 2
        return None

    def _order(self, output: int, position: int) -> list[_Step] | None:
        """How an entry is computed, operands first; None where it has no truth."""
        key = output, position
        if key not in self._orders:
            order = self._scalars.order(output, position)
            known = order is not None and all(map(_is_known, order))
            self._orders[key] = self._steps(order) if order and known else None
        return self._orders[key]

    def _steps(self, order: Sequence[Term]) -> list[_Step]:
        numbers = {term: number for number, term in enumerate(order)}
        steps: list[_Step] = []
        for term in order:
            if term.array is not None:
                steps.append(_Element(self._scalars.places[term.array], term.position))
            elif term.op == CONSTANT:
                steps.append(_Number(term.number))
            else:
                args = [numbers[arg] for arg in term.args]
                steps.append(_Operation(_rule(term), args, term.params))
        return steps


@dataclass(frozen=True, slots=True)
class _Element:
    leaf: int
    position: int


@dataclass(frozen=True, slots=True)
class _Number:
    item: Any


@dataclass(frozen=True, slots=True)
class _Operation:
    """A rule on the results of earlier steps, by number."""

    rule: Precise
    args: list[int]
    params: Mapping[str, Param]


_Step: TypeAlias = _Element | _Number | _Operation


def _computed(
    steps: Sequence[_Step], point: Sequence[NDArray[np.generic]]
) -> Any | None:
    """The last step's result in the working precision; None if it is not finite."""
    values: list[Any] = []
    try:
        for step in steps:
            if isinstance(step, _Operation):
                operands = [values[number] for number in step.args]
                values.append(step.rule(operands, step.params))
            elif isinstance(step, _Element):
                leaf = np.asarray(point[step.leaf])
                values.append(_number(leaf.reshape(-1)[step.position].item()))
            else:
                values.append(_number(step.item))
    except (ArithmeticError, ValueError, MemoryError):
        return None
    return values[-1] if mp.isfinite(values[-1]) else None


def _is_known(term: Term) -> bool:
    if term.op in (CONSTANT, ELEMENT):
        return True
    op = find(term.op)
    return op is not None and op.precise is not None


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


def _number(item: Any) -> Any:
    """A Python number for the rules: floats become mpmath's, exactly."""
    return mp.mpf(item) if isinstance(item, float) else item
