"""The rows of all formulas as a page of Markdown, and as a few lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from formulas import Formula
from judging.row import LIMIT, Row, geometric_mean


def summary(rows: Sequence[Row]) -> str:
    """What was found, in lines: one for each form and width, one for all."""
    lines = []
    for form, width in sorted({(row.form, row.width) for row in rows}):
        lines.append(_line(f"{form} {width}", _where(rows, form, width)))
    return "\n".join([*lines, _line("all", rows)])


def page(rows: Sequence[Row], corpus: Mapping[str, Formula], how: str) -> str:
    """The page: totals, what is broken, what loses most, and every formula.

    Args:
        rows: All rows.
        corpus: The formulas by name.
        how: How the numbers came about.
    """
    return (
        "\n\n".join([how, _totals(rows), _broken(rows), _formulas(rows, corpus)]) + "\n"
    )


def _line(name: str, rows: Sequence[Row]) -> str:
    return (
        f"{name}: {len(rows)} rows, {sum(row.is_chain for row in rows)} chains, "
        f"{sum(row.is_broken for row in rows)} broken, "
        f"{sum(row.fresh > 0 for row in rows)} at {_fresh(rows)} fresh points, "
        f"error {_mean(rows)} of the chain's (limited: {_mean(rows, LIMIT)})"
    )


def _totals(rows: Sequence[Row]) -> str:
    table = []
    for form, width in sorted({(row.form, row.width) for row in rows}):
        some = _where(rows, form, width)
        table.append([form, width, *_figures(some)])
    table.append(["all", "", *_figures(rows)])
    head = (
        "form",
        "width",
        "rows",
        "chains",
        "broken",
        "error",
        "limited",
        "better",
        "worse",
        "fresh",
        "beyond",
    )
    return f"## In short\n\n{_table(head, table)}"


def _figures(rows: Sequence[Row]) -> list[str]:
    ratios = [row.ratio for row in rows if row.ratio is not None]
    return [
        str(len(rows)),
        str(sum(row.is_chain for row in rows)),
        str(sum(row.is_broken for row in rows)),
        _mean(rows),
        _mean(rows, LIMIT),
        str(sum(ratio < 0.5 for ratio in ratios)),
        str(sum(ratio > 2 for ratio in ratios)),
        f"{sum(row.fresh > 0 for row in rows)} ({_fresh(rows)})",
        str(sum(row.beyond > 0 for row in rows)),
    ]


def _fresh(rows: Sequence[Row]) -> int:
    return sum(row.fresh for row in rows)


def _broken(rows: Sequence[Row]) -> str:
    table = [
        [
            f"`{row.formula}`",
            row.kernel,
            row.form,
            row.width,
            str(row.breaches) if row.breaches else "",
            row.worst or row.failure,
        ]
        for row in rows
        if row.is_broken
    ]
    head = ("formula", "kernel", "form", "width", "points", "the worst")
    body = _table(head, table) if table else "Nothing."
    return f"## What breaks the contract\n\n{body}"


def _formulas(rows: Sequence[Row], corpus: Mapping[str, Formula]) -> str:
    columns = sorted({(row.form, row.width) for row in rows if row.width != "both"})
    lines = []
    for field in dict.fromkeys(formula.field for formula in corpus.values()):
        table = []
        for formula in corpus.values():
            own = [row for row in rows if row.formula == formula.name]
            if formula.field == field and own:
                cells = [_cell(_where(own, *column)) for column in columns]
                table.append([formula.title, *cells])
        if table:
            head = ("formula", *(" ".join(column) for column in columns))
            lines.append(f"### {field.capitalize()}\n\n{_table(head, table)}")
    return "\n\n".join(["## Every formula", *lines])


def _cell(rows: Sequence[Row]) -> str:
    """The mean and the worst ratio; what is broken is said instead."""
    broken = sum(row.is_broken for row in rows)
    if broken:
        return f"{broken} broken"
    ratios = [row.ratio for row in rows if row.ratio is not None]
    return f"{_mean(rows)} (to {max(ratios):.3g})" if ratios else "-"


def _where(rows: Iterable[Row], form: str, width: str) -> list[Row]:
    return [row for row in rows if (row.form, row.width) == (form, width)]


def _mean(rows: Sequence[Row], most: float = inf) -> str:
    mean = geometric_mean(rows, most)
    return "-" if mean is None else f"{mean:.3g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
