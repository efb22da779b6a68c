"""What a pair of the corpus is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Requests: TypeAlias = str | tuple[str, ...]
Range: TypeAlias = tuple[float, float]

USUAL_RANGE: Final[Range] = (0.5, 1.5)


@dataclass(frozen=True, slots=True)
class Pair:
    """A function and what is requested of it: one kernel to choose a plan for.

    Attributes:
        name: Function and request, unique: `burgers_step_30.jacobian_entries`.
        function: A plain JAX callable; pairs may share one.
        args: Its arguments as a spec has them: `{"u": "float[30]"}`.
        requests: A request, or several that make one kernel.
        field: The kind of problem, one for each file.
        sample: The range that an argument is drawn from, so that all is finite; those
            not named, tangents and cotangents among them, have `USUAL_RANGE`.
        is_held_out: Whether plans are judged on it, and never calibrated.
    """

    name: str
    function: Callable[..., Any]
    args: Mapping[str, str]
    requests: Requests
    field: str
    sample: Mapping[str, Range] = field(default_factory=dict)
    is_held_out: bool = False

    def range_of(self, argument: str) -> Range:
        """Where an argument of the kernel is drawn from."""
        return self.sample.get(argument, USUAL_RANGE)


@dataclass(frozen=True, slots=True)
class Problem:
    """A function with its arguments, of which pairs are made.

    Attributes:
        field: The kind of problem.
        name: What the names of its pairs begin with.
        function: A plain JAX callable.
        args: Its arguments as a spec has them.
        sample: The range of each argument that has not the usual one.
    """

    field: str
    name: str
    function: Callable[..., Any]
    args: Mapping[str, str]
    sample: Mapping[str, Range] = field(default_factory=dict)

    def calibration(self, **requests: Requests) -> tuple[Pair, ...]:
        """Pairs to calibrate with, by what their names end with."""
        return self._pairs(requests, is_held_out=False)

    def held_out(self, **requests: Requests) -> tuple[Pair, ...]:
        """Pairs to judge by, by what their names end with."""
        return self._pairs(requests, is_held_out=True)

    def _pairs(
        self, requests: Mapping[str, Requests], *, is_held_out: bool
    ) -> tuple[Pair, ...]:
        return tuple(
            Pair(
                name=f"{self.name}.{name}",
                function=self.function,
                args=self.args,
                requests=wanted,
                field=self.field,
                sample=self.sample,
                is_held_out=is_held_out,
            )
            for name, wanted in requests.items()
        )


def scalars(*names: str) -> dict[str, str]:
    """Arguments that are single numbers."""
    return dict.fromkeys(names, "float")
