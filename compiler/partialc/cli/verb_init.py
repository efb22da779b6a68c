"""`partialc init`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from partialc.cli import console
from partialc.errors import WriteError
from partialc.spec.load import SPEC_NAME
from partialc.store.writing import write_all

_MODEL: Final = '''\
"""The function whose derivatives are wanted."""

import jax.numpy as jnp


def energy(x, stiffness):
    """Potential energy of a chain of springs with a quartic term."""
    stretch = x[1:] - x[:-1]
    return jnp.sum(stiffness * stretch**2 / 2 + stretch**4 / 4)
'''
_SPEC: Final = """\
# Build with `partialc build`, then commit the output and partialc.lock.

[[module]]
path = "generated/chain.py"
function = "model:energy"
args = { x = "float[6]", stiffness = "float" }

[module.kernels]
force = "gradient(x)"
coupling = "partial(x[2], x[3])"
curvature = ["value", "diagonal(hessian(x))"]

[module.domain]
x = [-1.0, 1.0]
stiffness = [0.5, 2.0]
"""


@click.command("init")
@click.argument(
    "folder", type=click.Path(path_type=Path), default=Path(), metavar="[DIR]"
)
def command(folder: Path) -> int:
    """Start a spec in DIR (this folder if none is named) that builds.

    Nothing is overwritten.
    """
    files = {folder / SPEC_NAME: _SPEC, folder / "model.py": _MODEL}
    for path in files:
        if path.exists():
            raise WriteError(
                f"{path.name} exists already",
                where=path.as_posix(),
                why="`init` overwrites nothing",
                fix="name another folder",
            )
    write_all({path: text.encode() for path, text in files.items()})
    for path in files:
        console.stdout().print(path.as_posix())
    console.say("next: `partialc build`, then `partialc verify`, in that folder")
    return 0
