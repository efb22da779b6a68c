"""The linear program of a matrix: a derivative as a function of its tangents.

`jax.linearize` gives it forward, `jax.vjp` backward; for Hessians both are taken of the
gradient. What does not depend on the tangents in it are residuals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import jax
import jax.numpy as jnp

from partialc.errors import REFUSALS
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import regimes_of, trace_one
from partialc.ir.program import ArrayType, Function
from partialc.realise.point import Point, leaves_of
from partialc.request.resolved import (
    COTANGENT,
    Axis,
    Coordinates,
    Output,
    WeightedSum,
    selections,
)
from partialc.request.shapes import whole

Direction: TypeAlias = Literal["forward", "reverse"]


@dataclass(frozen=True, slots=True)
class LinearProgram:
    """The derivative of some outputs by some coordinates, applied to tangents.

    Attributes:
        primal: The function.
        outputs: What is differentiated; for a Hessian one scalar, perhaps a weighted
            sum.
        wrt: The coordinates it is differentiated by: the columns.
        order: 1 for a Jacobian, 2 for a Hessian.
        direction: Whether tangents of the coordinates or cotangents of what is
            differentiated go in.
        first: For a Hessian the coordinates of its rows; None where they are `wrt`.
    """

    primal: Primal
    outputs: tuple[Output, ...]
    wrt: Axis
    order: int
    direction: Direction = "forward"
    first: Axis | None = None

    @property
    def columns(self) -> tuple[ArrayType, ...]:
        """The types of the tangents of the coordinates."""
        return self._types(self.wrt)

    @property
    def rows(self) -> tuple[ArrayType, ...]:
        """The types of what is differentiated."""
        if self.order == 2:
            return self._types(self.wrt if self.first is None else self.first)
        leaves = self.primal.signature.result.leaves
        return tuple(
            ArrayType(leaves[selections(each)[0].leaf].type.dtype, each.shape)
            for each in self.outputs
        )

    @property
    def weighed(self) -> tuple[Coordinates, ...]:
        """The outputs that have weights, which go in after the function's leaves."""
        sums = [each for each in self.outputs if isinstance(each, WeightedSum)]
        return tuple(dict.fromkeys(output for each in sums for output in each.outputs))

    @property
    def given(self) -> tuple[tuple[ArrayType, str], ...]:
        """The types and names of the function's leaves and of the weights."""
        own = [(leaf.type, name) for name, leaf in self.primal.signature.leaves]
        results = self.primal.signature.result.leaves
        for each in self.weighed:
            kind = ArrayType(results[each.leaf].type.dtype, each.shape)
            own.append((kind, COTANGENT))
        return tuple(own)

    @property
    def seeds(self) -> tuple[ArrayType, ...]:
        """The types of what goes in last: tangents or cotangents."""
        return self.columns if self.direction == "forward" else self.rows

    def _types(self, axis: Axis) -> tuple[ArrayType, ...]:
        leaves = self.primal.signature.leaves
        return tuple(
            ArrayType(leaves[each.leaf][1].type.dtype, each.shape) for each in axis
        )

    def regimes(self) -> tuple[Regime, ...]:
        """The regimes the function may be called under."""
        return regimes_of([leaf.type for _, leaf in self.primal.signature.leaves])

    def traced(self, regime: Regime) -> Function:
        """It as a program of the function's leaves, the weights, then the seeds.

        Raises:
            Exception: Whatever JAX raises.
        """
        types, names = (
            [kind for kind, _ in self.given],
            [name for _, name in self.given],
        )
        return trace_one(
            self._call,
            [*types, *self.seeds],
            regime,
            name="linear",
            input_names=[*names, *["seed"] * len(self.seeds)],
            rules=False,
        )

    @property
    def results(self) -> tuple[ArrayType, ...]:
        """The types of what comes out."""
        return self.rows if self.direction == "forward" else self.columns

    def _call(self, *given: jax.Array) -> Sequence[jax.Array]:
        count = len(self.given)
        return self.applied(given[:count])(*given[count:])

    def applied(
        self, given: Sequence[jax.Array]
    ) -> Callable[..., tuple[jax.Array, ...]]:
        """The linear program at a point, as a function of the seeds.

        Args:
            given: The function's own leaves, then the weights.
        """
        count = len(self.primal.signature.leaves)
        leaves = given[:count]
        cotangents = tuple(zip(self.weighed, given[count:], strict=True))

        def run(*selected: jax.Array) -> tuple[jax.Array, ...]:
            moved = tuple(_with(leaves, self.wrt, selected))
            return self._differentiated(Point(self.primal, moved, {}, cotangents))

        at = tuple(leaves[each.leaf][each.index] for each in self.wrt)
        if self.direction == "forward":
            linear: Any = jax.linearize(run, *at)[1]
            return lambda *seeds: tuple(linear(*seeds))
        pull: Any = jax.vjp(run, *at)[1]
        return lambda *seeds: tuple(pull(tuple(seeds)))

    def _differentiated(self, point: Point) -> tuple[jax.Array, ...]:
        """What is differentiated once: selected outputs, or a selected gradient."""
        if self.order == 1:
            return tuple(point.function((), self.outputs)())
        first = self.wrt if self.first is None else self.first
        numbers = leaves_of(first)
        run = point.function(numbers, self.outputs)

        def scalar(*values: jax.Array) -> jax.Array:
            (found,) = run(*values)
            return jnp.asarray(found)

        gradient = dict(
            zip(numbers, _gradient(scalar, point.values(numbers)), strict=True)
        )
        return tuple(_selected(gradient[each.leaf], each) for each in first)


def _gradient(
    scalar: Callable[..., jax.Array], values: tuple[jax.Array, ...]
) -> tuple[jax.Array, ...]:
    """The gradient of a scalar; forward where it cannot be taken in reverse."""
    places = tuple(range(len(values)))
    try:
        found: tuple[jax.Array, ...] = jax.grad(scalar, places)(*values)
    except REFUSALS:  # a loop, say, whose length is not known
        found = jax.jacfwd(scalar, places)(*values)
    return found


def _with(
    leaves: Sequence[jax.Array], axis: Axis, selected: Sequence[jax.Array]
) -> list[jax.Array]:
    """Leaves with other values at some coordinates."""
    moved = list(leaves)
    for each, part in zip(axis, selected, strict=True):
        leaf = moved[each.leaf]
        is_whole = each == whole(each.leaf, leaf.shape)
        moved[each.leaf] = part if is_whole else leaf.at[each.index].set(part)
    return moved


def _selected(array: jax.Array, each: Coordinates) -> jax.Array:
    """The elements of a leaf that coordinates select."""
    return array if each == whole(each.leaf, array.shape) else array[each.index]
