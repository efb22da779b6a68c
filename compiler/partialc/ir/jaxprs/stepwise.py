"""Running a function operation by operation where compiling it would take long.

XLA's time to compile a long chain of operations grows faster than its length: a
thousand take seconds, ten thousand minutes. A traced program of ten thousand
operations, run one by one, takes less than a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import jax
import jax.extend.core as jex

MOST_COMPILED: Final = 1000
"""A program of more operations is not compiled as a whole."""

_INLINED: Final = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "remat": "jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
}
"""Calls that are gone into, and the parameter that holds what they call."""


class Stepwise:
    """A function that is compiled if it is short, and else run step by step.

    It is traced once: whatever it is called with later must have the shapes and types
    of the first call.

    Attributes:
        operations: How many operations it takes when run step by step, loops and
            branches counting as one; 0 when it is compiled.
    """

    def __init__(self, function: Callable[..., Any], *example: Any) -> None:
        """Trace the function.

        Args:
            function: Of arrays in any pytrees.
            example: Arguments to trace it with.

        Raises:
            Exception: Whatever the function raises.
        """
        compiled = jax.jit(function)
        traced = compiled.trace(*example)
        program = traced.jaxpr
        count = sum(1 for _ in _operations(program.jaxpr))
        self.operations = count if count > MOST_COMPILED else 0
        self._run: Callable[..., Any] = compiled
        if self.operations:
            structure = jax.tree.structure(traced.out_info)

            def run(*arguments: Any) -> Any:
                leaves = jax.tree.leaves(arguments)
                results = _evaluated(program.jaxpr, program.consts, leaves)
                return jax.tree.unflatten(structure, results)

            self._run = run

    def __call__(self, *arguments: Any) -> Any:
        """The function's results."""
        return self._run(*arguments)


def _callee(equation: Any) -> tuple[Any, Any] | None:
    """What a call calls, as an open jaxpr and its constants; None for an operation."""
    inner = equation.params.get(_INLINED.get(equation.primitive.name, ""))
    if isinstance(inner, jex.ClosedJaxpr):
        return inner.jaxpr, inner.consts
    if isinstance(inner, jex.Jaxpr):
        return inner, ()
    return None


def _operations(jaxpr: Any) -> Iterator[Any]:
    for equation in jaxpr.eqns:
        callee = _callee(equation)
        if callee is None:
            yield equation
        else:
            yield from _operations(callee[0])


def _evaluated(jaxpr: Any, consts: Any, arrays: Any) -> list[Any]:
    """The results of a jaxpr, each value let go of after its last use."""
    known = dict(zip(jaxpr.constvars, consts, strict=True))
    known.update(zip(jaxpr.invars, arrays, strict=True))
    last = _last_uses(jaxpr)

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, jex.Literal) else known[atom]

    for number, equation in enumerate(jaxpr.eqns):
        operands = [read(atom) for atom in equation.invars]
        callee = _callee(equation)
        if callee is not None:
            results = _evaluated(callee[0], callee[1], operands)
        else:
            results = equation.primitive.bind(*operands, **equation.params)
            if not equation.primitive.multiple_results:
                results = [results]
        known.update(zip(equation.outvars, results, strict=True))
        for value in last.get(number, ()):
            del known[value]
    return [read(atom) for atom in jaxpr.outvars]


def _last_uses(jaxpr: Any) -> dict[int, list[Any]]:
    """For each equation the values that nothing after it reads."""
    kept = {atom for atom in jaxpr.outvars if not isinstance(atom, jex.Literal)}
    last: dict[Any, int] = {}
    for number, equation in enumerate(jaxpr.eqns):
        for atom in equation.invars:
            if not isinstance(atom, jex.Literal):
                last[atom] = number
    found: dict[int, list[Any]] = {}
    for value, number in last.items():
        if value not in kept:
            found.setdefault(number, []).append(value)
    return found
