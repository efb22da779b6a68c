"""Forward through a program that is linear in seeds, term by term."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.analysis.facts import LARGEST_KNOWN, Facts, find_facts
from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.merge import merge
from partialc.ir.program import Atom, Constant, Equation, Function, Value
from partialc.ir.rewrite import splice
from partialc.lowering.fold_constants import computed
from partialc.ops.evaluation import evaluate
from partialc.ops.linear import Linear, Terms
from partialc.ops.registry import find
from partialc.tangents.arrays import Arrays, Factor
from partialc.tangents.local import localised
from partialc.tangents.maps import IndexMap
from partialc.tangents.merging import merged
from partialc.tangents.placing import dense, seeds_of
from partialc.tangents.term import Term

LARGEST: Final = 1 << 27
"""Dense derivatives of more elements are not made."""


class TooLargeError(Exception):
    """A linear value can be held neither as terms nor as an array."""


class RegimesDifferError(Exception):
    """An operation without a rule is another program in each regime."""


@dataclass(frozen=True, slots=True)
class Structured:
    """A linear program in structured form.

    Attributes:
        arrays: All equations: those of residuals, and those of payloads.
        outputs: For each output its terms; None of what does not depend on the seeds.
        opaque: The operations that were carried through densely, in their order.
    """

    arrays: Arrays
    outputs: tuple[tuple[Term, ...] | None, ...]
    opaque: tuple[Equation, ...]


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
    facts = find_facts(function, computed)
    arrays = Arrays(*_looked_up(facts), computed)
    return _Interpreter(function, arrays, regimes).run(seeds)


def _looked_up(
    facts: Facts,
) -> tuple[
    Callable[[Atom], NDArray[Any] | None], Callable[[Atom], NDArray[np.bool_] | None]
]:
    """What is known of residuals: their elements, and where they may be nonzero."""

    def known(atom: Atom) -> NDArray[Any] | None:
        return atom.data if isinstance(atom, Constant) else facts.known.get(atom)

    def nonzero(atom: Atom) -> NDArray[np.bool_] | None:
        data = known(atom)
        if data is not None:
            return np.asarray(data != 0)
        support = facts.supports.get(atom) if isinstance(atom, Value) else None
        if support is None or support.is_all or atom.type.size > LARGEST_KNOWN:
            return None
        found = np.zeros(atom.type.shape, bool)
        found.reshape(-1)[support.listed()] = True
        return found

    return known, nonzero


class _Interpreter:
    """The terms of each linear value met so far."""

    def __init__(
        self, function: Function, arrays: Arrays, regimes: Sequence[Regime]
    ) -> None:
        self.function = function
        self.arrays = arrays
        self.regimes = tuple(regimes)
        self.terms: dict[Value, tuple[Term, ...]] = {}
        self.opaque: list[Equation] = []

    def run(self, seeds: int) -> Structured:
        """Go through all equations."""
        first = 0
        for value in self.function.inputs[len(self.function.inputs) - seeds :]:
            kind = value.type
            self.terms[value] = (
                (Term.seeds(kind.shape, kind.dtype, first),) if kind.size else ()
            )
            first += kind.size
        for equation in self.function.equations:
            self.follow(equation)
        outputs = tuple(map(self.of, self.function.outputs))
        return Structured(self.arrays, outputs, tuple(self.opaque))

    def of(self, atom: Atom) -> tuple[Term, ...] | None:
        """The terms of a linear value; None of others."""
        return self.terms.get(atom) if isinstance(atom, Value) else None

    def follow(self, equation: Equation) -> None:
        """One operation."""
        terms = tuple(map(self.of, equation.inputs))
        if all(each is None for each in terms):
            self.arrays.write(equation)
            return
        op = find(equation.op)
        found: Sequence[Terms] | None = None
        if not any(terms):
            found = [()] * len(equation.outputs)
        elif op is not None and op.linear is not None:
            found = op.linear(Linear(equation, terms, self.arrays))
        if found is None:
            found = self.densely(equation, terms)
        for value, each in zip(equation.outputs, found, strict=True):
            few = merged(each, self.arrays)
            self.terms[value] = tuple(localised(few, value.type.shape, self.arrays))

    def densely(
        self, equation: Equation, terms: Sequence[tuple[Term, ...] | None]
    ) -> list[list[Term]]:
        """An operation without a rule, on derivatives by all seeds behind it."""
        self.opaque.append(equation)
        seeds = seeds_of([term for each in terms if each for term in each])
        values = (*equation.inputs, *equation.outputs)
        if max(atom.type.size for atom in values) * seeds.size > LARGEST:
            raise TooLargeError(
                f"{equation.op} is computed densely: its derivatives fit in no memory"
            )
        operands = [
            atom
            if each is None
            else dense(each, atom.type.shape, seeds, atom.type.dtype, self.arrays)
            for atom, each in zip(equation.inputs, terms, strict=True)
        ]
        results = self.batched(equation, [each is not None for each in terms], operands)
        return [
            [_whole(value, atom, seeds)]
            for value, atom in zip(equation.outputs, results, strict=True)
        ]

    def batched(
        self, equation: Equation, is_linear: Sequence[bool], operands: Sequence[Atom]
    ) -> list[Atom]:
        """An operation for all places of a last axis that its linear operands have."""
        inputs = tuple(Value(atom.type) for atom in equation.inputs)
        outputs = tuple(Value(value.type) for value in equation.outputs)
        alone = replace(equation, inputs=inputs, outputs=outputs)
        single = Function("single", inputs, (alone,), outputs)

        axes = [-1 if linear else None for linear in is_linear]

        def call(regime: Regime, *given: jax.Array) -> Sequence[jax.Array]:
            def run(*some: jax.Array) -> Sequence[jax.Array]:
                return evaluate(single, some, regime)

            return jax.vmap(run, in_axes=axes, out_axes=-1)(*given)

        traces = {
            regime: trace_one(
                partial(call, regime),
                [atom.type for atom in operands],
                regime,
                name=equation.op.replace("-", "_"),
                input_names=[f"x{n}" for n in range(len(operands))],
                rules=False,
            )
            for regime in self.regimes
        }
        traced, *others = dict.fromkeys(merge(traces).values())
        if others:
            raise RegimesDifferError
        equations: list[Equation] = []
        found = splice(traced, operands, equations)
        for each in equations:
            self.arrays.write(each)
        return found


def _whole(value: Value, atom: Atom, seeds: NDArray[np.int64]) -> Term:
    """A term that holds derivatives by some seeds as an array."""
    shape = value.type.shape
    sizes = (*shape, seeds.size)
    axes = tuple(range(len(sizes)))
    return Term(
        sizes,
        tuple(IndexMap.along(sizes, axis) for axis in range(len(shape))),
        IndexMap.of(seeds.reshape((1,) * len(shape) + (-1,)), sizes),
        (Factor(atom, axes),),
        value.type.dtype,
    )
