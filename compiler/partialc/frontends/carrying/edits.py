"""Changes to a source text by position, so that all else stays as the user wrote it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the bytes from `start` to `stop` by `text`."""

    start: int
    stop: int
    text: str


@dataclass(slots=True)
class Text:
    """A file's text, its syntax tree, and the changes collected for it.

    Positions are byte offsets, since the columns of `ast` count bytes.
    """

    source: str
    tree: ast.Module = field(init=False)
    _data: bytes = field(init=False)
    _starts: list[int] = field(init=False)
    _edits: list[Edit] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.tree = ast.parse(self.source)
        self._data = self.source.encode()
        self._starts = [0]
        for line in self._data.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def offset(self, line: int, column: int) -> int:
        """The byte offset of a line (from 1) and a column (from 0)."""
        return self._starts[line - 1] + column

    def start(self, node: ast.expr | ast.stmt | ast.arg) -> int:
        """Where a node starts."""
        return self.offset(node.lineno, node.col_offset)

    def stop(self, node: ast.expr | ast.stmt | ast.arg) -> int:
        """Where a node ends."""
        if node.end_lineno is None or node.end_col_offset is None:
            raise AssertionError("ast.parse gives every node an end")
        return self.offset(node.end_lineno, node.end_col_offset)

    def line(self, number: int) -> str:
        """One line without its end."""
        data = self._data[self._starts[number - 1] : self._starts[number]]
        return data.decode().rstrip("\r\n")

    def line_stop(self, number: int) -> int:
        """Where the text of a line ends, its line break left out."""
        return self._starts[number - 1] + len(self.line(number).encode())

    def between(self, start: int, stop: int) -> str:
        """The text between two offsets, as written."""
        return self._data[start:stop].decode()

    def replace(self, start: int, stop: int, text: str) -> None:
        """Replace what stands between two offsets; the same change twice is one."""
        edit = Edit(start, stop, text)
        if edit not in self._edits:
            self._edits.append(edit)

    def insert(self, position: int, text: str) -> None:
        """Insert text at an offset."""
        self.replace(position, position, text)

    def replace_node(self, node: ast.expr | ast.arg, text: str) -> None:
        """Replace a node."""
        self.replace(self.start(node), self.stop(node), text)

    def edited(self, start: int, stop: int) -> str:
        """The text between two offsets with the changes within it applied."""
        pieces: list[bytes] = []
        position = start
        for edit in sorted(self._edits):
            if edit.start < position or edit.stop > stop:
                continue
            pieces += [self._data[position : edit.start], edit.text.encode()]
            position = edit.stop
        pieces.append(self._data[position:stop])
        return b"".join(pieces).decode()
