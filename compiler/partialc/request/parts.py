"""The derivatives that a kernel is made of, and what its programs return."""

from __future__ import annotations

from partialc.request.combination import Combination, parts_in, results_of
from partialc.request.resolved import Block, Kernel, Product


def parts_of(kernel: Kernel) -> list[Block | Product]:
    """All derivatives of a kernel, in the order of `Chain.reads`."""
    return [part for field in kernel.fields for part in parts_in(field.parts)]


def part_numbers(kernel: Kernel) -> list[tuple[int, ...]]:
    """For each result, the numbers of the derivatives it is made of."""
    found: list[tuple[int, ...]] = []
    start = 0
    for result in results_of(kernel):
        count = len(result.parts) if isinstance(result, Combination) else 1
        found.append(tuple(range(start, start + count)))
        start += count
    return found


def order_of(part: Block | Product) -> int:
    """How often a part is differentiated."""
    if isinstance(part, Block):
        return part.order
    return 2 if part.kind == "hvp" else len(part.steps)


def highest_order(kernel: Kernel) -> int:
    """How often the parts of a kernel are differentiated at the most."""
    return max(map(order_of, parts_of(kernel)), default=0)


def values_of(kernel: Kernel) -> tuple[int, ...]:
    """The numbers of the results of a kernel that are values of the function itself."""
    return tuple(
        number
        for number, result in enumerate(results_of(kernel))
        if isinstance(result, Block) and not result.order
    )
