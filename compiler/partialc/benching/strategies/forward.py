"""Nested one-hot JVPs: forward over forward, one literal seed for each coordinate."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from partialc.benching.groups import Group, Products, distinct_rows
from partialc.benching.strategies.strategy import Strategy, wanted_leaves
from partialc.realise.point import Run, leaves_of, push, push_basis, union
from partialc.request.resolved import Axis, Entries


class Forward(Strategy):
    """`jax.jvp` within `jax.jvp`; blocks are mapped over a basis of seeds."""

    def group(self, group: Group) -> Sequence[jax.Array]:
        """Push a seed or a basis along each axis."""
        if not group.axes:
            return self.value(group.outputs)
        leaves = union(*group.axes)
        run = self.point.function(leaves, group.outputs)
        values = self.point.values(leaves)
        if group.entries is not None:
            return self._entries(group, group.entries, run, leaves)
        for axis in group.axes:
            run = self._push(run, leaves, axis)
        result: Sequence[jax.Array] = run(*values)
        return result

    def _push(self, run: Run, leaves: Sequence[int], axis: Axis) -> Run:
        moved = leaves_of(axis)
        where = [leaves.index(leaf) for leaf in moved]
        seeds = self.point.one_hot(self.point.positions(axis, moved), moved)
        if seeds[0].shape[0] == 1:
            return push(run, where, [seed[0] for seed in seeds])
        return push_basis(run, where, seeds)

    def _entries(
        self, group: Group, entries: Entries, run: Run, leaves: Sequence[int]
    ) -> list[jax.Array]:
        """One nest of JVPs, mapped over the distinct multi-indices."""
        rows, places = distinct_rows(entries.inputs)
        wheres, seeds = [], []
        for k, axis in enumerate(group.axes):
            moved = leaves_of(axis)
            wheres.append([leaves.index(leaf) for leaf in moved])
            positions = self.point.positions(axis, moved)[rows[:, k]]
            seeds.append(self.point.one_hot(positions, moved))
        values = self.point.values(leaves)

        def along(each: Sequence[Sequence[jax.Array]]) -> Any:
            nest = run
            for where, tangents in zip(wheres, each, strict=True):
                nest = push(nest, where, tangents)
            return nest(*values)

        arrays = jax.vmap(along, out_axes=-1)(seeds)
        if entries.outputs is None:
            return [array[..., places] for array in arrays]
        return [
            array.reshape(-1, array.shape[-1])[entries.outputs, places]
            for array in arrays
        ]

    def products(self, products: Products) -> Sequence[jax.Array]:
        """JVPs along the given tangent; over a basis where no tangent is given."""
        first = products.parts[0][1]
        wanted = wanted_leaves(products)
        directions = first.directions
        if products.kind == "jvp":
            outputs = tuple(part.output for _, part in products.parts)
            run = self.point.function(directions, outputs)
            for end in first.steps:
                tangents = self.point.along(directions, end)
                run = push(run, range(len(tangents)), tangents)
            result: Sequence[jax.Array] = run(*self.point.values(directions))
            return result
        leaves = tuple(dict.fromkeys((*directions, *wanted)))
        basis = self._basis(wanted)
        where = [leaves.index(leaf) for leaf in wanted]
        values = self.point.values(leaves)
        if products.kind == "hvp":
            run = self.point.function(leaves, (first.output,))
            tangents = self.point.along(directions)
            run = push(run, [leaves.index(leaf) for leaf in directions], tangents)
            (vector,) = push_basis(run, where, basis)(*values)
            return self.split(vector, wanted)
        outputs = tuple(output for output, _ in self.point.cotangents)
        columns = push_basis(self.point.function(leaves, outputs), where, basis)
        terms = [
            jnp.tensordot(weight, array, weight.ndim)
            for array, (_, weight) in zip(
                columns(*values), self.point.cotangents, strict=True
            )
        ]
        return self.split(sum(terms[1:], terms[0]), wanted)

    def _basis(self, leaves: Sequence[int]) -> tuple[jax.Array, ...]:
        size = sum(prod(self.point.shape(leaf)) for leaf in leaves)
        return self.point.one_hot(np.arange(size), leaves)
