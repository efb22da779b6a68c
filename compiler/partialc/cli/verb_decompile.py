"""`partialc decompile`."""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from partialc.errors import SpecError
from partialc.frontends.load import load_primal
from partialc.lowering.pipeline import READABLE, run_program
from partialc.printing import decompile
from partialc.spec.arguments import is_object_path, parse_argument
from partialc.spec.tables import require_identifier


@click.command("decompile")
@click.argument("path", metavar="PKG.MOD:FUNCTION")
@click.option(
    "--args",
    "descriptions",
    multiple=True,
    metavar="NAME=TYPE",
    help='An argument, such as "x=float[5]", "params=package.module:PARAMS" or, bound '
    'now, "n=3"; once for each, in the order of the parameters.',
)
def command(path: str, descriptions: tuple[str, ...]) -> int:
    """Print a function as a readable module that needs only JAX and numpy.

    The function is imported with this folder first on sys.path, and traced. What is
    printed is the trace, which gives the same values.
    """
    if not is_object_path(path):
        raise SpecError(
            f"{path!r} is not the path of a function",
            fix="write package.module:function, as in jax.nn:softmax",
        )
    args = read_arguments(descriptions)
    name = path.rpartition(":")[2].rpartition(".")[2]
    with contextlib.redirect_stdout(sys.stderr):
        primal = load_primal(path, args, name=name, folder=Path())
    program = run_program(primal.program, READABLE)
    source = decompile(program, primal.signature, primal.signature.name, primal.doc)
    click.echo(source, nl=False)
    return 0


def read_arguments(descriptions: Sequence[str]) -> dict[str, Any]:
    """`NAME=TYPE` for each argument as a spec's `args`.

    Raises:
        SpecError: One does not read so, or a name comes twice.
    """
    args: dict[str, Any] = {}
    for description in descriptions:
        where = f'--args "{description}"'
        name, equals, text = description.partition("=")
        name, text = name.strip(), text.strip()
        if not equals or not text:
            raise SpecError(
                "an argument is written NAME=TYPE",
                where=where,
                fix='write --args "x=float[5]"',
            )
        require_identifier(name, "an argument", where)
        if name in args:
            raise SpecError(f"argument `{name}` is described twice", where=where)
        args[name] = _value(text, where)
    return args


def _value(text: str, where: str) -> Any:
    """A static number or a tuple of them, or else a text that describes an array."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        pass
    try:
        parse_argument(text)
    except SpecError as error:
        error.where = where
        raise
    return text
