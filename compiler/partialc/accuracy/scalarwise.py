"""Runs a program at many points at once, each of its scalars an array of numbers.

XLA's time to compile grows faster than a program. Here every kind of scalar operation
is compiled once, whatever the length of the program: of these there are few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from partialc.accuracy.contract import Array
from partialc.accuracy.scalars import Scalars
from partialc.errors import InternalError
from partialc.ir.dtypes import Regime
from partialc.ir.program import ArrayType, Equation, Function, Value
from partialc.ir.structure import equation_key
from partialc.lowering.scalar.terms import (
    CONSTANT,
    ELEMENT,
    REDUCTIONS,
    Term,
    reachable,
)
from partialc.ops.evaluation import evaluate


class Scalarwise:
    """A program taken apart, in one regime."""

    def __init__(self, scalars: Scalars, regime: Regime) -> None:
        """Nothing is compiled yet.

        Args:
            scalars: The program; all its entries must be terms.
            regime: Which widths to compute with.

        Raises:
            InternalError: Some entries are not.
        """
        if scalars.roots is None:
            raise InternalError("the program is not made of scalars alone")
        self._scalars = scalars
        self._regime = regime
        self._roots = scalars.roots
        self._order = tuple(reachable(self._roots))

    def __call__(self, points: Sequence[Array]) -> Sequence[Array]:
        """The results at points, one array a leaf with the points along axis 0."""
        count = len(points[0])
        leaves = [np.asarray(leaf).reshape(count, -1) for leaf in points]
        values: dict[Term, Any] = {}
        with jax.enable_x64(self._regime.x64):
            for term, unread in self._steps:
                values[term] = self._value(term, values, leaves)
                for other in unread:
                    del values[other]
            columns = iter([np.asarray(values[root]) for root in self._roots])
        found = []
        for atom in self._scalars.program.outputs:
            dtype = atom.type.dtype.numpy(self._regime)
            entries = np.empty((count, atom.type.size), dtype)
            for position in range(atom.type.size):
                entries[:, position] = next(columns)
            found.append(entries.reshape(count, *atom.type.shape))
        return found

    @cached_property
    def _steps(self) -> list[tuple[Term, list[Term]]]:
        """Each term, and those that nothing reads after it: memory is let go of."""
        seen = set(self._roots)
        steps = []
        for term in reversed(self._order):
            unread = [arg for arg in dict.fromkeys(term.args) if arg not in seen]
            steps.append((term, unread))
            seen.update(unread)
        return steps[::-1]

    def _value(
        self, term: Term, values: dict[Term, Any], leaves: Sequence[Array]
    ) -> Any:
        dtype = term.dtype.numpy(self._regime)
        if term.op == CONSTANT:
            with np.errstate(over="ignore"):
                number = np.asarray(term.number).astype(dtype)
            return jnp.full(len(leaves[0]), number)
        if term.op == ELEMENT:
            assert term.array is not None
            leaf = leaves[self._scalars.places[term.array]]
            return jnp.asarray(leaf[:, term.position].astype(dtype))
        operands = [values[arg] for arg in term.args]
        if term.op in REDUCTIONS:
            operands = [jnp.stack(operands, axis=1)]
        return _compiled(self._kinds[term])(*operands)

    @cached_property
    def _kinds(self) -> dict[Term, _Kind]:
        kinds = {}
        for term in self._order:
            if term.args:
                equation = _equation(term)
                types = [str(atom.type) for atom in equation.inputs]
                key = *equation_key(equation), *types, str(term.dtype)
                kinds[term] = _Kind(key, self._regime, equation)
        return kinds


@dataclass(frozen=True, slots=True)
class _Kind:
    """What operations have in common that are compiled once."""

    key: tuple[str, ...]
    regime: Regime
    equation: Equation = field(compare=False)


def _equation(term: Term) -> Equation:
    """The operation of a term, on one array if it is a reduction."""
    outputs = (Value(ArrayType(term.dtype, ())),)
    if term.op in REDUCTIONS:
        vector = Value(ArrayType(term.args[0].dtype, (len(term.args),)))
        return Equation(term.op, (vector,), {"axes": (0,)}, outputs)
    inputs = tuple(Value(ArrayType(arg.dtype, ())) for arg in term.args)
    return Equation(term.op, inputs, term.params, outputs)


@cache
def _compiled(kind: _Kind) -> Callable[..., Any]:
    """An operation on an array of numbers for each operand."""
    equation = kind.equation
    inputs = tuple(atom for atom in equation.inputs if isinstance(atom, Value))
    function = Function(equation.op, inputs, (equation,), equation.outputs)
    return jax.jit(jax.vmap(lambda *each: evaluate(function, each, kind.regime)[0]))
