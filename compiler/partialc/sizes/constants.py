"""Module constants that depend on sizes, as functions of the sizes.

`K_ROWS`, `K_COLS` and `K_SHAPE` of a kernel `k` are what `k_pattern(n)` returns; what a
module keeps for itself, `_PLACES`, is `_places(n)`. All are cached.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from partialc.request.names import constant_name
from partialc.request.resolved import Kernel
from partialc.sizes.builds import uses_sizes

PATTERN: Final = "Pattern"
"""The class of what `k_pattern(n)` returns."""

_FIELDS: Final = ("ROWS", "COLS", "SHAPE", "INDPTR")


@dataclass(frozen=True, slots=True)
class Group:
    """The public constants of one matrix, or one of them alone.

    Attributes:
        function: What returns them for given sizes.
        kernel: The kernel they are of.
        fields: What each is called within a `Pattern`, by its own name; a constant that
            is alone has the field "".
    """

    function: str
    kernel: str
    fields: Mapping[str, str]

    def reference(self, name: str, sizes: str) -> str:
        """One of them at given sizes, as an expression."""
        field = self.fields[name]
        return f"{self.function}({sizes}){'.' if field else ''}{field}"


def groups_of(kernels: Collection[Kernel]) -> tuple[Group, ...]:
    """The public constants of a module, those of one matrix together."""
    found = []
    for kernel in kernels:
        for field in kernel.fields:
            names = {
                each: constant_name(kernel, field, each) for each in field.constants
            }
            if "ROWS" in names:
                stem = names["ROWS"].removesuffix("_ROWS").lower()
                fields = {name: suffix.lower() for suffix, name in names.items()}
                found.append(Group(f"{stem}_pattern", kernel.name, fields))
                continue
            found += [
                Group(name.lower(), kernel.name, {name: ""}) for name in names.values()
            ]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class OpenConstants:
    """The constants of a module that depend on its sizes.

    Attributes:
        groups: The public ones.
        private: The others, each with the name of its function.
        statements: The assignments that define them, by the names they define.
    """

    groups: tuple[Group, ...]
    private: Mapping[str, str]
    statements: Mapping[tuple[str, ...], str]

    @classmethod
    def of(cls, source: str, groups: Sequence[Group]) -> OpenConstants:
        """Those of a module's text in which sizes are marked.

        What names a constant that is open is open as well, and so is what belongs to
        the same matrix.

        Args:
            source: The text.
            groups: The public constants.
        """
        assigned: dict[tuple[str, ...], str] = {}
        is_open: set[str] = set()
        for statement in ast.parse(source).body:
            if not isinstance(statement, ast.Assign):
                continue
            (target,) = statement.targets
            names = tuple(n.id for n in ast.walk(target) if isinstance(n, ast.Name))
            if names == ("__all__",):
                continue
            assigned[names] = ast.get_source_segment(source, statement) or ""
        while True:
            before = len(is_open)
            for names, text in assigned.items():
                words = set(re.findall(r"\w+", text.partition("=")[2]))
                if uses_sizes(text) or words & is_open:
                    is_open.update(names)
            for group in groups:
                if is_open & set(group.fields):
                    is_open.update(group.fields)
            if len(is_open) == before:
                break
        public = {name for group in groups for name in group.fields}
        taken = set(re.findall(r"\w+", source))
        private: dict[str, str] = {}
        for name in sorted(is_open - public):
            private[name] = name.lower()
            while private[name] in taken:
                private[name] += "_of"
        return cls(
            tuple(group for group in groups if is_open & set(group.fields)),
            private,
            {n: text for n, text in assigned.items() if is_open & set(n)},
        )

    @property
    def functions(self) -> tuple[str, ...]:
        """The public functions."""
        return tuple(group.function for group in self.groups)

    @property
    def names(self) -> frozenset[str]:
        """The constants that are no longer there."""
        return frozenset(name for names in self.statements for name in names)

    @property
    def has_patterns(self) -> bool:
        """Whether there are functions that return a `Pattern`."""
        return any("rows" in group.fields.values() for group in self.groups)

    def exchanged(self, text: str, sizes: str) -> str:
        """A text with calls in the place of the constants.

        Args:
            text: Source, docstrings included.
            sizes: The arguments of the calls.
        """

        def call(match: re.Match[str]) -> str:
            name = match.group()
            if name in self.private:
                return f"{self.private[name]}({sizes})"
            group = next(each for each in self.groups if name in each.fields)
            return group.reference(name, sizes)

        if not self.names:
            return text
        listed = "|".join(sorted(self.names, key=len, reverse=True))
        return re.sub(rf"(?<![\w.])(?:{listed})(?!\w)", call, text)

    def definitions(self, sizes: Sequence[str]) -> list[str]:
        """The functions as text, public ones first.

        Args:
            sizes: The sizes as the text marks them.
        """
        parameters = ", ".join(f"{size}: int" for size in sizes)
        given = ", ".join(sizes)
        texts = [self._pattern_class()] if self.has_patterns else []
        for group in self.groups:
            lines = self._lines(group, given)
            texts.append(
                f"@cache\ndef {group.function}({parameters}) -> "
                f"{PATTERN if 'rows' in group.fields.values() else 'Any'}:\n    "
                + "\n    ".join(lines)
            )
        for name, function in self.private.items():
            (text,) = (text for names, text in self.statements.items() if name in names)
            value = self.exchanged(text.partition("=")[2].strip(), given)
            texts.append(
                f"@cache\ndef {function}({parameters}) -> Any:\n"
                f'    """What kernels keep, for arguments of these sizes."""\n'
                f"    return {value}"
            )
        return texts

    def _lines(self, group: Group, given: str) -> list[str]:
        """The statements of one public function."""
        if "rows" not in group.fields.values():
            (name,) = group.fields
            (text,) = (text for names, text in self.statements.items() if name in names)
            lines = [f'"""What the entries of `{group.kernel}` are, in their order."""']
            lines.append(f"result = {text.partition('=')[2].strip()}")
            return [*lines, "result.flags.writeable = False", "return result"]
        lines = [f'"""Where the entries of `{group.kernel}` stand, in their order."""']
        own = group.fields
        for names, text in self.statements.items():
            if not set(names) & set(own):
                continue
            targets = ", ".join(own[name] for name in names)
            value = text.partition("=")[2].strip()
            for name, field in own.items():
                value = re.sub(rf"(?<![\w.]){name}(?!\w)", field, value)
            lines.append(f"{targets} = {self.exchanged(value, given)}")
        arrays = [field for field in own.values() if field != "shape"]
        lines.append(f"for each in ({', '.join(arrays)}):")
        lines.append("    each.flags.writeable = False")
        fields = [own[name] for name in own if own[name] in map(str.lower, _FIELDS)]
        listed = ", ".join(f"{field}={field}" for field in fields)
        return [*lines, f"return {PATTERN}({listed})"]

    def _pattern_class(self) -> str:
        pointers = any("indptr" in group.fields.values() for group in self.groups)
        lines = [
            f"class {PATTERN}(NamedTuple):",
            '    """Where the entries of a sparse matrix stand, row by row."""',
            "",
            "    rows: Any",
            "    cols: Any",
            "    shape: tuple[int, int]",
        ]
        if pointers:
            lines += ["    indptr: Any = None", '    """Where each row starts."""']
        return "\n".join(lines)
