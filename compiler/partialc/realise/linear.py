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

from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import regimes_of, trace_one
from partialc.ir.program import ArrayType, Function
from partialc.realise.point import Point, leaves_of
from partialc.request.resolved import Axis, Coordinates
from partialc.request.shapes import whole

Direction: TypeAlias = Literal["forward", "reverse"]


@dataclass(frozen=True, slots=True)
class LinearProgram:
    """The derivative of some outputs by some coordinates, applied to tangents.

    Attributes:
        primal: The function.
        outputs: What is differentiated; for a Hessian one scalar.
        wrt: The coordinates it is differentiated by.
        order: 1 for a Jacobian, 2 for a Hessian.
        direction: Whether tangents of the coordinates or cotangents of what is
            differentiated go in.
    """

    primal: Primal
    outputs: tuple[Coordinates, ...]
    wrt: Axis
    order: int
    direction: Direction = "forward"

    @property
    def columns(self) -> tuple[ArrayType, ...]:
        """The types of the tangents of the coordinates."""
        leaves = self.primal.signature.leaves
        return tuple(
            ArrayType(leaves[each.leaf][1].type.dtype, each.shape) for each in self.wrt
        )

    @property
    def rows(self) -> tuple[ArrayType, ...]:
        """The types of what is differentiated."""
        if self.order == 2:
            return self.columns
        leaves = self.primal.signature.result.leaves
        return tuple(
            ArrayType(leaves[each.leaf].type.dtype, each.shape) for each in self.outputs
        )

    @property
    def seeds(self) -> tuple[ArrayType, ...]:
        """The types of what goes in, after the function's own leaves."""
        return self.columns if self.direction == "forward" else self.rows

    def regimes(self) -> tuple[Regime, ...]:
        """The regimes the function may be called under."""
        return regimes_of([leaf.type for _, leaf in self.primal.signature.leaves])

    def traced(self, regime: Regime) -> Function:
        """It as a program of the function's leaves, then the seeds.

        Raises:
            Exception: Whatever JAX raises.
        """
        leaves = self.primal.signature.leaves
        types = [leaf.type for _, leaf in leaves]
        names = [name for name, _ in leaves]
        return trace_one(
            self._call,
            [*types, *self.seeds],
            regime,
            name="linear",
            input_names=[*names, *["seed"] * len(self.seeds)],
            rules=False,
        )

    def _call(self, *given: jax.Array) -> Sequence[jax.Array]:
        count = len(self.primal.signature.leaves)
        leaves, seeds = given[:count], given[count:]
        run = self._differentiated(leaves)
        at = tuple(leaves[each.leaf][each.index] for each in self.wrt)
        if self.direction == "forward":
            linear: Any = jax.linearize(run, *at)[1]
            return tuple(linear(*seeds))
        pull: Any = jax.vjp(run, *at)[1]
        return tuple(pull(tuple(seeds)))

    def _differentiated(
        self, leaves: Sequence[jax.Array]
    ) -> Callable[..., tuple[jax.Array, ...]]:
        """What is differentiated once, as a function of the coordinates."""
        point = Point(self.primal, tuple(leaves), {}, ())
        numbers = leaves_of(self.wrt)
        run = point.function(numbers, self.outputs)

        def value(*selected: jax.Array) -> tuple[jax.Array, ...]:
            moved = {number: leaves[number] for number in numbers}
            for each, part in zip(self.wrt, selected, strict=True):
                leaf = moved[each.leaf]
                is_whole = each == whole(each.leaf, leaf.shape)
                moved[each.leaf] = part if is_whole else leaf.at[each.index].set(part)
            return tuple(run(*moved.values()))

        if self.order == 1:
            return value

        def scalar(*selected: jax.Array) -> jax.Array:
            (found,) = value(*selected)
            return jnp.asarray(found)

        places = tuple(range(len(self.wrt)))
        gradient: Callable[..., tuple[jax.Array, ...]] = jax.grad(scalar, places)
        return gradient
