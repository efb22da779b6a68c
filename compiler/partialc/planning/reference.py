"""What a kernel would cost without a plan.

That is full tensors, then indexing, as the generated test has it; and of products one
application of a transform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import jax

from partialc.frontends.primal import Primal
from partialc.ops.registry import Cost
from partialc.planning.counting import counted_call
from partialc.planning.plain_products import product_call, taken_together
from partialc.reference.body import Names
from partialc.reference.derivatives import Policy
from partialc.reference.expected import tensors_text
from partialc.reference.running import defined
from partialc.request.parts import parts_of
from partialc.request.resolved import Block, Kernel, Product

MOST_ORDER: Final = 5
"""Derivatives of higher order have no full reference: each order doubles its trace."""


class References:
    """The full references of one function, each traced once for all kernels."""

    def __init__(self, primal: Primal) -> None:
        self._primal = primal
        self._names = Names(primal.signature)
        self._costs: dict[str, Cost | None] = {}

    def cost(self, kernel: Kernel) -> Cost | None:
        """The cost of a kernel's full reference.

        Of a product with a direction that is the cost of `jax.jvp`, `jax.vjp`, or
        `jax.jvp` of `jax.grad`: nobody would form the tensor. None when JAX cannot
        trace it, or only in minutes: a tensor of so high an order nobody would form
        either.
        """
        parts = parts_of(kernel)
        products = [part for part in parts if isinstance(part, Product)]
        blocks = [part for part in parts if isinstance(part, Block)]
        if max((block.order for block in blocks), default=0) > MOST_ORDER:
            return None
        costs = [self._tensors(blocks, kernel)] if blocks else []
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

    def _tensors(self, blocks: Iterable[Block], kernel: Kernel) -> Cost | None:
        """The cost of full tensors; the same whichever kernel asks for them."""
        for policy in Policy:
            text = tensors_text(blocks, self._names, policy=policy)
            if text not in self._costs:
                run = self._on_leaves(defined(text, "tensors", self._primal.call))
                self._costs[text] = self._traced(run, replace(kernel, directions=()))
            if self._costs[text] is not None:
                return self._costs[text]
        return None

    def _on_leaves(
        self, function: Callable[..., Any]
    ) -> Callable[..., Sequence[jax.Array]]:
        trees = self._primal.signature.arguments.values()

        def run(*leaves: jax.Array) -> Sequence[jax.Array]:
            rest = list(leaves)
            arguments = []
            for tree in trees:
                count = tree.structure.num_leaves
                arguments.append(jax.tree.unflatten(tree.structure, rest[:count]))
                rest = rest[count:]
            return jax.tree.leaves(function(*arguments))

        return run

    def _traced(
        self, run: Callable[..., Sequence[jax.Array]], kernel: Kernel
    ) -> Cost | None:
        try:
            return counted_call(run, kernel, self._primal).cost
        except Exception:
            return None
