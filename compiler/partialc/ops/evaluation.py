"""The reference evaluator: runs any function eagerly, one operation at a time.

It is the oracle for the importer, the printer and every pass. Each operation is run by
its `Op.evaluate` rule. A rule whose parameters hold functions (`scan`, `cond`, `call`)
runs them with `run_function`, and a rule that needs an element type resolves it with
`concrete`:

    def evaluate_call(equation, arrays):
        return run_function(equation.params["function"], arrays)

    def evaluate_convert(equation, arrays):
        dtype = concrete(equation.params["new_dtype"])
        return [lax.convert_element_type(arrays[0], dtype)]

The regime that generic element types stand for is held in a context variable, so that
rules need not pass it on; `evaluate` sets it together with JAX's x64 mode. Without it
the regime is the wide one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from partialc.errors import InternalError, UnsupportedError
from partialc.ir.dtypes import DType, Regime
from partialc.ir.program import Atom, Constant, Function, Value
from partialc.ops.registry import find

_REGIME: Final[ContextVar[Regime]] = ContextVar("regime", default=Regime.WIDE)
_TOGETHER: Final = 10


@dataclass(frozen=True, slots=True)
class LoopLimit:
    """How long each `while` may run in an evaluation that must come to an end.

    Attributes:
        steps: Steps that one loop is allowed; all loops together are allowed ten times
            as many, so that nests of loops come to an end as well.
        note: Called with a truth value at the end: whether any loop was cut short.
    """

    steps: int
    note: Callable[[Any], None]

    @property
    def together(self) -> int:
        """Steps that all loops together are allowed."""
        return _TOGETHER * self.steps


@dataclass(slots=True)
class Spent:
    """How many steps all loops have taken so far, in the trace in progress.

    Rules that run functions within loops and branches take the count into them and out
    of them as one more value. A loop that is cut short spends all that is left.
    """

    steps: Any


_LIMIT: Final[ContextVar[LoopLimit | None]] = ContextVar("limit", default=None)
_SPENT: Final[ContextVar[Spent | None]] = ContextVar("spent", default=None)


def evaluate(
    function: Function, arrays: Sequence[Any], regime: Regime = Regime.WIDE
) -> list[jax.Array]:
    """Run a function under one regime.

    Args:
        function: What to run; generic element types become those of `regime`.
        arrays: One per input; numpy arrays and Python numbers are converted to the
            input's element type under `regime`.
        regime: Which widths to compute with; JAX's x64 mode is set accordingly.

    Returns:
        One array per output.

    Raises:
        UnsupportedError: An operation has no entry in the table of operations.
        InternalError: The number or the shapes of `arrays` are wrong.
    """
    token = _REGIME.set(regime)
    try:
        with jax.enable_x64(regime.x64):
            return run_function(function, arrays)
    finally:
        _REGIME.reset(token)


def run_function(function: Function, arrays: Sequence[Any]) -> list[jax.Array]:
    """Run a function under the regime of the evaluation in progress.

    Works on concrete arrays and, because every rule is made of `jax.lax` calls, on
    traced ones too: bodies of `scan` may call it.

    Args:
        function: What to run.
        arrays: One array per input, of the input's type.

    Returns:
        One array per output.
    """
    if len(arrays) != len(function.inputs):
        raise InternalError(
            f"{function.name} takes {len(function.inputs)} arrays, got {len(arrays)}"
        )
    known: dict[Value, jax.Array] = {
        value: _converted(value, array)
        for value, array in zip(function.inputs, arrays, strict=True)
    }

    def read(atom: Atom) -> jax.Array:
        return constant_array(atom) if isinstance(atom, Constant) else known[atom]

    for equation in function.equations:
        op = find(equation.op)
        if op is None:
            raise UnsupportedError(
                f"the primitive {equation.op!r} cannot be evaluated",
                where=equation.location,
                why="partialc has no entry for it",
            )
        results = op.evaluate(equation, [read(atom) for atom in equation.inputs])
        known.update(zip(equation.outputs, results, strict=True))
    return [read(atom) for atom in function.outputs]


@contextmanager
def limited(limit: LoopLimit) -> Iterator[None]:
    """Limit the loops of the evaluations, or of the traces of them, within."""
    token = _LIMIT.set(limit)
    try:
        with spending(np.int32(0)) as spent:
            yield
        jax.debug.callback(limit.note, spent.steps >= limit.together)
    finally:
        _LIMIT.reset(token)


def loop_limit() -> LoopLimit | None:
    """The limit of the evaluation in progress; None when loops are free to run."""
    return _LIMIT.get()


@contextmanager
def spending(steps: Any) -> Iterator[Spent]:
    """Count on from so many steps; the loops evaluated within add theirs."""
    spent = Spent(steps)
    token = _SPENT.set(spent)
    try:
        yield spent
    finally:
        _SPENT.reset(token)


def spent_so_far() -> Spent:
    """The count of the limited evaluation in progress."""
    spent = _SPENT.get()
    assert spent is not None  # set wherever a limit is
    return spent


def concrete(dtype: DType) -> np.dtype[Any]:
    """The numpy element type that `dtype` stands for in the evaluation in progress."""
    if dtype.is_key:
        raise InternalError(f"{dtype} is a PRNG key type; numpy has no such type")
    return dtype.numpy(_REGIME.get())


def constant_array(constant: Constant) -> jax.Array:
    """A constant as an array of its type in the evaluation in progress."""
    with np.errstate(over="ignore"):
        data = constant.data.astype(concrete(constant.type.dtype))
    return jnp.asarray(data)


def _converted(value: Value, array: Any) -> jax.Array:
    """An argument as an array of the input's type; keys and tracers as they are."""
    if not value.type.dtype.is_key:
        array = jnp.asarray(array, dtype=concrete(value.type.dtype))
    if tuple(array.shape) != value.type.shape:
        raise InternalError(
            f"an input of type {value.type} got an array of shape {tuple(array.shape)}"
        )
    result: jax.Array = array
    return result
