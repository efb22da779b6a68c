"""How tests draw random programs, and say which one failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, TypeVar

from hypothesis import Phase, settings
from hypothesis import strategies as st

T = TypeVar("T")


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


def drawn_by(draw: Callable[[Random], T]) -> st.SearchStrategy[T]:
    """What a function draws, evenly: for tests that take seconds each.

    Hypothesis prefers what is simple, and repeats what it had with a little changed:
    that finds small failures in thousands of examples, and wastes half of ten.

    Args:
        draw: Draws one example.
    """
    return st.integers(0, 2**64 - 1).map(lambda number: draw(Random(number)))


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
