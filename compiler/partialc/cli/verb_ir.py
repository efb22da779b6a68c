"""`partialc ir`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from partialc.cli.compiling import compile_one, open_spec, require_kernel, select
from partialc.cli.options import spec_option
from partialc.driver import Compiled
from partialc.errors import SpecError
from partialc.ir.dtypes import Regime
from partialc.ir.program import Program
from partialc.ir.text import to_text
from partialc.lowering.passes import Pass
from partialc.lowering.pipeline import FINAL, FULL, PASSES, run_program
from partialc.planning.realisation import Realisation
from partialc.realise.execute import trace_program
from partialc.spec.near import alternatives, did_you_mean

_STAGES: Final = ("trace", *PASSES)


@click.command("ir")
@click.argument("name")
@click.argument("kernel")
@spec_option
@click.option(
    "--after",
    metavar="PASS",
    help=f"Stop after the first run of a pass: {', '.join(_STAGES)}.",
)
def command(name: str, kernel: str, spec_file: Path | None, after: str | None) -> int:
    """Print the intermediate program of KERNEL in the module NAME.

    It is the chosen plan, differentiated and traced, after all passes or after PASS;
    `trace` is the program before the first of them. Of a kernel that is written out it
    is what the module prints; of a chain it is simplified for reading, and with PASS
    what it would be written out from.
    """
    if after is not None and after not in _STAGES:
        raise SpecError(
            f"there is no pass `{after}`",
            where="--after",
            fix=did_you_mean(after, _STAGES) or f"they are {alternatives(_STAGES)}",
        )
    spec = open_spec(spec_file)
    (module,) = select(spec, [name])
    require_kernel(module, kernel)
    compiled = compile_one(spec, module)
    passes = _passes(compiled.plan.kernels[kernel].chosen, after)
    for text in _texts(run_program(_program(compiled, kernel), passes)):
        click.echo(text)
    return 0


def _passes(chosen: Realisation, after: str | None) -> tuple[Pass, ...]:
    """The passes that a kernel goes through, up to one of them."""
    if after == "trace":
        return ()
    if after is None:
        return FINAL if chosen.variant is None else chosen.variant.passes
    variant = chosen.variant or FULL
    names = [step.name for step in variant.passes]
    if after not in names:
        raise SpecError(
            f"`{after}` is not run for this kernel",
            where="--after",
            why=f"it is written out by the pipeline `{variant.name}`",
            fix=f"its passes are {', '.join(dict.fromkeys(names))}",
        )
    return variant.passes[: names.index(after) + 1]


def _program(compiled: Compiled, kernel: str) -> Program:
    """What the chosen plan computes, over flat leaves."""
    plan = compiled.plan.kernels[kernel]
    call = plan.chosen.origin.call(Regime.WIDE)
    return trace_program(call, plan.kernel, compiled.primal.signature)


def _texts(program: Program) -> Iterator[str]:
    """The program; once for each regime where they differ in structure."""
    if program.generic is not None:
        yield to_text(program.generic, elide=True)
        return
    for regime, function in program.variants.items():
        yield f"# {regime.value}\n{to_text(function, elide=True)}"
