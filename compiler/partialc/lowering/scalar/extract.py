"""From a function and the demand on its elements to terms."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partialc.analysis.demand import Demand
from partialc.analysis.facts import Facts, elements_rule
from partialc.ir.boxes import Flat
from partialc.ir.dtypes import DType
from partialc.ir.program import Atom, Constant, Equation, Function, Value
from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.domains import Domains
from partialc.lowering.scalar.program import (
    Array,
    Assembled,
    Carried,
    ScalarProgram,
)
from partialc.lowering.scalar.terms import Term, Terms
from partialc.ops.elements import Reads

_IDENTITY: Final = {"add": 0, "mul": 1, "and": 1, "or": 0, "xor": 0}


def extract(
    function: Function,
    facts: Facts,
    demand: Demand,
    algebra: Algebra,
    values: Collection[int] = (),
) -> ScalarProgram:
    """Walk forward, making a term for each element that is needed.

    Args:
        function: The function.
        facts: What is known of its values.
        demand: Which elements are needed.
        algebra: Makes the terms.
        values: Results, by number, that are no number where the function has none.
    """
    return _Extraction(function, facts, demand, algebra, values).program()


def values_behind(function: Function, outputs: Collection[int]) -> set[Value]:
    """All that some results, by number, are computed from.

    Args:
        function: The function.
        outputs: The results.
    """
    found = {
        atom
        for number, atom in enumerate(function.outputs)
        if number in outputs and isinstance(atom, Value)
    }
    for equation in reversed(function.equations):
        if not found.isdisjoint(equation.outputs):
            found.update(atom for atom in equation.inputs if isinstance(atom, Value))
    return found


class _Extraction:
    def __init__(
        self,
        function: Function,
        facts: Facts,
        demand: Demand,
        algebra: Algebra,
        values: Collection[int],
    ) -> None:
        self.function = function
        self.facts = facts
        self.demand = demand
        self.algebra = algebra
        self.terms: Terms = algebra.terms
        self.behind = values_behind(function, values)
        self.whole = Algebra(
            algebra.terms, in_order=algebra.in_order, domains=Domains()
        )
        self.made: dict[Value, list[Term]] = {}
        self.carried: dict[Value, Carried] = {}
        self.arrays = set(function.inputs)

    def program(self) -> ScalarProgram:
        for equation in self.function.equations:
            if equation in self.demand.whole:
                self.carry(equation)
                continue
            for value in equation.outputs:
                reads = self.demand.reads.get(value)
                if reads is not None:
                    self.made[value] = self.result(equation, value, reads)
        outputs = tuple(self.array(atom) for atom in self.function.outputs)
        return ScalarProgram(outputs, self.carried)

    def carry(self, equation: Equation) -> None:
        operands = tuple(self.array(atom) for atom in equation.inputs)
        call = Carried(equation, operands)
        self.carried.update(dict.fromkeys(equation.outputs, call))
        self.arrays.update(equation.outputs)

    def array(self, atom: Atom) -> Array:
        """An atom as a whole array."""
        if isinstance(atom, Constant) or atom in self.arrays:
            return atom
        known = self.facts.known.get(atom)
        if known is not None:
            return Constant.of(atom.type, known)
        every = np.arange(atom.type.size, dtype=np.int64)
        return Assembled(atom.type, tuple(self.elements(atom, every)))

    def result(self, equation: Equation, value: Value, reads: Reads) -> list[Term]:
        """The needed elements of a result."""
        wanted = self.demand.needed[value]
        rule = elements_rule(equation)
        if rule is not None and rule.values is not None:
            return self.constants(rule.values(equation, wanted), value.type.dtype)
        rows = self.rows(equation, value, reads)
        if reads.rows is None:
            return rows
        assert reads.combine is not None
        combined: list[Term | None] = [None] * wanted.size
        strict = value in self.facts.sensitive
        dtype = value.type.dtype
        for row, term in zip(reads.rows.tolist(), rows, strict=True):
            so_far = combined[row]
            if so_far is not None:
                pair = [so_far, term]
                term = self.apply_for(value)(reads.combine, pair, dtype, strict=strict)
            combined[row] = term
        identity = self.terms.scalar(_IDENTITY.get(reads.combine, 0), dtype)
        return [identity if term is None else term for term in combined]

    def apply_for(self, value: Value) -> Callable[..., Term]:
        """Makes the terms of an array: those of the function itself keep its nans."""
        return (self.whole if value in self.behind else self.algebra).apply

    def rows(self, equation: Equation, value: Value, reads: Reads) -> list[Term]:
        """What each row computes."""
        dtype = value.type.dtype
        strict = value in self.facts.sensitive
        if reads.how == "pick":
            return self.picked(equation, reads)
        columns = [
            self.elements(atom, flat)
            for atom, flat in zip(equation.inputs, reads.operands, strict=True)
        ]
        op = "mul" if reads.how == "product" else equation.op
        params = {} if reads.how == "product" else equation.params
        apply = self.apply_for(value)
        return [
            apply(op, operands, dtype, params, strict=strict)
            for operands in zip(*columns, strict=True)
        ]

    def picked(self, equation: Equation, reads: Reads) -> list[Term]:
        found: list[Term] = [None] * reads.operands[0].size  # type: ignore[list-item]
        for atom, flat in zip(equation.inputs, reads.operands, strict=True):
            places = np.flatnonzero(flat >= 0)
            terms = self.elements(atom, flat[places])
            for place, term in zip(places.tolist(), terms, strict=True):
                found[place] = term
        return found

    def elements(self, atom: Atom, flat: Flat) -> list[Term]:
        """The terms of an atom's elements at flat positions."""
        dtype = atom.type.dtype
        known = self.facts.elements(atom)
        if known is not None:
            return self.constants(known.reshape(-1)[flat], dtype)
        assert isinstance(atom, Value)
        live = self.facts.supports[atom].contains(flat)
        zero = self.terms.scalar(0, dtype)
        if not live.any():
            return [zero] * flat.size
        if atom in self.arrays:
            return [
                self.terms.element(atom, place) if alive else zero
                for place, alive in zip(flat.tolist(), live.tolist(), strict=True)
            ]
        made = self.made[atom]
        places = np.searchsorted(self.demand.needed[atom], flat)
        return [
            made[place] if alive else zero
            for place, alive in zip(places.tolist(), live.tolist(), strict=True)
        ]

    def constants(self, data: NDArray[Any], dtype: DType) -> list[Term]:
        scalar = self.terms.scalar
        memo: dict[object, Term] = {}
        found = []
        for number in data:
            key = number.tobytes()
            if key not in memo:
                memo[key] = scalar(number, dtype)
            found.append(memo[key])
        return found
