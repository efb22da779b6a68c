"""`partialc decompile`."""

from __future__ import annotations

import click

from partialc.cli.functions import args_option, load_function, path_argument
from partialc.lowering.pipeline import READABLE, run_program
from partialc.printing import decompile


@click.command("decompile")
@path_argument
@args_option
def command(path: str, descriptions: tuple[str, ...]) -> int:
    """Print a function as a readable module that needs only JAX and numpy.

    The function is imported with this folder first on sys.path, and traced. What is
    printed is the trace, which gives the same values.
    """
    primal = load_function(path, descriptions)
    program = run_program(primal.program, READABLE)
    source = decompile(program, primal.signature, primal.signature.name, primal.doc)
    click.echo(source, nl=False)
    return 0
