"""A page of CUTEst's problems tells its records to the next one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cutest_problems import page as pages
from cutest_problems.earlier import earlier
from cutest_problems.record import Record

BUILT = Record(
    "ONE",
    family="bounded",
    n=1_200,
    stage="done",
    seconds=1.25,
    way="3 nests of 2 JVPs, written out",
    lines=1_081,
    nonzeros=2_400,
    met=2_398,
    peers=2_401,
    points=1,
)
RECORDS = [
    BUILT,
    replace(BUILT, name="2TWO", peers=None, failure="peer: over 60 s"),
    replace(BUILT, name="THREE", points=0, met=0),
    replace(BUILT, name="FOUR", met=None, points=0, failure="judge: over 150 s"),
    replace(BUILT, name="FIVE", wrong="as it was before"),
    Record("SIX", family="unconstrained", n=7, failure="build: over 120 s"),
]
FAMILIES = {each.name: each.family for each in RECORDS}


def rounded(record: Record) -> Record:
    """A record as a page shows it."""
    seconds = None if record.seconds is None else round(record.seconds, 1)
    return replace(record, seconds=seconds, stage="")


def test_what_a_page_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "version", lambda name: "1.0")
    text = pages.page(RECORDS, ["SEVEN"], ["ONE", "SIX"])
    assert "## Kept\n\nNot taken again since an earlier page: ONE, SIX\n" in text
    found = earlier(text, FAMILIES)
    assert list(map(rounded, found.values())) == list(map(rounded, RECORDS))


def test_problems_that_are_gone_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "version", lambda name: "1.0")
    assert earlier(pages.page(RECORDS), {"SIX": "unconstrained"}).keys() == {"SIX"}
