"""The statements of one reference function, written one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from partialc.realise.places import weighted_text
from partialc.realise.units import reach, role
from partialc.reference.literals import index_text, is_whole
from partialc.request.resolved import Coordinates, Output, WeightedSum
from partialc.request.signature import Leaf, Signature

_TAKEN = frozenset(
    (
        *("jax", "jnp", "np", "reference", "moved", "along"),
        "combinations_with_replacement",
    )
)


class Names:
    """Identifiers for what the signature holds, none of which shadows a helper.

    Attributes:
        signature: The function's signature.
        arguments: The parameter that stands for each argument.
    """

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        self.arguments = {name: self.parameter(name) for name in signature.arguments}

    def parameter(self, name: str) -> str:
        """A parameter's name as it stands in the test."""
        return f"{name}_" if name in _TAKEN else name

    def position(self, number: int) -> tuple[str, Leaf, int]:
        """The argument of a leaf, the leaf, and its number within the argument."""
        argument, leaf = self.signature.leaves[number]
        return argument, leaf, number - self.signature.leaf_numbers(argument).start

    def leaf(self, number: int, suffix: str = "") -> str:
        """An expression for a leaf, or for its tangent (`suffix="_tangent"`)."""
        argument, leaf, position = self.position(number)
        base = self.parameter(argument + suffix) if suffix else self.arguments[argument]
        return reach(base, leaf.path, position)

    def label(self, coordinates: Coordinates) -> str:
        """A piece of an identifier for a selection: `x_0to3`, `params_w`."""
        argument, leaf, _ = self.position(coordinates.leaf)
        parts = [argument, role(leaf.path)]
        if not is_whole(coordinates, leaf.type.shape):
            parts += _index_label(coordinates)
        return "_".join(filter(None, parts))

    def output_label(self, coordinates: Output) -> str:
        """The same for a selected output; empty when the result is one array, whole."""
        if isinstance(coordinates, WeightedSum):
            labels = map(self.output_label, coordinates.outputs)
            return "_".join(filter(None, ("weighted", *labels)))
        leaf = self.signature.result.leaves[coordinates.leaf]
        whole = is_whole(coordinates, leaf.type.shape)
        parts = [role(leaf.path), *([] if whole else _index_label(coordinates))]
        return "_".join(filter(None, parts))

    def selected(self, result: str, coordinates: Output) -> str:
        """What of a result is selected: `reference(x)["energy"][0:3]`.

        Or its weighted sum: `jnp.sum(out_cotangent * reference(x))`.
        """
        if isinstance(coordinates, WeightedSum):
            values = [self.selected(result, each) for each in coordinates.outputs]
            return weighted_text(coordinates, values)
        leaf = self.signature.result.leaves[coordinates.leaf]
        text = reach(result, leaf.path, coordinates.leaf)
        index = index_text(coordinates.index, leaf.type.shape)
        return f"{text}[{index}]" if index else text


def _index_label(coordinates: Coordinates) -> list[str]:
    return [
        str(entry) if isinstance(entry, int) else f"{entry.start}to{max(entry.stop, 0)}"
        for entry in coordinates.index
    ]


class Body:
    """Statements, each written once, with names that do not collide.

    Attributes:
        lines: The statements so far.
        given: Arrays that are too long to be written, by the name they are called.
    """

    def __init__(self, parameters: Sequence[str]) -> None:
        self.lines: list[str] = []
        self.given: dict[str, NDArray[np.int64]] = {}
        self._taken = {*_TAKEN, *parameters}
        self._names: dict[str, str] = {}

    def fresh(self, name: str) -> str:
        """An identifier that is not taken yet."""
        found, number = name, 2
        while found in self._taken:
            found, number = f"{name}_{number}", number + 1
        self._taken.add(found)
        return found

    def assign(self, name: str, expression: str, comment: str = "") -> str:
        """Name a value; the same expression gets the same name."""
        if expression not in self._names:
            self._names[expression] = self.fresh(name)
            note = f"  # {comment}" if comment else ""
            self.lines.append(f"{self._names[expression]} = {expression}{note}")
        return self._names[expression]

    def hold(self, name: str, array: NDArray[np.int64]) -> str:
        """Name an array that is given when the text is run."""
        fresh = self.fresh(name)
        self.given[fresh] = array
        return fresh

    def define(self, name: str, parameters: Sequence[str], expression: str) -> str:
        """Define a local function; the same function gets the same name."""
        head = ", ".join(parameters)
        key = f"lambda {head}: {expression}"
        if key not in self._names:
            self._names[key] = self.fresh(name)
            self.lines += [
                f"def {self._names[key]}({head}):",
                f"    return {expression}",
                "",
            ]
        return self._names[key]
