"""Whether a kernel is right, entry by entry, as far as rounding lets one say.

The contract of the compiler is that a kernel is finite where plain JAX is, and errs at
most a small multiple of what plain JAX errs. What JAX errs is seen from its modes at
the point and at neighbours of it a few floats away: single points are right by luck.
Of float32 the truth is what float64 gives at the same points. Float64 has no truth
here; its spread over the neighbours stands for its error, conditioning included.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.api import Module
from partialc.ir.dtypes import Regime
from tests.oracle import MODES
from tests.property.cases import COUNT, Case
from tests.property.shipping import assert_planned_is_shipped

STEPS: Final = np.array([0, 1, -1, 2, -3, 5, -7, 11, -16])
"""How many floats a neighbour is away, the point itself first."""

TINY: Final = {"float32": 2.0**-110, "float64": 2.0**-1000}
"""XLA flushes subnormals, and products that pass through them."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """How far from what it should be a number may be.

    Attributes:
        multiple: So many times the error of what it is compared with; four are
            promised, against the truth.
        ulps: So many ulps of the number itself.
        of_largest: So many ulps of the largest entry beside it.
        width: The float type.
    """

    multiple: float = 16
    ulps: float = 64
    of_largest: float = 16
    width: str = "float64"

    def allowed(
        self,
        truth: NDArray[Any],
        modes: Sequence[NDArray[Any]],
        truths: NDArray[Any] | None = None,
        moving: Sequence[NDArray[Any]] = (),
    ) -> NDArray[Any]:
        """The error that is allowed for each entry.

        Args:
            truth: What is wanted at each point.
            modes: What else computes it, at each point and its neighbours.
            truths: What is wanted there; without it the same as at the point.
            moving: What is not trusted to compute it, but moves from neighbour to
                neighbour as rounding has it.
        """
        wanted = truth[:, None] if truths is None else truths
        with np.errstate(all="ignore"):
            errors = [np.abs(mode - wanted) for mode in modes]
            errors += [np.abs(each - each[:, :1]) for each in moving]
        error = np.max([np.where(np.isfinite(e), e, 0).max(axis=1) for e in errors], 0)
        size = np.where(np.isfinite(truth), np.abs(truth), 0)
        axes = tuple(range(1, size.ndim))
        largest = size.max(axis=axes, keepdims=True, initial=0.0)
        ulps = self.ulps * size + self.of_largest * largest
        eps = float(np.finfo(self.width).eps)
        return np.asarray(self.multiple * error + eps * ulps + TINY[self.width])

    def wrong(
        self,
        found: NDArray[Any],
        truth: NDArray[Any],
        modes: Sequence[NDArray[Any]],
        truths: NDArray[Any] | None = None,
        moving: Sequence[NDArray[Any]] = (),
    ) -> NDArray[np.bool_]:
        """Which entries are wrong: where all is finite, one that is not is wrong."""
        is_judged = np.isfinite(truth)
        for each in (*modes, *moving):
            is_judged = is_judged & np.isfinite(each[:, 0])
        allowed = self.allowed(truth, modes, truths, moving)
        with np.errstate(all="ignore"):
            is_near = np.abs(found - truth) <= allowed
        return np.asarray(is_judged & ~(np.isfinite(found) & is_near))


def check(case: Case) -> None:
    """Build a case, call its kernel, and compare every entry with plain JAX.

    Raises:
        AssertionError: An entry is wrong, or not finite where those of JAX are; or the
            kernel does more than was planned.
    """
    module = case.compiled()
    if not case.batch and not case.differentiable:
        assert_planned_is_shipped(module)
    names = [each.name for each in module.compiled.kernels["kernel"].directions]
    given = list(case.arguments(names).values())
    with jax.enable_x64(Regime(case.regime).x64):
        found = list(map(np.asarray, case.kernel(module)(*map(jnp.asarray, given))))
    judge = Judge(case, module, given)
    wrong = judge.wrong(found)
    if not any(each.any() for each in wrong):
        return
    # Only now: each mode takes as long to compile as the kernel.
    judge.learn_more()
    wrong = judge.wrong(found)
    for number, each in enumerate(wrong):
        assert not each.any(), judge.complaint(number, found[number], each)


class Judge:
    """What plain JAX gives at the points of a case and around them."""

    def __init__(self, case: Case, module: Module, given: list[NDArray[Any]]) -> None:
        self.case = case
        self.module = module
        self.rounding = Rounding(width=case.dtype.name)
        self.given = given
        near = []
        for array in given:
            steps = STEPS.reshape(-1, *[1] * (array.ndim - 1))
            rows = array[:, None] * (1 + steps * float(np.finfo(case.dtype).eps))
            near.append(rows.astype(case.dtype).reshape(-1, *array.shape[1:]))
        self.near = near
        self.chains: list[list[NDArray[Any]]] = []
        self.modes = [self._mode(MODES, case.regime)]
        self.truth = (
            self.modes[0]
            if case.regime == Regime.WIDE.value
            else self._mode(MODES, Regime.WIDE.value)
        )

    def learn_more(self) -> None:
        """Ask the other mode too, and the kernel's own chain."""
        with suppress(TypeError, ValueError, NotImplementedError):
            self.modes.append(self._mode(MODES[1:2], self.case.regime))
        if self.case.form != "chain":
            own = replace(self.case, form="chain", batch=())
            chain = own.kernel(own.compiled(), wrt=self.case.wrt)
            with jax.enable_x64(Regime(self.case.regime).x64):
                self.chains.append(self._shaped(chain(*map(jnp.asarray, self.near))))

    def _mode(self, modes: Any, regime: str) -> list[NDArray[Any]]:
        """Per leaf an array: points, neighbours, then the leaf's own axes."""
        dtype = "float64" if regime == Regime.WIDE.value else "float32"
        reference = self.case.reference(self.module, modes)
        with jax.enable_x64(Regime(regime).x64):
            near = [jnp.asarray(array.astype(dtype)) for array in self.near]
            return self._shaped(reference(*near))

    def _shaped(self, leaves: Any) -> list[NDArray[Any]]:
        return [np.asarray(a).reshape(COUNT, len(STEPS), *a.shape[1:]) for a in leaves]

    def wrong(self, found: list[NDArray[Any]]) -> list[NDArray[np.bool_]]:
        """Which entries of each leaf are wrong."""
        assert len(found) == len(self.truth)
        return [self._wrong(n, leaf) for n, leaf in enumerate(found)]

    def _wrong(self, number: int, leaf: NDArray[Any]) -> NDArray[np.bool_]:
        here = self.modes[0][number][:, 0]
        assert leaf.dtype == here.dtype, (number, leaf.dtype, here.dtype)
        assert leaf.shape == here.shape, (number, leaf.shape, here.shape)
        return self.rounding.wrong(leaf, *self._compared(number))

    def _compared(self, number: int) -> tuple[Any, Any, Any, Any]:
        """What `Rounding` compares a leaf with."""
        truths = self.truth[number].astype("float64")
        modes = [mode[number].astype("float64") for mode in self.modes]
        is_wide = self.case.regime == Regime.WIDE.value
        chains = [chain[number].astype("float64") for chain in self.chains]
        return truths[:, 0], modes, None if is_wide else truths, chains

    def complaint(self, number: int, leaf: NDArray[Any], wrong: NDArray[Any]) -> str:
        """The first wrong entry, and where it is."""
        place = tuple(int(n) for n in np.argwhere(wrong)[0])
        compared = self._compared(number)
        truth, allowed = compared[0], self.rounding.allowed(*compared)
        point = [array[place[0]].tolist() for array in self.given]
        return (
            f"field {number} of {self.case.requests}, entry {place[1:]}, at {point}: "
            f"{leaf[place]!r}, but JAX gives {self.modes[0][number][:, 0][place]!r}, "
            f"truth {truth[place]!r}, allowed error {allowed[place]:.2g}"
        )
