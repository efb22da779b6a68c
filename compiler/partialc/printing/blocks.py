"""The statements of a function while it is printed, and which of them are needed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from partialc.printing.readability import words
from partialc.printing.text import unparse

SECTIONED: Final = 12
"""Fewer statements than this need no comments that divide them."""

RESULTS: Final = "results"


@dataclass(frozen=True, slots=True)
class _Block:
    """A statement and the names that it binds."""

    names: frozenset[str]
    lines: list[str]
    is_result: bool


class Blocks:
    """Statements in order.

    Attributes:
        are_results: Whether what is added now only names a result.
    """

    def __init__(self) -> None:
        self.are_results = False
        self._blocks: list[_Block] = []

    def add(self, names: Iterable[str], lines: list[str]) -> None:
        """Append the lines of a statement that binds names."""
        self._blocks.append(_Block(frozenset(names), lines, self.are_results))

    def needed(
        self, results: Sequence[ast.expr], sections: Sequence[str] = ()
    ) -> list[str]:
        """The lines of the statements that the results need.

        Some rules print through an operand that had a name already: such a name may
        be left without a reader.

        Args:
            results: The expressions that are returned.
            sections: For each result what a comment calls the statements which it is
                the first to need; none, or one for each.
        """
        first: dict[str, int] = {}
        for place, result in enumerate(results):
            for word in words(unparse(result)):
                first.setdefault(word, place)
        kept: list[tuple[int, _Block]] = []
        for block in reversed(self._blocks):
            users = [first[each] for each in block.names if each in first]
            if users:
                kept.append((min(users), block))
                for word in {word for line in block.lines for word in words(line)}:
                    first[word] = min(min(users), first.get(word, len(results)))
        kept.reverse()
        if len(kept) >= SECTIONED and len(set(sections)) > 1:
            titled = [
                (RESULTS if block.is_result else sections[place], block)
                for place, block in kept
            ]
            return _in_sections(titled)
        lines = [line for _, block in kept for line in block.lines]
        return lines[1:] if lines and not lines[0] else lines


def _in_sections(blocks: Sequence[tuple[str, _Block]]) -> list[str]:
    """Statements under comments that tell what they are for."""
    lines: list[str] = []
    told: set[str] = set()
    for title, block in blocks:
        if title not in told:
            told.add(title)
            lines += ["", f"# {title}"] if lines else [f"# {title}"]
        lines += block.lines
    return lines
