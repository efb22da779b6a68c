"""Which elements of its arguments a function does not tell apart.

Derivatives along elements that may be exchanged are taken by candidates that are alike:
one of them is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final, TypeAlias

from partialc.accuracy.scalars import Scalars
from partialc.ir.program import Function
from partialc.ir.structure import constant_key, size
from partialc.lowering.scalar.terms import ELEMENT, Term, reachable

MOST_OPERATIONS: Final = 1000
"""Of longer programs nothing is said."""

Place: TypeAlias = tuple[int, int]
"""An element of an argument: the number of its leaf, its flat position there."""

_COMMUTATIVE: Final[Mapping[str, str]] = {
    "add": "add",
    "add_any": "add",
    "reduce_sum": "add",
    "mul": "mul",
    "reduce_prod": "mul",
    "max": "max",
    "min": "min",
}


class Symmetry:
    """The exchanges under which a function stays what it is, in exact arithmetic."""

    def __init__(self, function: Function) -> None:
        """Nothing is compared yet.

        Args:
            function: The function, as it was traced.
        """
        self._function = function
        self._known: dict[tuple[object, ...], int] = {}

    def allows(self, one: Place, other: Place) -> bool:
        """Whether exchanging two elements is seen to change nothing.

        Sums and products are compared whatever the order of their operands; what would
        take more algebra is not found.
        """
        if one == other:
            return True
        moved = {one: other, other: one}
        return self._roots is not None and self._text(moved) == self._text({})

    @cached_property
    def _scalars(self) -> Scalars:
        return Scalars(self._function)

    @cached_property
    def _roots(self) -> tuple[Term, ...] | None:
        is_short = size(self._function) <= MOST_OPERATIONS
        return self._scalars.roots if is_short else None

    def _text(self, moved: Mapping[Place, Place]) -> tuple[int, ...]:
        """All results as numbers of what they are, elements exchanged."""
        assert self._roots is not None, "programs without terms are not compared"
        numbers: dict[Term, int] = {}
        operands: dict[Term, tuple[int, ...]] = {}
        for term in reachable(self._roots):
            kind = _COMMUTATIVE.get(term.op)
            if kind is not None:
                found: list[int] = []
                for arg in term.args:
                    alike = _COMMUTATIVE.get(arg.op) == kind and arg in operands
                    found += operands[arg] if alike else [numbers[arg]]
                operands[term] = tuple(sorted(found))
                numbers[term] = self._number(kind, term.dtype, operands[term])
            elif term.op == ELEMENT:
                assert term.array is not None, "an element is one of an array"
                place = self._scalars.places[term.array], term.position
                numbers[term] = self._number(ELEMENT, moved.get(place, place))
            elif term.constant is not None:
                numbers[term] = self._number(constant_key(term.constant))
            else:
                args = tuple(numbers[arg] for arg in term.args)
                params = tuple(sorted((k, repr(v)) for k, v in term.params.items()))
                numbers[term] = self._number(term.op, term.dtype, params, args)
        return tuple(numbers[root] for root in self._roots)

    def _number(self, *key: object) -> int:
        return self._known.setdefault(key, len(self._known))
