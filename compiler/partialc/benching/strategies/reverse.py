"""JVPs of gradients: one reverse sweep, forward derivatives over it, then indexing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.benching.groups import Group, Products, distinct_rows
from partialc.benching.strategies.strategy import (
    Refused,
    Strategy,
    gradients,
    wanted_leaves,
)
from partialc.realise.point import (
    Run,
    flat_join,
    leaves_of,
    pick,
    push,
    push_basis,
    union,
)
from partialc.request.resolved import Axis, Coordinates, Entries, Output


class Reverse(Strategy):
    """`jax.jvp` of `jax.grad`; `jax.jacrev` where the output is no scalar."""

    def group(self, group: Group) -> Sequence[jax.Array]:
        """Sweep back along one axis, push along the others, index at the end."""
        if not group.axes:
            return self.value(group.outputs)
        if group.entries is not None:
            return self._entries(group, group.entries)
        swept = int(np.argmax(group.sizes))
        others = [axis for k, axis in enumerate(group.axes) if k != swept]
        arrays = self._swept(group.outputs, group.axes[swept], others)
        sizes = [size for k, size in enumerate(group.sizes) if k != swept]
        found = []
        for array, output in zip(arrays, group.outputs, strict=True):
            lead = len(output.shape)
            grid = array.reshape(*output.shape, -1, *sizes)
            axis = group.axes[swept]
            picked = pick(grid, lead, self.point.positions(axis, leaves_of(axis)))
            found.append(jnp.moveaxis(picked, lead, lead + swept))
        return found

    def _swept(
        self, outputs: tuple[Output, ...], swept: Axis, others: Sequence[Axis]
    ) -> Sequence[jax.Array]:
        """Derivatives in all of the swept leaves and the elements of other axes."""
        key = ("swept", outputs, leaves_of(swept), tuple(others))
        result: Sequence[jax.Array] = self.once(
            key, lambda: self._sweep(outputs, swept, others)
        )
        return result

    def _sweep(
        self, outputs: tuple[Output, ...], swept: Axis, others: Sequence[Axis]
    ) -> Sequence[jax.Array]:
        leaves = union(swept, *others)
        where = [leaves.index(leaf) for leaf in leaves_of(swept)]
        run = sweep(self.point.function(leaves, outputs), where, outputs)
        for axis in others:
            moved = leaves_of(axis)
            seeds = self.point.one_hot(self.point.positions(axis, moved), moved)
            where = [leaves.index(leaf) for leaf in moved]
            if seeds[0].shape[0] == 1:
                run = push(run, where, [seed[0] for seed in seeds])
            else:
                run = push_basis(run, where, seeds)
        result: Sequence[jax.Array] = run(*self.point.values(leaves))
        return result

    def _entries(self, group: Group, entries: Entries) -> list[jax.Array]:
        """Sweep back in the column whose absence leaves the fewest distinct rows."""
        columns = range(len(group.axes))
        kept = [[j for j in columns if j != k] for k in columns]
        options = [distinct_rows(entries.inputs[:, rest]) for rest in kept]
        swept = min(columns, key=lambda k: len(options[k][0]))
        rows, places = options[swept]
        leaves = union(*group.axes)
        outputs = group.outputs
        run = self.point.function(leaves, outputs)
        output_places = entries.outputs
        if output_places is not None:
            used, output_places = np.unique(output_places, return_inverse=True)
            run = _rows(run, used)
            first = outputs[0]
            assert isinstance(first, Coordinates)  # a weighted sum is but one row
            outputs = (Coordinates(first.leaf, (slice(0, len(used), 1),)),)
        axis = group.axes[swept]
        run = sweep(run, [leaves.index(leaf) for leaf in leaves_of(axis)], outputs)
        wheres, seeds = [], []
        for column, k in enumerate(kept[swept]):
            moved = leaves_of(group.axes[k])
            positions = self.point.positions(group.axes[k], moved)[rows[:, column]]
            wheres.append([leaves.index(leaf) for leaf in moved])
            seeds.append(self.point.one_hot(positions, moved))
        values = self.point.values(leaves)

        def along(each: Sequence[Sequence[jax.Array]]) -> Any:
            nest = run
            for where, tangents in zip(wheres, each, strict=True):
                nest = push(nest, where, tangents)
            return nest(*values)

        if seeds:
            arrays = jax.vmap(along, out_axes=-1)(seeds)
        else:
            arrays = [array[..., None] for array in run(*values)]
        wanted = self.point.positions(axis, leaves_of(axis))[entries.inputs[:, swept]]
        if output_places is None:
            return [array[..., wanted, places] for array in arrays]
        return [array[output_places, wanted, places] for array in arrays]

    def products(self, products: Products) -> Sequence[jax.Array]:
        """A JVP of the gradient, or a VJP."""
        first = products.parts[0][1]
        wanted = wanted_leaves(products)
        if products.kind == "jvp":
            raise Refused("a product with a tangent is one JVP and needs no gradient")
        if products.kind == "hvp":
            leaves = tuple(dict.fromkeys((*wanted, *first.directions)))
            run = self.point.function(leaves, (first.output,))
            run = sweep(run, range(len(wanted)), (first.output,))
            where = [leaves.index(leaf) for leaf in first.directions]
            tangents = self.point.along(first.directions)
            (vector,) = push(run, where, tangents)(*self.point.values(leaves))
            return self.split(vector, wanted)
        outputs = tuple(output for output, _ in self.point.cotangents)
        run = self.point.function(wanted, outputs)
        _, pull = jax.vjp(run, *self.point.values(wanted))
        result: Sequence[jax.Array] = pull(
            tuple(weight for _, weight in self.point.cotangents)
        )
        return result


def sweep(run: Run, where: Sequence[int], outputs: Sequence[Output]) -> Run:
    """Derivatives in whole parameters, flat: for each output of shape `out + (n,)`."""

    def swept(*values: jax.Array) -> tuple[jax.Array, ...]:
        if len(outputs) == 1 and outputs[0].is_scalar:
            nested: Any = (gradients(run, where)(*values),)
        else:
            nested = jax.jacrev(run, argnums=tuple(where))(*values)
        return tuple(
            flat_join(arrays, len(output.shape))
            for arrays, output in zip(nested, outputs, strict=True)
        )

    return swept


def _rows(run: Run, rows: NDArray[np.int64]) -> Run:
    """Some elements of the one output of a function, flat."""
    return lambda *values: (run(*values)[0].reshape(-1)[rows],)
