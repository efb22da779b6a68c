"""What choices lose, for terminals and as JSON: a table for each kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from partialc.benching.regret import ROWS, Regret, Timed
from partialc.benching.table import duration
from partialc.planning.weights import CALLS
from partialc.spec.model import Rows

_FOR: Final[dict[Rows, str]] = {
    "one": "called for one row",
    "many": "called for many rows",
    "both": "called for one row and for many alike",
}


def renderable(regrets: Sequence[Regret]) -> Group:
    """A table for each kernel: the ways to deliver it, the cheapest first."""
    tables = [part for each in regrets for part in (_title(each), _table(each))]
    return Group(*tables, Text(_note()))


def to_json(regrets: Sequence[Regret]) -> list[dict[str, Any]]:
    """Everything measured, as plain data."""
    return [
        {
            "kernel": each.kernel,
            "rows": each.rows,
            "regret": each.ratio,
            "ways": [
                {**asdict(way), "cost": way.cost(each.rows), "chosen": not number}
                for number, way in enumerate(each.ways)
            ],
        }
        for each in regrets
    ]


def _title(regret: Regret) -> Text:
    lost = f"the choice costs {regret.ratio:.2f} times the least"
    return Text(f"{regret.kernel}, {_FOR[regret.rows]}: {lost}", style="bold")


def _table(regret: Regret) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("way")
    for name in ("first", "a call", f"first of {ROWS:,}", "a row", "cost"):
        table.add_column(name, justify="right", no_wrap=True)
    least = regret.best.cost(regret.rows)
    for way in sorted(regret.ways, key=lambda way: way.cost(regret.rows)):
        is_chosen = way is regret.chosen
        table.add_row(
            f"{way.title}{_remark(way, is_chosen)}",
            *_times(way),
            f"{way.cost(regret.rows) / least:.2f}",
            style="bold" if is_chosen else "",
        )
    return table


def _remark(way: Timed, is_chosen: bool) -> str:
    if way.is_broken:
        return " (breaks the accuracy contract)"
    return " (chosen)" if is_chosen else ""


def _times(way: Timed) -> list[str]:
    pairs = zip(way.first, way.run, strict=True)
    return [duration([seconds]) for pair in pairs for seconds in pair]


def _note() -> str:
    return (
        f"cost: the first call and {CALLS:,} more, of one row, of a row among "
        f"{ROWS:,}, or the geometric mean; as a multiple of the least"
    )
