"""Products of derivatives with tangents and cotangents, as plain JAX takes them.

`jax.jvp`, `jax.vjp`, and `jax.jvp` of `jax.grad` (forward over reverse: Pearlmutter,
"Fast exact multiplication by the Hessian", Neural Computation 6, 1994).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import jax

from partialc.frontends.primal import Primal
from partialc.realise.point import Point, push
from partialc.request.resolved import Kernel, Product


def taken_together(products: Iterable[Product]) -> list[list[Product]]:
    """Products grouped by what one application gives."""
    groups: dict[object, list[Product]] = {}
    for product in products:
        output = product.output if product.kind == "hvp" else None
        steps = product.directions, product.steps
        key = product.kind, steps, product.outputs, output
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
        point = Point.of(primal, kernel, arrays)
        first = alike[0]
        tangents = point.along(first.directions)
        if first.kind == "jvp":
            outputs = [product.output for product in alike]
            results = point.function(first.directions, outputs)
            places = list(range(len(first.directions)))
            moved = point.values(first.directions)
            for end in first.steps:
                results = push(results, places, point.along(first.directions, end))
            return tuple(results(*moved))
        wanted = [product.leaf for product in alike if product.leaf is not None]
        if first.kind == "vjp":
            results = point.function(wanted, [output for output, _ in point.cotangents])
            _, pull = jax.vjp(results, *point.values(wanted))
            return tuple(pull(tuple(weight for _, weight in point.cotangents)))
        both = tuple(dict.fromkeys((*wanted, *first.directions)))
        results = point.function(both, [first.output])
        gradient = jax.grad(lambda *given: results(*given)[0], range(len(wanted)))
        places = [both.index(leaf) for leaf in first.directions]
        return tuple(push(gradient, places, tangents)(*point.values(both)))

    return run
