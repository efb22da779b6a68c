"""Where the time of a solver goes, by the names of its parts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jax


class Clock:
    """Seconds and calls of functions, which are wrapped to be counted."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.calls: dict[str, int] = {}

    def __call__(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its results waited for, its calls and seconds added up."""
        self.seconds.setdefault(name, 0.0)
        self.calls.setdefault(name, 0)

        def timed(*args: Any) -> Any:
            start = time.perf_counter()
            result = jax.block_until_ready(function(*args))
            self.seconds[name] += time.perf_counter() - start
            self.calls[name] += 1
            return result

        return timed

    def table(self, total: float, rest: str) -> str:
        """A line for each part and one for the rest of the total."""
        parts = [(name, self.calls[name], s) for name, s in self.seconds.items()]
        parts.append((rest, 0, total - sum(self.seconds.values())))
        return "\n".join(
            f"  {name:<28}{calls or '':>7}{seconds:>9.3f} s{seconds / total:>7.0%}"
            for name, calls, seconds in parts
        )
