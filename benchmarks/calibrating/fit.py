"""The constants with which choices lose least, by coordinate search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from calibrating.record import Record
from partialc.planning import weights
from partialc.spec.model import ROWS

FREE: Final = (
    *("TRACED", "COMPILED", "KERNEL", "LAUNCH", "CALL"),
    *("SCALAR_TRANSCENDENTAL", "SCALAR_OPERATION", "OPERATION", "ROW_CALL"),
)
"""Only ratios decide: the others stay as they were measured."""

FACTORS: Final = (0.33, 0.5, 0.7, 0.85, 1.2, 1.4, 2.0, 3.0)
SWEEPS: Final = 4
LEAST_GAIN: Final = 1e-3
USUAL: Final = 1.15
"""What lies above this counts more: large losses are worse than many small ones."""


def fitted(records: Sequence[Record]) -> Iterator[str]:
    """A line for each constant, after one that tells what they lose.

    Starts from the present constants, which are in force again at the end.
    """
    before = {name: getattr(weights, name) for name in FREE}
    try:
        found, loss = _searched(records, before)
    finally:
        _put(before)
    yield f"# mean loss, of logarithms: {loss:.4f}"
    for name, value in found.items():
        yield f"{name} = {value:.3g}"


def _searched(
    records: Sequence[Record], start: Mapping[str, float]
) -> tuple[dict[str, float], float]:
    found, least = dict(start), _loss(records, start)
    for _ in range(SWEEPS):
        before = least
        for name in FREE:
            tried = [{**found, name: found[name] * factor} for factor in FACTORS]
            losses = [_loss(records, each) for each in tried]
            if min(losses) < least - LEAST_GAIN:
                least = min(losses)
                found = tried[losses.index(least)]
        if least == before:
            break
    return found, least


def _loss(records: Sequence[Record], values: Mapping[str, float]) -> float:
    """What choices lose for one row, many, and both, whatever the length of texts."""
    _put(values)
    total = 0.0
    for rows in ROWS:
        logs = np.log([each.regret(rows, texts=False).ratio for each in records])
        large = np.maximum(logs - np.log(USUAL), 0)
        total += float(logs.mean() + 0.3 * large.mean())
    return total


def _put(values: Mapping[str, float]) -> None:
    for name, value in values.items():
        setattr(weights, name, value)
