"""Where in a request's text a node stands, so that an error can point at it."""

from __future__ import annotations

from dataclasses import dataclass

from partialc.errors import Location, RequestError


@dataclass(frozen=True, slots=True)
class Origin:
    """A stretch of the text of one request.

    Attributes:
        text: The whole request as written.
        start: The first character of the stretch, from 0.
        stop: One past its last character.
        location: Where the text itself begins, if it stands in a file.
    """

    text: str
    start: int
    stop: int
    location: Location | None = None

    def fault(
        self, what: str, *, why: str | None = None, fix: str | None = None
    ) -> RequestError:
        """An error that shows the line of the stretch and underlines it."""
        line_start = self.text.rfind("\n", 0, self.start) + 1
        line_stop = self.text.find("\n", self.start)
        line = self.text[line_start : line_stop if line_stop >= 0 else None]
        column = self.start - line_start
        return RequestError(
            what,
            where=self._where(self.text.count("\n", 0, self.start), column),
            why=why,
            fix=fix,
            snippet=line,
            span=(column, min(self.stop - line_start, max(len(line), column + 1))),
        )

    def _where(self, lines_before: int, column: int) -> Location | str:
        in_request = f"column {column + 1} of the request"
        if lines_before:
            in_request = f"line {lines_before + 1}, {in_request}"
        if self.location is None:
            return in_request
        if self.location.line is None or self.location.column is None:
            return f"{self.location}, {in_request}"
        first = self.location.column if not lines_before else 1
        return Location(
            self.location.file, self.location.line + lines_before, first + column
        )
