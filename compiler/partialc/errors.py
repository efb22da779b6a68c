"""Every error partialc raises on purpose: what, where, why, and what to do.

A message is made for a person at a terminal; `str(error)` is its plain-text form,
the command line prints the same parts with colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REFUSALS: Final = (TypeError, ValueError, NotImplementedError)
"""What JAX raises for a derivative, or a mode, that a function does not allow."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file; lines and columns count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [self.file, self.line, self.column]
        return ":".join(str(part) for part in parts if part is not None)


class PartialcError(Exception):
    """Bad input, told in four parts.

    Attributes:
        what: One sentence: what is wrong.
        where: The place, a `Location` or a phrase; None when it is the call itself.
        why: Why that cannot work; None when `what` says it all.
        fix: What to do about it.
        snippet: The offending text, if there is one.
        span: First and one-past-last column (from 0) of the fault within `snippet`.
    """

    def __init__(
        self,
        what: str,
        *,
        where: Location | str | None = None,
        why: str | None = None,
        fix: str | None = None,
        snippet: str | None = None,
        span: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.fix = fix
        self.snippet = snippet
        self.span = span

    def __str__(self) -> str:
        lines = [self.what]
        if self.where is not None:
            lines.append(f"  where: {self.where}")
        if self.snippet is not None:
            lines.append(f"    {self.snippet}")
            if self.span is not None:
                start, stop = self.span
                lines.append("    " + " " * start + "^" * max(1, stop - start))
        if self.why is not None:
            lines.append(f"  why: {self.why}")
        if self.fix is not None:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


class SpecError(PartialcError):
    """The spec file, or the arguments of `partialc.compile`, are wrong."""


class RequestError(PartialcError):
    """A request does not parse, or names something the function does not have."""


class FrontendError(PartialcError):
    """The function cannot be found, traced or carried."""


class UnsupportedError(PartialcError):
    """The program uses something partialc cannot print or differentiate."""


class WriteError(PartialcError):
    """A file cannot be written, or must not be overwritten."""


class InternalError(PartialcError):
    """A broken invariant of partialc itself: a bug to report, never the user's."""

    def __init__(self, what: str, *, where: Location | str | None = None) -> None:
        super().__init__(
            what,
            where=where,
            why="this is a fault of partialc, not of your input",
            fix="please report it with the function and the request",
        )


class PartialcWarning(UserWarning):
    """Something that is built all the same, and that a person should know of."""
