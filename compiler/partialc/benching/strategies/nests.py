"""Nests of gradients: differentiate, keep one element, differentiate that again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from partialc.benching.groups import Group, Products, distinct_rows
from partialc.benching.strategies.strategy import (
    Refused,
    Strategy,
    gradients,
    wanted_leaves,
)
from partialc.realise.point import Run, flat_join, leaves_of, pick, union
from partialc.request.resolved import Entries, Output

MOST_NESTS: Final = 16
"""One does not write more of them by hand."""

_NO_SCALAR: Final = "the output is no scalar, and `jax.grad` wants one"


class Nests(Strategy):
    """`jax.grad(lambda x: jax.grad(f)(x)[i])(x)[j]`."""

    def group(self, group: Group) -> Sequence[jax.Array]:
        """One nest for each row of derivatives; the last gradient is kept whole."""
        if not group.axes:
            return self.value(group.outputs)
        if group.entries is not None:
            return [self._entries(group, group.entries)]
        if not group.is_scalar:
            raise Refused(_NO_SCALAR)
        last = int(np.argmax(group.sizes))
        rows = int(np.prod(group.sizes)) // max(1, group.sizes[last])
        if rows != 1:
            raise Refused(f"a nest of gradients gives one row, and {rows} are wanted")
        others = [k for k in range(len(group.axes)) if k != last]
        vector = self._nest(
            group, group.outputs[0], [(k, 0) for k in others], last, None
        )
        axis = group.axes[last]
        return [pick(vector, 0, self.point.positions(axis, leaves_of(axis)))]

    def _entries(self, group: Group, entries: Entries) -> jax.Array:
        if entries.outputs is None and not group.is_scalar:
            raise Refused(_NO_SCALAR)
        rows = entries.outputs
        column = np.zeros(len(entries.inputs), np.int64) if rows is None else rows
        keys = np.concatenate([column[:, None], entries.inputs[:, :-1]], axis=1)
        distinct, places = distinct_rows(keys)
        if len(distinct) > MOST_NESTS:
            raise Refused(f"it would take {len(distinct)} nests of gradients")
        last = len(group.axes) - 1
        vectors = []
        for row, *prefix in distinct.tolist():
            element = None if rows is None else row
            steps = list(enumerate(prefix))
            vectors.append(self._nest(group, group.outputs[0], steps, last, element))
        axis = group.axes[last]
        positions = self.point.positions(axis, leaves_of(axis))
        return jnp.stack(vectors)[places, positions[entries.inputs[:, last]]]

    def _nest(
        self,
        group: Group,
        output: Output,
        steps: Sequence[tuple[int, int]],
        last: int,
        element: int | None,
    ) -> jax.Array:
        """The gradient over the last axis' whole leaves of a nest over other axes.

        Args:
            group: What is wanted.
            output: The output.
            steps: For each differentiation but the last, its axis and the number of
                the element along it.
            last: The axis of the last one.
            element: Which element of the output, flat; None for a scalar output.
        """
        leaves = union(*group.axes)
        run = self.point.function(leaves, (output,))
        if element is not None:
            run = _element(run, element)
        for k, number in steps:
            moved = leaves_of(group.axes[k])
            positions = self.point.positions(group.axes[k], moved)
            run = self._kept(run, leaves, moved, positions[number])
        where = [leaves.index(leaf) for leaf in leaves_of(group.axes[last])]
        return flat_join(gradients(run, where)(*self.point.values(leaves)), 0)

    def _kept(
        self, run: Run, leaves: Sequence[int], moved: Sequence[int], position: int
    ) -> Run:
        """One element of a gradient, as a scalar function."""
        start = 0
        for leaf in moved:
            shape = self.point.shape(leaf)
            size = int(np.prod(shape))
            if position < start + size:
                index = tuple(map(int, np.unravel_index(position - start, shape)))
                where = [leaves.index(leaf)]
                return lambda *values: (gradients(run, where)(*values)[0][index],)
            start += size
        raise IndexError(position)

    def products(self, products: Products) -> Sequence[jax.Array]:
        """Gradients of inner products."""
        first = products.parts[0][1]
        wanted = wanted_leaves(products)
        if products.kind == "vjp":
            return self._vjp(wanted)
        outputs = tuple(part.output for _, part in products.parts)
        if not all(output.is_scalar for output in outputs):
            raise Refused(_NO_SCALAR)
        directions = first.directions
        if products.kind == "jvp":
            slopes = [self._slope(o, directions, ends=first.steps) for o in outputs]
            return [slope() for slope in slopes]
        slope = self._slope(first.output, directions, wanted)
        return _gradients_of(slope, self.point.values(wanted))

    def _slope(
        self,
        output: Output,
        directions: Sequence[int],
        moved: Sequence[int] = (),
        ends: Sequence[str] = ("",),
    ) -> Run:
        """Gradient times given tangent, time after time, as a function of some leaves.

        Args:
            output: What is differentiated.
            directions: The leaves that have tangents.
            moved: The leaves it is a function of.
            ends: Of each differentiation, the end of the tangents' names.
        """
        leaves = tuple(dict.fromkeys((*moved, *directions)))
        run = self.point.function(leaves, (output,))
        where = [leaves.index(leaf) for leaf in directions]

        def along(run: Run, end: str) -> Run:
            def slope(*values: jax.Array) -> Any:
                found = gradients(run, where)(*values)
                return (flat_join(found, 0) @ self.tangent(directions, end),)

            return slope

        for end in ends:
            run = along(run, end)
        final = run
        return lambda *values: final(
            *values, *self.point.values(leaves[len(values) :])
        )[0]

    def _vjp(self, wanted: Sequence[int]) -> Sequence[jax.Array]:
        outputs = tuple(output for output, _ in self.point.cotangents)
        run = self.point.function(wanted, outputs)

        def weighted(*values: jax.Array) -> Any:
            return sum(
                jnp.vdot(weight, array)
                for array, (_, weight) in zip(
                    run(*values), self.point.cotangents, strict=True
                )
            )

        return _gradients_of(weighted, self.point.values(wanted))


def _gradients_of(run: Run, values: Sequence[jax.Array]) -> Sequence[jax.Array]:
    result: Sequence[jax.Array] = jax.grad(run, argnums=tuple(range(len(values))))(
        *values
    )
    return result


def _element(run: Run, position: int) -> Run:
    """One element of the one output of a function, as a scalar function."""
    return lambda *values: (run(*values)[0].reshape(-1)[position],)
