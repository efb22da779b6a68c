"""How long a build takes, and how much memory, for a program of 10,000 equations.

A pendulum, its 2,000 steps written out one after the other, and how its final angle
depends on the first. The build has a process of its own, of which the peak is taken;
black, which formats the text, is not counted.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, Final

import black
import jax
import jax.numpy as jnp

import partialc
from partialc.benching.measurement import Measurement, timed

STEPS: Final = 2000
STEP: Final = 0.001
EQUATIONS: Final = 5 * STEPS
MOST_SECONDS: Final = 20.0
MOST_GIGABYTES: Final = 2.0
PATIENCE: Final = 300.0


def final_angle(x: jax.Array) -> jax.Array:
    """The angle of a pendulum after 2,000 steps, from its angle and speed."""
    angle, speed = x[0], x[1]
    for _ in range(STEPS):
        speed = speed - STEP * jnp.sin(angle)
        angle = angle + STEP * speed
    return angle


def build() -> dict[str, float]:
    """Build the kernel; what it took, in this process."""
    traced = jax.make_jaxpr(final_angle)(jnp.ones(2))
    formatting = [0.0]
    black.format_str = _counted(black.format_str, formatting)
    module, seconds = timed(
        lambda: partialc.compile(
            final_angle,
            args={"x": "float[2]"},
            kernels={"slope": "partial(x[0])"},
            name="pendulum",
        )
    )
    return {
        "equations": float(len(traced.eqns)),
        "seconds": seconds - formatting[0],
        "formatting": formatting[0],
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "lines": float(len(module.source.splitlines())),
    }


def _counted(call: Callable[..., Any], total: list[float]) -> Callable[..., Any]:
    def counted(*arguments: Any, **named: Any) -> Any:
        start = perf_counter()
        try:
            return call(*arguments, **named)
        finally:
            total[0] += perf_counter() - start

    return counted


def measurements() -> Iterator[Measurement]:
    """Seconds and memory of one build."""
    command = [sys.executable, __file__]
    try:
        ran = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        yield Measurement("build, given up", PATIENCE, "s", MOST_SECONDS)
        return
    found = json.loads(ran.stdout)
    assert found["equations"] >= EQUATIONS
    yield Measurement("build, formatting apart", found["seconds"], "s", MOST_SECONDS)
    yield Measurement("memory at its peak", found["gigabytes"], "GB", MOST_GIGABYTES)


if __name__ == "__main__":
    print(json.dumps(build()))
