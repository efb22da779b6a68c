"""Tracing and compiling, timed: what a user waits for at the first call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from partialc.benching.timing import Clock

_forget: Callable[[], None] = jax.clear_caches


@dataclass(frozen=True, slots=True)
class Built:
    """A compiled function.

    Attributes:
        call: The executable, for arguments of the types it was compiled for.
        seconds: How long tracing, lowering and compiling took.
        flops: Operations of the optimised HLO, as XLA counts them; None if it does not.
        transcendentals: Likewise those that are transcendental functions.
        memory: How many bytes results and temporaries take; 0 if XLA does not tell.
    """

    call: Callable[..., Any]
    seconds: float
    flops: float | None
    transcendentals: float | None
    memory: int


def build(
    call: Callable[..., Any],
    arguments: Sequence[Any],
    clock: Clock,
    compiler_options: dict[str, Any] | None = None,
) -> Built:
    """Trace and compile a function from nothing.

    JAX's caches are emptied first: what is traced before (the function itself, if it is
    jitted, or a helper of `jax.numpy`) would otherwise be free for whoever comes later.
    """
    _forget()
    start = clock()
    lowered = jax.jit(lambda *given: call(*given)).lower(*arguments)
    compiled = lowered.compile(compiler_options)
    seconds = clock() - start
    counts = _counts(compiled)
    return Built(
        compiled,
        seconds,
        counts.get("flops"),
        counts.get("transcendentals"),
        _memory(compiled),
    )


def _counts(compiled: Any) -> dict[str, float]:
    """XLA's own cost analysis; not every backend has one."""
    try:
        found = compiled.cost_analysis()
    except NotImplementedError:
        return {}
    if isinstance(found, list):  # one per device, in older releases of JAX
        found = found[0] if found else None
    return {} if found is None else {"flops": 0.0, "transcendentals": 0.0, **found}


def _memory(compiled: Any) -> int:
    found = compiled.memory_analysis()
    if found is None:
        return 0
    return int(found.temp_size_in_bytes + found.output_size_in_bytes)
