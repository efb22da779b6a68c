"""What a kernel would cost without a plan: full tensors, then indexing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax

from partialc.frontends.primal import Primal
from partialc.ops.registry import Cost
from partialc.planning.cost import count
from partialc.realise.execute import trace_flat
from partialc.request.resolved import Block, Kernel, Product


class References:
    """The full references of one function, each traced once for all kernels."""

    def __init__(self, primal: Primal) -> None:
        self._primal = primal
        self._costs: dict[tuple[tuple[int, ...], int], Cost | None] = {}

    def cost(self, kernel: Kernel) -> Cost | None:
        """The cost of a kernel's full reference, over the distinct tensors it needs.

        The reference of a partial of order k is the whole k-th derivative in
        every argument that the kernel differentiates: `jax.grad` or `jax.jacfwd` once,
        `jax.jacfwd` for every further order. None when JAX cannot trace it.
        """
        orders: set[int] = set()
        leaves: set[int] = set()
        for field in kernel.fields:
            for part in jax.tree.leaves(field.parts):
                match part:
                    case Block(axes=axes):
                        orders.add(len(axes))
                        leaves.update(c.leaf for axis in axes for c in axis)
                    case Product(kind=kind, leaf=leaf, directions=directions):
                        orders.add(2 if kind == "hvp" else 1)
                        leaves.update(
                            directions if leaf is None else (*directions, leaf)
                        )
        total = Cost()
        for order in sorted(orders):
            cost = self._tensor(kernel, tuple(sorted(leaves)), order)
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
            run = _full(self._primal, leaves, order)
            bare = replace(kernel, directions=())
            try:
                program = trace_flat(run, bare, self._primal.signature)
                self._costs[key] = count(program)
            except Exception:
                self._costs[key] = None
        return self._costs[key]


def _full(
    primal: Primal, leaves: Sequence[int], order: int
) -> Callable[..., Sequence[jax.Array]]:
    structures = [tree.structure for tree in primal.signature.arguments.values()]
    result = [leaf.type for leaf in primal.signature.result.leaves]
    scalar = len(result) == 1 and not result[0].shape

    def flat(*arrays: jax.Array) -> Any:
        rest = list(arrays)
        arguments = []
        for structure in structures:
            arguments.append(
                jax.tree.unflatten(structure, rest[: structure.num_leaves])
            )
            rest = rest[structure.num_leaves :]
        outputs = jax.tree.leaves(primal.call(*arguments))
        kept = [
            array
            for array, type_ in zip(outputs, result, strict=True)
            if type_.dtype.is_inexact
        ]
        return kept[0] if scalar else kept

    run: Callable[..., Any] = flat
    for number in range(order):
        if number == 0 and scalar:
            run = jax.grad(run, argnums=tuple(leaves))
        else:
            run = jax.jacfwd(run, argnums=tuple(leaves))
    return lambda *arrays: jax.tree.leaves(run(*arrays))
