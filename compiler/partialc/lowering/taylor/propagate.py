"""Forward through a program, series by series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import Regime
from partialc.ir.program import Atom, Constant, Equation, Function, Value
from partialc.ir.rewrite import splice
from partialc.lowering.fold_constants import computed
from partialc.lowering.taylor.nested import nested
from partialc.ops.registry import find
from partialc.ops.series import Downset, MultiIndex, Series, SeriesArithmetic
from partialc.ops.taylor import Taylor
from partialc.tangents.arrays import Arrays


@dataclass(frozen=True, slots=True)
class Propagated:
    """A program of series.

    Attributes:
        arithmetic: What its equations were written by; more can be added.
        outputs: The series of each output.
        series: Those of all values that are more than their value, in order.
        carried: The operations that JAX differentiated, in their order.
    """

    arithmetic: SeriesArithmetic
    outputs: tuple[Series, ...]
    series: Mapping[Value, Series]
    carried: tuple[str, ...]


def propagated(
    function: Function,
    directions: Sequence[tuple[int, int]],
    downset: Downset,
    regimes: Sequence[Regime],
) -> Propagated:
    """Take the Taylor series of a program along some elements of its inputs.

    Args:
        function: Without calls and without custom rules.
        directions: For each place of a multi-index the input, and the element of it,
            row-major.
        downset: The multi-indices.
        regimes: Those that the function stands for.

    Raises:
        NoSeriesError: Series cannot be taken through some operation.
        RegimesDifferError: What JAX has to differentiate is not one program in all of
            them.
        Exception: Whatever JAX raises about an operation without a recurrence.
    """
    return _Interpreter(downset, regimes).run(function, directions)


class _Interpreter:
    """The series of each value met so far that is more than its value."""

    def __init__(self, downset: Downset, regimes: Sequence[Regime]) -> None:
        self.downset = downset
        self.regimes = tuple(regimes)
        self.arrays = Arrays(_known, lambda atom: None, computed)
        self.arithmetic = SeriesArithmetic(downset, self.arrays)
        self.series: dict[Value, Series] = {}
        self.carried: list[str] = []

    def run(
        self, function: Function, directions: Sequence[tuple[int, int]]
    ) -> Propagated:
        """Go through all equations."""
        for place, (number, element) in enumerate(directions):
            index = tuple(int(each == place) for each in range(len(directions)))
            if index not in self.downset.indices:
                continue
            value = function.inputs[number]
            seed = np.zeros(value.type.size)
            seed[element] = 1
            unit = Constant.of(value.type, seed.reshape(value.type.shape))
            self.series[value] = {**self.of(value), index: unit}
        for equation in function.equations:
            self.follow(equation)
        outputs = tuple(map(self.of, function.outputs))
        return Propagated(self.arithmetic, outputs, self.series, tuple(self.carried))

    def of(self, atom: Atom) -> Series:
        """The series of a value."""
        alone = {self.downset.zero: atom}
        return self.series.get(atom, alone) if isinstance(atom, Value) else alone

    def follow(self, equation: Equation) -> None:
        """One operation."""
        self.arrays.write(equation)
        operands = tuple(map(self.of, equation.inputs))
        is_still = all(len(series) == 1 for series in operands)
        if is_still or not any(each.type.dtype.is_inexact for each in equation.outputs):
            return
        op = find(equation.op)
        found: Sequence[Series] | None = None
        if op is not None and op.taylor is not None:
            found = op.taylor(
                Taylor(
                    equation, operands, equation.outputs, self.arithmetic, self.through
                )
            )
        if found is None:
            self.carried.append(equation.op)
            found = nested(equation, operands, self.downset, self.regimes, self.arrays)
        for value, series in zip(equation.outputs, found, strict=True):
            self.keep(value, series)

    def through(
        self, function: Function, atoms: Sequence[Atom], series: Sequence[Series]
    ) -> list[Series]:
        """The series of a function's results, if some values had these series."""
        before = dict(self.series)
        for atom, each in zip(atoms, series, strict=True):
            if isinstance(atom, Value):
                self.series[atom] = each
        equations: list[Equation] = []
        outputs = splice(function, atoms, equations)
        for each_equation in equations:
            self.follow(each_equation)
        found = list(map(self.of, outputs))
        self.series = before
        return found

    def keep(self, value: Value, series: Series) -> None:
        """A value with its coefficients, as wide as it is; zeros are dropped."""
        kept: dict[MultiIndex, Atom] = {self.downset.zero: value}
        for index in self.downset.higher:
            atom = series.get(index)
            if atom is None:
                continue
            known = self.arrays.known(atom)
            if known is None or known.any():
                kept[index] = self.arithmetic.spread(atom, value.type)
        if len(kept) > 1:
            self.series[value] = kept


def _known(atom: Atom) -> NDArray[Any] | None:
    return atom.data if isinstance(atom, Constant) else None
