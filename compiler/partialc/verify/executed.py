"""The text of a test, executed at build time on the original function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp

from partialc.emit.kernel import constants_of
from partialc.errors import REFUSALS
from partialc.frontends.importing import load_object
from partialc.frontends.primal import Primal
from partialc.reference.expected import Expected
from partialc.request.parts import highest_order
from partialc.request.resolved import Kernel
from partialc.sampling.domain import RANGES
from partialc.verify.findings import Sample
from partialc.verify.hard import ROWS
from partialc.verify.imports import imports_of

Axes: TypeAlias = tuple[int | None, ...] | None
"""The batch axis of every argument; None where a kernel has none."""

_MOST_PULLED: Final = 200


MOST_ORDER: Final = 4
"""Derivatives of higher order are not differentiated once more."""


class Trial:
    """The references of a module, ready to run on the original function.

    Everything runs in float64. The text that is run is the text of the test, so that
    what is found here holds there.
    """

    def __init__(self, primal: Primal, text: str, folder: Path | None) -> None:
        self._primal = primal
        self._traced: dict[str, Callable[..., Any]] = {}
        self._space: dict[str, Any] = {"__name__": "trial", "__file__": "trial"}
        exec(compile(text, "<trial>", "exec"), self._space)
        self._constants = SimpleNamespace()
        self._space["generated"] = lambda: self._constants
        self._space["reference"] = self.call
        self._space["found"] = lambda module, path: load_object(
            f"{module}:{path}", folder
        )

    def call(self, *arguments: Any) -> Any:
        """The original, whatever stands in for its arguments in the test."""
        trees = self._primal.signature.arguments.values()
        return self._primal.call(
            *[
                jax.tree.unflatten(tree.structure, jax.tree.leaves(argument))
                for tree, argument in zip(trees, arguments, strict=True)
            ]
        )

    def arguments(self, kernel: Kernel, sample: Sample) -> tuple[Any, ...]:
        """The arguments of a kernel at a sample."""
        name = f"point_{kernel.name}" if kernel.directions else "point"
        drawn: tuple[Any, ...] = self._space[name](self._draw(sample))
        return drawn

    def point(self, sample: Sample) -> tuple[Any, ...]:
        """The function's own arguments at a sample."""
        drawn: tuple[Any, ...] = self._space["point"](self._draw(sample))
        return drawn

    def hard_arguments(self, kernel: Kernel, axes: Axes) -> list[Any]:
        """The arguments at all hard points; where they have no axis, repeated.

        Args:
            kernel: The kernel.
            axes: The batch axis of each argument; None where the kernel has none.
        """
        name = f"point_{kernel.name}" if kernel.directions else "point"
        rows = list(self._space[name](self._space["Hard"]("float64")))
        single = self._space[name](self._space["Draw"](0, *RANGES[0], "float64", True))
        for number, axis in enumerate(axes or ()):
            if axis is None:
                rows[number] = jax.tree.map(
                    lambda leaf: jnp.stack([leaf] * ROWS), single[number]
                )
        return rows

    def takes_forward(self, kernel: Kernel, expected: Expected) -> bool:
        """Whether all derivatives of a reference can be forward, and were not."""
        if not any(mode in expected.reference for mode in ("jacrev", "hessian")):
            return False
        function = self._space["forward"](self.expected(kernel))
        try:
            jax.eval_shape(function, *self.arguments(kernel, (0, *RANGES[0])))
        except REFUSALS:
            return False
        return True

    def nudged(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments one ulp away."""
        moved: tuple[Any, ...] = self._space["nudged"](arguments)
        return moved

    def define(self, kernel: Kernel, expected: Expected) -> Callable[..., Any]:
        """The reference of a kernel as a function; it is traced but once."""
        vars(self._constants).update(constants_of(kernel))
        text = "\n".join([*imports_of(expected.reference), expected.reference])
        exec(compile(text, "<trial>", "exec"), self._space)
        self._traced[kernel.name] = jax.jit(self.expected(kernel))
        return self._traced[kernel.name]

    def traced(self, kernel: Kernel) -> Callable[..., Any]:
        """The reference that was defined last, as `define` returned it."""
        return self._traced[kernel.name]

    def expected(self, kernel: Kernel) -> Callable[..., Any]:
        """The reference that was defined last for a kernel."""
        function: Callable[..., Any] = self._space[f"expected_{kernel.name}"]
        return function

    def slope(self, kernel: Kernel, sample: Sample) -> str:
        """The mode in which JAX differentiates a kernel's reference once more.

        Empty if in none, or if it would take long: each order doubles the trace.
        """
        if highest_order(kernel) > MOST_ORDER:
            return ""
        function = self.traced(kernel)
        call = self.arguments(kernel, sample)
        size = sum(
            leaf.size for leaf in jax.tree.leaves(jax.eval_shape(function, *call))
        )
        for mode in ("forward", "reverse") if size <= _MOST_PULLED else ("forward",):
            try:
                jax.eval_shape(self._space["slope"](function, mode), *call)
            except REFUSALS:
                continue
            return mode
        return ""

    def _draw(self, sample: Sample) -> Any:
        return self._space["Draw"](*sample, "float64")
