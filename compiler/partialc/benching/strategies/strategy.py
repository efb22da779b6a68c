"""What every way of computing derivatives by hand has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from math import prod
from typing import Any, final

import jax
import jax.numpy as jnp

from partialc.benching.groups import Group, Products, Work, deliver
from partialc.realise.point import Point, Run
from partialc.request.resolved import Output


class Refused(Exception):
    """This way does not lead to this kernel; the message says why."""


class Strategy(ABC):
    """One way, on one evaluation of a kernel at one point.

    What several parts of the kernel need is computed once, as one would by hand.

    Attributes:
        point: The kernel's arguments.
    """

    def __init__(self, point: Point) -> None:
        self.point = point
        self._known: dict[Hashable, Any] = {}

    @abstractmethod
    def group(self, group: Group) -> Sequence[jax.Array]:
        """The derivatives of a group: an array for each output.

        Returns:
            Arrays with the elements of shape `out + sizes` for dense blocks, of
            `out + (k,)` or `(k,)` for entries.

        Raises:
            Refused: There is no such way.
        """

    @abstractmethod
    def products(self, products: Products) -> Sequence[jax.Array]:
        """The products, in order.

        Raises:
            Refused: There is no such way.
        """

    @final
    def evaluate(self, work: Work) -> tuple[jax.Array, ...]:
        """The kernel's result, one array per part."""
        found: dict[int, jax.Array] = {}
        signature = self.point.primal.signature
        for group in work.groups:
            found |= deliver(group, self.group(group), work.parts, signature)
        for products in work.products:
            numbers = [number for number, _ in products.parts]
            found |= zip(numbers, self.products(products), strict=True)
        return tuple(found[number] for number in sorted(found))

    @final
    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` gives, computed at the first request only."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    @final
    def value(self, outputs: tuple[Output, ...]) -> Sequence[jax.Array]:
        """The function's own outputs."""
        result: Sequence[jax.Array] = self.once(
            ("value", outputs), lambda: self.point.function((), outputs)()
        )
        return result

    @final
    def split(self, vector: jax.Array, leaves: Sequence[int]) -> list[jax.Array]:
        """A last axis over the elements of whole leaves, as one array per leaf."""
        arrays, start = [], 0
        for leaf in leaves:
            shape = self.point.shape(leaf)
            size = prod(shape)
            piece = vector[..., start : start + size]
            arrays.append(piece.reshape(*vector.shape[:-1], *shape))
            start += size
        return arrays

    @final
    def tangent(self, leaves: Sequence[int], end: str = "") -> jax.Array:
        """The given tangents of some leaves, flat."""
        flat = [array.reshape(-1) for array in self.point.along(leaves, end)]
        return flat[0] if len(flat) == 1 else jnp.concatenate(flat)


def gradients(run: Run, where: Sequence[int]) -> Run:
    """A scalar function's gradients in some parameters, as a tuple."""

    def scalar(*values: jax.Array) -> Any:
        return run(*values)[0]

    return jax.grad(scalar, argnums=tuple(where))


def wanted_leaves(products: Products) -> tuple[int, ...]:
    """The leaves whose (co)tangents are returned, in order."""
    return tuple(part.leaf for _, part in products.parts if part.leaf is not None)
