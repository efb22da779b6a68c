"""Functions seen to be the same without running them, and those that look alike."""

from __future__ import annotations

import functools
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from partialc.frontends import source
from partialc.frontends.carrying.identity import is_same_function
from partialc.frontends.load import load_primal

TEXT = """
RATE = 0.0
ROUNDS = (2, "x", True)
TABLE = [1.0]

def helper(x, n=1):
    return f(x, n - 1) if n else jnp.sin(x) * RATE

def f(x, n=2, *, scale=3.0):
    '''What it does.'''
    total = 0.0
    for number in range(ROUNDS[0]):
        total = total + (lambda y: y * 4.0)(x) + sum(number for _ in "ab")
    return helper(total, n) * scale + ARRAY_FREE
"""


def defined(text: str, **values: Any) -> Any:
    space: dict[str, Any] = {"jnp": jnp, "ARRAY_FREE": 1, **values}
    exec(text, space)
    return space["f"]


def test_place_and_annotations_do_not_count() -> None:
    moved = "from __future__ import annotations\n\n\n# a comment\n" + TEXT.replace(
        "def f(x, n=2", "def f(x: float, n: int = 2"
    ).replace("total = 0.0", "\n    total = 0.0  # a comment\n")
    assert moved.count("a comment") == 2
    assert is_same_function(defined(TEXT), defined(moved))
    assert is_same_function(defined(TEXT), defined(TEXT))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RATE = 0.0", "RATE = -0.0"),
        ("RATE = 0.0", "RATE = 0"),
        ("RATE = 0.0", "RATE = jnp.zeros(())"),
        ("RATE = 0.0", ""),
        ('(2, "x", True)', '(2, "x", 1)'),
        ('(2, "x", True)', '(2, "x")'),
        ("jnp.sin", "jnp.cos"),
        ("total + (", "total - ("),
        ("n=1", "n=3"),
        ("n=2", "n=3"),
        ("scale=3.0", "scale=-3.0"),
        ("y * 4.0", "y * 5.0"),
        ("y * 4.0", "y * 4"),
        ("ARRAY_FREE\n", "TABLE[0]\n"),
        ("ARRAY_FREE\n", "len(__name__)\n"),
        ("ARRAY_FREE\n", 'globals()["ARRAY_FREE"]\n'),
        ("total = 0.0\n", "global total\n    total = 0.0\n"),
        ("total = 0.0\n", "import math\n    total = 0.0\n"),
    ],
)
def test_every_difference_counts(old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    changed = TEXT.replace(old, new)
    assert not is_same_function(defined(TEXT), defined(changed))
    if "ARRAY_FREE" in old or "total = 0.0" in old:
        # What depends on more than the text is never certain.
        assert not is_same_function(defined(changed), defined(changed))


def test_what_a_name_stands_for_counts() -> None:
    assert not is_same_function(defined(TEXT, jnp=np), defined(TEXT))
    assert not is_same_function(defined(TEXT, ARRAY_FREE=2), defined(TEXT))
    assert not is_same_function(defined(TEXT, range=list), defined(TEXT))
    array = jnp.ones(3)
    both = [defined(TEXT, ARRAY_FREE=each) for each in (array, array + 0)]
    assert not is_same_function(*both)


def test_closures_wrappers_and_objects_are_not_seen_through() -> None:
    def closing(value: float) -> Any:
        return lambda x: x * value

    assert not is_same_function(closing(1.0), closing(1.0))
    function = defined(TEXT)
    assert not is_same_function(
        functools.partial(function), functools.partial(function)
    )
    assert not is_same_function(functools.wraps(function)(lambda x: x), lambda x: x)


def scaled(x: Any) -> Any:
    """A function whose text is carried as it stands."""
    return jnp.sin(x) * 2.0


def rescaled(x: Any, *, factor: float) -> Any:
    """A function that is carried with its static argument as a default."""
    return jnp.sin(x) * factor


@pytest.mark.parametrize(
    ("function", "args", "times"),
    [
        (scaled, {"x": "float[2]"}, 0),
        (rescaled, {"x": "float[2]", "factor": 2.0}, 1),
    ],
)
def test_only_a_text_that_could_differ_is_traced(
    function: Any, args: dict[str, Any], times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced: list[str] = []

    def spy(call: Any, folder: Any, *, name: str) -> Any:
        traced.append(name)
        return trace_flat(call, folder, name=name)

    trace_flat = source.trace_flat
    monkeypatch.setattr(source, "trace_flat", spy)
    primal = load_primal(function, args, name="m")
    assert primal.source is not None
    assert len(traced) == times
