"""What a case of the operations' table is, and how its derivatives are formed.

Every case is a function of arrays with example arrays. A float64 example array stands
for the caller's float type and a complex128 one for the caller's complex type; all
other element types are meant as they are. Shapes are not square, so that a swapped axis
shows; sizes 0 and 1, batched forms and the neighbouring element types stand beside the
plain form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

FORWARD = ("jvp",)
REVERSE = ("vjp",)
BOTH = ("jvp", "vjp")
NEITHER: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A program with arguments to run it on.

    Attributes:
        name: Unique; also the test's identifier.
        function: What to trace; takes and returns arrays (or tuples of them).
        args: Example arrays.
        derivatives: The modes in which JAX can differentiate it.
        ulps: How many units in the last place two right results may differ by,
            relative to the largest element.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    derivatives: tuple[str, ...] = BOTH
    ulps: float = 32.0


@dataclass(slots=True)
class Table:
    """Cases in the order in which they are added."""

    cases: list[Case] = field(default_factory=list)

    def add(
        self,
        name: str,
        function: Callable[..., Any],
        *args: Any,
        derivatives: tuple[str, ...] = BOTH,
        ulps: float = 32.0,
    ) -> None:
        """Append a case whose values are differentiated as JAX can."""
        self.cases.append(Case(name, function, args, derivatives, ulps))

    def plain(
        self, name: str, function: Callable[..., Any], *args: Any, ulps: float = 32.0
    ) -> None:
        """Append a case of which no derivative is taken."""
        self.cases.append(Case(name, function, args, NEITHER, ulps))


def real(*shape: int, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """Distinct, irregular float64 numbers of one interval; the same on every run."""
    steps = np.arange(1, 1 + int(np.prod(shape)), dtype=np.float64)
    return (low + (high - low) * np.modf(steps * 0.6180339887498949)[0]).reshape(shape)


def cplx(*shape: int) -> np.ndarray:
    """Distinct complex128 numbers around the origin."""
    return real(*shape) + 1j * real(*shape, low=-0.7, high=0.9)


def ints(
    *shape: int, low: int = -5, high: int = 6, dtype: Any = np.int32
) -> np.ndarray:
    """Irregular integers of a half-open interval."""
    return np.floor(real(*shape, low=low, high=high)).astype(dtype)


def bools(*shape: int) -> np.ndarray:
    """Irregular truth values."""
    return real(*shape) > 0


def spd(n: int, *batch: int) -> np.ndarray:
    """Symmetric positive definite matrices."""
    a = real(*batch, n, n)
    return a @ np.swapaxes(a, -1, -2) + n * np.eye(n)


def general(*shape: int) -> np.ndarray:
    """Well-conditioned matrices of full rank with distinct singular values."""
    rows, columns = shape[-2:]
    return real(*shape) + 2.0 * np.eye(rows, columns) * np.arange(1, 1 + columns)


def derived(case: Case) -> Iterator[Case]:
    """The programs of a case's first and second derivatives.

    Tangents are arguments of the derived programs, so that nothing of the derivative
    is folded away.
    """
    positions = tuple(
        i
        for i, array in enumerate(case.args)
        if not isinstance(array, jax.Array)
        and np.issubdtype(np.asarray(array).dtype, np.inexact)
    )
    if not positions:
        return
    count = len(case.args)
    tangents = tuple(_direction(np.asarray(case.args[i])) for i in positions)

    def along(function: Callable[..., Any], operands: Sequence[Any]) -> Any:
        """The jvp of a function of the case's arguments in the given directions."""

        def of_variables(*chosen: Any) -> Any:
            full = list(operands[:count])
            for position, value in zip(positions, chosen, strict=True):
                full[position] = value
            return _inexact(function(*full))

        primals = tuple(operands[i] for i in positions)
        return jax.jvp(of_variables, primals, tuple(operands[count:]))[1]

    def first(*operands: Any) -> Any:
        return along(case.function, operands)

    def second(*operands: Any) -> Any:
        directions = operands[count:]
        return along(lambda *rest: first(*rest, *directions), operands)

    def reverse(*operands: Any) -> Any:
        def of_variables(*chosen: Any) -> Any:
            full = list(operands)
            for position, value in zip(positions, chosen, strict=True):
                full[position] = value
            return _inexact(case.function(*full))

        out, pull = jax.vjp(of_variables, *(operands[i] for i in positions))
        return pull(jax.tree.map(jnp.cos, out))

    operands = case.args + tangents
    if "jvp" in case.derivatives:
        yield Case(f"{case.name}.jvp", first, operands, NEITHER, case.ulps * 16)
        yield Case(f"{case.name}.jvp2", second, operands, NEITHER, case.ulps * 256)
    if "vjp" in case.derivatives:
        yield Case(f"{case.name}.vjp", reverse, case.args, NEITHER, case.ulps * 16)


def _direction(array: np.ndarray) -> np.ndarray:
    """A tangent for an argument: same shape and element type, no zeros."""
    return real(*array.shape, low=0.3, high=1.2).astype(array.dtype)


def _inexact(result: Any) -> list[Any]:
    """The results a derivative is defined for."""
    leaves = jax.tree.leaves(result)
    return [leaf for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.inexact)]
