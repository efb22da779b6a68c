"""Forward through a program that is linear in seeds, term by term."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.analysis.facts import find_facts
from partialc.ir.dtypes import Regime
from partialc.ir.equations import reshaped
from partialc.ir.program import (
    ArrayType,
    Atom,
    Equation,
    Function,
    Param,
    Value,
)
from partialc.ir.rewrite import splice
from partialc.lowering.fold_constants import computed, nonzero_results
from partialc.lowering.structured.known import looked_up, solid_results
from partialc.lowering.structured.products import (
    colours_of,
    listed_terms,
    vmapped,
    whole_term,
)
from partialc.ops.linear import Linear, Terms
from partialc.ops.reach import Mapped, Reach, reach_by_elements, reach_by_lanes
from partialc.ops.registry import find
from partialc.tangents.arrays import Arrays
from partialc.tangents.links import Links, TooManyLinksError
from partialc.tangents.local import localised
from partialc.tangents.merging import merged
from partialc.tangents.placing import dense, links_of, seeds_of
from partialc.tangents.term import Term

LARGEST: Final = 1 << 27
"""Dense derivatives of more elements are not made."""


class TooLargeError(Exception):
    """A linear value can be held neither as terms nor as an array."""


@dataclass(frozen=True, slots=True)
class Through:
    """An operation without a rule, and what its derivatives took.

    Attributes:
        op: Its name.
        products: So many derivatives were carried through it.
        seeds: By so many seeds.
    """

    op: str
    products: int
    seeds: int


@dataclass(frozen=True, slots=True)
class Structured:
    """A linear program in structured form.

    Attributes:
        arrays: All equations: those of residuals, and those of payloads.
        outputs: For each output its terms; None of what does not depend on the seeds.
        opaque: The operations without a rule, in their order.
    """

    arrays: Arrays
    outputs: tuple[tuple[Term, ...] | None, ...]
    opaque: tuple[Through, ...]


def structured(function: Function, seeds: int, regimes: Sequence[Regime]) -> Structured:
    """Take a linear program apart.

    Args:
        function: Without calls; linear in its last inputs.
        seeds: How many inputs these are.
        regimes: The regimes that it stands for.

    Raises:
        TooLargeError: A value would have to be held densely that is too large for it.
        RegimesDifferError: What has to be held densely is not the same in all regimes.
    """
    facts = find_facts(function, computed, nonzero=nonzero_results)
    arrays = Arrays(*looked_up(facts), computed, solid_results)
    return _Interpreter(function, arrays, regimes).run(seeds)


def reach_of(function: Function, is_linear: Sequence[bool]) -> Reach:
    """Which elements of a function's results depend on which of its linear inputs.

    Args:
        function: Without calls; linear in some of its inputs.
        is_linear: Which inputs these are.

    Raises:
        TooManyLinksError: There are too many pairs.
        TooLargeError: The same.
    """
    facts = find_facts(function, computed, nonzero=nonzero_results)
    arrays = Arrays(*looked_up(facts), computed, solid_results)
    pairs = zip(function.inputs, is_linear, strict=True)
    seeds = [each for each, flag in pairs if flag]
    outputs = _Interpreter(function, arrays, (), is_symbolic=True).run_on(seeds)
    every = np.arange(sum(each.type.size for each in seeds))
    reach: Reach = []
    for value, terms in zip(function.outputs, outputs, strict=True):
        links = links_of(terms or (), value.type.shape, every)
        row: list[Links | None] = []
        first = 0
        for each, flag in zip(function.inputs, is_linear, strict=True):
            row.append(links.columns(first, each.type.size) if flag else None)
            first += each.type.size if flag else 0
        reach.append(row)
    return reach


class _Interpreter:
    """The terms of each linear value met so far."""

    def __init__(
        self,
        function: Function,
        arrays: Arrays,
        regimes: Sequence[Regime],
        *,
        is_symbolic: bool = False,
    ) -> None:
        self.function = function
        self.arrays = arrays
        self.regimes = tuple(regimes)
        self.is_symbolic = is_symbolic
        self.terms: dict[Value, tuple[Term, ...]] = {}
        self.opaque: list[Through] = []

    def run(self, seeds: int) -> Structured:
        """Go through all equations; the last inputs are seeds."""
        inputs = self.function.inputs
        outputs = self.run_on(inputs[len(inputs) - seeds :])
        return Structured(self.arrays, outputs, tuple(self.opaque))

    def run_on(self, seeds: Sequence[Value]) -> tuple[tuple[Term, ...] | None, ...]:
        """Go through all equations, and the terms of the results."""
        first = 0
        for value in seeds:
            kind = value.type
            self.terms[value] = (
                (Term.seeds(kind.shape, kind.dtype, first),) if kind.size else ()
            )
            first += kind.size
        for equation in self.function.equations:
            self.follow(equation)
        return tuple(map(self.of, self.function.outputs))

    def of(self, atom: Atom) -> tuple[Term, ...] | None:
        """The terms of a linear value; None of others."""
        return self.terms.get(atom) if isinstance(atom, Value) else None

    def follow(self, equation: Equation) -> None:
        """One operation."""
        terms = tuple(map(self.of, equation.inputs))
        op = find(equation.op)
        mapped = None if op is None or op.mapped is None else op.mapped(equation)
        if all(each is None for each in terms):
            if mapped is not None:
                self.spread(equation, mapped)
            else:
                self.arrays.write(equation)
            return
        found: Sequence[Terms] | None = None
        if not any(terms):
            found = [()] * len(equation.outputs)
        elif mapped is not None:
            self.spread(equation, mapped)
            return
        elif op is not None and op.linear is not None:
            found = op.linear(Linear(equation, terms, self.arrays))
        if found is None:
            found = self.through(equation, terms)
        for value, each in zip(equation.outputs, found, strict=True):
            few = merged(each, self.arrays)
            self.terms[value] = tuple(localised(few, value.type.shape, self.arrays))

    def spread(self, equation: Equation, mapped: Mapped) -> None:
        """A loop whose turns do not depend on each other: one turn, on all at once.

        Residuals of such loops are computed so too: they are kept of every turn in any
        case, and of indices it shows which they are.
        """
        operands = [equation.inputs[number] for number in mapped.operands]
        traced = vmapped(
            mapped.function,
            [0 if each else None for each in mapped.is_mapped],
            0,
            [atom.type for atom in operands],
            self.regimes,
        )
        equations: list[Equation] = []
        found = splice(traced, operands, equations)
        for number, place in enumerate(mapped.sums):
            start = equation.inputs[place]
            total, result = Value(start.type), Value(start.type)
            every: dict[str, Param] = {"axes": (0,)}
            equations.append(Equation("reduce_sum", (found[number],), every, (total,)))
            equations.append(Equation("add_any", (start, total), {}, (result,)))
            found[number] = result
        for each in equations:
            self.follow(each)
        for value, atom in zip(equation.outputs, found, strict=True):
            terms = self.of(atom)
            if terms is not None:
                self.terms[value] = terms
                continue
            same = reshaped(atom, value.type.shape)
            self.arrays.write(replace(same, outputs=(value,)))

    def through(
        self, equation: Equation, terms: Sequence[tuple[Term, ...] | None]
    ) -> list[list[Term]]:
        """An operation without a rule, on derivatives by the seeds behind it.

        Seeds of which no two reach the same element of a result share one derivative
        (Curtis, Powell, Reid 1974).
        """
        seeds = seeds_of([term for each in terms if each for term in each])
        links = self.linked(equation, terms, seeds)
        colours = np.arange(seeds.size)
        if links is not None:
            colours = colours_of(links, seeds.size)
        count = int(colours.max(initial=-1)) + 1
        self.opaque.append(Through(equation.op, count, seeds.size))
        values = (*equation.inputs, *equation.outputs)
        if max(atom.type.size for atom in values) * count > LARGEST:
            raise TooLargeError(
                f"{equation.op} is computed densely: its derivatives fit in no memory"
            )
        if self.is_symbolic:
            kinds = [
                ArrayType(value.type.dtype, (*value.type.shape, count))
                for value in equation.outputs
            ]
            results: list[Atom] = [Value(kind) for kind in kinds]
        else:
            operands = [
                atom
                if each is None
                else dense(
                    each,
                    atom.type.shape,
                    seeds,
                    atom.type.dtype,
                    self.arrays,
                    colours=colours,
                )
                for atom, each in zip(equation.inputs, terms, strict=True)
            ]
            is_linear = [each is not None for each in terms]
            results = self.batched(equation, is_linear, operands)
        if links is None:
            return [
                [whole_term(value, atom, seeds)]
                for value, atom in zip(equation.outputs, results, strict=True)
            ]
        return [
            listed_terms(value, atom, seeds, colours, each, self.arrays)
            for value, atom, each in zip(equation.outputs, results, links, strict=True)
        ]

    def linked(
        self,
        equation: Equation,
        terms: Sequence[tuple[Term, ...] | None],
        seeds: NDArray[np.int64],
    ) -> list[Links] | None:
        """Which seeds each result depends on; None where that is too much to hold."""
        is_linear = [each is not None for each in terms]
        try:
            reach = self.reach(equation, is_linear)
            behind = [
                None if each is None else links_of(each, atom.type.shape, seeds)
                for atom, each in zip(equation.inputs, terms, strict=True)
            ]
            found = []
            for value, row in zip(equation.outputs, reach, strict=True):
                total = Links.none(value.type.size, seeds.size)
                for links, first in zip(row, behind, strict=True):
                    if links is not None and first is not None:
                        total |= links.after(first)
                found.append(total)
            return found
        except (TooManyLinksError, TooLargeError):
            return None

    def reach(self, equation: Equation, is_linear: Sequence[bool]) -> Reach:
        """What the results of an operation depend on, by the rule that says most."""
        op = find(equation.op)
        if op is not None and op.reach is not None:
            return op.reach(equation, is_linear, reach_of)
        if op is not None and op.elements is not None:
            known = [self.arrays.known(atom) for atom in equation.inputs]
            found = reach_by_elements(equation, is_linear, op.elements, known)
            if found is not None:
                return found
        return reach_by_lanes(equation, is_linear, None if op is None else op.lanes)

    def batched(
        self, equation: Equation, is_linear: Sequence[bool], operands: Sequence[Atom]
    ) -> list[Atom]:
        """An operation for all places of a last axis that its linear operands have."""
        inputs = tuple(Value(atom.type) for atom in equation.inputs)
        outputs = tuple(Value(value.type) for value in equation.outputs)
        alone = replace(equation, inputs=inputs, outputs=outputs)
        single = Function(equation.op.replace("-", "_"), inputs, (alone,), outputs)
        axes = [-1 if linear else None for linear in is_linear]
        types = [atom.type for atom in operands]
        traced = vmapped(single, axes, -1, types, self.regimes)
        equations: list[Equation] = []
        found = splice(traced, operands, equations)
        for each in equations:
            self.arrays.write(each)
        return found
