"""A function must do the same every time, and nothing else."""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import jax

from partialc.errors import FrontendError, Location, PartialcError
from partialc.frontends.binding import is_jitted
from partialc.frontends.faults import failed_call, is_user_file, shown
from partialc.frontends.state import State, changed
from partialc.frontends.tracing import FlatCall
from partialc.ir.dtypes import Regime
from partialc.ir.jaxprs import regimes_of, trace_one
from partialc.ir.program import Function
from partialc.ir.structure import same

_LEAK: Final = "Leaked "  # how the message of jax.checking_leaks starts


class _Printed(io.TextIOBase):
    """A standard output that remembers what was written to it, and from where."""

    def __init__(self, folder: Path | None) -> None:
        self.text = ""
        self.location: Location | None = None
        self._folder = folder

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not self.text:
            frames = traceback.extract_stack()
            for frame in reversed(frames):
                if is_user_file(frame.filename):
                    file = shown(frame.filename, self._folder)
                    self.location = Location(file, frame.lineno)
                    break
        self.text += text
        return len(text)


@contextlib.contextmanager
def prints_refused(name: str, folder: Path | None) -> Iterator[None]:
    """Keep stdout clean within the context, and refuse a function that writes to it.

    Raises:
        FrontendError: Something was printed.
    """
    printed = _Printed(folder)
    with contextlib.redirect_stdout(printed):
        yield
    if printed.text.strip():
        first = printed.text.strip().splitlines()[0]
        raise FrontendError(
            f"'{name}' prints while it is traced",
            where=printed.location,
            why=f"it printed {first[:60]!r}, which a generated kernel would not",
            fix="remove the print",
        )


def check_purity(call: FlatCall, widest: Function, folder: Path | None) -> None:
    """Trace a function once more, and refuse it if anything but the trace remains.

    Under an outer `jit` the second trace would come from JAX's cache and prove nothing:
    then it is the function within that is traced, twice.

    Args:
        call: The function, which was traced before.
        widest: Its trace under the widest regime.
        folder: Files below it are named relative to it in errors.

    Raises:
        FrontendError: The two traces differ, a traced array outlives its trace, or a
            global, a variable closed over or an object is changed by the function.
    """
    regime = regimes_of(call.types)[-1]
    first = widest
    if is_jitted(call.binding.function):
        call = call.without_jit()
        first = _trace(call, regime, folder)
    state = State(call.binding.function)
    before = state.snapshot()
    try:
        with jax.checking_leaks():
            second = _trace(call, regime, folder)
    except _LeakError as leak:
        raise _leaks(call, str(leak)) from None
    except FrontendError:
        # JAX raises IndexError when it fails to describe a leak: it is one if the trace
        # succeeds where nobody looks for leaks.
        _trace(call, regime, folder)
        raise _leaks(call, _leak_origin("")) from None
    culprits = changed(before, state.snapshot())
    if culprits:
        culprits = _confirmed(culprits, state, lambda: _trace(call, regime, folder))
    if culprits:
        raise FrontendError(
            f"'{call.name}' changes {culprits[0]}",
            why="a generated kernel has no such side effect",
            fix="pass the value as an argument, and return the new one",
        )
    if not same(first, second):
        raise FrontendError(
            f"'{call.name}' gives a different program each time it is traced",
            why="it depends on global state, on the clock, or on random numbers of "
            "numpy or Python",
            fix="pass what varies as an argument; random numbers come from jax.random "
            'and an argument "key[]"',
        )


def _confirmed(
    suspects: tuple[str, ...], state: State, again: Callable[[], Any]
) -> tuple[str, ...]:
    """Those that change when the function is traced again, and else do not.

    What changes while something else is traced is the doing of a hook or a thread.
    """
    for _ in range(2):
        before = state.snapshot()
        jax.make_jaxpr(lambda x: x + 1)(1.0)
        between = state.snapshot()
        again()
        by_others = changed(before, between)
        by_call = changed(between, state.snapshot())
        suspects = tuple(
            each for each in suspects if each in by_call and each not in by_others
        )
    return suspects


def _leaks(call: FlatCall, why: str) -> FrontendError:
    return FrontendError(
        f"'{call.name}' stores a traced array where it outlives the call",
        why=why,
        fix="return the value instead of storing it",
    )


class _LeakError(Exception):
    """A traced array outlived its trace."""


def _trace(call: FlatCall, regime: Regime, folder: Path | None) -> Function:
    try:
        return trace_one(
            call,
            call.types,
            regime,
            name="function",
            input_names=call.hints,
        )
    except PartialcError:
        raise
    except (Exception, SystemExit) as error:
        if type(error) is Exception and str(error).startswith(_LEAK):
            raise _LeakError(_leak_origin(str(error))) from None
        raise failed_call(call.name, error, folder) from None


def _leak_origin(message: str) -> str:
    for line in message.splitlines():
        if "operation" in line or "line" in line:
            return line.strip()
    return "a traced array is still referred to after the trace has ended"
