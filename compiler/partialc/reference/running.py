"""A reference's text as a function that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations_with_replacement
from types import MappingProxyType
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

_MOVED = '''
def moved(tree, number, index, step):
    """The tree with `step` added to some elements of one of its leaves."""
    leaves, structure = jax.tree.flatten(tree)
    leaves[number] = leaves[number].at[index].add(step)
    return structure.unflatten(leaves)
'''.strip()

_ALONG = '''
def along(function, number):
    """The derivative of a function by one of its arguments, a scalar."""

    def derivative(*arguments):
        def moved(argument):
            changed = [*arguments]
            changed[number] = argument
            return function(*changed)

        point = arguments[number]
        return jax.jvp(moved, (point,), (jnp.ones_like(point),))[1]

    return derivative
'''.strip()

HELPERS: Final[Mapping[str, str]] = {"moved(": _MOVED, "along(": _ALONG}
"""What references may call, by how they do."""


def defined(
    text: str,
    name: str,
    call: Callable[..., Any],
    given: Mapping[str, Any] = MappingProxyType({}),
) -> Callable[..., Any]:
    """What a text defines.

    Args:
        text: Functions in terms of `reference`.
        name: That of the function wanted.
        call: The function that `reference` stands for.
        given: Further names that the text uses.
    """
    space: dict[str, Any] = {
        "jax": jax,
        "jnp": jnp,
        "np": np,
        "combinations_with_replacement": combinations_with_replacement,
        "reference": call,
        **given,
    }
    for source in (*HELPERS.values(), text):
        exec(compile(source, "<reference>", "exec"), space)
    function: Callable[..., Any] = space[name]
    return function
