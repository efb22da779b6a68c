"""Source texts as tokens, so that those of several builds can be laid side by side.

A text is first formatted without a limit on its lines: where lines break, and the
commas and parentheses that come with it, depends on how long numbers and names are.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from partialc.printing.formatting import format_source

NAME: Final = tokenize.NAME
NUMBER: Final = tokenize.NUMBER
STRING: Final = tokenize.STRING
COMMENT: Final = tokenize.COMMENT

_SIGNED_AFTER: Final = frozenset("([{,:=") | {"return", "**", "*", "/", "//", "+", "-"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a source text.

    Attributes:
        kind: As in `tokenize`.
        text: As written; a number with its sign.
        start: Where it starts in the text.
        stop: Where it ends.
        line: The line it is in, from 1.
    """

    kind: int
    text: str
    start: int
    stop: int
    line: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text and its tokens, without those that only break lines.

    Attributes:
        source: The text, each statement in one line.
        tokens: Its tokens.
    """

    source: str
    tokens: tuple[Token, ...]

    @classmethod
    def of(cls, source: str) -> Tokens:
        """Those of a source text."""
        joined = format_source(source, joined=True)
        return cls(joined, tuple(_signed(list(_read(joined)))))

    def line_of(self, token: Token) -> str:
        """The statement a token is in."""
        return self.source.splitlines()[token.line - 1].strip()


def _read(source: str) -> Iterator[Token]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    left_out = {tokenize.NL, tokenize.ENDMARKER}
    for each in tokenize.generate_tokens(io.StringIO(source).readline):
        if each.type in left_out:
            continue
        start = starts[each.start[0] - 1] + each.start[1]
        stop = starts[each.end[0] - 1] + each.end[1]
        text = "" if each.type == tokenize.NEWLINE else each.string
        yield Token(each.type, text, start, stop, each.start[0])


def _signed(tokens: list[Token]) -> Iterator[Token]:
    """Signs and the numbers behind them as one, where they are no difference."""
    place = 0
    while place < len(tokens):
        token = tokens[place]
        before = tokens[place - 1] if place else None
        is_sign = token.text == "-" and (
            before is None or not before.text or before.text in _SIGNED_AFTER
        )
        if is_sign and place + 1 < len(tokens):
            number = tokens[place + 1]
            after = tokens[place + 2].text if place + 2 < len(tokens) else ""
            if number.kind == NUMBER and after != "**":
                yield Token(
                    NUMBER,
                    token.text + number.text,
                    token.start,
                    number.stop,
                    token.line,
                )
                place += 2
                continue
        yield token
        place += 1
