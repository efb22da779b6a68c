"""How long builds take that are long, trials and proof included, and how much memory.

Each build has a process of its own, of which the peak is taken; black, which formats
the text, is not counted. What trying kernels out takes is told apart.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from time import perf_counter, process_time
from typing import Any, Final, NamedTuple

import black
import jax
import jax.numpy as jnp

import partialc
from choices import PAIRS
from choices.copulas import clayton, density
from partialc.benching.measurement import Measurement, timed
from partialc.planning import acceptance

STEPS: Final = 2000
STEP: Final = 0.001
EQUATIONS: Final = 5 * STEPS
MOST_GIGABYTES: Final = 2.0
PATIENCE: Final = 300.0
TRIAL: Final = 1.5
TRIALS: Final = 0.2
"""Processor seconds that trials may take, or part of those of the build."""

NETWORK: Final = PAIRS["line_64_64_64.u_xxxx"]


def pendulum(steps: int) -> Callable[[jax.Array], jax.Array]:
    """The angle of a pendulum after some steps, from its angle and speed."""

    def final_angle(x: jax.Array) -> jax.Array:
        angle, speed = x[0], x[1]
        for _ in range(steps):
            speed = speed - STEP * jnp.sin(angle)
            angle = angle + STEP * speed
        return angle

    return final_angle


class Long(NamedTuple):
    """A build that takes long.

    Attributes:
        function: What is differentiated.
        args: Its arguments.
        request: The derivative.
        most: Seconds that it may take.
        domain: Where to sample.
    """

    function: Callable[..., jax.Array]
    args: Mapping[str, str]
    request: str
    most: float
    domain: Mapping[str, tuple[float, float]]


LONG: Final[Mapping[str, Long]] = {
    "10,000 equations": Long(
        pendulum(STEPS), {"x": "float[2]"}, "partial(x[0])", 15.0, {}
    ),
    "400 steps": Long(pendulum(400), {"x": "float[2]"}, "partial(x[0])", 20.0, {}),
    "network, fourth derivative": Long(
        NETWORK.function, NETWORK.args, "partial(x, x, x, x)", 8.0, NETWORK.sample
    ),
    "copula density, 8 variables": Long(
        clayton,
        {"u": "float[8]", "t": "float"},
        density(8),
        10.0,
        {"u": (0.2, 0.8), "t": (1.2, 2.5)},
    ),
}


def build(name: str) -> dict[str, float]:
    """Build a kernel; what it took, in this process."""
    long = LONG[name]
    formatting, trials = [0.0], [0.0]
    black.format_str = _counted(black.format_str, formatting, perf_counter)
    acceptance.try_out = _counted(acceptance.try_out, trials, process_time)
    start = process_time()
    module, seconds = timed(
        lambda: partialc.compile(
            long.function,
            args=dict(long.args),
            kernels={"kernel": long.request},
            name="module",
            domain=dict(long.domain),
        )
    )
    return {
        "seconds": seconds - formatting[0],
        "processor": process_time() - start,
        "formatting": formatting[0],
        "trials": trials[0],
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "lines": float(len(module.source.splitlines())),
    }


def _counted(
    call: Callable[..., Any], total: list[float], clock: Callable[[], float]
) -> Callable[..., Any]:
    def counted(*arguments: Any, **named: Any) -> Any:
        start = clock()
        try:
            return call(*arguments, **named)
        finally:
            total[0] += clock() - start

    return counted


def measurements() -> Iterator[Measurement]:
    """Seconds of each build, what trials take of it, and memory at the most."""
    most_memory = 0.0
    for name, long in LONG.items():
        command = [sys.executable, __file__, name]
        try:
            ran = subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired:
            yield Measurement(f"{name}, given up", PATIENCE, "s", long.most)
            continue
        found = json.loads(ran.stdout)
        yield Measurement(name, found["seconds"], "s", long.most)
        most = max(TRIALS * found["processor"], TRIAL)
        trials = found["trials"]
        yield Measurement(f"{name}, its trials", trials, "s of processor", most)
        most_memory = max(most_memory, found["gigabytes"])
    yield Measurement("memory at its peak", most_memory, "GB", MOST_GIGABYTES)


if __name__ == "__main__":
    print(json.dumps(build(sys.argv[1])))
