"""How a reference is differentiated: which of JAX's modes, in which order.

References use `jax.jacfwd`, `jax.jacrev` and `jax.hessian` on whole arguments where the
full tensor can be built, and on the requested elements alone where it cannot. None of
this knows a plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from math import prod
from typing import Final, Literal

from partialc.ir.program import Equation, Function

Mode = Literal["jacfwd", "jacrev"]

MOST_ELEMENTS: Final = 2_000_000
"""A reference tensor of more elements is checked in part."""

MOST_WORK: Final = 30_000_000
"""Passes times the elements that one evaluation of the function computes."""


class Policy(Enum):
    """Which modes a reference may use; JAX refuses some of them for some functions."""

    MIXED = "the cheaper mode first, then forward over it"
    FORWARD = "forward only: the function holds a while_loop"
    REVERSE = "reverse only: the function has a custom_vjp"
    REVERSE_OUTSIDE = "forward first, then reverse over it"

    def modes(self, output: int, sizes: Sequence[int]) -> tuple[Mode, ...]:
        """The mode of every differentiation, innermost first.

        Args:
            output: How many elements the differentiated result has.
            sizes: How many elements each differentiation runs over.
        """
        if not sizes:
            return ()
        first: Mode = "jacrev" if output <= sizes[0] else "jacfwd"
        later: list[Mode] = ["jacfwd"] * (len(sizes) - 1)
        match self:
            case Policy.MIXED:
                pass
            case Policy.FORWARD:
                first = "jacfwd"
            case Policy.REVERSE:
                first, later = "jacrev", ["jacrev"] * len(later)
            case Policy.REVERSE_OUTSIDE:
                first, later = "jacfwd", ["jacrev"] * len(later)
        return (first, *later)


def passes(modes: Sequence[Mode], output: int, sizes: Sequence[int]) -> int:
    """How many evaluations of the function a nest of Jacobians amounts to."""
    count = 1
    for number, mode in enumerate(modes):
        rows = output * prod(sizes[:number])
        count *= max(1, sizes[number] if mode == "jacfwd" else rows)
    return count


def is_affordable(
    modes: Sequence[Mode], output: int, sizes: Sequence[int], work: int | None
) -> bool:
    """Whether a full tensor can be built within seconds and a few hundred megabytes.

    Args:
        modes: The mode of every differentiation, innermost first.
        output: How many elements the differentiated result has.
        sizes: How many elements each differentiation runs over.
        work: Array elements that one evaluation of the function computes; None where
            the tensor is wanted whatever it takes.
    """
    if work is None:
        return True
    elements = output * prod(sizes)
    fits = elements <= MOST_ELEMENTS
    return fits and passes(modes, output, sizes) * work <= MOST_WORK


def nest_text(
    function: str,
    modes: Sequence[Mode],
    argnums: Sequence[int],
    *,
    are_scalars: bool = False,
) -> str:
    """`jax.jacfwd(jax.jacrev(f), argnums=1)`, innermost differentiation first.

    Args:
        function: The name of the function.
        modes: That of each differentiation.
        argnums: What each differentiates by, by number.
        are_scalars: Whether these are scalars: then a tangent takes the place of a
            Jacobian, `along(jax.jacrev(f), 1)`, of which JAX traces half as much.
    """
    is_hessian = tuple(modes) == ("jacrev", "jacfwd") and argnums[0] == argnums[1]
    if is_hessian and not are_scalars:
        return f"jax.hessian({function}{_argnums_text(argnums[0])})"
    text = function
    for mode, argnum in zip(modes, argnums, strict=True):
        if are_scalars and mode == "jacfwd":
            text = f"along({text}, {argnum})"
        else:
            text = f"jax.{mode}({text}{_argnums_text(argnum)})"
    return text


def _argnums_text(argnum: int) -> str:
    return f", argnums={argnum}" if argnum else ""


def work_of(function: Function) -> int:
    """How many array elements one evaluation computes; scans count every turn."""
    return max(1, _work(function, {}))


def _work(function: Function, known: dict[Function, int]) -> int:
    if function not in known:
        known[function] = sum(_equation_work(eqn, known) for eqn in function.equations)
    return known[function]


def _equation_work(equation: Equation, known: dict[Function, int]) -> int:
    length = equation.params.get("length", 1) if equation.op == "scan" else 1
    times = length if isinstance(length, int) else 1
    total = sum(value.type.size for value in equation.outputs)
    for param in equation.params.values():
        for entry in param if isinstance(param, tuple) else (param,):
            if isinstance(entry, Function):
                total += times * _work(entry, known)
    return total
