"""The domain of a function: what its arguments are drawn from, by whomever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partialc.errors import SpecError
from partialc.frontends.importing import load_object
from partialc.request.signature import Signature, Tree
from partialc.spec.arguments import ObjectText
from partialc.spec.model import Domain

INTEGERS: Final = (0, 2)
"""What integers without a range of their own are drawn from, inclusive."""

_MOST_GIVEN: Final = 2000

RANGES: Final = ((0.5, 1.5), (0.1, 0.9), (-0.9, 0.9), (1.1, 3.0), (-1.5, -0.5))
"""Tried in this order for arguments without a range of their own. The first suits
logarithms, roots and quotients; the others inverse functions with bounded domains."""


@dataclass(frozen=True, slots=True)
class Given:
    """Values of one argument that the user gave.

    Attributes:
        values: Of each the leaves.
    """

    values: tuple[tuple[NDArray[Any], ...], ...]


@dataclass(frozen=True, slots=True)
class Region:
    """What one leaf is drawn from; the whole line if neither is given.

    Attributes:
        limits: Low and high of every element, inclusive.
        values: Listed values of the whole leaf; the n-th of all leaves belong together.
    """

    limits: tuple[float, float] | None = None
    values: tuple[NDArray[Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Ranges:
    """What each argument is drawn from; those not named have the sample's own range.

    Attributes:
        ranges: Low and high, inclusive for integers.
        given: Listed values.
        examples: For arguments that an example object describes, its path.
        stood_for: The arguments for which something else stands in, in tests.
    """

    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)
    stood_for: frozenset[str] = frozenset()

    @property
    def count(self) -> int:
        """How many samples show every listed value."""
        return max((len(entry.values) for entry in self.given.values()), default=0)

    def by_leaf(self, signature: Signature) -> tuple[Region, ...]:
        """What each leaf of the arguments is drawn from, as `signature.leaves`."""
        return tuple(
            self._region(name, number)
            for name, tree in signature.arguments.items()
            for number in range(len(tree.leaves))
        )

    def _region(self, name: str, number: int) -> Region:
        if name in self.given:
            return Region(values=tuple(row[number] for row in self.given[name].values))
        return Region(limits=self.ranges.get(name))


EVERYWHERE: Final = Ranges()
"""The domain of a function of which nothing is said."""


def read_domain(
    domain: Domain,
    signature: Signature,
    examples: Mapping[str, str],
    folder: Path | None,
) -> Ranges:
    """The domain of a spec with its objects imported.

    Args:
        domain: Ranges or paths of objects by argument; or the path of one object. An
            object is a sequence of points, or a function that returns one. A point of
            the one object is a mapping by argument, or a sequence in their order.
        signature: The function's signature.
        examples: Paths of example objects, by argument.
        folder: The spec's folder, where objects are imported from.

    Raises:
        SpecError: An object's points do not fit the arguments.
    """
    if isinstance(domain, ObjectText):
        points = _points(domain, folder)
        columns: dict[str, list[Any]] = {name: [] for name in signature.arguments}
        for point in points:
            row = point if isinstance(point, Mapping) else _by_order(point, signature)
            if set(row) != set(columns):
                raise _misfit(domain, f"a point names {', '.join(map(str, row))}")
            for name, values in columns.items():
                values.append(row[name])
        given = {
            name: _given(values, signature.arguments[name], domain)
            for name, values in columns.items()
        }
        return Ranges({}, given, examples)
    ranges, given = {}, {}
    for name, entry in domain.items():
        if isinstance(entry, ObjectText):
            values = _points(entry, folder)
            given[name] = _given(values, signature.arguments[name], entry)
        else:
            ranges[name] = entry
    return Ranges(ranges, given, examples)


def _points(path: ObjectText, folder: Path | None) -> list[Any]:
    found = load_object(path.path, folder)
    if callable(found):
        found = found()
    try:
        points = list(found)
    except TypeError:
        raise _misfit(path, f"it is of type {type(found).__name__}") from None
    if not points:
        raise _misfit(path, "it is empty")
    return points


def _by_order(point: Any, signature: Signature) -> dict[str, Any]:
    names = list(signature.arguments)
    values = [point] if len(names) == 1 else list(point)
    return dict(zip(names, values, strict=False)) if len(names) == len(values) else {}


def _given(values: Sequence[Any], tree: Tree, path: ObjectText) -> Given:
    wanted = [leaf.type.shape for leaf in tree.leaves]
    rows = []
    for value in values:
        try:
            leaves = [np.asarray(leaf) for leaf in tree.structure.flatten_up_to(value)]
        except (ValueError, TypeError) as error:
            raise _misfit(path, str(error).partition("\n")[0]) from None
        shapes = [leaf.shape for leaf in leaves]
        if shapes != wanted:
            raise _misfit(path, f"a value has the shapes {shapes}, not {wanted}")
        rows.append(tuple(leaves))
    if sum(leaf.type.size for leaf in tree.leaves) * len(values) > _MOST_GIVEN:
        raise _misfit(path, f"it holds more than {_MOST_GIVEN} numbers")
    return Given(tuple(rows))


def _misfit(path: ObjectText, why: str) -> SpecError:
    return SpecError(
        f"'{path}' cannot serve as the points of a generated test",
        why=why,
        fix="give a short sequence of values shaped like the argument, or a range",
    )
