"""What a kernel would cost without a plan.

That is full tensors, then indexing; and of products one application of a transform.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import jax

from partialc.frontends.primal import Primal
from partialc.ops.registry import Cost
from partialc.planning.counting import counted_call
from partialc.planning.parts import parts_of
from partialc.planning.plain_products import product_call, taken_together
from partialc.realise.point import Point
from partialc.request.resolved import Block, Kernel, Product
from partialc.request.shapes import whole

MOST_ORDER: Final = 5
"""Derivatives of higher order have no full reference: each order doubles its trace."""


class References:
    """The full references of one function, each traced once for all kernels."""

    def __init__(self, primal: Primal) -> None:
        self._primal = primal
        self._costs: dict[tuple[tuple[int, ...], int], Cost | None] = {}

    def cost(self, kernel: Kernel) -> Cost | None:
        """The cost of a kernel's full reference, over the distinct tensors it needs.

        The reference of a partial of order k is the whole k-th derivative in
        every argument that the kernel differentiates: `jax.grad` or `jax.jacfwd` once,
        `jax.jacfwd` for every further order. That of a product with a direction is
        `jax.jvp`, `jax.vjp`, or `jax.jvp` of `jax.grad`: nobody would form the tensor.
        None when JAX cannot trace it, or only in minutes: a tensor of so high an order
        nobody would form either.
        """
        parts = parts_of(kernel)
        products = [part for part in parts if isinstance(part, Product)]
        blocks = [part for part in parts if isinstance(part, Block)]
        leaves = {c.leaf for block in blocks for axis in block.axes for c in axis}
        orders = {len(block.axes) for block in blocks}
        if max(orders, default=0) > MOST_ORDER:
            return None
        costs = [
            self._tensor(kernel, tuple(sorted(leaves)), order)
            for order in sorted(orders)
        ]
        costs += [
            self._traced(product_call(alike, kernel, self._primal), kernel)
            for alike in taken_together(products)
        ]
        total = Cost()
        for cost in costs:
            if cost is None:
                return None
            total = total + cost
        return total

    def _tensor(
        self, kernel: Kernel, leaves: tuple[int, ...], order: int
    ) -> Cost | None:
        """The cost of one whole derivative; the same whichever kernel asks for it."""
        key = (leaves if order else (), order)
        if key not in self._costs:
            bare = replace(kernel, directions=())
            run = _full(self._primal, bare, leaves, order)
            self._costs[key] = self._traced(run, bare)
        return self._costs[key]

    def _traced(
        self, run: Callable[..., Sequence[jax.Array]], kernel: Kernel
    ) -> Cost | None:
        try:
            return counted_call(run, kernel, self._primal).cost
        except Exception:
            return None


def _full(
    primal: Primal, kernel: Kernel, leaves: Sequence[int], order: int
) -> Callable[..., Sequence[jax.Array]]:
    """A function of the primal's flat inputs that gives a whole derivative."""
    result = [leaf.type for leaf in primal.signature.result.leaves]
    is_scalar = len(result) == 1 and not result[0].shape
    outputs = [
        whole(number, kind.shape)
        for number, kind in enumerate(result)
        if kind.dtype.is_inexact
    ]
    moved = tuple(range(len(leaves)))

    def flat(*arrays: jax.Array) -> Sequence[jax.Array]:
        point = Point.of(primal, kernel, arrays)
        results = point.function(leaves, outputs)

        def run(*given: jax.Array) -> Any:
            return results(*given)[0] if is_scalar else results(*given)

        for number in range(order):
            take = jax.grad if number == 0 and is_scalar else jax.jacfwd
            run = take(run, argnums=moved)
        return jax.tree.leaves(run(*point.values(leaves)))

    return flat
