"""What was found out about one problem, as it is kept in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """One problem.

    Attributes:
        name: What CUTEst calls it.
        family: `unconstrained` or `bounded`.
        n: How many unknowns it has.
        stage: What was done last: `trace`, `build`, `judge`, `peer` or `done`.
        seconds: What the build took; None if there is none.
        way: How the Hessian is delivered.
        lines: The length of the module.
        nonzeros: Structural nonzeros of the lower triangle.
        met: How many of them are nonzero at one of the random points.
        peers: Those that asdex lists; None if it does not finish.
        points: At how many points there was something to compare.
        wrong: What is wrong with the numbers; empty if nothing is.
        failure: Why it was not built, or not judged; empty if it was.
    """

    name: str
    family: str = ""
    n: int = 0
    stage: str = "trace"
    seconds: float | None = None
    way: str = ""
    lines: int = 0
    nonzeros: int | None = None
    met: int | None = None
    peers: int | None = None
    points: int = 0
    wrong: str = ""
    failure: str = ""

    @property
    def is_built(self) -> bool:
        """Whether there is a module."""
        return self.seconds is not None

    @property
    def is_judged(self) -> bool:
        """Whether its numbers were compared with plain JAX's."""
        return self.met is not None

    @property
    def excess(self) -> int | None:
        """Structural nonzeros that are zero at all random points."""
        if self.nonzeros is None or self.met is None:
            return None
        return self.nonzeros - self.met

    @property
    def is_behind(self) -> bool:
        """Whether asdex lists fewer."""
        known = self.nonzeros is not None and self.peers is not None
        return known and self.nonzeros > self.peers  # type: ignore[operator]

    def to_json(self) -> dict[str, Any]:
        """It as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Record:
        """It from plain data; what has another name today is left out."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


def read(file: Path) -> dict[str, Record]:
    """The records of a file, by name; the last one of each."""
    if not file.exists():
        return {}
    return {each.name: each for each in _lines(file)}


def _lines(file: Path) -> Iterator[Record]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield Record.from_json(json.loads(line))
