"""The entry point `partialc`: verbs, exit codes, and how errors are told.

Exit codes: 0 fine, 1 findings, 2 could not run, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Final

import click

from partialc.cli import console
from partialc.errors import InternalError, PartialcError
from partialc.spec.near import did_you_mean

_VERBS: Final[Mapping[str, str]] = {
    "build": "Write the modules and their tests.",
    "check": "Find stale, missing, extra and hand-edited files; write nothing.",
    "explain": "Show the facts found, the plan chosen and the plans rejected.",
    "verify": "Run the generated tests.",
    "bench": "Time the kernels against what one would write by hand.",
    "ir": "Print the intermediate program of a kernel.",
    "decompile": "Print a function as a readable standalone module.",
    "pattern": "Show where a Jacobian or Hessian is nonzero, and its colours.",
    "ops": "List the primitives that are supported, and how precisely.",
    "init": "Start a spec that builds.",
}
FAULT: Final = 2
INTERRUPTED: Final = 130


class _Verbs(click.Group):
    """The verbs, imported only when they are used: most import JAX."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _VERBS:
            return None
        module = importlib.import_module(f"partialc.cli.verb_{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = did_you_mean(args[0], _VERBS) if args[0] not in _VERBS else None
        if near is not None:
            ctx.fail(f"no such verb {args[0]!r}: {near}")
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(_VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("partialc"), prog_name="partialc")
@click.option("--debug", is_flag=True, help="Show the traceback of every error.")
def partialc(debug: bool) -> None:
    """Compile the partial derivatives you name to JAX source you can vendor."""
    del debug  # `run` has seen it: it must know before anything can fail


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code and raises nothing."""
    # Wherever it stands: one adds it to the end of a line that just failed.
    rest = [argument for argument in arguments if argument != "--debug"]
    debug = rest != list(arguments) or os.environ.get("PARTIALC_DEBUG", "0") != "0"
    try:
        code = partialc.main(args=rest, prog_name="partialc", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return FAULT
    except (KeyboardInterrupt, click.Abort):
        console.say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; Python would complain again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    except PartialcError as error:
        if debug:
            traceback.print_exc()
        console.show_error(error)
        return FAULT
    except Exception as error:
        if debug:
            traceback.print_exc()
        console.show_error(_crash(error, debug=debug))
        return FAULT
    return code if isinstance(code, int) else 0


def _crash(error: Exception, *, debug: bool) -> PartialcError:
    """What to tell about an error that partialc does not raise on purpose."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    crash = InternalError(
        f"partialc failed: {type(error).__name__}: {error}",
        where=f"{os.path.basename(frame.filename)}:{frame.lineno}",
    )
    versions = ", ".join(f"{name} {version(name)}" for name in ("partialc", "jax"))
    crash.fix = (
        "please report it with the spec, the function, and "
        f"{versions}, Python {platform.python_version()}"
    )
    if not debug:
        crash.fix += "; `partialc --debug ...` prints the traceback to include"
    return crash
