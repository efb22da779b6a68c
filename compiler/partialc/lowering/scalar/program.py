"""A function whose elements are terms, apart from what is carried whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from partialc.ir.program import ArrayType, Atom, Equation, Value
from partialc.lowering.scalar.terms import ELEMENT, Term, unknown


@dataclass(frozen=True, slots=True)
class Assembled:
    """An array made of terms.

    Attributes:
        type: The array's.
        terms: Its elements in row-major order.
    """

    type: ArrayType
    terms: tuple[Term, ...]


Array: TypeAlias = Atom | Assembled


@dataclass(frozen=True, slots=True)
class Carried:
    """An operation on whole arrays.

    Attributes:
        equation: The operation.
        operands: What stands for its operands.
    """

    equation: Equation
    operands: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class ScalarProgram:
    """Results made of terms, and operations that are carried whole.

    Attributes:
        outputs: The results.
        carried: The operation that defines each array that is no input.
    """

    outputs: tuple[Array, ...]
    carried: Mapping[Value, Carried]

    def roots(self) -> list[Term]:
        """Every term that an array is assembled of, in order, as often as it is."""
        found: list[Term] = []
        for array in self.arrays():
            if isinstance(array, Assembled):
                found.extend(array.terms)
        return found

    def roots_behind(self, outputs: Collection[int]) -> Iterator[Term]:
        """The roots of some outputs, by number, and of what is carried for them."""
        some = [array for n, array in enumerate(self.outputs) if n in outputs]
        for array in self.arrays(some):
            if isinstance(array, Assembled):
                yield from array.terms

    def arrays(self, outputs: Sequence[Array] | None = None) -> Iterator[Array]:
        """Some results, or all, and the operands of the operations that they need."""
        pending = [self.outputs if outputs is None else outputs]
        done: set[Equation] = set()
        seen: set[Term] = set()
        while pending:
            for array in pending.pop(0):
                yield array
                values: list[Value] = []
                if not self.carried:
                    continue
                if isinstance(array, Assembled):
                    for term in unknown(array.terms, seen):
                        if term.op == ELEMENT:
                            assert term.array is not None
                            values.append(term.array)
                        seen.add(term)
                elif isinstance(array, Value):
                    values.append(array)
                for value in values:
                    call = self.carried.get(value)
                    if call is not None and call.equation not in done:
                        done.add(call.equation)
                        pending.append(call.operands)

    def mapped(self, change: Callable[[Term], Term]) -> ScalarProgram:
        """The program with every root exchanged."""

        def new(array: Array) -> Array:
            if not isinstance(array, Assembled):
                return array
            return Assembled(array.type, tuple(map(change, array.terms)))

        needed = set(self.arrays())
        calls: dict[Equation, Carried] = {}
        for call in self.carried.values():
            if call.equation not in calls and needed.issuperset(call.operands):
                operands = tuple(map(new, call.operands))
                calls[call.equation] = replace(call, operands=operands)
        carried = {
            value: calls[call.equation]
            for value, call in self.carried.items()
            if call.equation in calls
        }
        return ScalarProgram(tuple(map(new, self.outputs)), carried)

    def beside(self, other: ScalarProgram) -> Iterator[tuple[Term, Term]]:
        """The roots of a program with what stands for them in another form of it."""
        pairs = [*zip(self.outputs, other.outputs, strict=True)]
        for value, call in other.carried.items():
            pairs += zip(self.carried[value].operands, call.operands, strict=True)
        for array, form in pairs:
            if isinstance(array, Assembled) and isinstance(form, Assembled):
                yield from zip(array.terms, form.terms, strict=True)
