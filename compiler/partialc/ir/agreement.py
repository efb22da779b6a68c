"""Whether the program at hand is one of several that are to agree.

A module for every size is what its builds at a few sizes have in common. Where a choice
hangs on the numbers of one of them, on how long they are or how they round, the builds
would part by chance: such choices ask here, and are made alike.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Final

_AGREEING: Final = ContextVar("agreeing", default=False)
_NUMBER: Final = re.compile(r"\d+(?:[._p]\d+)*(?:e[-+]?\d+)?")

_LONG_NUMBER: Final = re.compile(r"(?<![.\d])\d{4,}(?![.\d])")


@contextlib.contextmanager
def agreeing() -> Iterator[None]:
    """Within it the numbers of a program decide nothing that others may do without."""
    token = _AGREEING.set(True)
    try:
        yield
    finally:
        _AGREEING.reset(token)


def is_agreeing() -> bool:
    """Whether it is one of several builds."""
    return _AGREEING.get()


def width(text: str) -> int:
    """How long a text is, where no whole number has more than three digits.

    How large an array is is no reason to write its slices differently. Of several
    builds all numbers are as long.
    """
    number = _NUMBER if is_agreeing() else _LONG_NUMBER
    return len(number.sub("000", text))
