"""Results side by side: a column for each rival, for terminals, Markdown and JSON.

Every number is a ratio, rival over kernel: above one, the kernel is better. Ratios of
two programs in one process hardly depend on the machine; times do, and the kernel's own
stand beside them for orientation only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from statistics import median
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from partialc.benching.case import KERNEL, Bar, Measure
from partialc.benching.result import Measured, Result

TITLES: Final[dict[Measure, str]] = {
    "run": "Run time, as a multiple of the kernel's",
    "build": "Trace + compile time, as a multiple of the kernel's",
    "flops": "Operations of the optimised HLO, as XLA counts them (they rank badly)",
}
_NAMES: Final[dict[Measure, str]] = {
    "run": "run time",
    "build": "trace + compile time",
    "flops": "operations",
}
_UNITS: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
_MANY: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(slots=True)
class Notes:
    """Footnotes, each text once.

    Attributes:
        texts: In the order of their marks.
    """

    texts: list[str] = field(default_factory=list)

    def mark(self, text: str) -> str:
        """The mark of a footnote."""
        if text not in self.texts:
            self.texts.append(text)
        return f"[{self.texts.index(text) + 1}]"

    def lines(self) -> Iterator[str]:
        """The footnotes."""
        for number, text in enumerate(self.texts, 1):
            yield f"[{number}] {text}"


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown of some results.

    Attributes:
        tables: Title, header and rows of each table.
        notes: Footnotes to all of them.
        bars: A line for each bar.
    """

    tables: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]], ...]
    notes: tuple[str, ...]
    bars: tuple[str, ...]


def page(results: Sequence[Result]) -> Page:
    """Lay results out."""
    rivals = tuple(dict.fromkeys(r.name for each in results for r in each.rivals))
    notes = Notes()
    tables = []
    for measure, title in TITLES.items():
        header = ("kernel", "rows", KERNEL, *rivals)
        rows = tuple(_row(each, measure, rivals, notes) for each in results)
        tables.append((title, header, rows))
    bars = tuple(line for each in results for line in _bar_lines(each))
    return Page(tuple(tables), tuple(notes.lines()), bars)


def _row(
    result: Result, measure: Measure, rivals: Sequence[str], notes: Notes
) -> tuple[str, ...]:
    named = {rival.name: rival for rival in result.rivals}
    cells = [
        _cell(result, named[name], measure, notes) if name in named else ""
        for name in rivals
    ]
    rows = "one" if result.rows is None else f"{result.rows:,}"
    return (result.name, rows, _own(result.kernel, measure), *cells)


def _own(kernel: Measured, measure: Measure) -> str:
    match measure:
        case "run":
            return duration(kernel.run)
        case "build":
            return duration(kernel.build)
        case "flops":
            return counted(kernel.flops)


def _cell(result: Result, rival: Measured, measure: Measure, notes: Notes) -> str:
    if rival.refusal is not None:
        return notes.mark(f"not run: {rival.refusal}")
    found = result.ratio(rival, measure)
    return "" if found is None else multiple(found)


def _bar_lines(result: Result) -> Iterator[str]:
    for verdict in result.verdicts:
        bar = verdict.bar
        found = "not measured"
        if verdict.ratio is not None:
            met = "met" if verdict.is_met else "MISSED"
            found = f"{_bar_number(bar, verdict.ratio)} {met}"
        most = _bar_number(bar, bar.most)
        rival = "" if bar.rival is None else f" of `{bar.rival}`"
        yield f"{result.name}: {_NAMES[bar.measure]} at most {most}{rival}: {found}"


def _bar_number(bar: Bar, value: float) -> str:
    if bar.rival is not None:
        return f"{value:.3g}"
    return counted(value) if bar.measure == "flops" else duration((value,))


# --- numbers -------------------------------------------------------------------------


def multiple(value: float) -> str:
    """A ratio to two significant digits after one, to three beyond ten: `12.3x`."""
    if value == inf:
        return "infinite"
    if value >= 100:
        return f"{value:,.0f}x"
    return f"{value:.1f}x" if value >= 10 else f"{value:.2f}x"


def duration(seconds: Sequence[float]) -> str:
    """The median of some times: `41.2 us`."""
    if not seconds:
        return ""
    value = median(seconds)
    for unit, name in _UNITS:
        if value >= unit:
            return f"{value / unit:.3g} {name}"
    return f"{value:.3g} s"


def counted(value: float | None) -> str:
    """A count: `1.52 M`."""
    if value is None:
        return ""
    for unit, name in _MANY:
        if value >= unit:
            return f"{value / unit:.3g} {name}"
    return f"{value:.0f}"


# --- media ---------------------------------------------------------------------------


def renderable(results: Sequence[Result]) -> Group:
    """The results for a terminal."""
    shown = page(results)
    parts: list[Any] = []
    for title, header, rows in shown.tables:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for number, name in enumerate(header):
            table.add_column(name, justify="right" if number else "left", no_wrap=True)
        for row in rows:
            table.add_row(*map(Text, row))
        parts += [Text(title, style="bold"), table, Text("")]
    parts += [Text(line) for line in (*shown.notes, *shown.bars)]
    return Group(*parts)


def markdown(results: Sequence[Result]) -> str:
    """The results for a page."""
    shown = page(results)
    lines: list[str] = []
    for title, header, rows in shown.tables:
        lines += [f"**{title}**", "", _line(header)]
        lines.append(_line(["---", *["--:"] * (len(header) - 1)]))
        lines += [_line([f"`{row[0]}`", *row[1:]]) for row in rows]
        lines.append("")
    lines += _items(shown.notes)
    lines += _items(shown.bars)
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _items(texts: Sequence[str]) -> list[str]:
    return [*(f"- {text}" for text in texts), ""] if texts else []


def to_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The results as plain data, with every turn's time in seconds."""
    return [
        {
            "name": result.name,
            "rows": result.rows,
            "precision": result.precision,
            "contenders": [
                _contender(result, each) for each in (result.kernel, *result.rivals)
            ],
            "bars": [
                {
                    "rival": verdict.bar.rival,
                    "measure": verdict.bar.measure,
                    "most": verdict.bar.most,
                    "ratio": verdict.ratio,
                    "met": verdict.is_met,
                }
                for verdict in result.verdicts
            ],
        }
        for result in results
    ]


def _contender(result: Result, measured: Measured) -> dict[str, Any]:
    return {
        "name": measured.name,
        "refusal": measured.refusal,
        "run_ratio": result.ratio(measured, "run"),
        "build_ratio": result.ratio(measured, "build"),
        "flops": measured.flops,
        "transcendentals": measured.transcendentals,
        "run_seconds": list(measured.run),
        "build_seconds": list(measured.build),
    }
