"""Rivals are checked before they are timed: a wrong one would prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.benching.case import KERNEL, Case, Contender
from partialc.benching.timing import Clock, wait
from partialc.errors import InternalError

_CHECKED_ROWS: Final = 32
_TRIES: Final = 5
_NOISE: Final = 1000.0
"""What is nothing but rounding: so many times the square of the tolerance, or for the
coarsest types the tolerance itself."""


def check(
    case: Case, contenders: Sequence[Contender], patience: float, clock: Clock
) -> dict[str, str]:
    """Compare all rivals with the kernel in float64, on a few rows.

    Args:
        case: The case.
        contenders: The kernel, then its rivals.
        patience: How many seconds a call of a rival may last.
        clock: Measures them.

    Returns:
        Why contenders are not run, by name.

    Raises:
        InternalError: A rival's numbers are not the kernel's.
    """
    rows = None if case.rows is None else min(_CHECKED_ROWS, case.rows)
    arguments = case.draw(rows)
    refusals: dict[str, str] = {}
    expected: list[NDArray[Any]] = []
    for each in contenders:
        if each.call is None:
            refusals[each.name] = each.refusal or "there is no such way"
            continue
        run = jax.jit(each.call, compiler_options=each.compiler_options)
        found = [np.asarray(leaf) for leaf in jax.tree.leaves(run(*arguments))]
        if each.name == KERNEL:
            expected = found
            continue
        if case.converts and len(found) == len(expected):
            pairs = zip(found, expected, strict=True)
            found = [array.astype(wanted.dtype) for array, wanted in pairs]
        fault = compare(found, expected, case.tolerance)
        if fault is not None:
            if not (case.order_matters or fault.is_nan):
                raise InternalError(
                    f"the rival `{each.name}` of {case.name} is wrong: {fault.text}"
                )
            refusals[each.name] = f"gives other numbers: {fault.text}"
            continue
        if rows is not None and case.rows is not None:
            least = _least_seconds(partial(run, *arguments), clock)
            lasting = least * case.rows / rows
            if lasting > patience:
                refusals[each.name] = f"a call would take about {lasting:,.0f} s"
    return refusals


def _least_seconds(call: Callable[[], Any], clock: Clock) -> float:
    """How long a call takes if nothing disturbs it."""
    found = []
    for _ in range(_TRIES):
        start = clock()
        wait(call())
        found.append(clock() - start)
    return min(found)


@dataclass(frozen=True, slots=True)
class Fault:
    """A difference between a rival and the kernel.

    Attributes:
        text: The difference.
        is_nan: Whether it is only that the rival is not finite somewhere.
    """

    text: str
    is_nan: bool = False


def compare(
    found: Sequence[NDArray[Any]], expected: Sequence[NDArray[Any]], tolerance: float
) -> Fault | None:
    """How a rival's arrays differ from the kernel's; None if they do not."""
    if len(found) != len(expected):
        return Fault(f"{len(found)} arrays instead of {len(expected)}")
    for number, (array, wanted) in enumerate(zip(found, expected, strict=True)):
        if array.shape != wanted.shape:
            return Fault(f"result {number} is {array.shape}, not {wanted.shape}")
        if array.dtype != wanted.dtype:
            return Fault(f"result {number} is {array.dtype}, not {wanted.dtype}")
        if wanted.dtype == np.bool_:  # which cannot be subtracted
            array, wanted = array.astype(np.int8), wanted.astype(np.int8)
        if not np.isfinite(wanted).all():
            return Fault(f"result {number} of the kernel is not finite")
        if not np.isfinite(array).all():
            return Fault(f"result {number} is not finite", is_nan=True)
        scale = np.abs(wanted).max(initial=0.0)
        allowed = tolerance * (np.abs(wanted) + scale + min(1.0, _NOISE * tolerance))
        error = np.abs(array - wanted) - allowed
        if error.size and error.max() > 0:
            at = np.unravel_index(error.argmax(), error.shape)
            return Fault(f"result {number} holds {array[at]}, not {wanted[at]}")
    return None
