"""The one place that knows black.

black promises no Python API; `tests/contracts/test_black_contract.py` pins what is used
here, and `pyproject.toml` pins the year, since black's style changes each January.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import black
from black.mode import TargetVersion
from black.parsing import InvalidInput

from partialc.errors import InternalError

LINE_LENGTH: Final = 88
_MODE: Final = black.Mode(
    target_versions={TargetVersion.PY310, TargetVersion.PY311},
    line_length=LINE_LENGTH,
)


_JOINED: Final = replace(_MODE, line_length=1_000_000, magic_trailing_comma=False)


def format_source(text: str, *, joined: bool = False) -> str:
    """Format Python source in one fixed style, whatever the project around it says.

    Args:
        text: A module or a part of one.
        joined: Whether every statement is to stand in one line, however long.

    Returns:
        The formatted text, ending in one line break; empty text stays empty.

    Raises:
        InternalError: The text is no Python source.
    """
    try:
        return black.format_str(text, mode=_JOINED if joined else _MODE)
    except InvalidInput as error:
        raise InternalError(f"the emitted source does not parse: {error}") from error
