"""Runs the compiler over the modules of a spec, in this process or in several."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from partialc.cli import console
from partialc.driver import Compiled, Known, compile_module
from partialc.errors import PartialcError, SpecError, WriteError
from partialc.ops.cost import weight
from partialc.ops.registry import Cost
from partialc.planning.plan import cost_text
from partialc.spec.load import find_spec, load_spec
from partialc.spec.model import ModuleSpec, Spec
from partialc.spec.near import alternatives, did_you_mean
from partialc.store.lock import (
    Lock,
    LockedModule,
    digest,
    lock_path,
    read_lock,
    request_digest,
)
from partialc.store.targets import Target


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the summary.

    Attributes:
        kernel: `module.kernel`.
        plan: The plan in a phrase.
        cost: What it costs, as text.
        reference: What the full tensors would cost, as text; empty if not known.
        gain: How many times the plan is cheaper; None if not known.
    """

    kernel: str
    plan: str
    cost: str
    reference: str
    gain: float | None


@dataclass(frozen=True, slots=True)
class Built:
    """A compiled module as plain data, which can cross a process boundary.

    Attributes:
        name: The module's name.
        targets: The files it is made of.
        locked: Its entry in the lock.
        rows: One per kernel.
        warnings: What a person should know of.
    """

    name: str
    targets: tuple[Target, ...]
    locked: LockedModule
    rows: tuple[Row, ...]
    warnings: tuple[str, ...]


def open_spec(file: Path | None) -> Spec:
    """The spec a command is about: the file named, or that of the current folder."""
    return load_spec(find_spec(Path()) if file is None else file)


def select(spec: Spec, names: Sequence[str]) -> tuple[ModuleSpec, ...]:
    """The modules named, in the order of the spec; all of them if none is named.

    Raises:
        SpecError: There is no module of such a name.
    """
    known = {module.name: module for module in spec.modules}
    for name in names:
        if name not in known:
            raise SpecError(
                f"the spec has no module `{name}`",
                where=spec.file.as_posix(),
                fix=did_you_mean(name, known)
                or f"its modules are {alternatives(known)}",
            )
    return tuple(module for module in spec.modules if not names or module.name in names)


def require_kernel(module: ModuleSpec, kernel: str) -> None:
    """The module must have such a kernel.

    Raises:
        SpecError: It does not.
    """
    if kernel not in module.kernels:
        raise SpecError(
            f"the module `{module.name}` has no kernel `{kernel}`",
            where=module.place("kernels"),
            fix=did_you_mean(kernel, module.kernels)
            or f"its kernels are {alternatives(module.kernels)}",
        )


def compile_one(
    spec: Spec, module: ModuleSpec, progress: Callable[[str], None] | None = None
) -> Compiled:
    """Compile one module; what the user's function prints goes to stderr.

    What the lock tells of earlier trials is not tried again, and plans that it tells
    of are kept where others are hardly better.

    Args:
        spec: The spec the module is from.
        module: The module.
        progress: Told what is being done, in a few words each time.

    Raises:
        PartialcError: It cannot be compiled; the error says where in the spec.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return compile_module(module, spec.folder, progress, _known(spec, module))
    except PartialcError as error:
        _place(error, module)
        raise


def _known(spec: Spec, module: ModuleSpec) -> Known:
    """What earlier builds found out; nothing where there is no lock to be read."""
    with contextlib.suppress(WriteError):
        lock = read_lock(lock_path(spec.file)) or Lock()
        if module.name in lock.modules:
            locked = lock.modules[module.name]
            return Known(locked.trials, locked.choices)
    return Known()


def build_modules(
    spec: Spec, modules: Sequence[ModuleSpec], jobs: int
) -> tuple[Built, ...]:
    """Compile modules and say on stderr how far it is.

    Args:
        spec: The spec they are from.
        modules: In the order wanted.
        jobs: How many processes; 1 for this one alone.

    Returns:
        The results in the order of `modules`, however they were computed.

    Raises:
        PartialcError: One module cannot be compiled; the first of them, in order.
    """
    with console.progress(len(modules)) as report:
        if jobs > 1 and len(modules) > 1:
            return _build_apart(spec, modules, jobs, report)
        return tuple(_build_here(spec, modules, report))


def _build_here(
    spec: Spec, modules: Sequence[ModuleSpec], report: Callable[[str, int], None]
) -> Iterator[Built]:
    for number, module in enumerate(modules):

        def step(text: str, finished: int = number) -> None:
            report(text, finished)

        report(module.name, number)
        yield _built(compile_one(spec, module, step))


def _build_apart(
    spec: Spec,
    modules: Sequence[ModuleSpec],
    jobs: int,
    report: Callable[[str, int], None],
) -> tuple[Built, ...]:
    # Spawned, since a process that runs JAX's threads must not be forked.
    pool = ProcessPoolExecutor(
        max_workers=min(jobs, len(modules)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_leave_interrupts_to_the_parent,
    )
    try:
        futures: dict[Future[Built], str] = {
            pool.submit(_build_named, spec.file, module.name): module.name
            for module in modules
        }
        for number, future in enumerate(as_completed(futures)):
            report(futures[future], number)
        return tuple(future.result() for future in futures)
    except KeyboardInterrupt:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _build_named(file: Path, name: str) -> Built:
    """Compile one module in a process of its own, which reads the spec afresh."""
    spec = load_spec(file)
    (module,) = select(spec, [name])
    return _built(compile_one(spec, module))


def _built(compiled: Compiled) -> Built:
    module = compiled.spec
    targets = [
        Target(module.path, compiled.source.encode(), module.name),
        Target(module.test_path, compiled.test_source.encode(), module.name),
    ]
    if compiled.arrays is not None:
        targets.append(Target(module.arrays_path, compiled.arrays, module.name))
    locked = LockedModule(
        function=str(module.function),
        source=_source_digest(module),
        request=request_digest(module),
        files={str(target.path): digest(target.content) for target in targets},
        choices=compiled.found.choices,
        trials=compiled.found.trials,
    )
    rows = tuple(
        _row(f"{module.name}.{kernel}", plan, cost, reference)
        for kernel, plan, cost, reference in compiled.plan.rows()
    )
    return Built(module.name, tuple(targets), locked, rows, tuple(compiled.warnings))


def _row(kernel: str, plan: str, cost: Cost | None, reference: Cost | None) -> Row:
    gain = None
    if cost is not None and reference is not None and weight(cost):
        gain = weight(reference) / weight(cost)
    return Row(kernel, plan, _cost_text(cost), _cost_text(reference), gain)


def _cost_text(cost: Cost | None) -> str:
    return "" if cost is None else cost_text(cost)


def _source_digest(module: ModuleSpec) -> str:
    """A digest of the file that defines the function."""
    name = str(module.function).partition(":")[0]
    file = getattr(sys.modules.get(name), "__file__", None)
    return digest(Path(file).read_bytes()) if file else ""


def _place(error: PartialcError, module: ModuleSpec) -> None:
    """Turn `args.x`, or an object's path in quotes, into the place in the spec."""
    if error.where is None:
        error.where = module.place("function")
    if not isinstance(error.where, str):
        return
    named = {f"'{text}'": f"args.{name}" for name, text in module.args.items()}
    named[f"'{module.function}'"] = "function"
    named |= {f"kernel {name!r}": f"kernels.{name}" for name in module.kernels}
    part = named.get(error.where, error.where)
    error.where = module.places.get(part, error.where)
