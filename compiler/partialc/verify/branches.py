"""Which sides of its branches a program takes at a point.

The program is run eagerly, operation by operation, and every predicate is looked at:
`select_n`, `cond`, and the hidden ones of `max`, `min`, `clamp`, `abs` and `sign`, also
within loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import jax.numpy as jnp
import numpy as np

from partialc.ir.dtypes import Regime
from partialc.ir.program import Atom, Constant, Equation, Function
from partialc.ops.evaluation import constant_array
from partialc.ops.registry import find

Outcome: TypeAlias = tuple[int, int]
"""The number of a branching equation, and the side that was taken."""

_BRANCHING: Final = frozenset(
    ("select_n", "cond", "max", "min", "clamp", "abs", "sign")
)
_CALLS: Final = frozenset(("call", "remat", "custom_jvp_call", "custom_vjp_call"))
_MOST_OPERATIONS: Final = 10_000


class Observer:
    """Runs a program and notes the sides of its branches."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._numbers: dict[Equation, int] = {}
        self._found: set[Outcome] = set()
        self._operations = 0
        self._number(function, set())

    @property
    def has_branches(self) -> bool:
        """Whether there is anything to observe."""
        return bool(self._numbers)

    @property
    def is_exhausted(self) -> bool:
        """Whether the budget of operations is spent."""
        return self._operations > _MOST_OPERATIONS

    def outcomes(self, arrays: Sequence[Any]) -> set[Outcome]:
        """The sides taken at a point (float64); none once the budget is spent."""
        self._found = set()
        if not self.is_exhausted:
            self._run(self._function, arrays)
        return self._found

    def _number(self, function: Function, seen: set[int]) -> None:
        if id(function) in seen:
            return
        seen.add(id(function))
        for equation in function.equations:
            if equation.op in _BRANCHING:
                self._numbers[equation] = len(self._numbers)
            for name, param in equation.params.items():
                if name in ("jvp", "vjp"):
                    continue
                for entry in param if isinstance(param, tuple) else (param,):
                    if isinstance(entry, Function):
                        self._number(entry, seen)

    def _run(self, function: Function, arrays: Sequence[Any]) -> list[Any]:
        known = dict(zip(function.inputs, arrays, strict=True))

        def read(atom: Atom) -> Any:
            return constant_array(atom) if isinstance(atom, Constant) else known[atom]

        for equation in function.equations:
            operands = [read(atom) for atom in equation.inputs]
            known.update(
                zip(equation.outputs, self._results(equation, operands), strict=True)
            )
        return [read(atom) for atom in function.outputs]

    def _results(self, equation: Equation, operands: list[Any]) -> Sequence[Any]:
        self._operations += 1
        if equation in self._numbers:
            number = self._numbers[equation]
            self._found |= {(number, side) for side in _sides(equation.op, operands)}
        params = equation.params
        function = params.get("function")
        if self.is_exhausted:
            pass
        elif equation.op in _CALLS and isinstance(function, Function):
            return self._run(function, operands)
        elif equation.op == "cond":
            branches = params["branches"]
            assert isinstance(branches, tuple)
            chosen = branches[int(np.clip(int(operands[0]), 0, len(branches) - 1))]
            assert isinstance(chosen, Function)
            return self._run(chosen, operands[1:])
        elif equation.op == "scan" and isinstance(function, Function):
            return self._scan(equation, function, operands)
        elif equation.op == "while":
            return self._while(equation, operands)
        op = find(equation.op)
        if op is None:
            raise KeyError(equation.op)
        return op.evaluate(equation, operands)

    def _scan(
        self, equation: Equation, body: Function, operands: list[Any]
    ) -> Sequence[Any]:
        params = equation.params
        consts, carries = int(params["num_consts"]), int(params["num_carry"])  # type: ignore[arg-type]
        length = int(params["length"])  # type: ignore[arg-type]
        fixed, carry = operands[:consts], operands[consts : consts + carries]
        sequences = operands[consts + carries :]
        rows: list[list[Any]] = []
        steps = range(length - 1, -1, -1) if params["reverse"] else range(length)
        for step in steps:
            results = self._run(
                body, [*fixed, *carry, *(entry[step] for entry in sequences)]
            )
            carry = results[:carries]
            rows.append(results[carries:])
        if params["reverse"]:
            rows.reverse()
        stacked = [
            jnp.stack([row[n] for row in rows])
            if rows
            else jnp.zeros(value.type.shape, value.type.dtype.at(Regime.WIDE))
            for n, value in enumerate(equation.outputs[carries:])
        ]
        return [*carry, *stacked]

    def _while(self, equation: Equation, operands: list[Any]) -> Sequence[Any]:
        params = equation.params
        condition, body = params["cond_function"], params["body_function"]
        assert isinstance(condition, Function)
        assert isinstance(body, Function)
        first = int(params["cond_nconsts"])  # type: ignore[arg-type]
        second = first + int(params["body_nconsts"])  # type: ignore[arg-type]
        carry = operands[second:]
        while not self.is_exhausted and bool(
            self._run(condition, [*operands[:first], *carry])[0]
        ):
            carry = self._run(body, [*operands[first:second], *carry])
        return carry


def _sides(op: str, operands: Sequence[Any]) -> set[int]:
    """The sides that the elements of a branching operation take; a nan takes none."""
    first = np.asarray(operands[0])
    match op:
        case "max" | "min":
            compared = [first, np.asarray(operands[1])]
            sides = compared[0] > compared[1]
        case "clamp":
            compared = [np.asarray(operand) for operand in operands]
            low, value, high = compared
            sides = np.where(value < low, 0, np.where(value > high, 2, 1))
        case "abs" | "sign":
            compared = [first.real if op == "abs" else first]
            sides = np.sign(compared[0])
        case _:
            compared = []
            sides = first
    taken = np.ones(sides.shape, bool)
    for operand in compared:
        taken &= operand == operand  # which no nan is, of whatever dtype
    return {int(side) for side in np.unique(sides[taken])}
