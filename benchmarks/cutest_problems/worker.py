"""Problems judged in a process of its own, which may be ended when one takes long."""

from __future__ import annotations

import gc
import multiprocessing
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Final

import jax

from cutest_problems.collection import objective, problems
from cutest_problems.judge import judged
from cutest_problems.record import Record

LIMITS: Final = {"build": 120.0, "judge": 150.0, "peer": 60.0}
"""Seconds for each stage of a problem."""

_START: Final = 120.0
_LIMIT: Final = 60.0


class Worker:
    """A process that judges one problem after the other."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._ours: Connection | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def record(self, name: str) -> Record:
        """A problem judged, as far as it comes within the limits."""
        connection = self._started()
        connection.send(name)
        found, start = Record(name), time.perf_counter()
        while True:
            limit = LIMITS.get(found.stage, _LIMIT)
            left = limit - (time.perf_counter() - start)
            try:
                if not connection.poll(max(left, 0.0)):
                    self._end()
                    return replace(found, failure=f"{found.stage}: over {limit:.0f} s")
                step: dict[str, Any] | None = connection.recv()
            except EOFError:
                self._end()
                return replace(found, failure=f"{found.stage}: the process died")
            if step is None:
                return found
            if step.get("stage", found.stage) != found.stage:
                start = time.perf_counter()
            found = replace(found, **step)

    def _started(self) -> Connection:
        if self._ours is None:
            context = multiprocessing.get_context("spawn")
            self._ours, theirs = context.Pipe()
            self._process = context.Process(target=serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
            if not self._ours.poll(_START):
                raise TimeoutError("the collection cannot be imported")
            self._ours.recv()
        return self._ours

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._ours = None


def serve(connection: Connection) -> None:
    """Judges every problem whose name comes in, until the other end is closed."""
    jax.config.update("jax_enable_x64", True)
    known = problems()
    connection.send(None)
    while True:
        try:
            name = connection.recv()
        except EOFError:
            return
        try:
            connection.send({"family": known[name][0]})
            for step in judged(objective(name, *known[name])):
                connection.send(step)
        except Exception as error:  # A fault of ours, or of the problem: it is told.
            connection.send({"failure": f"{type(error).__name__}: {error}"[:2000]})
        connection.send(None)
        jax.clear_caches()
        gc.collect()
