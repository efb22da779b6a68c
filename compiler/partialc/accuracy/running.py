"""Runs kernels and chains at many points at once.

As a caller of the regime runs them: compiled, so that XLA's own rewriting is part of
what is judged. XLA's time to compile grows faster than a program; long ones are run
scalar by scalar, which takes a few compiled operations for all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from partialc.accuracy.contract import Array, Runner
from partialc.accuracy.scalars import Scalars
from partialc.accuracy.scalarwise import Scalarwise
from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import Stepwise
from partialc.ir.program import Function
from partialc.ir.structure import all_equations
from partialc.ops.evaluation import evaluate

Flat: TypeAlias = Callable[..., Sequence[jax.Array]]
"""A function of a kernel's flat inputs that returns one array for each part."""

LONG: Final = 150
"""Programs of more operations are run scalar by scalar, where they are made of
scalars alone."""


class Reference:
    """A way to some derivatives that a kernel is held against.

    Its trace is run, not what was traced: JAX would hold NumPy's constants in the width
    of one regime while they are asked for in another (`ir.jaxprs.stale`). Whoever runs
    it again gets what was taken apart and compiled before.
    """

    def __init__(self, program: Callable[[Regime], Function]) -> None:
        """Nothing is done yet.

        Args:
            program: Gives its trace in a regime.
        """
        self._program = program
        self._scalars: dict[Regime, Scalars] = {}
        self._runners: dict[Regime, Runner] = {}

    @property
    def traced(self) -> Function:
        """The trace in the widest regime."""
        return self._program(Regime.WIDE)

    def scalars(self, regime: Regime = Regime.WIDE) -> Scalars:
        """The trace in a regime, taken apart."""
        if regime not in self._scalars:
            self._scalars[regime] = Scalars(self._program(regime))
        return self._scalars[regime]

    @cached_property
    def length(self) -> int:
        """How many operations it takes, in the widest regime."""
        return operations(self.scalars().program)

    @property
    def is_long(self) -> bool:
        """Whether compiling it takes long."""
        return self.length > LONG

    @cached_property
    def is_taken_apart(self) -> bool:
        """Whether it is run scalar by scalar."""
        return self.is_long and self.scalars().roots is not None

    @property
    def is_cheap(self) -> bool:
        """Whether it is run in little time."""
        return self.is_taken_apart or not self.is_long

    def runner(self, regime: Regime) -> Runner:
        """What runs it in a regime."""
        if regime not in self._runners:
            scalars = self.scalars(regime) if self.is_taken_apart else None
            self._runners[regime] = (
                _evaluated(self._program(regime), regime)
                if scalars is None or scalars.roots is None
                else Scalarwise(scalars, regime)
            )
        return self._runners[regime]


def operations(function: Function) -> int:
    """How many there are, those of loops and branches included."""
    return sum(1 for _ in all_equations(function))


def compiled(flat: Flat, regime: Regime) -> Runner:
    """A function of one point over many, compiled if it is not too long for that."""
    made: dict[int, Stepwise] = {}

    def run(points: Sequence[Array]) -> Sequence[Array]:
        with jax.enable_x64(regime.x64):
            arrays = [jnp.asarray(leaf) for leaf in points]
            count = len(points[0])
            if count not in made:
                made[count] = Stepwise(jax.vmap(flat), *arrays)
            return [np.asarray(array) for array in made[count](*arrays)]

    return run


def program_runner(function: Function, regime: Regime) -> Runner:
    """A finished program over many points, by its length."""
    if operations(function) > LONG:
        scalars = Scalars(function)
        if scalars.roots is not None:
            return Scalarwise(scalars, regime)
    return _evaluated(function, regime)


def _evaluated(function: Function, regime: Regime) -> Runner:
    return compiled(lambda *leaves: evaluate(function, leaves, regime), regime)
