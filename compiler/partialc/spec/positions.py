"""Where keys and values stand in a TOML document, which `tomllib` does not tell.

The scan relies on `tomllib` having accepted the text: it finds places, not faults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys from the root; an element of an array is its number."""


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where a key stands, and where its value starts.

    Attributes:
        key: The first character of the key (of the element itself, within an array).
        value: The first character of the value; within the quotes for a string.
    """

    key: Place
    value: Place


_TOKEN: Final = re.compile(
    r"""
    (?P<space>[ \t]+|\#[^\n]*)
  | (?P<newline>\r?\n)
  | (?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5}
      | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
  | (?P<mark>[\[\]{}=,.])
  | (?P<bare>[^\s\[\]{}=,."'\#]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTES: Final = re.compile(r"'{3}|\"{3}|'|\"")
_SHORT_ESCAPES: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: Place


def positions(text: str) -> Mapping[Path, Position]:
    """The position of every key and array element of a valid TOML document."""
    return _Scanner(text).scan()


class _Scanner:
    """A cursor over the tokens, and what it found so far."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0
        self._found: dict[Path, Position] = {}
        self._arrays: dict[Path, int] = {}

    def scan(self) -> Mapping[Path, Position]:
        table: Path = ()
        while self._next < len(self._tokens):
            if self._skip("newline"):
                continue
            if self._at("["):
                table = self._header()
            else:
                self._pair(table)
        return self._found

    def _header(self) -> Path:
        start = self._take().place
        many = self._at("[")
        if many:
            self._take()
        keys = self._dotted_key()
        while self._at("]"):
            self._take()
        table = self._resolve(keys[:-1], start)
        last = (*table, keys[-1])
        if many:
            number = self._arrays.get(last, -1) + 1
            self._arrays[last] = number
            self._found.setdefault(last, Position(start, start))
            last = (*last, number)
        elif last in self._arrays:
            last = (*last, self._arrays[last])
        self._found.setdefault(last, Position(start, start))
        return last

    def _resolve(self, keys: tuple[str, ...], place: Place) -> Path:
        """A header's keys as a path: an array of tables stands for its last one."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self._arrays:
                path = (*path, self._arrays[path])
            self._found.setdefault(path, Position(place, place))
        return path

    def _pair(self, table: Path) -> None:
        start = self._tokens[self._next].place
        path = (*table, *self._dotted_key())
        self._take()  # the equals sign
        self._value(path, start)
        for depth in range(len(table) + 1, len(path)):
            self._found.setdefault(path[:depth], Position(start, start))

    def _dotted_key(self) -> tuple[str, ...]:
        keys = [_unquoted(self._take())]
        while self._at("."):
            self._take()
            keys.append(_unquoted(self._take()))
        return tuple(keys)

    def _value(self, path: Path, key: Place | None) -> None:
        token = self._take()
        place = token.place
        if token.kind == "string":
            place = _inside(token)
        self._found[path] = Position(key or token.place, place)
        if token.text == "[":
            self._elements(path)
        elif token.text == "{":
            self._inline(path)
        elif token.kind == "bare":
            while self._at("."):  # a float, or a date and its fraction
                self._take()
                self._take()

    def _elements(self, path: Path) -> None:
        number = 0
        while not self._closed("]"):
            self._value((*path, number), None)
            number += 1

    def _inline(self, path: Path) -> None:
        while not self._closed("}"):
            self._pair(path)

    def _closed(self, mark: str) -> bool:
        while self._skip("newline") or self._at(","):
            if self._at(","):
                self._take()
        if self._at(mark):
            self._take()
            return True
        return False

    def _at(self, mark: str) -> bool:
        if self._next == len(self._tokens):
            return False
        token = self._tokens[self._next]
        return token.kind == "mark" and token.text == mark

    def _skip(self, kind: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next].kind == kind:
            self._next += 1
            return True
        return False

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += 1
        return token


def _tokens(text: str) -> Iterator[_Token]:
    line, line_start = 1, 0
    for match in _TOKEN.finditer(text):
        if match.lastgroup not in (None, "space"):
            place = Place(line, match.start() - line_start + 1)
            yield _Token(str(match.lastgroup), match.group(), place)
        breaks = match.group().count("\n")
        if breaks:
            line += breaks
            line_start = match.start() + match.group().rindex("\n") + 1


def _inside(token: _Token) -> Place:
    """Where a string's first character stands; a first newline is no part of it."""
    match = _QUOTES.match(token.text)
    quotes = match.group() if match else ""
    if len(quotes) == 3 and token.text[3:].startswith(("\n", "\r\n")):
        return Place(token.place.line + 1, 1)
    return Place(token.place.line, token.place.column + len(quotes))


def _unquoted(token: _Token) -> str:
    if token.kind != "string":
        return token.text
    body = token.text[1:-1]
    return body if token.text.startswith("'") else _ESCAPE.sub(_unescaped, body)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return _SHORT_ESCAPES.get(code, code)
