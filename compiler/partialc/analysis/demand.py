"""Backward: which elements of each value the results need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from partialc.analysis.facts import Facts, elements_rule
from partialc.ir.boxes import Flat
from partialc.ir.distinct import distinct_numbers
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Atom, Equation, Function, Value
from partialc.ops.elements import Reads


@dataclass(frozen=True, slots=True)
class Demand:
    """Which elements have to be computed, and from what.

    Attributes:
        needed: Ascending flat positions of each value's elements that are needed and
            neither zero nor known; values of which none are have no entry.
        reads: What the needed elements of a result read; results without an entry come
            from an operation that is carried whole.
        whole: The operations that are carried whole, by identity.
    """

    needed: Mapping[Value, Flat]
    reads: Mapping[Value, Reads]
    whole: frozenset[Equation]

    @property
    def size(self) -> int:
        """How many elements are computed one by one."""
        return sum(self.needed[value].size for value in self.reads)


def find_demand(function: Function, facts: Facts, limit: int) -> Demand | None:
    """Walk backward from the results of a function.

    An operation without an element-level rule needs all of its operands.

    Args:
        function: The function.
        facts: What is known of its values.
        limit: How many elements to name at most.

    Returns:
        The demand; None if it exceeds the limit.
    """
    pending: dict[Value, list[Flat]] = {}
    needed: dict[Value, Flat] = {}
    reads: dict[Value, Reads] = {}
    whole: set[Equation] = set()
    arrays = set(function.inputs)
    total = 0

    def need(atom: Atom, flat: Flat | None) -> None:
        if not isinstance(atom, Value) or atom in facts.known:
            return
        if flat is None:
            flat = np.arange(atom.type.size, dtype=np.int64)
        else:
            flat = flat[flat >= 0]
        pending.setdefault(atom, []).append(flat)

    carried = {
        value
        for equation in function.equations
        if elements_rule(equation) is None
        for value in equation.outputs
    }
    for atom in function.outputs:
        if isinstance(atom, Value) and atom not in arrays and atom not in carried:
            if atom.type.size > limit:
                return None
            need(atom, None)
        elif isinstance(atom, Value):
            pending.setdefault(atom, [])
    for equation in reversed(function.equations):
        asked = [
            value
            for value in equation.outputs
            if value in pending and not facts.supports[value].is_none
        ]
        if not asked:
            continue
        found = None
        if elements_rule(equation) is not None:
            found = _read(equation, asked, pending, facts)
        if found is None:
            whole.add(equation)
            for atom in equation.inputs:
                if isinstance(atom, Value) and (atom in arrays or atom in carried):
                    pending.setdefault(atom, [])
                    continue
                if atom.type.size > limit:
                    return None
                need(atom, None)
            continue
        for value, (wanted, read) in found.items():
            needed[value], reads[value] = wanted, read
            total += wanted.size + (0 if read.rows is None else read.rows.size)
            if total > limit:
                return None
            for atom, flat in zip(equation.inputs, read.operands, strict=True):
                need(atom, flat)
    return Demand(needed, reads, frozenset(whole))


def _read(
    equation: Equation,
    asked: list[Value],
    pending: Mapping[Value, list[Flat]],
    facts: Facts,
) -> dict[Value, tuple[Flat, Reads]] | None:
    """What is needed of each result and what it reads; None if that is everything."""
    rule = elements_rule(equation)
    assert rule is not None
    operands = facts.operands(equation)
    found: dict[Value, tuple[Flat, Reads]] = {}
    for number, value in enumerate(equation.outputs):
        if value not in asked:
            continue
        wanted = _distinct(value, pending[value])
        support = facts.supports[value]
        if not support.is_all:
            wanted = wanted[support.contains(wanted)]
        if not wanted.size:
            continue
        given = operands
        if facts.is_strict(value):
            shapes = (atom.type.shape for atom in equation.inputs)
            given = replace(operands, supports=tuple(map(ElementSet.all, shapes)))
        read = rule.reads(equation, number, wanted, given)
        if read is None:
            return None
        found[value] = wanted, read
    return found


_NOTHING: Final[Flat] = np.zeros(0, np.int64)
_ONLY: Final[Flat] = np.zeros(1, np.int64)


def _distinct(value: Value, flats: list[Flat]) -> Flat:
    """Flat positions, each once, ascending."""
    if value.type.size == 1:
        return _ONLY if any(flat.size for flat in flats) else _NOTHING
    return distinct_numbers(np.concatenate(flats or [_NOTHING]))
