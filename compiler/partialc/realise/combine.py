"""What becomes of the derivatives of a kernel: text within a chain, or arrays."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from partialc.realise.places import index_text
from partialc.realise.point import Point
from partialc.realise.units import reach
from partialc.request.combination import Combination, results_of
from partialc.request.parts import part_numbers
from partialc.request.resolved import Coordinates, Kernel
from partialc.request.signature import Signature


def combined_texts(
    kernel: Kernel, parts: Sequence[str], signature: Signature
) -> tuple[str, ...]:
    """An expression for each result of a kernel, given one for each derivative."""
    texts = []
    for result, numbers in zip(results_of(kernel), part_numbers(kernel), strict=True):
        own = [parts[number] for number in numbers]
        if isinstance(result, Combination):
            inputs = [input_text(each, signature) for each in result.inputs]
            texts.append(result.text(own, inputs))
        else:
            texts += own
    return tuple(texts)


def combined(
    kernel: Kernel, parts: Sequence[jax.Array], point: Point
) -> tuple[jax.Array, ...]:
    """The results of a kernel, given its derivatives at a point."""
    arrays: list[jax.Array] = []
    for result, numbers in zip(results_of(kernel), part_numbers(kernel), strict=True):
        own = [parts[number] for number in numbers]
        if isinstance(result, Combination):
            inputs = [
                jnp.asarray(point.leaves[each.leaf])[each.index]
                for each in result.inputs
            ]
            arrays.append(result.value(own, inputs, point.given))
        else:
            arrays += own
    return tuple(arrays)


def has_combinations(kernel: Kernel) -> bool:
    """Whether some result of a kernel is more than a derivative."""
    return any(isinstance(each, Combination) for each in results_of(kernel))


def input_text(coordinates: Coordinates, signature: Signature) -> str:
    """An element of an argument, within a function of the arguments."""
    argument, leaf = signature.leaves[coordinates.leaf]
    position = coordinates.leaf - signature.leaf_numbers(argument).start
    text = reach(argument, leaf.path, position)
    index = index_text(coordinates.index, leaf.type.shape)
    return f"{text}[{index}]" if index else text
