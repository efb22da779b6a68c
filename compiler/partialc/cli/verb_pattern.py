"""`partialc pattern`."""

from __future__ import annotations

import contextlib
import json
import sys
from math import prod
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from partialc.cli import console
from partialc.cli.drawing import ASCII, BLOCKS, draw
from partialc.cli.functions import args_option, load_function, path_argument
from partialc.cli.pattern_files import check_ending, encode
from partialc.cli.pattern_summary import Leaf, Summary
from partialc.errors import RequestError
from partialc.frontends.primal import Primal
from partialc.ir.patterns import Pattern
from partialc.ir.program import ArrayType
from partialc.planning.patterns import pattern_of
from partialc.request.resolved import Coordinates
from partialc.request.scope import kind_text
from partialc.request.selection import text_of
from partialc.request.shapes import whole
from partialc.request.signature import Signature
from partialc.request.syntax import RESULT
from partialc.store.writing import write_all

_EXAMPLES: Final = """\b
For example:
  partialc pattern model:residual --args "u=float[100]" --out pattern.npz
  partialc pattern model:energy --args "x=float[6]" --args "k=float" --hessian
"""


@click.command("pattern", epilog=_EXAMPLES)
@path_argument
@args_option
@click.option(
    "--hessian", is_flag=True, help="Of the Hessian of a scalar, not of the Jacobian."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the pattern to FILE.npz (scipy.sparse) or FILE.mtx (Matrix Market).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
def command(
    path: str,
    descriptions: tuple[str, ...],
    hessian: bool,
    out: Path | None,
    as_json: bool,
) -> int:
    """Show where the Jacobian of a function can be nonzero, and its colours.

    Its rows are all elements of the result, its columns all those of the arguments: the
    floating-point arrays in JAX's flattening order, each row-major. Columns of one
    colour are computed by one JVP together, rows by one VJP, and columns of a Hessian
    of one star colour by one HVP. Fewer colours than "at least" are impossible.
    """
    if out is not None:
        check_ending(out)
    primal = load_function(path, descriptions)
    wrt, outputs = _wrt(primal.signature), _outputs(primal.signature)
    if hessian:
        _require_scalar([leaf for leaf, _ in outputs], primal.signature)
    pattern = _pattern(primal, outputs, wrt, is_hessian=hessian)
    columns = [leaf for leaf, _ in wrt]
    if hessian:
        summary = Summary.of_hessian(pattern, columns)
    else:
        rows = [leaf for leaf, _ in outputs]
        summary = Summary.of_jacobian(pattern, rows, columns)
    if out is not None:
        write_all({out: encode(pattern, out)})
        console.say(f"wrote {out.as_posix()}")
    if as_json:
        click.echo(json.dumps(summary.to_json(), indent=2))
    else:
        _show(summary)
    return 0


def _pattern(
    primal: Primal,
    outputs: list[tuple[Leaf, Coordinates]],
    wrt: list[tuple[Leaf, Coordinates]],
    *,
    is_hessian: bool,
) -> Pattern:
    """Where the matrix can be nonzero; what the function prints goes to stderr.

    Raises:
        UnsupportedError: As from `pattern_of`.
    """
    rows, axis = tuple(each for _, each in outputs), tuple(each for _, each in wrt)
    with contextlib.redirect_stdout(sys.stderr):
        return pattern_of(primal, rows, axis, 2 if is_hessian else 1)


def _show(summary: Summary) -> None:
    """Print the picture, and the facts below it."""
    screen = console.stdout()
    strokes = ASCII if screen.options.ascii_only else BLOCKS
    for line in draw(summary.pattern, strokes):
        screen.print(line)
    facts = summary.facts()
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        screen.print(Text.assemble((f"{name:{width}}", "bold"), "  ", value))


def _wrt(signature: Signature) -> list[tuple[Leaf, Coordinates]]:
    """All floating-point leaves of the arguments.

    Raises:
        RequestError: There are none, or one holds complex numbers.
    """
    found = _floating(
        [(name + text_of(leaf), leaf.type) for name, leaf in signature.leaves]
    )
    if not found:
        raise RequestError(
            f"{signature.name} has nothing to differentiate with respect to",
            why="none of its arguments holds floating-point numbers",
            fix='give one a floating-point type: --args "x=float[5]"',
        )
    return found


def _outputs(signature: Signature) -> list[tuple[Leaf, Coordinates]]:
    """All floating-point leaves of the result.

    Raises:
        RequestError: There are none, or one holds complex numbers.
    """
    leaves = signature.result.leaves
    found = _floating([(RESULT + text_of(leaf), leaf.type) for leaf in leaves])
    if not found:
        kinds = sorted({kind_text(leaf.type.dtype) for leaf in leaves})
        raise RequestError(
            f"the result of {signature.name} cannot be differentiated",
            why=f"it holds {' and '.join(kinds) or 'no arrays'}",
            fix="name a function that returns floating-point numbers",
        )
    return found


def _floating(leaves: list[tuple[str, ArrayType]]) -> list[tuple[Leaf, Coordinates]]:
    """The leaves of real numbers, each whole.

    Args:
        leaves: How a request names each leaf of the arguments or of the result, and its
            type.

    Raises:
        RequestError: One holds complex numbers.
    """
    found = []
    for number, (name, kind) in enumerate(leaves):
        if kind.dtype.is_complex:
            raise RequestError(
                f"{name} holds complex numbers",
                why="derivatives of complex quantities are not offered",
                fix="pass and return real and imaginary parts as arrays of their own",
            )
        if kind.dtype.is_float:
            leaf = Leaf(name, prod(kind.shape))
            found.append((leaf, whole(number, kind.shape)))
    return found


def _require_scalar(outputs: list[Leaf], signature: Signature) -> None:
    """Only a single number has a Hessian that is a matrix.

    Raises:
        RequestError: There are more, or none.
    """
    size = sum(leaf.size for leaf in outputs)
    if size != 1:
        raise RequestError(
            f"the Hessian of {signature.name} is no matrix",
            where="--hessian",
            why=f"the function returns {size} numbers",
            fix="name a function that returns one number, or leave --hessian out to "
            "see the Jacobian",
        )
