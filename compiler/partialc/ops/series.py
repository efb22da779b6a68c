"""Truncated multivariate Taylor series of arrays, and the arithmetic of such series.

The series of a value at a point is `sum over a of c[a] / a! * s**a`: s are
displacements along some directions, a multi-indices, and `c[a]` is the derivative by a.
What is held are these derivatives, so that nothing is scaled before it is read;
products then have the weights of Leibniz' rule. Which multi-indices there are is a
downset: with each it has all its parts, and so products are closed under truncation
(Griewank and Walther, Evaluating Derivatives, second edition, chapter 13). Coefficients
that are zero whatever the inputs are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import comb, prod
from typing import TypeAlias

import numpy as np

from partialc.ir.program import ArrayType, Atom
from partialc.tangents.arrays import Arrays

MultiIndex: TypeAlias = tuple[int, ...]
"""How often there is a derivative along each direction."""

Series: TypeAlias = Mapping[MultiIndex, Atom]
"""The coefficients of a value, itself among them; those left out are zero."""


def binomial(index: MultiIndex, part: MultiIndex) -> int:
    """In how many ways a part can be chosen from a multi-index: Leibniz' weight."""
    return prod(map(comb, index, part))


@dataclass(frozen=True, slots=True)
class Downset:
    """A set of multi-indices that has all parts of each of them.

    Attributes:
        indices: The multi-indices, lower orders first.
    """

    indices: tuple[MultiIndex, ...]

    @classmethod
    def of(cls, requested: Iterable[MultiIndex]) -> Downset:
        """The smallest that has some multi-indices; of at least one."""
        found: set[MultiIndex] = set()
        for index in requested:
            found.update(product(*(range(count + 1) for count in index)))
        return cls(tuple(sorted(found, key=lambda index: (sum(index), index))))

    @property
    def zero(self) -> MultiIndex:
        """The multi-index of the value itself."""
        return self.indices[0]

    @property
    def higher(self) -> tuple[MultiIndex, ...]:
        """All but that of the value itself, lower orders first."""
        return self.indices[1:]

    @property
    def maximal(self) -> tuple[MultiIndex, ...]:
        """Those that are part of no other."""
        return tuple(
            index
            for index in self.indices
            if not any(_is_part(index, other) for other in self.indices)
        )

    @property
    def order(self) -> int:
        """The highest order."""
        return sum(self.indices[-1])


def _is_part(index: MultiIndex, other: MultiIndex) -> bool:
    pairs = zip(index, other, strict=True)
    return index != other and all(one <= more for one, more in pairs)


@cache
def splits(index: MultiIndex) -> tuple[tuple[MultiIndex, MultiIndex], ...]:
    """All pairs of multi-indices that add up to one, the first ascending."""
    parts = product(*(range(count + 1) for count in index))
    return tuple((part, _less(index, part)) for part in parts)


def _less(index: MultiIndex, part: MultiIndex) -> MultiIndex:
    return tuple(one - other for one, other in zip(index, part, strict=True))


def _lowered(index: MultiIndex, axis: int) -> MultiIndex:
    return tuple(count - (place == axis) for place, count in enumerate(index))


class SeriesArithmetic:
    """Writes sums, products and integrals of series.

    Args:
        downset: The multi-indices.
        arrays: Writes the equations.
    """

    def __init__(self, downset: Downset, arrays: Arrays) -> None:
        self.downset = downset
        self.arrays = arrays

    def total(self, plus: Sequence[Atom], minus: Sequence[Atom] = ()) -> Atom | None:
        """What is added up less what is taken away; None where there is nothing."""
        found = plus[0] if plus else None
        for atom in plus[1:]:
            assert found is not None, "the first is there"
            found = self.arrays.like("add", found, atom)
        if found is None and minus:
            rest = self.total(minus)
            assert rest is not None, "there is something"
            return self.arrays.like("neg", rest)
        for atom in minus:
            assert found is not None, "the first is there"
            found = self.arrays.like("sub", found, atom)
        return found

    def times(self, one: Atom, other: Atom) -> Atom:
        """A product element by element; of a one, the other factor."""
        for first, second in ((one, other), (other, one)):
            known = self.arrays.known(first)
            is_neutral = known is not None and bool((known == 1).all())
            if is_neutral and _covers(second, first):
                return second
        if other is one:
            return self.arrays.like("square", one)
        return self.arrays.like("mul", one, other)

    def scaled(self, atom: Atom, factor: float) -> Atom:
        """A multiple of an array."""
        if factor == 1:
            return atom
        if factor == -1:
            return self.arrays.like("neg", atom)
        return self.arrays.like(
            "mul", self.arrays.number(atom.type.dtype, factor), atom
        )

    def weighed(self, terms: Iterable[tuple[float, Atom]]) -> Atom | None:
        """A sum of multiples; those of one weight are multiplied once."""
        groups: dict[float, list[Atom]] = {}
        for weight, atom in terms:
            groups.setdefault(weight, []).append(atom)
        found: Atom | None = None
        for weight, atoms in groups.items():
            total = self.total(atoms)
            assert total is not None, "there is something"
            if found is None:
                found = self.scaled(total, weight)
            elif weight < 0:
                found = self.arrays.like("sub", found, self.scaled(total, -weight))
            else:
                found = self.arrays.like("add", found, self.scaled(total, weight))
        return found

    def product_at(
        self,
        index: MultiIndex,
        one: Series,
        other: Series,
        *,
        factor: float = 1,
        multiply: Callable[[Atom, Atom], Atom] | None = None,
        is_inner: bool = False,
    ) -> Atom | None:
        """A coefficient of a product (13.5); of a square, each pair of factors once.

        Args:
            index: Which.
            one: A factor.
            other: The other one; a square if it is the same object.
            factor: A further factor.
            multiply: How two coefficients are multiplied: a bilinear operation.
            is_inner: Whether what has a factor of order zero is left out.
        """
        multiply = self.times if multiply is None else multiply
        zero = self.downset.zero
        is_square = one is other
        terms: list[tuple[float, Atom]] = []
        for part, rest in splits(index):
            if part not in one or rest not in other:
                continue
            if (is_square and part > rest) or (is_inner and zero in (part, rest)):
                continue
            weight = factor * binomial(index, part)
            weight *= 2 if is_square and part != rest else 1
            terms.append((weight, multiply(one[part], other[rest])))
        return self.weighed(terms)

    def product(self, one: Series, other: Series, value: Atom | None = None) -> Series:
        """A product of series.

        Args:
            one: A factor.
            other: The other one.
            value: The product of the values, where that is there.
        """
        found: dict[MultiIndex, Atom] = {}
        for index in self.downset.indices:
            if index == self.downset.zero and value is not None:
                found[index] = value
                continue
            atom = self.product_at(index, one, other)
            if atom is not None:
                found[index] = atom
        return found

    def integral_at(
        self, index: MultiIndex, series: Series, slope: Series
    ) -> Atom | None:
        """A coefficient of y, where dy = slope dx (13.7): also of several directions.

        It is the derivative along any direction i of a of the product of the slope and
        the derivative of x along i; the direction of the fewest terms is taken.

        Args:
            index: The multi-index a; coefficients of the slope below it are read.
            series: The series of x.
            slope: That of the slope.
        """
        choices = [
            self._parts(index, axis, series, slope)
            for axis, count in enumerate(index)
            if count
        ]
        parts = min(choices, key=lambda choice: (len(choice), sum(choice.values())))
        return self.weighed(
            (weight, self.times(series[part], slope[_less(index, part)]))
            for part, weight in parts.items()
        )

    def _parts(
        self, index: MultiIndex, axis: int, series: Series, slope: Series
    ) -> dict[MultiIndex, int]:
        """What of x is in such a sum, and its weight."""
        before = _lowered(index, axis)
        return {
            part: binomial(before, _lowered(part, axis))
            for part, rest in splits(index)
            if part[axis] and part in series and rest in slope
        }

    def composed(
        self, series: Series, taylor: Sequence[Atom | None], value: Atom
    ) -> Series:
        """A function of a series, by its own Taylor coefficients at the value.

        Args:
            series: The series.
            taylor: Its k-th derivative divided by `k!`, from k = 1 on.
            value: The function of the value.
        """
        zero = self.downset.zero
        moved = {index: atom for index, atom in series.items() if index != zero}
        terms: dict[MultiIndex, list[Atom]] = {}
        power: Series = moved
        for number, factor in enumerate(taylor):
            if number:
                power = self.product(power, moved)
            for index, atom in power.items():
                if factor is not None:
                    terms.setdefault(index, []).append(self.times(factor, atom))
        found: dict[MultiIndex, Atom] = {zero: value}
        for index in self.downset.higher:
            total = self.total(terms.get(index, ()))
            if total is not None:
                found[index] = total
        return found

    def spread(self, atom: Atom, kind: ArrayType) -> Atom:
        """An array as wide as a value that it is a coefficient of."""
        shape = atom.type.shape
        if shape == kind.shape:
            return atom
        return self.arrays.spread(atom, kind.shape, range(len(shape)))

    def zeros(self, kind: ArrayType) -> Atom:
        """A coefficient that is zero, where an operation has to have it."""
        return self.spread(self.arrays.number(kind.dtype, 0), kind)


def _covers(atom: Atom, other: Atom) -> bool:
    """Whether a product with another array has an array's own shape."""
    shapes = atom.type.shape, other.type.shape
    return np.broadcast_shapes(*shapes) == atom.type.shape
