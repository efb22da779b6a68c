"""The texts of several builds as one text, in which numbers are forms of the sizes.

All builds must say the same but for numbers, and for what is made of numbers: names,
types in texts, docstrings. The first place where they do not is told.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeAlias

from partialc.sizes.builds import Builds, PartingError
from partialc.sizes.names import Renames, without_numbers
from partialc.sizes.prose import unified_docstring, unified_prose
from partialc.sizes.tokens import COMMENT, NAME, NUMBER, STRING, Token, Tokens

Row: TypeAlias = tuple[Token, ...]
"""The tokens that stand in the same place, one of each build."""

_BEFORE: Final = frozenset({"(", "[", "{", ",", ":", "=", "return", "in"})
_AFTER: Final = frozenset({")", "]", "}", ",", ":", "", "for", "if"})
_SIMPLE: Final = re.compile(r"[\w.]+(?:\([^()]*\))?")
_ADDED: Final = frozenset({"+", "-"})
_SUM: Final = re.compile(r"[-+] ")
_PARENTHESES: Final = re.compile(r"\([^()]*\)")
_DIGITS: Final = re.compile(r"\d+")
_QUOTED: Final = re.compile(r'([a-zA-Z]*)("""|"|\'\'\'|\')(.*)\2', re.DOTALL)

TABLE: Final = "a number that is no form of the sizes"
OTHER: Final = "other statements"


def unified(sources: Sequence[str], builds: Builds) -> str:
    """One text for those of all builds.

    Args:
        sources: The texts, in the order of the builds.
        builds: Their sizes.

    Returns:
        The text of the last build with forms in the place of numbers, each statement
        in one line.

    Raises:
        PartingError: They say different things.
    """
    return _unified(tuple(sources), builds)


@lru_cache(maxsize=8)
def _unified(sources: tuple[str, ...], builds: Builds) -> str:
    texts = [Tokens.of(source) for source in sources]
    if len(set(texts)) == 1:
        return texts[0].source
    return _Unifier(texts, builds).text()


@dataclass(slots=True)
class _Unifier:
    texts: Sequence[Tokens]
    builds: Builds

    def text(self) -> str:
        """The unified text."""
        rows = self._rows()
        self._check_names(rows)
        taken = {token.text for row in rows for token in row if token.kind == NAME}
        renames = Renames(self.builds, taken)
        last = self.texts[-1].source
        pieces, position = [], 0
        for number, row in enumerate(rows):
            if len({token.text for token in row}) == 1:
                continue
            token = row[-1]
            pieces += [
                last[position : token.start],
                self._replaced(rows, number, renames),
            ]
            position = token.stop
        return "".join([*pieces, last[position:]])

    def _rows(self) -> list[Row]:
        """The tokens side by side; they must be of one kind."""
        streams = [text.tokens for text in self.texts]
        owners: list[dict[str, tuple[str, ...]]] = [{} for _ in streams]
        rows = list(zip(*streams, strict=False))
        for row in rows:
            texts = [token.text for token in row]
            if len({token.kind for token in row}) > 1:
                raise self._parting(row, OTHER)
            kind = row[0].kind
            if kind == NAME:
                if len(set(texts)) > 1 and any(map(keyword.iskeyword, texts)):
                    raise self._parting(row, OTHER)
                if self._starts_block(row):
                    owners = [{} for _ in streams]
                for owner, text in zip(owners, texts, strict=True):
                    if owner.setdefault(text, tuple(texts)) != tuple(texts):
                        raise self._parting(row, OTHER)
            elif kind not in (NUMBER, STRING, COMMENT) and len(set(texts)) > 1:
                raise self._parting(row, OTHER)
        if len(set(map(len, streams))) > 1:
            raise self._parting(rows[-1], OTHER)
        return rows

    def _check_names(self, rows: Sequence[Row]) -> None:
        """Names may differ by numbers; others only if they are local variables."""
        bound = {
            tuple(token.text for token in row)
            for row, after in pairwise(rows)
            if row[0].kind == NAME and after[0].text == "="
        }
        before = ""
        for row in rows:
            names = tuple(token.text for token in row)
            differ = len(set(map(without_numbers, names))) > 1
            if row[0].kind == NAME and differ and (names not in bound or before == "."):
                raise self._parting(row, OTHER)
            before = row[0].text

    def _starts_block(self, row: Row) -> bool:
        """Whether a function, or another statement of the module, starts here."""
        source = self.texts[-1].source
        start = row[-1].start
        return start == 0 or source[start - 1] == "\n"

    def _replaced(self, rows: Sequence[Row], number: int, renames: Renames) -> str:
        row = rows[number]
        texts = [token.text for token in row]
        found: str | None
        match row[0].kind:
            case kind if kind == NAME:
                return renames.name(texts)
            case kind if kind == NUMBER:
                found = self.builds.expression(texts)
                if found is not None and not self._stands_alone(rows, number, found):
                    found = f"({found})"
            case kind if kind == COMMENT:
                prose = unified_prose(
                    [text.lstrip("# ") for text in texts], self.builds
                )
                found = f"# {prose}" if prose else ""
            case _:
                found = self._string(texts, renames)
        if found is None:
            raise self._parting(row, TABLE if row[0].kind == NUMBER else OTHER)
        return found

    def _string(self, texts: Sequence[str], renames: Renames) -> str | None:
        matches = [_QUOTED.fullmatch(text) for text in texts]
        if any(match is None for match in matches):
            return None
        parts = [match.groups() for match in matches if match is not None]
        prefix, quote, _ = parts[-1]
        inner = [part[2] for part in parts]
        if quote == '"""':
            found = unified_docstring(inner, self.builds)
            return None if found is None else f'{prefix}"""{found}"""'
        if all(each.isidentifier() for each in inner):
            return f'"{renames.name(inner)}"'
        return None if prefix else self._interpolated(inner)

    def _interpolated(self, texts: Sequence[str]) -> str | None:
        """`float[23]` as f"float[{n}]"."""
        parts = [_DIGITS.split(text) for text in texts]
        if len({tuple(each) for each in parts}) != 1 or "{" in texts[0]:
            return None
        numbers = [_DIGITS.findall(text) for text in texts]
        result = parts[0][0]
        for values, after in zip(zip(*numbers, strict=True), parts[0][1:], strict=True):
            text: str | None = values[0]
            if len(set(values)) > 1:
                text = self.builds.expression(values)
                if text is None:
                    return None
                text = f"{{{text}}}"
            result += f"{text}{after}"
        return f'f"{result}"'

    def _stands_alone(self, rows: Sequence[Row], number: int, text: str) -> bool:
        """Whether an expression needs no parentheses where it stands."""
        if _SIMPLE.fullmatch(text):
            return True
        before = rows[number - 1][-1].text if number else ""
        after = rows[number + 1][-1].text if number + 1 < len(rows) else ""
        if before in _BEFORE and after in _AFTER:
            return True
        is_product = not _SUM.search(_PARENTHESES.sub("", text).lstrip("-"))
        starts = before in _BEFORE or (before in _ADDED and not text.startswith("-"))
        return is_product and starts and after in _AFTER | _ADDED

    def _parting(self, row: Row, reason: str) -> PartingError:
        """Where a build differs most from the last."""
        last = row[-1]
        differs = [token.text != last.text or token.kind != last.kind for token in row]
        number = differs.index(True) if any(differs) else 0
        lines = tuple(
            self.texts[each].line_of(row[each]) for each in (number, len(row) - 1)
        )
        return PartingError(
            reason,
            (number, len(row) - 1),
            (lines[0], lines[1]),
            _owner(self.texts[-1], last),
        )


def _owner(text: Tokens, token: Token) -> str:
    """The function or constant of the module that a token is in."""
    for line in reversed(text.source.splitlines()[: token.line]):
        match = re.match(r"(?:def |class )?(\w+)", line)
        if match and not line.startswith(("@", "#")):
            return match.group(1)
    return ""


Unify: TypeAlias = Callable[[Sequence[str], Builds], str]
