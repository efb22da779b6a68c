"""Compute at build time what does not depend on the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partialc.ir.agreement import is_agreeing
from partialc.ir.dtypes import Regime
from partialc.ir.equations import spread_by
from partialc.ir.program import ArrayType, Atom, Constant, Equation, Function, Value
from partialc.ir.rewrite import everywhere, resolve, with_inputs
from partialc.lowering.exact import exact_results
from partialc.lowering.passes import Grade, Pass
from partialc.ops.registry import moves_of

SMALL: Final = 64
LARGEST: Final = 1 << 20


def fold_constants(function: Function) -> Function:
    """op(c1, c2, ...) -> its value, where that has the same bits on every machine.

    Folded are the operations of `exact`, and those on the caller's float width only if
    the narrow result is the rounding of the wide one. What would make the program
    longer stays an operation: `iota`, a broadcast number, what indices move, and
    results of more than `SMALL` elements that are larger than the constants they are
    made from. Operations on those are folded all the same.

    Of builds that are to agree all of those are folded: how a result rounds differs
    from one size of the arguments to the next. It is off by half an eps then.
    """
    return everywhere(function, _folded)


FOLD_CONSTANTS: Final = Pass("fold_constants", Grade.BITWISE, fold_constants)


def _folded(function: Function) -> Function:
    names: dict[Value, Atom] = {}
    known: dict[Value, Constant] = {}
    equations: list[Equation] = []
    for equation in function.equations:
        current = with_inputs(equation, names)
        results = _values(current, known)
        pairs = list(zip(current.outputs, results or (), strict=results is not None))
        if results is None:
            equations.append(current)
        elif _is_shorter(current, results):
            names.update(pairs)
        else:
            known.update(pairs)
            equations.append(current)
    if not names:
        return function
    outputs = tuple(resolve(atom, names) for atom in function.outputs)
    return replace(function, equations=tuple(equations), outputs=outputs)


def _is_shorter(equation: Equation, results: Sequence[Constant]) -> bool:
    """Whether the constants are no longer to write than the operation."""
    if not equation.inputs or _is_indexed(equation):
        return False
    literals = [atom for atom in equation.inputs if isinstance(atom, Constant)]
    if spread_by(equation) and all(literal.type.size == 1 for literal in literals):
        return False
    size = sum(result.type.size for result in results)
    return size <= max(SMALL, sum(literal.type.size for literal in literals))


def _is_indexed(equation: Equation) -> bool:
    """Whether indices say which elements are moved."""
    moves = moves_of(equation)
    return moves is not None and moves.is_indexed


def _values(
    equation: Equation, known: Mapping[Value, Constant]
) -> tuple[Constant, ...] | None:
    """The results of an equation on known operands; None if it may not be folded."""
    found = _by_regime(equation, known)
    if found is None:
        return None
    wide, *others = found
    if not is_agreeing() and not all(_are_roundings(each, wide) for each in others):
        return None
    types = [value.type for value in equation.outputs]
    return tuple(
        Constant.of(kind, data) for kind, data in zip(types, wide, strict=True)
    )


def _by_regime(
    equation: Equation, known: Mapping[Value, Constant]
) -> list[Sequence[NDArray[Any]]] | None:
    """The results in each regime, the wide one first; None if they are not certain."""
    if any(value.type.size > LARGEST for value in equation.outputs):
        return None
    operands: list[Constant] = []
    for atom in equation.inputs:
        constant = atom if isinstance(atom, Constant) else known.get(atom)
        if constant is None:
            return None
        operands.append(constant)
    types = [value.type for value in equation.outputs]
    if any(kind.dtype.is_key for kind in types):
        return None
    wide = exact_results(equation, [c.data for c in operands], Regime.WIDE)
    if wide is None:
        return None
    found: list[Sequence[NDArray[Any]]] = [wide]
    for regime in _other_regimes([*types, *(operand.type for operand in operands)]):
        with np.errstate(over="ignore"):
            arrays = [
                operand.data.astype(operand.type.dtype.numpy(regime))
                for operand in operands
            ]
        results = exact_results(equation, arrays, regime)
        if results is None:
            return None
        found.append(results)
    return found


def constant_results(equation: Equation) -> tuple[Constant, ...] | None:
    """The results of an operation on constants, where their bits are certain."""
    return _values(equation, {})


def computed(
    equation: Equation, arrays: Sequence[NDArray[Any]]
) -> Sequence[NDArray[Any]] | None:
    """The results of an operation on known operands, where their bits are certain."""
    results = constant_results(_with_constants(equation, arrays))
    return None if results is None else [result.data for result in results]


def nonzero_results(
    equation: Equation, arrays: Sequence[NDArray[Any]]
) -> Sequence[NDArray[np.bool_]] | None:
    """Where the results of an operation on known operands are not zero.

    Their bits may be certain in no width: `k * k / n - c` rounds otherwise in each, and
    is zero in all where it is.
    """
    found = _by_regime(_with_constants(equation, arrays), {})
    if found is None:
        return None
    return [
        np.any([np.not_equal(a, 0) for a in each], axis=0)
        for each in zip(*found, strict=True)
    ]


def _with_constants(equation: Equation, arrays: Sequence[NDArray[Any]]) -> Equation:
    constants = tuple(
        Constant(atom.type, array)
        for atom, array in zip(equation.inputs, arrays, strict=True)
    )
    return replace(equation, inputs=constants)


def _are_roundings(
    narrow: Sequence[NDArray[Any]], wide: Sequence[NDArray[Any]]
) -> bool:
    with np.errstate(over="ignore"):
        return all(
            first.tobytes() == second.astype(first.dtype).tobytes()
            for first, second in zip(narrow, wide, strict=True)
        )


def _other_regimes(types: Sequence[ArrayType]) -> tuple[Regime, ...]:
    """The regimes that give other element types than the wide one."""
    return tuple(
        regime
        for regime in (Regime.NARROW, Regime.MIXED)
        if any(kind.dtype.at(regime) != kind.dtype.wide for kind in types)
    )
