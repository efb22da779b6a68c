"""Docstrings and comments of several builds as one text.

The numbers in them are forms, or are left out with what is said about them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import fill
from typing import Final

from partialc.sizes.builds import Builds

WIDTH: Final = 84

_NUMBER: Final = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})+(?![\w])|(?<![\w.])\d+(?!\w)")
_DETAIL: Final = re.compile(r"\n\s*(?=Result: |Batch: |Plan: |Entry `)")
_REFERENCE: Final = re.compile(r" \(full reference: [^)]*\)")
_COST: Final = re.compile(r"(?<=Plan: )([^:]*): [^:]*\.$")


def unified_prose(texts: Sequence[str], builds: Builds) -> str | None:
    """One text for those of all builds; None where they say different things.

    Args:
        texts: The texts, without quotes and comment signs.
        builds: Their sizes.
    """
    plain = [re.sub(r"\s+", " ", text).strip() for text in texts]
    for shortened in (_same, _without_reference, _without_cost):
        found = _unified([shortened(text) for text in plain], builds)
        if found is not None:
            return found
    return None


def unified_docstring(texts: Sequence[str], builds: Builds) -> str | None:
    """The same of docstrings: paragraph by paragraph, filled again.

    Args:
        texts: What stands between the quotes.
        builds: Their sizes.
    """
    paragraphs = [_paragraphs(text) for text in texts]
    if len({tuple(map(len, each)) for each in paragraphs}) != 1:
        return None
    found: list[list[str]] = []
    for details in zip(*paragraphs, strict=True):
        lines = [unified_prose(each, builds) for each in zip(*details, strict=True)]
        if any(line is None for line in lines):
            return None
        found.append([line or "" for line in lines])
    return _filled(found, texts[-1])


def refilled(text: str) -> str:
    """A docstring with its lines broken again.

    Args:
        text: What stands between the quotes.
    """
    return _filled(_paragraphs(text), text)


def _filled(paragraphs: Sequence[Sequence[str]], like: str) -> str:
    """Paragraphs of details, indented and ended like another docstring."""
    indent = re.search(r"\n( *)\S", like)
    margin = indent.group(1) if indent else ""
    filled = [
        "\n".join(
            fill(
                re.sub(r"\s+", " ", detail).strip(),
                WIDTH,
                break_long_words=False,
                break_on_hyphens=False,
            )
            for detail in details
        ).replace("\n", f"\n{margin}")
        for details in paragraphs
    ]
    end = re.search(r"\n *$", like)
    return f"\n\n{margin}".join(filled) + (end.group() if end else "")


def _paragraphs(text: str) -> list[list[str]]:
    return [_DETAIL.split(part) for part in re.split(r"\n\s*\n", text.rstrip())]


def _unified(texts: Sequence[str], builds: Builds) -> str | None:
    parts = [_NUMBER.split(text) for text in texts]
    if len({tuple(each) for each in parts}) != 1:
        return None
    numbers = [_NUMBER.findall(text) for text in texts]
    result = parts[0][0]
    for values, after in zip(zip(*numbers, strict=True), parts[0][1:], strict=True):
        text = values[0]
        if len(set(values)) > 1:
            form = builds.form([int(value.replace(",", "")) for value in values])
            if form is None:
                return None
            text = form.text.replace(" * ", "*")
        result += text + after
    return result


def _same(text: str) -> str:
    return text


def _without_reference(text: str) -> str:
    return _REFERENCE.sub("", text)


def _without_cost(text: str) -> str:
    return _COST.sub(r"\1.", _without_reference(text))
