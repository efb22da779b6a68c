"""A request's text, its syntax tree, and the character each node stands at."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from itertools import accumulate

from partialc.errors import Location, RequestError
from partialc.request.origin import Origin

_MOST_CHARACTERS = 10_000_000


@dataclass(frozen=True, slots=True)
class Text:
    """One request as written.

    Attributes:
        content: Its characters, with newlines normalised.
        location: Where it begins, if it stands in a file.
        lead: How many blank characters stand before the expression.
        lines: The lines of the expression, as `ast` counts them.
        starts: Where in `content` each of them starts.
    """

    content: str
    location: Location | None
    lead: int
    lines: tuple[str, ...]
    starts: tuple[int, ...]

    @classmethod
    def read(cls, content: str, location: Location | None) -> Text:
        """Prepare a text."""
        content = content.replace("\r\n", "\n").replace("\r", "\n")
        return cls._of(content, location, content, 0)

    @classmethod
    def quoted(cls, content: str, origin: Origin) -> Text:
        """Prepare a text that stands in quotes within another.

        Args:
            content: Its characters.
            origin: Where the quotes stand. Where they hold escapes, places are told
                within the content alone.
        """
        start = origin.text.find(content, origin.start, origin.stop)
        if start < 0:
            return cls.read(content, None)
        return cls._of(origin.text, origin.location, content, start)

    @classmethod
    def _of(
        cls, content: str, location: Location | None, part: str, start: int
    ) -> Text:
        body = part.lstrip()
        lead = start + len(part) - len(body)
        lines = tuple(body.split("\n"))
        lengths = [len(line) + 1 for line in lines]
        return cls(
            content, location, lead, lines, tuple(accumulate(lengths, initial=lead))
        )

    @property
    def body(self) -> str:
        """The expression, and what blanks follow it."""
        return "\n".join(self.lines)

    def tree(self) -> ast.expr:
        """The syntax tree of the expression.

        Raises:
            RequestError: It is empty, or no Python expression.
        """
        if not self.body:
            raise self.whole.fault(
                "the request is empty", fix="write a request such as gradient(x)"
            )
        if len(self.content) > _MOST_CHARACTERS:
            raise RequestError(
                f"the request is {len(self.content):,} characters long",
                where=self.location,
                fix='keep long lists in an object: entries(hessian(x), "pkg.mod:LIST")',
            )
        try:
            with warnings.catch_warnings():  # of odd escapes within keys
                warnings.simplefilter("ignore")
                return ast.parse(self.body, mode="eval").body
        except SyntaxError as error:
            raise self._place(error).fault(
                f"the request is not written correctly: {error.msg}",
                fix="requests are Python calls, such as partial(x[0], x[2])",
            ) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise self.whole.fault(f"the request cannot be read: {error}") from None

    @property
    def whole(self) -> Origin:
        """The expression from its first to its last character."""
        stop = self.lead + len(self.body.rstrip())
        if not self.body:  # the blank before it, or what comes after
            return self._between(max(stop - 1, 0), max(stop, 1))
        return self._between(self.lead, stop)

    def origin(self, node: ast.expr | ast.keyword) -> Origin:
        """Where a node stands."""
        last_line, last_column = node.end_lineno, node.end_col_offset
        assert last_line is not None  # `ast.parse` sets both
        assert last_column is not None
        return self._between(
            self._offset(node.lineno, node.col_offset),
            self._offset(last_line, last_column),
        )

    def between(self, first: ast.expr, last: ast.expr) -> Origin:
        """From the start of one node to the end of another."""
        return self._between(self.origin(first).start, self.origin(last).stop)

    def _offset(self, line: int, column: int) -> int:
        """Characters before a place that `ast` gives as a line and UTF-8 bytes."""
        text = self.lines[line - 1]
        if not text.isascii():
            column = len(text.encode()[:column].decode(errors="replace"))
        return self.starts[line - 1] + column

    def _place(self, error: SyntaxError) -> Origin:
        if error.lineno is None or error.offset is None:
            return self.whole
        line = min(error.lineno, len(self.lines))
        start = min(self.starts[line - 1] + max(error.offset, 1) - 1, len(self.content))
        stop = start + 1
        if error.end_lineno == error.lineno and error.end_offset:
            stop = max(stop, self.starts[line - 1] + error.end_offset - 1)
        return self._between(start, stop)

    def _between(self, start: int, stop: int) -> Origin:
        return Origin(self.content, start, stop, self.location)
