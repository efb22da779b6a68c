"""Values of a program that the function's author named, recognised by their numbers.

Passes restate what the author wrote: `d1` is computed in another way, or order. It is
still called `d1`: function and program are run on the same random arguments, and what
has the numbers of a named value at all of them has its name. A value with the opposite
numbers is `minus_d1`, one with the reciprocal ones `inverse_d1`, an element of a small
array `edges_0_1`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from partialc.ir.agreement import is_agreeing
from partialc.ir.dtypes import Regime
from partialc.ir.program import ArrayType, Equation, Function, Value
from partialc.ir.rewrite import without_dead_equations
from partialc.ir.structure import all_equations
from partialc.ops.evaluation import evaluate

Numbers: TypeAlias = NDArray[Any]

_DOMAINS: Final = ((0.35, 0.85), (0.35, 0.85), (-1.5, 1.5), (-4.0, 4.0))
"""Where arguments are drawn: most functions are finite at the first points; the others
take other branches."""

_TAME: Final = 2
_TOLERANCE: Final = 1e-9
"""Relative: regrouping changes less, and what differs almost surely differs by more."""

_MOST_EQUATIONS: Final = 2000
_MOST_NUMBERS: Final = 40_000_000
"""Programs with more of either are printed without: running them would take long."""

_SAMPLE: Final = 1024
"""Of larger arrays so many numbers are compared: others almost surely differ there."""

_MOST_STEPS: Final = 1000
"""The same of loops."""

_MOST_ELEMENTS: Final = 16
"""The elements of larger arrays have no names of their own."""


@dataclass(frozen=True, slots=True)
class Authored:
    """The named values of a function at some points.

    Attributes:
        types: Those of the function's inputs.
        named: By their numbers of elements, the names and the numbers of values; those
            of an element, a negative and a reciprocal come after all others.
    """

    types: tuple[ArrayType, ...] = ()
    named: Mapping[int, Sequence[tuple[str, Numbers]]] = field(default_factory=dict)

    @classmethod
    def of(cls, function: Function) -> Authored:
        """What a function's author named; nothing where it cannot be run."""
        types = tuple(value.type for value in function.inputs)
        found = [
            (value.hint, value.type.shape, numbers)
            for value, numbers in _values(function, types)
            if value.hint is not None
        ]
        named: dict[int, list[tuple[str, Numbers]]] = defaultdict(list)
        for name, size, numbers in _with_relatives(found):
            if _is_telling(numbers):
                named[size].append((name, numbers))
        return cls(types, named)

    def names(self, function: Function) -> dict[Value, str]:
        """The names of a program's values.

        Args:
            function: A program whose first inputs are those of the function.
        """
        if not self.named:
            return {}
        found: dict[Value, str] = {}
        for value, numbers in _values(function, self.types, self.named):
            if not _is_telling(numbers):
                continue
            for name, wanted in self.named.get(value.type.size, ()):
                if _agree(numbers, wanted):
                    found[value] = name
                    break
        return found


UNNAMED: Final = Authored()
"""Of a function whose author named nothing."""


def _values(
    function: Function,
    types: Sequence[ArrayType],
    sizes: Collection[int] | None = None,
) -> Iterator[tuple[Value, Numbers]]:
    """The real values of a program at all points, of shape (points, elements).

    Of a large one so many elements as `_SAMPLE`, evenly spaced.

    Args:
        function: The program.
        types: Those of its first inputs.
        sizes: How many elements the values have that are looked for; None for any.
    """
    values = [
        value
        for equation in function.equations
        for value in equation.outputs
        if value.type.dtype.is_float and (sizes is None or value.type.size in sizes)
    ]
    function = without_dead_equations(replace(function, outputs=tuple(values)))
    count = sum(
        value.type.size for equation in function.equations for value in equation.outputs
    )
    is_large = count > _MOST_NUMBERS and not is_agreeing()
    if len(function.equations) > _MOST_EQUATIONS or is_large:
        return
    if any(_may_take_long(equation) for equation in all_equations(function)):
        return
    inputs = [value.type for value in function.inputs]
    if list(types) != inputs[: len(types)] or any(_is_strange(kind) for kind in inputs):
        return
    rows: list[list[Numbers]] = []
    for point in range(len(_DOMAINS)):
        with np.errstate(all="ignore"):
            run = evaluate(function, _arguments(inputs, point), Regime.WIDE)
        rows.append([_sampled(np.asarray(each).reshape(-1)) for each in run])
    for place, value in enumerate(values):
        yield value, np.stack([row[place] for row in rows])


def _sampled(numbers: Numbers) -> Numbers:
    """What is compared of the numbers of an array."""
    if numbers.size > _SAMPLE:
        places = np.linspace(0, numbers.size - 1, _SAMPLE).astype(np.int64)
        numbers = numbers[places]
    return numbers.astype(np.float64)


def _may_take_long(equation: Equation) -> bool:
    """Whether it is a long loop, or one that random arguments may never end."""
    length = equation.params.get("length", 0)
    assert isinstance(length, int)
    return equation.op == "while" or (equation.op == "scan" and length > _MOST_STEPS)


def _is_strange(kind: ArrayType) -> bool:
    """Whether arguments of a type cannot be drawn."""
    return kind.dtype.is_key


def _arguments(types: Sequence[ArrayType], point: int) -> list[Numbers]:
    """Random arguments; whole numbers are ones."""
    random = np.random.default_rng(point)
    found = []
    for kind in types:
        drawn = random.uniform(*_DOMAINS[point], kind.shape)
        dtype = kind.dtype.numpy(Regime.WIDE)
        found.append(
            (drawn if dtype.kind in "fc" else np.ones(kind.shape)).astype(dtype)
        )
    return found


def _with_relatives(
    found: Sequence[tuple[str, tuple[int, ...], Numbers]],
) -> Iterator[tuple[str, int, Numbers]]:
    """Names, numbers of elements, and numbers: of values, then of their relatives."""
    for name, shape, numbers in found:
        yield name, prod(shape), numbers
    for name, shape, numbers in found:
        if 1 < numbers.shape[1] <= _MOST_ELEMENTS and not is_agreeing():
            for place, index in enumerate(np.ndindex(shape)):
                digits = "_".join(map(str, index))
                apart = "_" if len(index) > 1 or name[-1].isdigit() else ""
                yield f"{name}{apart}{digits}", 1, numbers[:, place : place + 1]
    for name, shape, numbers in found:
        yield f"minus_{name}", prod(shape), -numbers
        if numbers.all():
            yield f"inverse_{name}", prod(shape), 1.0 / numbers


def _is_telling(numbers: Numbers) -> bool:
    """Whether numbers depend on the arguments, and are finite where these are tame."""
    tame = numbers[:_TAME]
    return bool(numbers.size and np.isfinite(tame).all() and (tame[0] != tame[1]).any())


def _agree(ones: Numbers, others: Numbers) -> bool:
    """Whether numbers are equal wherever both are finite."""
    both = np.isfinite(ones) & np.isfinite(others)
    return bool(np.allclose(ones[both], others[both], rtol=_TOLERANCE, atol=0.0))
