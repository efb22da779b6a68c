"""A function at some arguments, as one differentiates it by hand: leaf by leaf.

Rivals are written with the public transformations on whole array leaves. A leaf that is
not differentiated is closed over, as a careful user would.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.frontends.primal import Primal
from partialc.request.resolved import Axis, Coordinates, Kernel, Output, WeightedSum
from partialc.request.shapes import whole

Run: TypeAlias = Callable[..., Any]
"""A function of the values of some leaves that returns a tuple of outputs."""

Positions: TypeAlias = NDArray[np.int64]

MOST_LITERAL: Final = 2**20
"""Seeds with more elements are computed, not written into the program."""


@dataclass(frozen=True, slots=True)
class Point:
    """The arguments of a kernel, taken apart.

    Attributes:
        primal: The function.
        leaves: The values of all argument leaves, as `Coordinates` number them.
        tangents: Given tangents, by leaf and the end of their name.
        cotangents: Given cotangents with the outputs they weigh.
        given: Parameters of expressions, by name.
    """

    primal: Primal
    leaves: tuple[jax.Array, ...]
    tangents: dict[tuple[int, str], jax.Array]
    cotangents: tuple[tuple[Coordinates, jax.Array], ...]
    given: dict[str, jax.Array] = field(default_factory=dict)

    @classmethod
    def of(cls, primal: Primal, kernel: Kernel, arguments: Sequence[Any]) -> Point:
        """Take the arguments of a kernel apart.

        Args:
            primal: The function.
            kernel: The kernel: its directions follow the function's own arguments.
            arguments: Pytrees, or the flat inputs: their leaves in order.
        """
        signature = primal.signature
        rest = iter(jax.tree.leaves(tuple(arguments)))
        leaves = tuple(islice(rest, len(signature.leaves)))
        tangents: dict[tuple[int, str], jax.Array] = {}
        cotangents: list[tuple[Coordinates, jax.Array]] = []
        parameters: dict[str, jax.Array] = {}
        for direction in kernel.directions:
            if direction.type is not None:
                parameters[direction.name] = next(rest)
            elif direction.argument is None:
                outputs = jax.tree.leaves(direction.outputs)
                given = list(islice(rest, len(outputs)))
                cotangents += zip(outputs, given, strict=True)
            else:
                numbers = signature.leaf_numbers(direction.argument)
                given = list(islice(rest, len(numbers)))
                end = direction.name.removeprefix(f"{direction.argument}_tangent")
                keys = [(number, end) for number in numbers]
                tangents |= zip(keys, given, strict=True)
        return cls(primal, leaves, tangents, tuple(cotangents), parameters)

    def values(self, numbers: Sequence[int]) -> tuple[jax.Array, ...]:
        """The values of some leaves."""
        return tuple(self.leaves[number] for number in numbers)

    def along(self, leaves: Sequence[int], end: str = "") -> tuple[jax.Array, ...]:
        """The given tangents of some leaves."""
        return tuple(self.tangents[leaf, end] for leaf in leaves)

    def shape(self, number: int) -> tuple[int, ...]:
        """The shape of a leaf."""
        return self.primal.signature.leaves[number][1].type.shape

    def function(self, numbers: Sequence[int], outputs: Sequence[Output]) -> Run:
        """Selected outputs as a function of some leaves, the others closed over."""
        trees = self.primal.signature.arguments.values()

        def run(*moved: jax.Array) -> tuple[jax.Array, ...]:
            leaves = list(self.leaves)
            for number, value in zip(numbers, moved, strict=True):
                leaves[number] = value
            rest = iter(leaves)
            arguments = [
                jax.tree.unflatten(
                    tree.structure, list(islice(rest, tree.structure.num_leaves))
                )
                for tree in trees
            ]
            found = jax.tree.leaves(self.primal.call(*arguments))
            return tuple(self._output(found, each) for each in outputs)

        return run

    def _output(self, found: Sequence[jax.Array], output: Output) -> jax.Array:
        """One output, of the leaves of the result."""
        if not isinstance(output, WeightedSum):
            return self._select(found[output.leaf], output)
        weights = dict(self.cotangents)
        terms = [
            jnp.sum(weights[each] * self._select(found[each.leaf], each))
            for each in output.outputs
        ]
        return reduce(operator.add, terms)

    def whole_output(self, output: Coordinates) -> Coordinates:
        """All elements of the leaf that an output selects from."""
        leaf = self.primal.signature.result.leaves[output.leaf]
        return whole(output.leaf, leaf.type.shape)

    def _select(self, array: jax.Array, output: Coordinates) -> jax.Array:
        if output == self.whole_output(output):
            return jnp.asarray(array)
        return jnp.asarray(array)[output.index]

    def positions(self, axis: Axis, numbers: Sequence[int]) -> Positions:
        """Where an axis' elements stand in the concatenation of whole leaves."""
        starts = np.cumsum([0, *(int(np.prod(self.shape(n))) for n in numbers)])
        found = [
            starts[list(numbers).index(each.leaf)]
            + each.flat(self.shape(each.leaf)).reshape(-1)
            for each in axis
        ]
        return np.concatenate(found).astype(np.int64)

    def one_hot(
        self, positions: Positions, numbers: Sequence[int]
    ) -> tuple[jax.Array, ...]:
        """A seed for each position among the elements of whole leaves.

        Returns:
            For each leaf an array of shape `positions.shape + leaf`.
        """
        seeds = []
        start = 0
        for number in numbers:
            shape = self.shape(number)
            size = int(np.prod(shape))
            dtype = jnp.result_type(self.leaves[number])
            local = positions - start
            if positions.size * size > MOST_LITERAL:
                seed = jax.nn.one_hot(local, size, dtype=dtype)
            else:
                inside = np.arange(size) == local[..., None]
                seed = jnp.asarray(inside.astype(dtype))
            seeds.append(seed.reshape(*positions.shape, *shape))
            start += size
        return tuple(seeds)


def leaves_of(axis: Axis) -> tuple[int, ...]:
    """The leaves an axis runs over, each once, in order."""
    return tuple(dict.fromkeys(each.leaf for each in axis))


def union(*axes: Axis) -> tuple[int, ...]:
    """The leaves that several axes run over, each once, in order."""
    return tuple(dict.fromkeys(number for axis in axes for number in leaves_of(axis)))


def push(run: Run, where: Sequence[int], seeds: Sequence[jax.Array]) -> Run:
    """The derivative of a function along one tangent.

    Args:
        run: The function.
        where: Which of its parameters are moved.
        seeds: Their tangents.
    """

    def pushed(*values: jax.Array) -> Any:
        def moved(*some: jax.Array) -> Any:
            given = list(values)
            for place, value in zip(where, some, strict=True):
                given[place] = value
            return run(*given)

        primals = tuple(values[place] for place in where)
        return jax.jvp(moved, primals, tuple(seeds))[1]

    return pushed


def push_basis(run: Run, where: Sequence[int], seeds: Sequence[jax.Array]) -> Run:
    """The derivatives along tangents stacked on axis 0; the last axis of results."""

    def pushed(*values: jax.Array) -> Any:
        def along(*tangents: jax.Array) -> Any:
            return push(run, where, tangents)(*values)

        return jax.vmap(along, out_axes=-1)(*seeds)

    return pushed


def flat_join(arrays: Sequence[jax.Array], lead: int, trail: int = 0) -> jax.Array:
    """Derivatives in several leaves, along one flat axis.

    Args:
        arrays: One per leaf, of shape `lead + leaf + trail`.
        lead: How many axes come before those of the leaf.
        trail: How many axes come after them.
    """
    flat = []
    for array in arrays:
        end = array.ndim - trail
        flat.append(array.reshape(*array.shape[:lead], -1, *array.shape[end:]))
    return flat[0] if len(flat) == 1 else jnp.concatenate(flat, axis=lead)


def pick(array: jax.Array, axis: int, positions: Positions) -> jax.Array:
    """Some positions of an axis, by a slice where one will do."""
    extent = array.shape[axis]
    before = (slice(None),) * axis
    if np.array_equal(positions, np.arange(extent)):
        return array
    first = int(positions[0]) if positions.size else 0
    if np.array_equal(positions, np.arange(first, first + positions.size)):
        return array[(*before, slice(first, first + positions.size))]
    return array[(*before, positions)]
