"""One function out of the traces of several regimes, where they agree in structure.

Element types become triples. A conversion that only some regimes contain (float32 input
beside a float64 constant, with x64 on) is a conversion to the same type in the others:
it is inserted there, so that such programs still merge. Constants are widened at once
(float32 weights beside a float64 input) and keep the elements of the widest regime,
provided that rounding them gives the constants of the narrower ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partialc.ir.dtypes import DType, Regime
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Dimensions,
    Equation,
    Function,
    Param,
    Value,
)
from partialc.ir.rewrite import everywhere, resolve, with_inputs

CONVERT = "convert_element_type"


def merge(traces: Mapping[Regime, Function]) -> dict[Regime, Function]:
    """Share functions between regimes as far as their structures agree.

    Args:
        traces: The function as traced under each regime, with fixed element types, the
            narrowest regime first.

    Returns:
        The function for each regime. All entries are one object when all traces agree;
        otherwise the first pair that agrees shares one, and the rest stay apart.
    """
    regimes = list(traces)
    settled = {
        regime: everywhere(trace, _with_widened_constants)
        for regime, trace in traces.items()
    }
    groups = [regimes, *_pairs(regimes)] if len(regimes) > 2 else [regimes]
    for group in groups:
        merged = _merged(group, [settled[regime] for regime in group])
        if merged is not None:
            return dict(traces) | dict.fromkeys(group, merged)
    return dict(traces)


def _pairs(regimes: Sequence[Regime]) -> list[list[Regime]]:
    """Narrow with wide first: the two that only differ in the caller's width."""
    narrow, mixed, wide = regimes
    return [[narrow, wide], [mixed, wide], [narrow, mixed]]


def _merged(
    regimes: Sequence[Regime], functions: Sequence[Function]
) -> Function | None:
    try:
        return _Merger(regimes).function(functions)
    except _DifferError:
        return None


class _DifferError(Exception):
    """The traces differ in structure."""


def _require(condition: bool) -> None:
    if not condition:
        raise _DifferError


def _require_equal(options: Sequence[object]) -> None:
    _require(all(first == second for first, second in pairwise(options)))


class _Merger:
    """Walks the traces of one function side by side.

    A `column` holds one entry per trace throughout.
    """

    def __init__(self, regimes: Sequence[Regime]) -> None:
        self.regimes = tuple(regimes)
        self._functions: dict[tuple[int, ...], Function] = {}

    def function(self, column: Sequence[Function]) -> Function:
        """The merged function; the same traces give the same object."""
        if all(trace is column[0] for trace in column):
            return column[0]
        key = tuple(id(trace) for trace in column)
        if key not in self._functions:
            self._functions[key] = _Body(self).function(column)
        return self._functions[key]

    def param(self, column: Sequence[Param]) -> Param:
        """A parameter: element types and functions merge, all else must be equal."""
        match column[-1]:
            case Function():
                functions = [entry for entry in column if isinstance(entry, Function)]
                _require(len(functions) == len(column))
                return self.function(functions)
            case DType():
                dtypes = [entry for entry in column if isinstance(entry, DType)]
                _require(len(dtypes) == len(column))
                return self.dtype(dtypes)
            case tuple():
                tuples = [entry for entry in column if isinstance(entry, tuple)]
                _require(len(tuples) == len(column))
                _require_equal([len(entry) for entry in tuples])
                return tuple(
                    self.param(entries) for entries in zip(*tuples, strict=True)
                )
            case float() | complex():
                _require_equal([repr(entry) for entry in column])
            case None | bool() | int() | str() | Dimensions():
                _require_equal([(type(entry), entry) for entry in column])
        return column[-1]

    def array_type(self, column: Sequence[ArrayType]) -> ArrayType:
        """One shape, and the triple of the element types."""
        _require_equal([entry.shape for entry in column])
        return ArrayType(self.dtype([entry.dtype for entry in column]), column[0].shape)

    def dtype(self, column: Sequence[DType]) -> DType:
        """The triple; a regime that was not traced takes what goes with the others."""
        at = {
            regime: dtype.at(regime)
            for regime, dtype in zip(self.regimes, column, strict=True)
        }
        wide = at.get(Regime.WIDE, at.get(Regime.MIXED, at.get(Regime.NARROW, "")))
        narrow = at.get(Regime.NARROW, at.get(Regime.MIXED, wide))
        mixed = at.get(Regime.MIXED, wide)
        return DType(narrow, mixed, wide)

    def constant(self, column: Sequence[Constant]) -> Constant:
        """The widest elements, if the narrower ones are their roundings, bit by bit."""
        widest = column[-1].data
        for constant in column[:-1]:
            rounded = _rounded(widest, constant.data.dtype)
            _require(rounded.tobytes() == constant.data.tobytes())
        return Constant(self.array_type([entry.type for entry in column]), widest)


class _Body:
    """The values of one function while its traces are walked.

    Attributes:
        _merged: For each trace, the merged value of each of its values.
        _origin: For each trace, the merged value that an inserted conversion (which
            changes nothing there) is equal to.
    """

    def __init__(self, merger: _Merger) -> None:
        self._merger = merger
        self._merged: list[dict[Value, Value]] = []
        self._origin: list[dict[Value, Value]] = []

    def function(self, column: Sequence[Function]) -> Function:
        self._merged = [{} for _ in column]
        self._origin = [{} for _ in column]
        inputs = self._define_all([trace.inputs for trace in column])
        equations = self._equations([trace.equations for trace in column])
        outputs = self._atoms([trace.outputs for trace in column])
        return Function(column[-1].name, inputs, equations, outputs)

    def _equations(self, columns: Sequence[Sequence[Equation]]) -> tuple[Equation, ...]:
        merged: list[Equation] = []
        cursors = [0 for _ in columns]
        while True:
            column = [
                equations[cursor] if cursor < len(equations) else None
                for cursor, equations in zip(cursors, columns, strict=True)
            ]
            present = [equation for equation in column if equation is not None]
            if not present:
                return tuple(merged)
            if len(present) == len(column) and len({e.op for e in present}) == 1:
                merged.append(self._equation(present))
                cursors = [cursor + 1 for cursor in cursors]
                continue
            converts = [
                equation if equation is not None and equation.op == CONVERT else None
                for equation in column
            ]
            merged.append(self._conversion(converts))
            cursors = [
                cursor + (convert is not None)
                for cursor, convert in zip(cursors, converts, strict=True)
            ]

    def _equation(self, column: Sequence[Equation]) -> Equation:
        widest = column[-1]
        _require_equal([list(equation.params) for equation in column])
        inputs = self._atoms([equation.inputs for equation in column])
        params = {
            name: self._merger.param([equation.params[name] for equation in column])
            for name in widest.params
        }
        outputs = self._define_all([equation.outputs for equation in column])
        return Equation(widest.op, inputs, params, outputs, widest.location)

    def _conversion(self, column: Sequence[Equation | None]) -> Equation:
        """A conversion that only some traces have; in the others it changes nothing."""
        present = [equation for equation in column if equation is not None]
        _require(bool(present))
        place = column.index(present[0])
        (operand,) = present[0].inputs
        _require(isinstance(operand, Value))
        source = self._merged[place][operand]  # type: ignore[index]
        types: list[ArrayType] = []
        for number, equation in enumerate(column):
            if equation is None:
                dtype = DType.fixed(source.type.dtype.at(self._merger.regimes[number]))
                types.append(ArrayType(dtype, source.type.shape))
                continue
            (atom,) = equation.inputs
            _require(isinstance(atom, Value))
            _require(self._stands_for(number, atom, source))
            types.append(equation.outputs[0].type)
        result = Value(self._merger.array_type(types), present[0].outputs[0].hint)
        for number, equation in enumerate(column):
            if equation is None:
                origin = self._origin[number]
                origin[result] = origin.get(source, source)
            else:
                self._merged[number][equation.outputs[0]] = result
        params: dict[str, Param] = {"new_dtype": result.type.dtype}
        return Equation(CONVERT, (source,), params, (result,), present[0].location)

    def _define_all(self, columns: Sequence[Sequence[Value]]) -> tuple[Value, ...]:
        _require_equal([len(values) for values in columns])
        return tuple(self._define(column) for column in zip(*columns, strict=True))

    def _define(self, column: Sequence[Value]) -> Value:
        merged = Value(
            self._merger.array_type([value.type for value in column]), column[-1].hint
        )
        for names, value in zip(self._merged, column, strict=True):
            names[value] = merged
        return merged

    def _atoms(self, columns: Sequence[Sequence[Atom]]) -> tuple[Atom, ...]:
        _require_equal([len(atoms) for atoms in columns])
        return tuple(self._atom(column) for column in zip(*columns, strict=True))

    def _atom(self, column: Sequence[Atom]) -> Atom:
        constants = [atom for atom in column if isinstance(atom, Constant)]
        if constants:
            _require(len(constants) == len(column))
            return self._merger.constant(constants)
        values = [atom for atom in column if isinstance(atom, Value)]
        candidates = [
            names[value] for names, value in zip(self._merged, values, strict=True)
        ]
        for candidate in candidates:
            if all(
                self._stands_for(number, value, candidate)
                for number, value in enumerate(values)
            ):
                return candidate
        raise _DifferError

    def _stands_for(self, number: int, value: Atom, merged: Value) -> bool:
        """Whether `merged` has the elements of a trace's `value` under its regime."""
        if not isinstance(value, Value):
            return False
        mine = self._merged[number][value]
        origin = self._origin[number]
        return origin.get(mine, mine) is origin.get(merged, merged)


def _with_widened_constants(function: Function) -> Function:
    """Floating-point constants in the wider type that they are used in, which is exact.

    JAX converts them, or hands them to a contraction as they are.
    """
    names: dict[Value, Atom] = {}
    equations: list[Equation] = []
    for equation in function.equations:
        moved = with_inputs(equation, names)
        if moved.op in (CONVERT, "dot_general"):
            (result,) = moved.outputs
            wide = tuple(_widened(atom, result.type.dtype) for atom in moved.inputs)
            if moved.op == CONVERT and wide[0] is not moved.inputs[0]:
                (names[result],) = wide
                continue
            moved = replace(moved, inputs=wide)
        equations.append(moved)
    outputs = tuple(resolve(atom, names) for atom in function.outputs)
    return replace(function, equations=tuple(equations), outputs=outputs)


def _widened(atom: Atom, dtype: DType) -> Atom:
    """A floating-point constant in a wider type; all else as it is."""
    own = atom.type.dtype
    if not isinstance(atom, Constant) or not (own.is_float and dtype.is_float):
        return atom
    if own.numpy().itemsize >= dtype.numpy().itemsize:
        return atom
    return Constant(ArrayType(dtype, atom.type.shape), atom.data.astype(dtype.numpy()))


def _rounded(data: NDArray[np.generic], dtype: np.dtype[Any]) -> NDArray[np.generic]:
    """Elements in a narrower type, as JAX converts them."""
    with np.errstate(over="ignore"):
        return data.astype(dtype)
