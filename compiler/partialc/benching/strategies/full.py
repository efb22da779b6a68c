"""Full, then index: the whole derivative tensor, of which most is thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Literal, TypeAlias

import jax
import jax.numpy as jnp

from partialc.benching.groups import Group, Products, Work
from partialc.benching.strategies.strategy import Strategy, gradients, wanted_leaves
from partialc.realise.point import Point, Run, leaves_of, pick
from partialc.request.resolved import Coordinates

Order: TypeAlias = Literal["mixed", "forward", "reverse"]
"""`mixed`: the cheaper mode first, then `jacfwd` over it, as `jax.hessian` has it; the
others for functions that JAX differentiates in one mode only."""


class Full(Strategy):
    """Nests of `jax.grad`, `jax.jacrev` and `jax.jacfwd` in whole array leaves."""

    def __init__(self, point: Point, order: Order = "mixed") -> None:
        super().__init__(point)
        self._order = order

    def group(self, group: Group) -> Sequence[jax.Array]:
        """Index the whole tensors."""
        if not group.axes:
            return self.value(group.outputs)
        spaces = tuple(map(leaves_of, group.axes))
        tensors = self._tensors(group.outputs, spaces)
        arrays = []
        for tensor, output in zip(tensors, group.outputs, strict=True):
            selected = tensor[output.index]
            lead = len(output.shape)
            places = [
                self.point.positions(axis, space)
                for axis, space in zip(group.axes, spaces, strict=True)
            ]
            if group.entries is None:
                for k, positions in enumerate(places):
                    selected = pick(selected, lead + k, positions)
            else:
                inputs = group.entries.inputs
                index = tuple(each[inputs[:, k]] for k, each in enumerate(places))
                if group.entries.outputs is None:
                    selected = selected[(..., *index)]
                else:
                    flat = selected.reshape(-1, *selected.shape[lead:])
                    selected = flat[(group.entries.outputs, *index)]
            arrays.append(selected)
        return arrays

    def products(self, products: Products) -> Sequence[jax.Array]:
        """Contract the whole tensors."""
        first = products.parts[0][1]
        wanted = wanted_leaves(products)
        directions = first.directions
        match products.kind:
            case "jvp":
                outputs = tuple(part.output for _, part in products.parts)
                tensors = self._tensors(outputs, (directions,))
                return [
                    tensor[output.index] @ self.tangent(directions)
                    for tensor, output in zip(tensors, outputs, strict=True)
                ]
            case "hvp":
                (tensor,) = self._tensors((first.output,), (wanted, directions))
                vector = tensor[first.output.index] @ self.tangent(directions)
                return self.split(vector, wanted)
            case _:
                outputs = tuple(output for output, _ in self.point.cotangents)
                tensors = self._tensors(outputs, (wanted,))
                terms = [
                    jnp.tensordot(weight, tensor[output.index], weight.ndim)
                    for tensor, (output, weight) in zip(
                        tensors, self.point.cotangents, strict=True
                    )
                ]
                return self.split(sum(terms[1:], terms[0]), wanted)

    def _tensors(
        self, outputs: tuple[Coordinates, ...], spaces: tuple[tuple[int, ...], ...]
    ) -> Sequence[jax.Array]:
        """For each output its leaf's whole derivative, of shape `leaf + sizes`."""
        wholes = tuple(map(self.point.whole_output, outputs))
        key = ("tensors", wholes, spaces)
        result: Sequence[jax.Array] = self.once(
            key, lambda: self._differentiate(wholes, spaces)
        )
        return result

    def _differentiate(
        self, outputs: tuple[Coordinates, ...], spaces: Sequence[Sequence[int]]
    ) -> list[jax.Array]:
        leaves = tuple(dict.fromkeys(leaf for space in spaces for leaf in space))
        run = self.point.function(leaves, outputs)
        results = sum(prod(output.shape) for output in outputs)
        inputs = self._size(spaces[0])
        is_scalar = len(outputs) == 1 and outputs[0].is_scalar
        for number, space in enumerate(spaces):
            where = tuple(leaves.index(leaf) for leaf in space)
            reverse = self._order == "reverse" or (
                self._order == "mixed" and number == 0 and results <= inputs
            )
            if reverse and number == 0 and is_scalar:
                run = _in_tuple(gradients(run, where))
            else:
                run = (jax.jacrev if reverse else jax.jacfwd)(run, argnums=where)
        nested = run(*self.point.values(leaves))
        sizes = [[prod(self.point.shape(leaf)) for leaf in s] for s in spaces]
        return [
            _joined(nest, output.shape, sizes)
            for nest, output in zip(nested, outputs, strict=True)
        ]

    def _size(self, space: Sequence[int]) -> int:
        return sum(prod(self.point.shape(leaf)) for leaf in space)


def tensor_elements(work: Work, point: Point) -> int:
    """How many numbers the largest tensor of a kernel holds."""

    def size(leaves: Sequence[int]) -> int:
        return sum(prod(point.shape(leaf)) for leaf in leaves)

    largest = 1
    for group in work.groups:
        results = sum(prod(point.whole_output(o).shape) for o in group.outputs)
        inputs = [size(leaves_of(axis)) for axis in group.axes]
        largest = max(largest, results * prod(inputs))
    for products in work.products:
        for _, part in products.parts:
            outputs = part.outputs or (part.output,)
            results = sum(prod(point.whole_output(o).shape) for o in outputs)
            spaces = [wanted_leaves(products), part.directions]
            elements = results * prod(size(space) for space in spaces if space)
            largest = max(largest, elements)
    return largest


def _in_tuple(run: Run) -> Run:
    """Give one output the form that a tuple of outputs has."""
    return lambda *values: (run(*values),)


def _joined(
    nest: Any, output: tuple[int, ...], sizes: Sequence[Sequence[int]]
) -> jax.Array:
    """Nested tuples of blocks as one array of shape `output + sums of sizes`."""

    def join(node: Any, chosen: tuple[int, ...]) -> jax.Array:
        if len(chosen) == len(sizes):
            array: jax.Array = node.reshape(*output, *chosen)
            return array
        pieces = [
            join(child, (*chosen, size))
            for child, size in zip(node, sizes[len(chosen)], strict=True)
        ]
        if len(pieces) == 1:
            return pieces[0]
        return jnp.concatenate(pieces, axis=len(output) + len(chosen))

    return join(nest, ())
