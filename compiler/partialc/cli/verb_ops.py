"""`partialc ops`."""

from __future__ import annotations

import click

from partialc.cli import console
from partialc.ops.registry import all_ops


@click.command("ops")
def command() -> int:
    """List the JAX primitives that are supported.

    `precise`: analysis follows single elements. `conservative`: it follows lanes,
    columns, the members of a batch, of which only those needed are computed; what an
    operation holds is analysed on its own. `opaque`: the operation is carried whole.
    Every other primitive is a clear error at build time.
    """
    rows = [(op.name, op.precision.value, op.summary) for op in all_ops()]
    console.stdout().print(
        console.table(("primitive", "precision", "what it is"), rows)
    )
    return 0
