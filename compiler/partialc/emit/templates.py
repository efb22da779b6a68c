"""Finds and renders the text skeletons of what partialc writes.

The templates hold skeleton only: every body comes from the printer as finished text.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from partialc.errors import InternalError


def templates_folder() -> Path:
    """Where the templates are: in the installed package, else in the checkout.

    Raises:
        InternalError: There are none: the installation is broken.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "templates", package.parents[1] / "templates"):
        if folder.is_dir():
            return folder
    raise InternalError("the templates of partialc are missing", where=str(package))


@cache
def environment() -> Environment:
    """The one Jinja environment: undefined names are errors, nothing is escaped."""
    return Environment(
        loader=FileSystemLoader(templates_folder()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(template: str, **names: Any) -> str:
    """The text of `templates/TEMPLATE` with `names` filled in."""
    return environment().get_template(template).render(**names)
