"""A module for every size, from the unified text of its builds."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Final

from partialc.emit.module import isort_key, kind_and_name
from partialc.printing.formatting import format_source
from partialc.realise import support
from partialc.sizes.builds import finished, marked, uses_sizes
from partialc.sizes.constants import PATTERN, Group, OpenConstants
from partialc.sizes.prose import refilled
from partialc.sizes.reading import forms_text, sizes_text, told_text
from partialc.spec.lengths import Length
from partialc.spec.sizes import Reading

OWN_NAMES: Final = frozenset({"_sizes", "_SHAPES", "_LEAST", "cache", PATTERN})
"""What such a module defines or imports besides."""

_CHECKED: Final = re.compile(r"^( +)\(?[^=\n]*\)? = _checked\((.*)\)$", re.MULTILINE)


class HelperError(Exception):
    """A function of the module that is no kernel depends on the sizes.

    Attributes:
        name: What it is called.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class OpenModule:
    """What a module with open sizes is made of.

    Attributes:
        unified: The text of its builds, sizes marked, each statement in one line.
        sizes: Its sizes, in order.
        told: How they are read off axes.
        shapes: The shapes of the arrays with open axes.
        arguments: The function's arguments.
        function: What the function is called.
        kernels: What its kernels are called.
        groups: The public constants.
    """

    unified: str
    sizes: tuple[str, ...]
    told: tuple[Reading, ...]
    shapes: Mapping[str, tuple[Length, ...]]
    arguments: tuple[str, ...]
    function: str
    kernels: tuple[str, ...]
    groups: tuple[Group, ...]

    def source(self, least: Mapping[str, int]) -> str:
        """The module's text.

        Args:
            least: The least of each size.

        Raises:
            HelperError: Something beside kernels and function depends on the sizes.
        """
        constants = OpenConstants.of(self.unified, self.groups)
        marks = [marked(size) for size in self.sizes]
        given = ", ".join(marks)
        pieces: list[str] = []
        has_definitions = False
        for text in _statements(self.unified):
            kind = _kind(text)
            if kind == "constant" and set(_targets(text)) & constants.names:
                if not has_definitions:
                    pieces += [forms_text(self.shapes), _least_text(least)]
                    pieces += [f"\n\n{each}" for each in constants.definitions(marks)]
                    has_definitions = True
                continue
            changed = constants.exchanged(text, given)
            if kind == "function" and (uses_sizes(changed) or "_checked(" in changed):
                changed = self._reading(changed, marks)
            pieces.append(changed)
        helpers = [
            sizes_text(self.told, self.shapes, self.sizes),
            support.text("_shapes"),
            support.text("_check_sizes"),
        ]
        pieces += [f"\n\n{each}" for each in helpers]
        text = finished(_told_again("\n".join(pieces) + "\n"))
        text = self._head(text, constants, least)
        return format_source(text)

    def _reading(self, text: str, marks: Sequence[str]) -> str:
        """A function that reads the sizes before it uses them."""
        name = _defined(text)
        given = ", ".join(f"{each}={each}" for each in self.arguments)
        target = f"({', '.join(marks)}{',' if len(marks) == 1 else ''})"
        reading = f"{target} = _sizes({given})"
        if name in self.kernels:
            return _CHECKED.sub(
                lambda match: f"{match.group(1)}{reading}\n{match.group()}", text
            )
        if name == self.function:
            return _first(text, reading)
        if uses_sizes(text):
            raise HelperError(name)
        return text

    def _head(
        self, text: str, constants: OpenConstants, least: Mapping[str, int]
    ) -> str:
        """Docstring, imports and exports."""
        lines = text.splitlines()
        told = fill(
            f"For arguments of every size: {told_text(self.told, least)}.",
            88,
            break_long_words=False,
        )
        start = next(i for i, line in enumerate(lines) if line.startswith('"""'))
        stop = start
        while not lines[stop].endswith('"""') or lines[stop] == '"""' == lines[start]:
            stop += 1
        head = "\n".join(lines[start : stop + 1]).strip().removesuffix('"""').rstrip()
        lines[start : stop + 1] = [f'{head}\n\n{told}\n"""']
        text = "\n".join(lines)
        exported = set(re.findall(r'"(\w+)"', _match(r"^__all__ = \[.*\]$", text)))
        exported -= constants.names
        exported |= set(constants.functions)
        exported |= {PATTERN} if constants.has_patterns else set()
        listed = ", ".join(f'"{e}"' for e in sorted(exported, key=kind_and_name))
        text = re.sub(
            r"^__all__ = \[.*\]$", f"__all__ = [{listed}]", text, flags=re.MULTILINE
        )
        typing = ["from typing import Any"]
        if constants.has_patterns or "NamedTuple" in _match(r"^from typing .*$", text):
            typing = ["from typing import Any, NamedTuple"]
        block = _match(r"\A(?:.*\n)*?(?=import jax\n)", text)
        old = [e for e in block.splitlines() if re.match(r"(import|from) ", e)]
        new = [e for e in old if not e.startswith("from typing ")]
        new += [*typing, "from functools import cache"]
        listed = "\n".join(sorted(set(new), key=isort_key))
        return text.replace("\n".join(old), listed, 1)

    def extra_names(self, constants: Collection[str]) -> frozenset[str]:
        """Names that the module defines because its sizes are open."""
        return OWN_NAMES | frozenset(constants)


def _match(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found.group() if found else ""


def _least_text(least: Mapping[str, int]) -> str:
    return f"_LEAST = {dict(least)!r}"


def _statements(source: str) -> Iterator[str]:
    """The statements of a module, each with the comments before it."""
    lines = source.splitlines()
    position = 0
    for statement in ast.parse(source).body:
        stop = statement.end_lineno or 0
        while stop < len(lines) and lines[stop].startswith("# fmt: on"):
            stop += 1
        yield "\n".join(lines[position:stop])
        position = stop
    if any(line.strip() for line in lines[position:]):
        yield "\n".join(lines[position:])


def _kind(text: str) -> str:
    body = ast.parse(text).body
    match body[0] if body else None:
        case ast.FunctionDef():
            return "function"
        case ast.Assign():
            return "constant"
        case _:
            return "other"


def _targets(text: str) -> tuple[str, ...]:
    (statement,) = ast.parse(text).body
    assert isinstance(statement, ast.Assign)
    (target,) = statement.targets
    return tuple(node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _defined(text: str) -> str:
    (statement,) = ast.parse(text).body
    assert isinstance(statement, ast.FunctionDef)
    return statement.name


def _told_again(text: str) -> str:
    """A text in which docstrings that name sizes are filled again."""

    def told(match: re.Match[str]) -> str:
        inner = match.group(1)
        return f'"""{refilled(finished(inner))}"""' if uses_sizes(inner) else match[0]

    return re.sub(r'"""(.*?)"""', told, text, flags=re.DOTALL)


def _first(text: str, line: str) -> str:
    """A function with a further statement before all others."""
    (statement,) = ast.parse(text).body
    assert isinstance(statement, ast.FunctionDef)
    body = statement.body
    is_told = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    lines = text.splitlines()
    place = body[0].end_lineno if is_told else body[0].lineno - 1
    assert place is not None
    lines.insert(place, f"    {line}")
    return "\n".join(lines)
