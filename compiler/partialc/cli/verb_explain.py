"""`partialc explain`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

import click

from partialc.cli import console
from partialc.cli.compiling import compile_one, open_spec, require_kernel, select
from partialc.cli.drawing import ASCII, BLOCKS, draw
from partialc.cli.options import spec_option
from partialc.emit.templates import render
from partialc.planning.plan import KernelPlan
from partialc.request.resolved import Matrix
from partialc.store.writing import write_all


@click.command("explain")
@click.argument("name")
@click.argument("kernel", required=False)
@spec_option
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a page with the plan and the source to FILE.",
)
def command(
    name: str,
    kernel: str | None,
    spec_file: Path | None,
    as_json: bool,
    html: Path | None,
) -> int:
    """Show the facts found for the module NAME, the plans chosen and those rejected.

    Sparse matrices are drawn: where they have entries.

    With KERNEL, show that kernel alone.
    """
    spec = open_spec(spec_file)
    (module,) = select(spec, [name])
    if kernel is not None:
        require_kernel(module, kernel)
    compiled = compile_one(spec, module)
    plan = compiled.plan
    text = str(plan) if kernel is None else plan.kernel_text(kernel)
    chosen = plan.kernels.values() if kernel is None else [plan.kernels[kernel]]
    text = "\n\n".join([text.rstrip("\n"), *_pictures(chosen)])
    if html is not None:
        page = render(
            "explain.html.jinja",
            name=escape(name),
            plan=escape(text),
            source=escape(compiled.source),
        )
        write_all({html: page.encode()})
        console.say(f"wrote {html.as_posix()}")
    if as_json:
        facts = plan.to_json()
        if kernel is not None:
            facts["kernels"] = {kernel: facts["kernels"][kernel]}
        click.echo(json.dumps(facts, indent=2))
    elif html is None:
        click.echo(text)
    return 0


def _pictures(plans: Iterable[KernelPlan]) -> Iterator[str]:
    """Where the sparse matrices of some kernels have entries, each under its name."""
    strokes = ASCII if console.stdout().options.ascii_only else BLOCKS
    for plan in plans:
        for field in plan.kernel.fields:
            if isinstance(field.parts, Matrix):
                lines = draw(field.parts.pattern, strokes)
                yield "\n".join([f"{plan.kernel.name}: {field.request}", *lines])
