"""The records of a page that was written before, as far as a page tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from cutest_problems.record import Record

_ROW: Final = re.compile(
    r"^\| (?P<name>\w+) \| (?P<n>[\d,]+) \| (?P<seconds>[\d.]+) s \| (?P<way>[^|]*) "
    r"\| (?P<lines>[\d,]+) \| (?P<nonzeros>\S+) \| (?P<peers>\S+) "
    r"\| (?P<excess>\S+) \|$",
    re.MULTILINE,
)
_FAILURE: Final = re.compile(
    r"^- (?P<name>\w+) \(n = (?P<n>[\d,]+)\): (?P<failure>.*)$", re.MULTILINE
)


def earlier(text: str, families: Mapping[str, str]) -> dict[str, Record]:
    """The problems that a page tells of, by name.

    Args:
        text: The page.
        families: The family of each problem that there is.
    """
    wrong, pointless = _named(text, "wrong"), _named(text, "finite number to compare")
    found = {}
    for row in _ROW.finditer(text):
        name, nonzeros = row["name"], _number(row["nonzeros"])
        excess = _number(row["excess"])
        met = None if nonzeros is None or excess is None else nonzeros - excess
        found[name] = Record(
            name,
            n=int(row["n"].replace(",", "")),
            stage="done",
            seconds=float(row["seconds"]),
            way=row["way"],
            lines=int(row["lines"].replace(",", "")),
            nonzeros=nonzeros,
            met=met,
            peers=_number(row["peers"]),
            points=int(met is not None and name not in pointless),
            wrong="as it was before" if name in wrong else "",
        )
    for line in _FAILURE.finditer(text):
        name = line["name"]
        known = found.get(name, Record(name, n=int(line["n"].replace(",", ""))))
        found[name] = replace(known, failure=line["failure"])
    return {
        name: replace(each, family=families[name])
        for name, each in found.items()
        if name in families
    }


def _named(text: str, title: str) -> set[str]:
    """The names in brackets behind a title of the figures in short."""
    line = re.search(rf"{title}: \d+ \((.*)\)$", text, re.MULTILINE)
    return set() if line is None else set(line[1].split(", "))


def _number(cell: str) -> int | None:
    return None if cell == "-" else int(cell.replace(",", ""))
