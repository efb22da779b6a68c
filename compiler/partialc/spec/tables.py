"""Typed access to a table of a spec, with errors that say where it stands."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from partialc.errors import Location, SpecError
from partialc.spec.near import alternatives, did_you_mean
from partialc.spec.positions import Path as KeyPath
from partialc.spec.positions import Position


@dataclass(frozen=True, slots=True)
class Origin:
    """The file a table was read from.

    Attributes:
        file: As errors call it.
        positions: Where everything in it stands.
    """

    file: str
    positions: Mapping[KeyPath, Position]

    def key(self, path: KeyPath) -> Location | None:
        """Where a key stands."""
        if path not in self.positions:
            return None
        place = self.positions[path].key
        return Location(self.file, place.line, place.column)

    def value(self, path: KeyPath) -> Location | None:
        """Where a value's first character stands."""
        if path not in self.positions:
            return None
        place = self.positions[path].value
        return Location(self.file, place.line, place.column)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a spec, or the keywords of `partialc.compile`.

    Attributes:
        values: What it holds.
        title: How errors call it: `[[module]]`, `[module.kernels]`.
        origin: The file; None for keywords.
        path: The table's path within the file.
    """

    values: Mapping[str, Any]
    title: str
    origin: Origin | None = None
    path: KeyPath = ()

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def where(self, *keys: str | int) -> Location | str | None:
        """The key's place for an error; outside a file its dotted name."""
        if self.origin is None:
            return ".".join(map(str, (*self.path, *keys))) or None
        return self.origin.key((*self.path, *keys))

    def key_location(self, *keys: str | int) -> Location | None:
        """Where a key stands; None outside a file."""
        return self.origin.key((*self.path, *keys)) if self.origin else None

    def value_location(self, *keys: str | int) -> Location | None:
        """Where a value's first character stands; None outside a file."""
        return self.origin.value((*self.path, *keys)) if self.origin else None

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Every key must be one of `known`.

        Raises:
            SpecError: One is not; near misses are named.
        """
        for key in self.values:
            if key not in known:
                raise SpecError(
                    f"unknown key `{key}` in {self.title}",
                    where=self.where(key),
                    fix=did_you_mean(key, known)
                    or f"the keys are {alternatives(sorted(known))}",
                )

    def require(self, key: str, example: str) -> Any:
        """The value of a key that must be there.

        Raises:
            SpecError: It is not.
        """
        if key not in self.values:
            raise SpecError(
                f"{self.title} has no `{key}`",
                where=self.where(),
                fix=f"add {example}",
            )
        return self.values[key]

    def check(
        self, key: str, holds: Callable[[Any], bool], expected: str, fix: str
    ) -> Any:
        """The value of a key, which must satisfy `holds`.

        Raises:
            SpecError: It does not: it is not `expected`.
        """
        value = self.values[key]
        if holds(value):
            return value
        raise SpecError(
            f"`{key}` must be {expected}, not {value!r}",
            where=self.where(key),
            fix=fix,
        )

    def text(self, key: str, example: str) -> str:
        """A text.

        Raises:
            SpecError: The value is of another type, or empty.
        """
        value: str = self.check(key, _is_text, "a text", f"write {example}")
        return value

    def table(self, key: str, example: str) -> Table:
        """A table within this one; an empty one if the key is missing.

        Raises:
            SpecError: The value is no table.
        """
        if key not in self.values:
            return Table({}, self._title(key), self.origin, (*self.path, key))
        value = self.check(
            key, lambda value: isinstance(value, Mapping), "a table", f"write {example}"
        )
        return Table(value, self._title(key), self.origin, (*self.path, key))

    def relative_path(self, key: str, example: str) -> PurePosixPath:
        """A path relative to the spec's folder, with forward slashes.

        Raises:
            SpecError: It is absolute or has backslashes.
        """
        text = self.text(key, example)
        if (
            Path(text).is_absolute()
            or "\\" in text
            or PurePosixPath(text).is_absolute()
        ):
            raise SpecError(
                f"`{key}` must be a relative path with forward slashes, not {text!r}",
                where=self.where(key),
                why="a spec must mean the same on every machine",
                fix=f"write it relative to the spec's folder: {example}",
            )
        return PurePosixPath(text)

    def _title(self, key: str) -> str:
        if self.origin is None:
            return f"`{key}`"
        inner = f"{self.title.strip('[]')}.{key}" if self.title.startswith("[") else key
        return f"[{inner}]"


def require_identifier(name: str, what: str, where: Location | str | None) -> None:
    """A name that will stand in Python source must be an identifier.

    Raises:
        SpecError: It is none, or a keyword.
    """
    if keyword.iskeyword(name):
        raise SpecError(
            f"{what} cannot be called `{name}`",
            where=where,
            why=f"`{name}` is a keyword of Python",
            fix=f"call it `{name}_`",
        )
    if not name.isidentifier():
        raise SpecError(
            f"{what} cannot be called {name!r}",
            where=where,
            why="it becomes a name in Python source",
            fix="use letters, digits and underscores, and no digit first",
        )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
