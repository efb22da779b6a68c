"""Names that differ from build to build because they tell numbers: `x_1to22`.

The number is told as a form, `x_1to_n_less_1`, or left out.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Sequence
from typing import Final

from partialc.sizes.builds import Builds

_DIGITS: Final = re.compile(r"\d+")
_RUNS: Final = re.compile(r"_?(?:neg)?\d+(?:[_p]\d+)*(?:e(?:neg)?\d+)?")


def without_numbers(name: str) -> str:
    """A name without the numbers in it."""
    return _RUNS.sub("", name)


class Renames:
    """One name for each row of names that stand in the same place of all builds."""

    def __init__(self, builds: Builds, taken: Collection[str]) -> None:
        """Start.

        Args:
            builds: The builds.
            taken: Names that no new one may be.
        """
        self._builds = builds
        self._taken = set(taken)
        self._found: dict[tuple[str, ...], str] = {}

    def name(self, names: Sequence[str]) -> str:
        """The name that stands for those of all builds."""
        key = tuple(names)
        if len(set(key)) == 1:
            return key[0]
        if key not in self._found:
            self._found[key] = self._fresh(key)
        return self._found[key]

    def _fresh(self, names: tuple[str, ...]) -> str:
        wish = _worded(names, self._builds) or _common(names)
        name, number = wish, 2
        while name in self._taken or keyword.iskeyword(name):
            name, number = f"{wish}_{number}", number + 1
        self._taken.add(name)
        return name


def _worded(names: tuple[str, ...], builds: Builds) -> str | None:
    """The names with forms in words for the numbers that differ."""
    parts = [_DIGITS.split(name) for name in names]
    if len({tuple(each) for each in parts}) != 1:
        return None
    numbers = [_DIGITS.findall(name) for name in names]
    result = parts[0][0]
    for values, after in zip(zip(*numbers, strict=True), parts[0][1:], strict=True):
        if len(set(values)) == 1:
            result += values[0] + after
            continue
        form = builds.form([int(value) for value in values])
        word = None if form is None else form.word
        if word is None:
            return None
        glue = "" if not result or result.endswith("_") else "_"
        result += glue + word + (f"_{after}" if after and after[0] != "_" else after)
    return result if result.isidentifier() else None


def _common(names: tuple[str, ...]) -> str:
    """The words that all names share, in their order, without numbers."""
    rows = [
        [each for each in _RUNS.sub("_", name).split("_") if each] for name in names
    ]
    shared = [word for word in rows[-1] if all(word in row for row in rows)]
    lead = "_" if names[-1].startswith("_") else ""
    return lead + ("_".join(shared) or "value")
