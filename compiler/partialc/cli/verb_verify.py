"""`partialc verify`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from partialc.cli.compiling import open_spec, select
from partialc.cli.options import names_argument, spec_option
from partialc.errors import WriteError

_FAILED_TESTS = 1
_FAULT = 2


@click.command("verify")
@names_argument
@spec_option
def command(names: tuple[str, ...], spec_file: Path | None) -> int:
    """Run the generated tests of the modules NAME (all if none is named).

    Exits with 1 if a test fails, with 2 if the tests cannot be run.
    """
    spec = open_spec(spec_file)
    tests = []
    for module in select(spec, names):
        for path in (module.path, module.test_path):
            if not (spec.folder / path).is_file():
                raise WriteError(
                    f"the module `{module.name}` has not been built",
                    where=path.as_posix(),
                    why="there is no such file",
                    fix=f"run `partialc build {module.name}` first",
                )
        tests.append(str(module.test_path))
    # Started in the spec's folder, which `-m` puts on sys.path: the tests import the
    # function from its source. The user's own pytest settings are not for these files.
    pytest = (sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", ".")
    options = ("-q", "-p", "no:cacheprovider", "--import-mode=importlib", "--no-header")
    done = subprocess.run(
        [*pytest, *options, *tests],
        cwd=spec.folder,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode if done.returncode in (0, _FAILED_TESTS) else _FAULT
