"""`partialc bench`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from partialc.api import Module
from partialc.benching import regret_table
from partialc.benching.contest import Limits, contest
from partialc.benching.kernels import BATCH, Variant, kernel_cases
from partialc.benching.regret import Regret
from partialc.benching.regret import regret as regret_of
from partialc.benching.result import Result
from partialc.benching.table import renderable, to_json
from partialc.benching.timing import ROUNDS, Pace
from partialc.cli import console
from partialc.cli.compiling import compile_one, open_spec, select
from partialc.cli.options import names_argument, spec_option


@click.command("bench")
@names_argument
@spec_option
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=BATCH,
    show_default=True,
    metavar="N",
    help="Rows of the batch; fewer where that would be too large.",
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=ROUNDS,
    show_default=True,
    metavar="N",
    help="How many turns each contender has.",
)
@click.option(
    "--builds",
    type=click.IntRange(min=1),
    default=Limits().builds,
    show_default=True,
    metavar="N",
    help="How often each contender is traced and compiled.",
)
@click.option("--x64", is_flag=True, help="Time in float64 instead of float32.")
@click.option(
    "--regret",
    is_flag=True,
    help="Time every candidate, and tell how much the chosen ones lose.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all times as JSON.")
def command(
    names: tuple[str, ...],
    spec_file: Path | None,
    batch: int,
    rounds: int,
    builds: int,
    x64: bool,
    regret: bool,
    as_json: bool,
) -> int:
    """Time the kernels of the modules NAME (all if none is named).

    Each kernel runs on one point and mapped over a batch, in turns with what one would
    write by hand: full tensors that are indexed, nested one-hot JVPs, JVPs of
    gradients, nested gradients. Numbers are ratios: above one, the kernel is faster.

    With --regret every way that planning weighed runs, for one row and for a thousand:
    the chosen one, those it was preferred to, and plain JAX.
    """
    spec = open_spec(spec_file)
    modules = select(spec, names)
    pace, limits = Pace(rounds), Limits(builds)
    variant = Variant(batch, memory=limits.memory)
    results: list[Result] = []
    regrets: list[Regret] = []
    with console.progress(len(modules)) as report:
        for number, module in enumerate(modules):

            def tell(step: str, number: int = number) -> None:
                report(step, number)

            compiled = compile_one(spec, module, tell)
            if regret:
                regrets += [
                    regret_of(compiled, kernel, folder=spec.folder, tell=tell)
                    for kernel in compiled.kernels
                ]
                continue
            loaded = Module(compiled).load()
            for kernel in compiled.kernels:
                results += [
                    contest(case, pace=pace, limits=limits, x64=x64, tell=tell)
                    for case in kernel_cases(
                        compiled, loaded, kernel, folder=spec.folder, variant=variant
                    )
                ]
    if as_json:
        found = regret_table.to_json(regrets) if regret else to_json(results)
        click.echo(json.dumps(found, indent=2))
    elif regret:
        console.stdout().print(regret_table.renderable(regrets))
    else:
        console.stdout().print(renderable(results))
    return 0
