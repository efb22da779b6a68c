"""What the command line prints: results on stdout, everything else on stderr."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from threading import Event, Thread
from time import monotonic
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from partialc.errors import PartialcError

PATIENCE: Final = 10.0
"""Seconds after which plain lines tell what is still being done."""

_PIPE_WIDTH = 200
"""How wide tables may be where there is no terminal to say so."""


def stdout() -> Console:
    """The console of results, as wide as the terminal or its content needs."""
    return _console(stderr=False)


def stderr() -> Console:
    """The console of talk: errors, warnings, progress."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(
        file=stream, width=width, markup=False, highlight=False, soft_wrap=True
    )


def say(text: str) -> None:
    """A line of talk."""
    stderr().print(text)


def warn(text: str) -> None:
    """A warning: something is built all the same, and a person should know."""
    stderr().print(Text.assemble(("warning: ", "bold yellow"), text))


def show_error(error: PartialcError) -> None:
    """The four parts of an error, on stderr."""
    text = Text.assemble(("error: ", "bold red"), (error.what, "bold"))
    if error.where is not None:
        _part(text, "where", str(error.where))
    if error.snippet is not None:
        text.append(f"\n    {error.snippet}")
        if error.span is not None:
            start, stop = error.span
            text.append("\n    " + " " * start)
            text.append("^" * max(1, stop - start), style="bold red")
    if error.why is not None:
        _part(text, "why", error.why)
    if error.fix is not None:
        _part(text, "fix", error.fix)
    for note in getattr(error, "__notes__", ()):
        text.append(f"\n{note}")
    stderr().print(text)


def _part(text: Text, name: str, content: str) -> None:
    text.append(f"\n  {name}: ", style="bold cyan")
    text.append(content.replace("\n", "\n    "))


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()
) -> Table:
    """A table of texts; the columns named in `right` are aligned right."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in header:
        last = name == header[-1]
        made.add_column(
            name, justify="right" if name in right else "left", no_wrap=not last
        )
    for row in rows:
        made.add_row(*map(Text, row))
    return made


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[str, int], None]]:
    """Show how far a long command is.

    On a terminal it is one line that vanishes at the end; elsewhere a line per module,
    and one every ten seconds that tells what is being done of it.

    Args:
        total: How many modules there are.

    Yields:
        To be called with what is being done, and how many modules are finished.
    """
    console = stderr()
    if not console.is_terminal:
        with _Lines(console, total) as lines:
            yield lines
        return
    columns = (SpinnerColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)

        def live(step: str, finished: int) -> None:
            bar.update(task, description=step, completed=finished)

        yield live


class _Lines:
    """Progress in plain lines, which tells in the meantime what takes long."""

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total = console, total
        self._shown: set[str] = set()
        self._step, self._since = "", 0.0
        self._is_over = Event()
        self._watch = Thread(target=self._tell_of_long_ones, daemon=True)

    def __enter__(self) -> _Lines:
        self._since = monotonic()
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._watch.join()

    def __call__(self, step: str, finished: int) -> None:
        """Say what is being done."""
        self._step = step
        module = step.partition(":")[0]
        if module not in self._shown:
            self._shown.add(module)
            self._since = monotonic()
            self._console.print(f"[{finished + 1}/{self._total}] {module}")

    def _tell_of_long_ones(self) -> None:
        while not self._is_over.wait(PATIENCE):
            if self._step:
                seconds = monotonic() - self._since
                self._console.print(f"  {self._step} ({seconds:.0f} s)")
