"""Partial derivatives as a person would take them with JAX alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from formulas import Formula


@dataclass(frozen=True, slots=True)
class Step:
    """One differentiation: by an element of an argument.

    Attributes:
        argument: The argument's number.
        index: The element; empty for a scalar.
    """

    argument: int
    index: tuple[int, ...]


def steps_of(formula: Formula, request: str) -> list[Step]:
    """The differentiations that `value` or `partial(x, y[0])` asks for, in order."""
    inner = request.removeprefix("partial(").removesuffix(")")
    if inner == request:
        return []
    found = re.findall(r"(\w+)(?:\[([\d,]+)\])?", inner)
    return [
        Step(
            formula.arguments.index(name),
            tuple(map(int, index.split(","))) if index else (),
        )
        for name, index in found
    ]


def nested(
    function: Callable[..., Any],
    steps: Sequence[Step],
    innermost: Callable[..., Any] = jax.jacfwd,
) -> Callable[..., Any]:
    """Nested `jax.jacfwd`; over `jax.jacrev` when that is the innermost.

    Args:
        function: Has a scalar result.
        steps: What to differentiate by.
        innermost: What takes the first derivative.
    """
    taken = function
    for number, step in enumerate(steps):
        taken = _entry(innermost if number == 0 else jax.jacfwd, taken, step)
    return taken


def pushed(function: Callable[..., Any], steps: Sequence[Step]) -> Callable[..., Any]:
    """Nested jvps of unit tangents: what a partial derivative is, and no more."""
    for step in steps:
        function = _along(function, step)
    return function


def _entry(
    mode: Callable[..., Any], function: Callable[..., Any], step: Step
) -> Callable[..., Any]:
    differentiated = mode(function, argnums=step.argument)
    return lambda *leaves: differentiated(*leaves)[step.index]


def _along(function: Callable[..., Any], step: Step) -> Callable[..., Any]:
    def tangent(*leaves: Any) -> Any:
        seeds = [np.zeros(leaf.shape, leaf.dtype) for leaf in leaves]
        seeds[step.argument][step.index] = 1
        return jax.jvp(function, leaves, tuple(seeds))[1]

    return tangent
