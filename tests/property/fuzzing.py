"""How tests draw random programs, and say which one failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import Phase, settings


def examples(count: int, *, shrink: bool = True) -> Any:
    """Settings for so many examples; the rest is the profile of `tests/conftest.py`.

    Args:
        count: How many.
        shrink: Whether to look for a smaller failure, which repeats the test often.
    """
    phases = [Phase.explicit, Phase.reuse, Phase.generate]
    return settings(
        max_examples=count,
        phases=[*phases, Phase.target, Phase.shrink] if shrink else phases,
    )


@contextmanager
def reproducible(text: str) -> Iterator[None]:
    """Whatever goes wrong within is raised with the expression that repeats it.

    Args:
        text: The expression.
    """
    try:
        yield
    except Exception as error:
        error.add_note(f"to repeat it: {text}")
        raise
