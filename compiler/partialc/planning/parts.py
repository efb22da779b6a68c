"""The parts of a kernel's result: the results of every program that delivers it."""

from __future__ import annotations

import jax

from partialc.request.resolved import Block, Kernel, Product


def parts_of(kernel: Kernel) -> list[Block | Product]:
    """All parts of a kernel, in the order of `Chain.reads`."""
    return [part for field in kernel.fields for part in jax.tree.leaves(field.parts)]


def order_of(part: Block | Product) -> int:
    """How often a part is differentiated."""
    if isinstance(part, Block):
        return part.order
    return 2 if part.kind == "hvp" else 1


def highest_order(kernel: Kernel) -> int:
    """How often the parts of a kernel are differentiated at the most."""
    return max(map(order_of, parts_of(kernel)), default=0)


def values_of(kernel: Kernel) -> tuple[int, ...]:
    """The numbers of the parts of a kernel that are values of the function itself."""
    return tuple(
        number
        for number, part in enumerate(parts_of(kernel))
        if isinstance(part, Block) and not part.order
    )
