"""Annotations of trees: what a module can name without importing anything."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

import jax
import pytest

from partialc.request.annotations import annotation

A = jax.Array


class Colour(enum.Enum):
    """A key of the user's."""

    RED = 1


class Pair(NamedTuple):
    """A class of the user's."""

    left: Any
    right: Any


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (A, "jax.Array"),
        (None, "None"),
        ({"a": A, "b": A}, "dict[str, jax.Array]"),
        ({"a": A, "b": [A]}, "dict[str, Any]"),
        ({1: A}, "dict[int, jax.Array]"),
        ({Colour.RED: A}, "dict[Any, jax.Array]"),
        ([A, None], "list[Any]"),
        ((A, (A,)), "tuple[jax.Array, tuple[jax.Array]]"),
        ((), "tuple[()]"),
        (Pair(A, A), "Any"),
    ],
)
def test_annotation(tree: Any, text: str) -> None:
    assert annotation(tree) == text
