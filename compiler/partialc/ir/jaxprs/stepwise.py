"""Running a function operation by operation where compiling it would take long.

XLA's time to compile a long chain of operations grows faster than its length: a
thousand take seconds, ten thousand minutes. A traced program of ten thousand
operations, run one by one, takes less than a second.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from jax import lax

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
        elements: How many array elements these compute, compiled or not.
    """

    def __init__(self, function: Callable[..., Any], *example: Any) -> None:
        """Trace the function.

        Args:
            function: Of arrays in any pytrees.
            example: Arguments to trace it with.

        Raises:
            Exception: Whatever the function raises.
        """
        whole = jax.jit(function)
        traced = whole.trace(*example)
        program = traced.jaxpr
        sizes = [
            sum(prod(value.aval.shape) for value in equation.outvars)
            for equation in _operations(program.jaxpr)
        ]
        count, self.elements = len(sizes), sum(sizes)
        self.operations = count if count > MOST_COMPILED else 0
        self._run: Callable[..., Any] = whole
        if self.operations:
            tape = _Tape(program)
            structure = jax.tree.structure(traced.out_info)

            def run(*arguments: Any) -> Any:
                results = tape.run(jax.tree.leaves(arguments))
                return jax.tree.unflatten(structure, results)

            self._run = run

    def __call__(self, *arguments: Any) -> Any:
        """The function's results."""
        return self._run(*arguments)


@dataclass(slots=True)
class _Step:
    """One operation: which places it reads, which it fills, which nothing reads after.

    Attributes:
        run: The operation on its operands, as one result or several.
    """

    run: Callable[..., Any]
    is_multiple: bool
    reads: list[int]
    fills: list[int]
    last: list[int]


class _Tape:
    """The operations of a program, calls gone into, and a place for each value."""

    def __init__(self, program: Any) -> None:
        self._known: dict[int, Any] = {}
        self._literals: dict[Any, int] = {}
        self._steps: list[_Step] = []
        self._compiled: dict[Any, Callable[..., Any]] = {}
        self._places = 0
        self._inputs = [self._place() for _ in program.jaxpr.invars]
        self._outputs = self._add(program.jaxpr, program.consts, self._inputs)
        self._let_go()

    def run(self, arrays: Any) -> list[Any]:
        """The results; each value is let go of after its last use."""
        values: list[Any] = [None] * self._places
        for place, value in self._known.items():
            values[place] = value
        for place, value in zip(self._inputs, arrays, strict=True):
            values[place] = value
        for step in self._steps:
            results = step.run(*[values[place] for place in step.reads])
            if step.is_multiple:
                for place, value in zip(step.fills, results, strict=True):
                    values[place] = value
            else:
                values[step.fills[0]] = results
            for place in step.last:
                values[place] = None
        return [values[place] for place in self._outputs]

    def _place(self) -> int:
        self._places += 1
        return self._places - 1

    def _constant(self, value: Any) -> int:
        place = self._place()
        self._known[place] = value
        return place

    def _literal(self, atom: Any) -> int:
        """The place of a literal; plain numbers are put on the device, each once."""
        dtype = atom.aval.dtype
        if not isinstance(dtype, np.dtype) or dtype.kind not in "biufc":
            return self._constant(atom.val)
        number = np.asarray(atom.val, dtype)
        key = dtype, number.shape, number.tobytes()
        if key not in self._literals:
            self._literals[key] = self._constant(jnp.asarray(number))
        return self._literals[key]

    def _add(self, jaxpr: Any, consts: Any, inputs: list[int]) -> list[int]:
        """Append the operations of a jaxpr; the places of its results."""
        places: dict[Any, int] = {}
        known = map(self._constant, consts)
        places.update(zip(jaxpr.constvars, known, strict=True))
        places.update(zip(jaxpr.invars, inputs, strict=True))

        def read(atom: Any) -> int:
            if isinstance(atom, jex.Literal):
                return self._literal(atom)
            return places[atom]

        for equation in jaxpr.eqns:
            reads = [read(atom) for atom in equation.invars]
            callee = _callee(equation)
            if callee is not None:
                fills = self._add(*callee, reads)
            else:
                fills = [self._place() for _ in equation.outvars]
                multiple = equation.primitive.multiple_results
                step = _Step(self._operation(equation), multiple, reads, fills, [])
                self._steps.append(step)
            places.update(zip(equation.outvars, fills, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def _operation(self, equation: Any) -> Callable[..., Any]:
        """One operation, compiled: calling that is several times faster."""
        moved = _moved(equation)
        if moved is not None:
            return moved
        operation = functools.partial(equation.primitive.bind, **equation.params)
        try:
            key = equation.primitive, frozenset(equation.params.items())
            if key not in self._compiled:
                self._compiled[key] = jax.jit(operation)
        except TypeError:  # a parameter that cannot be a key
            return operation
        return self._compiled[key]

    def _let_go(self) -> None:
        """Tell each step what nothing after it reads."""
        seen = {*self._outputs, *self._known}
        for step in reversed(self._steps):
            step.last = [
                each for each in {*step.reads, *step.fills} if each not in seen
            ]
            seen.update(step.last)


def _moved(equation: Any) -> Callable[..., Any] | None:
    """What cuts or pads, where the places are operands: it is compiled but once.

    Functions that look at their argument element by element have hundreds of them.
    """
    params, kind = equation.params, equation.outvars[0].aval
    if not kind.shape or not isinstance(kind.dtype, np.dtype):
        return None
    if equation.primitive.name == "slice":
        starts = np.asarray(params["start_indices"], np.int32)
        if set(params["strides"] or (1,)) == {1}:
            return functools.partial(_cut, starts=starts, sizes=kind.shape)
    if equation.primitive.name == "pad":
        config = np.asarray(params["padding_config"], np.int32)
        if config.min() >= 0 and not config[:, 2].any():
            return functools.partial(_laid, starts=config[:, 0], shape=kind.shape)
    return None


@functools.partial(jax.jit, static_argnames="sizes")
def _cut(array: jax.Array, starts: jax.Array, sizes: tuple[int, ...]) -> jax.Array:
    return lax.dynamic_slice(array, list(starts), sizes)


@functools.partial(jax.jit, static_argnames="shape")
def _laid(
    array: jax.Array, filling: jax.Array, starts: jax.Array, shape: tuple[int, ...]
) -> jax.Array:
    return lax.dynamic_update_slice(jnp.full(shape, filling), array, list(starts))


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
