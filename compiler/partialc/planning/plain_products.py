"""Products of derivatives with tangents and cotangents, as plain JAX takes them.

`jax.jvp`, `jax.vjp`, and `jax.jvp` of `jax.grad` (forward over reverse: Pearlmutter,
"Fast exact multiplication by the Hessian", Neural Computation 6, 1994).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from partialc.frontends.primal import Primal
from partialc.request.resolved import Coordinates, Kernel, Product


def taken_together(products: Iterable[Product]) -> list[list[Product]]:
    """Products grouped by what one application gives."""
    groups: dict[object, list[Product]] = {}
    for product in products:
        output = product.output if product.kind == "hvp" else None
        key = product.kind, product.directions, product.outputs, output
        groups.setdefault(key, []).append(product)
    return list(groups.values())


def product_call(
    alike: Sequence[Product], kernel: Kernel, primal: Primal
) -> Callable[..., Sequence[jax.Array]]:
    """A function of a kernel's flat inputs that gives some of its products.

    Args:
        alike: The products, a group of `taken_together`.
        kernel: Whose products they are.
        primal: The function.

    Returns:
        A function that returns one array for each product.
    """

    def run(*arrays: jax.Array) -> Sequence[jax.Array]:
        point = _Point.of(arrays, kernel, primal)
        first = alike[0]
        moved = [point.leaves[leaf] for leaf in first.directions]
        along = [point.tangents[leaf] for leaf in first.directions]
        if first.kind == "jvp":
            outputs = [product.output for product in alike]
            results = point.results(outputs, first.directions)
            changes: Sequence[jax.Array] = jax.jvp(results, moved, along)[1]
            return changes
        wanted = [product.leaf for product in alike if product.leaf is not None]
        if first.kind == "vjp":
            results = point.results(first.outputs, wanted)
            _, pull = jax.vjp(results, *[point.leaves[leaf] for leaf in wanted])
            pulled: Sequence[jax.Array] = pull(list(point.cotangents))
            return pulled
        gradient = point.gradient(first.output, wanted, first.directions)
        turned: Sequence[jax.Array] = jax.jvp(gradient, moved, along)[1]
        return turned

    return run


@dataclass(frozen=True, slots=True)
class _Point:
    """Where a function is differentiated, and in which directions.

    Attributes:
        primal: The function.
        leaves: The leaves of its arguments.
        tangents: Those of the directions, by the leaf that they move.
        cotangents: The weights of the results, if there are any.
    """

    primal: Primal
    leaves: tuple[jax.Array, ...]
    tangents: Mapping[int, jax.Array]
    cotangents: tuple[jax.Array, ...]

    @classmethod
    def of(cls, arrays: Sequence[jax.Array], kernel: Kernel, primal: Primal) -> _Point:
        """The flat inputs of a kernel, told apart."""
        signature = primal.signature
        count = len(signature.leaves)
        further = iter(arrays[count:])
        tangents: dict[int, jax.Array] = {}
        cotangents: tuple[jax.Array, ...] = ()
        for direction in kernel.directions:
            if direction.argument is None:
                cotangents = tuple(further)
            else:
                numbers = signature.leaf_numbers(direction.argument)
                tangents |= {number: next(further) for number in numbers}
        return cls(primal, tuple(arrays[:count]), tangents, cotangents)

    def results(
        self, outputs: Sequence[Coordinates], moved: Sequence[int]
    ) -> Callable[..., list[jax.Array]]:
        """Selected results as a function of some leaves."""
        signature = self.primal.signature
        structures = [tree.structure for tree in signature.arguments.values()]

        def call(*given: jax.Array) -> list[jax.Array]:
            chosen = dict(zip(moved, given, strict=True))
            rest = [chosen.get(n, leaf) for n, leaf in enumerate(self.leaves)]
            arguments = []
            for structure in structures:
                count = structure.num_leaves
                arguments.append(jax.tree.unflatten(structure, rest[:count]))
                rest = rest[count:]
            results = jax.tree.leaves(self.primal.call(*arguments))
            return [jnp.asarray(results[each.leaf])[each.index] for each in outputs]

        return call

    def gradient(
        self, output: Coordinates, wanted: Sequence[int], moved: Sequence[int]
    ) -> Callable[..., tuple[jax.Array, ...]]:
        """The gradient of one result in some leaves, as a function of others."""
        both = tuple(dict.fromkeys((*wanted, *moved)))
        results = self.results([output], both)
        take = jax.grad(lambda *given: results(*given)[0], tuple(range(len(wanted))))

        def call(*given: jax.Array) -> tuple[jax.Array, ...]:
            chosen = dict(zip(moved, given, strict=True))
            gradient: tuple[jax.Array, ...] = take(
                *[chosen.get(leaf, self.leaves[leaf]) for leaf in both]
            )
            return gradient

        return call
