"""What is shown of results."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from rich.console import Console

from partialc.benching.case import Bar
from partialc.benching.result import Measured, Result
from partialc.benching.table import (
    counted,
    duration,
    markdown,
    multiple,
    page,
    renderable,
    to_json,
)

KERNEL = Measured("partialc", (2e-5,) * 3, (0.25,) * 3, 1e4)
SLOW = Measured("full", (4e-4, 2e-4, 6e-4), (1.0,) * 3, 1.5e8)
NONE = Measured("grad", refusal="the output is no scalar")
HAND = Measured("by hand", (1e-5,) * 3, (0.2,) * 3)
RESULTS = [
    Result("f.a", None, "float32", KERNEL, (SLOW, NONE)),
    Result("f.b", 10_000, "float32", KERNEL, (NONE, HAND), (Bar("by hand", "run", 1),)),
]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.512, "0.51x"), (1.0, "1.00x"), (12.34, "12.3x"), (1234.5, "1,234x")],
)
def test_multiples(value: float, text: str) -> None:
    assert multiple(value) == text
    assert multiple(float("inf")) == "infinite"


def test_durations_and_counts() -> None:
    assert duration((1.0, 41.23e-6, 0.0)) == "41.2 us"
    assert [duration((t,)) for t in (2.5, 3e-3, 5e-9)] == ["2.5 s", "3 ms", "5 ns"]
    assert duration(()) == ""
    assert [counted(n) for n in (0.0, 12.0, 1.52e6)] == ["0", "12", "1.52 M"]
    assert counted(None) == ""


def test_a_column_for_every_rival_and_a_footnote_for_every_reason() -> None:
    shown = page(RESULTS)
    title, header, rows = shown.tables[0]
    assert title.startswith("Run time")
    assert header == ("kernel", "rows", "partialc", "full", "grad", "by hand")
    assert rows == (
        ("f.a", "one", "20 us", "20.0x", "[1]", ""),
        ("f.b", "10,000", "20 us", "", "[1]", "0.50x"),
    )
    assert shown.tables[1][2][0] == ("f.a", "one", "250 ms", "4.00x", "[1]", "")
    flops = [row[2:] for row in shown.tables[2][2]]
    assert flops == [("10 k", "15,000x", "[1]", ""), ("10 k", "", "[1]", "")]
    assert shown.notes == ("[1] not run: the output is no scalar",)
    assert shown.bars == ("f.b: run time at most 1 of `by hand`: 2 MISSED",)


def test_bars_of_the_kernel_alone_have_units() -> None:
    bars = (Bar(None, "run", 3e-5), Bar(None, "flops", 100), Bar(None, "build", 0.5))
    result = Result("f.c", None, "float32", KERNEL, (), bars)
    assert page([result]).bars == (
        "f.c: run time at most 30 us: 20 us met",
        "f.c: operations at most 100: 10 k MISSED",
        "f.c: trace + compile time at most 500 ms: 250 ms met",
    )


def test_terminals_see_every_cell_unwrapped() -> None:
    stream = StringIO()
    Console(width=200, file=stream).print(renderable(RESULTS))
    text = stream.getvalue()
    for part in ("f.b", "10,000", "20.0x", "[1] not run", "MISSED"):
        assert part in text


def test_markdown_is_a_table_of_equal_rows() -> None:
    text = markdown(RESULTS)
    tables = [part for part in text.split("\n\n") if part.startswith("|")]
    assert len(tables) == 3
    for table in tables:
        assert {line.count("|") for line in table.splitlines()} == {7}
    assert "| `f.a` | one | 20 us | 20.0x | [1] |  |" in text
    assert "- [1] not run: the output is no scalar" in text


def test_json_has_everything() -> None:
    first, second = json.loads(json.dumps(to_json(RESULTS)))
    assert first["rows"] is None
    kernel, full, refused = first["contenders"]
    assert kernel["run_ratio"] == 1.0
    assert full["run_ratio"] == pytest.approx(20.0)
    assert full["run_seconds"] == [4e-4, 2e-4, 6e-4]
    assert refused["refusal"] == "the output is no scalar"
    assert refused["run_ratio"] is None
    assert second["bars"] == [
        {"rival": "by hand", "measure": "run", "most": 1, "ratio": 2.0, "met": False}
    ]
