"""The reference value of a field, computed here and now.

Tests compare compiled kernels with it. It shares nothing with the text of the
generated tests: every tensor is taken over whole leaves, flattened, and indexed by
position, so that the two can be checked against each other as well. It can be jitted,
batched and differentiated like any function of arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.errors import REFUSALS
from partialc.frontends.primal import Primal
from partialc.request.combination import Combination, Result
from partialc.request.resolved import (
    Block,
    Coordinates,
    Dense,
    Field,
    Product,
    WeightedSum,
)
from partialc.request.shapes import axis_shape

Mode: TypeAlias = tuple[Callable[..., Any], Callable[..., Any]]
"""What takes the first derivative, and what takes the others of it."""

MODES: Final[tuple[Mode, ...]] = (
    (jax.jacrev, jax.jacfwd),
    (jax.jacfwd, jax.jacfwd),
    (jax.jacrev, jax.jacrev),
    (jax.jacfwd, jax.jacrev),
)


def reference_value(
    primal: Primal,
    field: Field,
    arguments: Sequence[Any],
    directions: Mapping[str, Any] | None = None,
    modes: Sequence[Mode] = MODES,
) -> Any:
    """What a kernel's field must equal.

    Args:
        primal: The function.
        field: What is asked for.
        arguments: The function's arguments, as pytrees.
        directions: Tangents by argument, and the cotangents as the list of its leaves
            under `out_cotangent`; the parameters of expressions by name.
        modes: How to differentiate; the first that JAX does not refuse is taken.

    Returns:
        A pytree of arrays like `field.parts`, in the precision of the arguments.

    Raises:
        TypeError: JAX refuses every mode for the function (its own error).
    """
    tensors = _Tensors(primal, jax.tree.leaves(tuple(arguments)), modes)
    given = directions or {}

    def value(part: Result) -> jax.Array:
        if isinstance(part, Combination):
            return part.value(list(map(value, part.parts)), tensors.inputs(part), given)
        if isinstance(part, Product):
            return _product(part, tensors, primal, given)
        if isinstance(part.output, WeightedSum):
            cotangents = jax.tree.leaves(given["out_cotangent"])
            terms = [
                jnp.tensordot(
                    cotangent,
                    _block(replace(part, output=output), tensors),
                    len(output.shape),
                )
                for output, cotangent in zip(
                    part.output.outputs, cotangents, strict=True
                )
            ]
            return jnp.asarray(sum(terms))
        return _block(part, tensors)

    return jax.tree.map(value, field.parts)


class _Tensors:
    """Full derivative tensors of one output leaf over whole argument leaves, kept."""

    def __init__(
        self, primal: Primal, leaves: Sequence[Any], modes: Sequence[Mode]
    ) -> None:
        self._primal = primal
        self._modes = modes
        self._leaves = [jnp.asarray(leaf) for leaf in leaves]
        self._known: dict[tuple[int, tuple[int, ...]], jax.Array] = {}

    def full(self, output: int, leaves: tuple[int, ...]) -> jax.Array:
        """Shape: elements of the output, then elements of each leaf."""
        key = output, leaves
        if key not in self._known:
            self._known[key] = self._taken(output, leaves)
        return self._known[key]

    def inputs(self, node: Combination) -> list[jax.Array]:
        """The elements of arguments that a combination names."""
        return [self._leaves[each.leaf][each.index] for each in node.inputs]

    def output_shape(self, coordinates: Coordinates) -> tuple[int, ...]:
        """The shape of the output leaf that is selected from."""
        return self._primal.signature.result.leaves[coordinates.leaf].type.shape

    def argument_shape(self, coordinates: Coordinates) -> tuple[int, ...]:
        """The shape of the argument leaf that is selected from."""
        return self._primal.signature.leaves[coordinates.leaf][1].type.shape

    def _taken(self, output: int, leaves: tuple[int, ...]) -> jax.Array:
        refusal: Exception | None = None
        for inner, outer in self._modes:
            function: Callable[..., Any] = self._flat(output)
            for number, leaf in enumerate(leaves):
                take: Any = outer if number else inner
                function = take(function, argnums=leaf)
            try:
                tensor: jax.Array = jax.jit(function)(*self._leaves)
            except REFUSALS as error:
                refusal = refusal or error
                continue
            sizes = [self._leaves[leaf].size for leaf in leaves]
            if tensor.size:
                return tensor.reshape(-1, *sizes)
            return jnp.zeros((0, *sizes), tensor.dtype)
        assert refusal is not None
        raise refusal

    def _flat(self, output: int) -> Callable[..., Any]:
        structures = [
            tree.structure for tree in self._primal.signature.arguments.values()
        ]

        def function(*leaves: Any) -> Any:
            rest = list(leaves)
            arguments = []
            for structure in structures:
                count = structure.num_leaves
                arguments.append(jax.tree.unflatten(structure, rest[:count]))
                rest = rest[count:]
            return jax.tree.leaves(self._primal.call(*arguments))[output]

        return function


def _block(block: Block, tensors: _Tensors) -> jax.Array:
    assert isinstance(block.output, Coordinates)  # sums are taken apart
    rows = block.output.flat(tensors.output_shape(block.output)).ravel()
    grids = [
        [(each.leaf, each.flat(tensors.argument_shape(each))) for each in axis]
        for axis in block.axes
    ]
    dense = _assembled(block.output.leaf, rows, grids, tensors)
    if isinstance(block.layout, Dense):
        extents = [extent for axis in block.axes for extent in axis_shape(axis)]
        return dense.reshape((*block.output.shape, *extents))
    layout = block.layout
    columns = tuple(layout.inputs.T)
    if layout.outputs is not None:
        return dense[(layout.outputs, *columns)].reshape(layout.shape)
    listed = dense[(slice(None), *columns)]
    return listed.reshape((*block.output.shape, *layout.shape))


def _assembled(
    output: int,
    rows: NDArray[np.int64],
    grids: Sequence[Sequence[tuple[int, NDArray[np.int64]]]],
    tensors: _Tensors,
    leaves: tuple[int, ...] = (),
    picks: tuple[NDArray[np.int64], ...] = (),
) -> jax.Array:
    """The tensor over concatenated axes, put together from those over single leaves."""
    if len(leaves) == len(grids):
        return tensors.full(output, leaves)[np.ix_(rows, *picks)]
    axis = 1 + len(leaves)
    pieces = [
        _assembled(
            output, rows, grids, tensors, (*leaves, leaf), (*picks, flat.ravel())
        )
        for leaf, flat in grids[len(leaves)]
    ]
    return jnp.concatenate(pieces, axis=axis)


def _product(
    part: Product, tensors: _Tensors, primal: Primal, directions: Mapping[str, Any]
) -> jax.Array:
    def tangent(leaf: int, end: str = "") -> jax.Array:
        name, _ = primal.signature.leaves[leaf]
        position = leaf - primal.signature.leaf_numbers(name).start
        leaves = jax.tree.leaves(directions[f"{name}_tangent{end}"])
        return jnp.ravel(leaves[position])

    def rows(output: Coordinates) -> NDArray[np.int64]:
        return output.flat(tensors.output_shape(output)).ravel()

    match part.kind:
        case "jvp":
            terms = []
            for leaves in product(part.directions, repeat=len(part.steps)):
                term = tensors.full(part.output.leaf, leaves)[rows(part.output)]
                for leaf, end in zip(leaves[::-1], part.steps[::-1], strict=True):
                    term = term @ tangent(leaf, end)
                terms.append(term)
            return jnp.asarray(sum(terms)).reshape(part.output.shape)
        case "hvp":
            assert part.leaf is not None  # an hvp names the leaf it returns
            terms = [
                tensors.full(part.output.leaf, (part.leaf, leaf))[rows(part.output)]
                @ tangent(leaf)
                for leaf in part.directions
            ]
            shape = primal.signature.leaves[part.leaf][1].type.shape
            return jnp.asarray(sum(terms)).reshape((*part.output.shape, *shape))
        case "vjp":
            assert part.leaf is not None  # a vjp names the leaf it returns
            cotangents = jax.tree.leaves(directions["out_cotangent"])
            terms = [
                jnp.ravel(cotangent)
                @ tensors.full(output.leaf, (part.leaf,))[rows(output)]
                for output, cotangent in zip(part.outputs, cotangents, strict=True)
            ]
            shape = primal.signature.leaves[part.leaf][1].type.shape
            return jnp.asarray(sum(terms)).reshape(shape)
