"""The function to differentiate, as a local function of the active variables alone."""

from __future__ import annotations

from collections.abc import Sequence

import jax

from partialc.realise.places import output_text, tuple_text
from partialc.realise.units import Fresh, Unit, reach
from partialc.request.resolved import Coordinates, Direction, Output, selections
from partialc.request.shapes import whole
from partialc.request.signature import Signature


class Primals:
    """Writes `def primal(...)` where the function itself does not serve."""

    def __init__(
        self, signature: Signature, function: str, units: Sequence[Unit], fresh: Fresh
    ) -> None:
        self.signature = signature
        self.function = function
        self.units = units
        self.fresh = fresh
        self.defined: dict[tuple[str, ...], str] = {}

    def preamble(self, units: Sequence[Unit]) -> list[str]:
        """Local variables for the leaves that are differentiated on their own."""
        return [
            f"{unit.name} = {self.reach(unit.argument, unit)}"
            for unit in units
            if not unit.whole
        ]

    def reach(self, tree: str, unit: Unit) -> str:
        """One leaf of a tree like the unit's argument."""
        numbers = self.signature.leaf_numbers(unit.argument)
        leaf = self.signature.leaves[unit.leaves[0]][1]
        return reach(tree, leaf.path, unit.leaves[0] - numbers.start)

    def define(
        self,
        outputs: Sequence[Output],
        units: Sequence[Unit],
        cotangent: Direction | None,
    ) -> tuple[list[str], str]:
        """Statements that define the primal, and what it is called by.

        Args:
            outputs: What it returns: one selection bare, several as a tuple.
            units: Its parameters.
            cotangent: With a given cotangent, the tree of selections it returns.
        """
        result, plain = self.result(outputs, cotangent)
        names = [unit.name for unit in units]
        if plain and names == list(self.signature.arguments):
            return [], self.function
        key = (*names, *result)
        if key in self.defined:
            return [], self.defined[key]
        name = self.defined[key] = self.fresh("primal")
        parameters = ", ".join(f"{each}: Any" for each in names)
        return [f"def {name}({parameters}) -> Any:", *result, ""], name

    def call(self) -> str:
        """The function applied to its arguments, with the active variables put in."""
        texts = []
        for argument in self.signature.arguments:
            start = self.signature.leaf_numbers(argument).start
            inner = [
                f"{unit.leaves[0] - start}: {unit.name}"
                for unit in self.units
                if unit.argument == argument and not unit.whole
            ]
            exchanged = f"_with_leaves({argument}, {{{', '.join(inner)}}})"
            texts.append(exchanged if inner else argument)
        return f"{self.function}({', '.join(texts)})"

    def result(
        self, outputs: Sequence[Output], cotangent: Direction | None
    ) -> tuple[list[str], bool]:
        """The body of the primal, and whether it is the function's own result."""
        call = self.call()
        plain = call == f"{self.function}({', '.join(self.signature.arguments)})"
        if cotangent is not None:
            if self.is_own_result(cotangent.outputs):
                return [f"    return {call}"], plain
            if isinstance(cotangent.outputs, Coordinates):
                only = output_text(call, cotangent.outputs, self.signature)
                return [f"    return {only}"], plain and only == call
            selected = jax.tree.map(
                lambda output: output_text("out", output, self.signature),
                cotangent.outputs,
                is_leaf=lambda node: isinstance(node, Coordinates),
            )
            text = _literal(selected)
            return [f"    out = {call}", f"    return {text}"], False
        if len(outputs) == 1 and len(selections(outputs[0])) == 1:
            only = output_text(call, outputs[0], self.signature)
            return [f"    return {only}"], plain and only == call
        texts = [output_text("out", output, self.signature) for output in outputs]
        result = texts[0] if len(texts) == 1 else tuple_text(texts)
        return [f"    out = {call}", f"    return {result}"], False

    def is_own_result(self, selected: object) -> bool:
        """Whether a tree of selections is all of the result, as it comes."""
        result = self.signature.result
        leaves, structure = jax.tree.flatten(selected)
        everything = [
            whole(number, leaf.type.shape) for number, leaf in enumerate(result.leaves)
        ]
        return bool(structure == result.structure) and leaves == everything


def _literal(tree: object) -> str:
    """A tree of expressions as a dict, tuple or list display."""
    if tree is None or isinstance(tree, str):
        return str(tree)
    if isinstance(tree, dict):
        items = (f"{key!r}: {_literal(value)}" for key, value in tree.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(tree, list):
        return f"[{', '.join(map(_literal, tree))}]"
    if isinstance(tree, tuple):
        return tuple_text([_literal(item) for item in tree])
    raise TypeError(f"no display for {type(tree).__name__}")
