"""A function that the command line names, with a description of its arguments."""

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
from partialc.frontends.primal import Primal
from partialc.spec.arguments import is_object_path, parse_argument
from partialc.spec.tables import require_identifier

path_argument = click.argument("path", metavar="PKG.MOD:FUNCTION")
args_option = click.option(
    "--args",
    "descriptions",
    multiple=True,
    metavar="NAME=TYPE",
    help='An argument, such as "x=float[5]", "params=package.module:PARAMS" or, bound '
    'now, "n=3"; once for each, in the order of the parameters.',
)


def load_function(path: str, descriptions: Sequence[str]) -> Primal:
    """Import a function with this folder first on sys.path, and trace it.

    What it prints meanwhile goes to stderr.

    Args:
        path: `package.module:function`.
        descriptions: `NAME=TYPE` for each argument.

    Raises:
        FrontendError: The function is not found, or cannot be taken as it is.
        SpecError: `path` is no such path, or the description of an argument is wrong.
        UnsupportedError: The function uses something that cannot be imported.
    """
    if not is_object_path(path):
        raise SpecError(
            f"{path!r} is not the path of a function",
            fix="write package.module:function, as in jax.nn:softmax",
        )
    args = _read_arguments(descriptions)
    name = path.rpartition(":")[2].rpartition(".")[2]
    with contextlib.redirect_stdout(sys.stderr):
        return load_primal(path, args, name=name, folder=Path())


def _read_arguments(descriptions: Sequence[str]) -> dict[str, Any]:
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
