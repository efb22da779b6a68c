"""What was measured of one pair, as it is kept in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from partialc.benching.regret import Regret, Timed
from partialc.ops.registry import Cost
from partialc.planning.cost import Burden
from partialc.planning.preference import Preference
from partialc.spec.model import Rows


@dataclass(frozen=True, slots=True)
class Record:
    """One pair.

    Attributes:
        pair: Its name.
        ways: All ways to deliver it, timed; empty if it could not be built.
        build: Seconds that building it took.
        failure: Why it could not be built; empty if it could.
        rows: What it is planned for where nobody tells.
    """

    pair: str
    ways: tuple[Timed, ...]
    build: float
    failure: str = ""
    rows: Rows = "both"

    def regret(self, rows: Rows | None = None, *, texts: bool = True) -> Regret:
        """What the model would choose by its present constants, before the others.

        Args:
            rows: What it is called for; None for what it is planned for.
            texts: Whether long texts have a price.
        """
        rows = rows or self.rows
        known = [way for way in self.ways if way.burden and not way.is_broken]
        rank = Preference("auto", rows, known).rank if texts else _total(rows)
        chosen = min(known, key=rank)
        others = tuple(way for way in self.ways if way is not chosen)
        return Regret(self.pair, rows, (chosen, *others))

    def to_json(self) -> dict[str, Any]:
        """It as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Record:
        """It from plain data."""
        ways = tuple(_way(**each) for each in values["ways"])
        return replace(cls(**{**values, "ways": ()}), ways=ways)


def _total(rows: Rows) -> Callable[[Timed], Any]:
    """Ranks ways by what the model says they cost."""

    def total(way: Timed) -> float:
        assert way.burden is not None, "plain JAX is not chosen"
        return way.burden.total(rows)

    return total


def _way(*, burden: Mapping[str, Any] | None, **values: Any) -> Timed:
    found = None
    if burden is not None:
        found = Burden(**{**burden, "cost": Cost(**burden["cost"])})
    values["first"], values["run"] = tuple(values["first"]), tuple(values["run"])
    return Timed(burden=found, **values)
