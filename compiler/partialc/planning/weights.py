"""What work costs on CPUs, in seconds: the constants that plans are chosen by.

`benchmarks/calibrate.py` measures pairs of `benchmarks/choices` and searches for the
constants with which choices lose least; pairs that are held out judge them. `START`,
`FLOOR` and `BATCHED` are as measured; `TRACED` and `COMPILED` stand between what was
found (2.3 and 0.7 ms) and what fits first calls best (0.8 and 0.4 ms), where nothing
more is lost. The figures, the machine and the versions stand in
`benchmarks/CALIBRATION.md`. What is ranked are sums of these: a constant alone need not
be what a profiler would show.
"""

from __future__ import annotations

from typing import Final

# The first call.
START: Final = 29e-3
"""Tracing and compiling next to nothing."""
TRACED: Final = 1.1e-3
"""An operation of a chain: JAX differentiates it, XLA compiles it."""
COMPILED: Final = 0.5e-3
"""An operation that is written out: XLA compiles it."""
KERNEL: Final = 3.4e-3
"""A kernel that XLA makes of operations."""
BATCHED: Final = 1.5
"""How much longer all of that takes for many rows at once."""

# One call.
FLOOR: Final = 7e-6
"""A call that does nothing."""
LAUNCH: Final = 0.1e-6
"""A kernel, each time that it runs."""
CALL: Final = 0.9e-6
"""A contraction, a factorisation, a solve."""
SCALAR_TRANSCENDENTAL: Final = 10e-9
"""An exp, one at a time."""
SCALAR_OPERATION: Final = 0.1e-9
"""An addition, one at a time."""

# A row of many.
OPERATION: Final = 0.24e-9
"""An addition; `ops.cost` has what exponentials and bytes are of it."""
ROW_CALL: Final = 0.1e-6
"""A contraction, a factorisation, a solve of arrays that every row has of its own."""

CALLS: Final = 100_000
"""How often a kernel is called, for each time that it is compiled."""
