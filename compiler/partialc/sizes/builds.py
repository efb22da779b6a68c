"""The sizes of several builds, and where their texts part."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from partialc.sizes.forms import Form, Point, find_form, plain
from partialc.sizes.numbers import find_number

_MARK: Final = re.compile(r"\b_size_(\w+)_(?!\w)")


def marked(size: str) -> str:
    """What a size is called in a text until it is finished: no name is like that."""
    return f"_size_{size}_"


def finished(text: str) -> str:
    """A text with the sizes by their own names."""
    return _MARK.sub(r"\1", text)


def uses_sizes(text: str) -> bool:
    """Whether a text that is not finished names a size."""
    return _MARK.search(text) is not None


@dataclass(frozen=True, slots=True)
class Builds:
    """The sizes at which a module is built.

    Attributes:
        names: How the text that is written spells them.
        points: The sizes of each build; those of the last say how it is planned.
    """

    names: tuple[str, ...]
    points: tuple[Point, ...]

    def form(self, values: Sequence[int]) -> Form | None:
        """The whole numbers of all builds as one form."""
        return find_form(values, self.points, self.names)

    def expression(self, texts: Sequence[str]) -> str | None:
        """The numbers of all builds as one expression; None where there is none."""
        if all(text.lstrip("-").isdecimal() for text in texts):
            form = self.form([int(text) for text in texts])
            return None if form is None else form.text
        try:
            values = [float(text) for text in texts]
        except ValueError:
            return None
        return find_number(values, self.points, self.names)

    def phrase(self, number: int) -> str:
        """The sizes of a build: `n = 23`."""
        return phrase(dict(zip(self.names, self.points[number], strict=True)))


def phrase(sizes: Mapping[str, int]) -> str:
    """Sizes in words: `n = 23, m = 4`."""
    return ", ".join(f"{plain(name)} = {value}" for name, value in sizes.items())


class PartingError(Exception):
    """The texts of two builds are not one text with other numbers.

    Attributes:
        first: The numbers of the two builds.
        lines: What stands where they part, in each.
        reason: What kind of difference that is.
        within: The function or constant it is in; empty where it is in none.
    """

    def __init__(
        self,
        reason: str,
        builds: tuple[int, int],
        lines: tuple[str, str],
        within: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.builds = builds
        self.lines = lines
        self.within = within
