"""Arguments and options that several verbs share."""

from __future__ import annotations

from pathlib import Path

import click

spec_option = click.option(
    "--spec",
    "spec_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The spec; partialc.toml or pyproject.toml of this folder if not given.",
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Compile up to N modules at a time, each in a process of its own.",
)
names_argument = click.argument("names", nargs=-1, metavar="[NAME]...")
