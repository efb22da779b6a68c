"""A program taken apart into scalars, none of them simplified.

The order of the operations stays; only what structural zeros make superfluous is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

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
    ELEMENT,
    NO_PARAMS,
    Term,
    Terms,
    reachable,
)

LARGEST: Final = 20_000
"""Programs with more elements to compute are not taken apart: it would take long."""


class Scalars:
    """The results of a program as terms of its inputs' elements."""

    def __init__(self, function: Function) -> None:
        """Nothing is taken apart yet.

        Args:
            function: The program as it was traced: calls and custom rules may still be
                in it.
        """
        self._function = function
        self._orders: dict[tuple[int, int], tuple[Term, ...] | None] = {}

    @cached_property
    def program(self) -> Function:
        """The program without calls and custom rules."""
        return run(self._function, FINAL)

    @cached_property
    def places(self) -> Mapping[Value, int]:
        """The numbers of the inputs."""
        return {value: number for number, value in enumerate(self.program.inputs)}

    @cached_property
    def roots(self) -> tuple[Term, ...] | None:
        """All entries of all results, one after the other; None if one has no terms."""
        found = [
            self._root(output, position)
            for output, atom in enumerate(self.program.outputs)
            for position in range(atom.type.size if self._outputs else 1)
        ]
        roots = tuple(term for term in found if term is not None)
        complete = len(roots) == len(found)
        known = complete and all(map(self._is_known, reachable(roots)))
        return roots if known else None

    def order(self, output: int, position: int) -> tuple[Term, ...] | None:
        """The terms of an entry, operands first; None where there are none.

        That is so of what comes out of operations on whole arrays (solves, loops), of
        complex numbers, and of large programs.

        Args:
            output: The number of the result.
            position: The flat position of the entry within it.
        """
        key = output, position
        if key not in self._orders:
            term = self._root(output, position)
            order = () if term is None else tuple(reachable([term]))
            known = bool(order) and all(map(self._is_known, order))
            self._orders[key] = order if known else None
        return self._orders[key]

    @cached_property
    def _outputs(self) -> tuple[Array, ...]:
        """The results as terms; none if there are too many."""
        facts = find_facts(self.program, computed)
        demand = find_demand(self.program, facts, LARGEST)
        if demand is None:
            return ()
        return extract(self.program, facts, demand, _Verbatim(Terms())).outputs

    def _root(self, output: int, position: int) -> Term | None:
        array = self._outputs[output] if self._outputs else None
        if isinstance(array, Assembled):
            return array.terms[position]
        if isinstance(array, Constant):
            return Terms().scalar(array.data.reshape(-1)[position], array.type.dtype)
        if array is None or array not in self.places:
            return None
        return Terms().element(array, position)

    def _is_known(self, term: Term) -> bool:
        given = term.op != ELEMENT or term.array in self.places
        return given and not (term.dtype.is_complex or term.dtype.is_key)


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
