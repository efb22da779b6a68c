"""A function must do the same every time, and nothing else."""

from __future__ import annotations

import contextlib
import io
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any, Final

import jax

from partialc.errors import FrontendError, Location, PartialcError
from partialc.frontends.binding import is_jitted
from partialc.frontends.faults import failed_call, is_user_file, shown
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
            global of the function's module changes.
    """
    regime = regimes_of(call.types)[-1]
    first = widest
    if is_jitted(call.binding.function):
        call = call.without_jit()
        first = _trace(call, regime, folder)
    before = _globals(call.binding.function)
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
    changed = _changed(before, _globals(call.binding.function))
    if changed is not None:
        raise FrontendError(
            f"'{call.name}' changes the global '{changed}' of its module",
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


@dataclass(frozen=True, slots=True)
class _Snapshot:
    value: Any
    length: int


def _globals(function: Any) -> Mapping[str, _Snapshot]:
    if not isinstance(function, FunctionType):
        return {}
    module = sys.modules.get(function.__module__)
    if module is None or not is_user_file(getattr(module, "__file__", None) or "<>"):
        return {}
    return {
        name: _Snapshot(
            value, len(value) if isinstance(value, list | dict | set) else 0
        )
        for name, value in function.__globals__.items()
        if not name.startswith("__")
    }


def _changed(
    before: Mapping[str, _Snapshot], after: Mapping[str, _Snapshot]
) -> str | None:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            return name
        if old.value is not new.value or old.length != new.length:
            return name
    return None
