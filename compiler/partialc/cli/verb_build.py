"""`partialc build`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from partialc.cli import console
from partialc.cli.compiling import Built, Row, build_modules, open_spec, select
from partialc.cli.options import jobs_option, names_argument, spec_option
from partialc.errors import WriteError
from partialc.spec.model import Spec
from partialc.store.lock import Lock, installed_versions, lock_path, read_lock
from partialc.store.targets import Finding, State, compare
from partialc.store.writing import refuse_overwriting, write_all

_EXTRA = (State.EXTRA, State.EDITED_EXTRA)


@click.command("build")
@names_argument
@spec_option
@jobs_option
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand.")
def command(
    names: tuple[str, ...], spec_file: Path | None, jobs: int, force: bool
) -> int:
    """Write the modules NAME (all of them if none is named) and their tests."""
    spec = open_spec(spec_file)
    modules = select(spec, names)
    lock_file = lock_path(spec.file)
    lock = _old_lock(lock_file, force=force)
    built = build_modules(spec, modules, jobs)
    findings = _findings(spec, lock, built, whole=not names)
    if not force:
        refuse_overwriting(findings)
    files = {
        spec.folder / target.path: target.content
        for module in built
        for target in module.targets
    }
    files[lock_file] = str(_new_lock(spec, lock, built, whole=not names)).encode()
    extra = [finding.path for finding in findings if finding.state in _EXTRA]
    write_all(files, [spec.folder / path for path in extra])
    _report(built, findings)
    return 0


def _old_lock(path: Path, *, force: bool) -> Lock:
    """The last build; with `force` an unreadable record is as good as none."""
    try:
        return read_lock(path) or Lock()
    except WriteError:
        if not force:
            raise
        return Lock()


def _findings(
    spec: Spec, lock: Lock, built: Sequence[Built], *, whole: bool
) -> list[Finding]:
    """The state of the files; those of vanished modules only if all are built."""
    targets = [target for module in built for target in module.targets]
    present = {module.name for module in spec.modules}
    if not whole:
        present |= set(lock.modules)
    return list(compare(spec.folder, lock, targets, present))


def _new_lock(spec: Spec, old: Lock, built: Sequence[Built], *, whole: bool) -> Lock:
    modules = {module.name: module.locked for module in built}
    if whole:
        return Lock(installed_versions(), modules)
    return Lock(installed_versions(), {**old.modules, **modules})


def _report(built: Sequence[Built], findings: Sequence[Finding]) -> None:
    rows = [row for module in built for row in module.rows]
    console.stdout().print(summary(rows))
    for module in built:
        for text in module.warnings:
            console.warn(text)
    removed = [finding for finding in findings if finding.state in _EXTRA]
    for finding in removed:
        console.say(f"removed {finding.path}: its module is no longer in the spec")
    current = sum(finding.state is State.CURRENT for finding in findings)
    written = len(findings) - current - len(removed)
    console.say(f"{_files(written)} written, {current} unchanged")


def summary(rows: Sequence[Row]) -> object:
    """A table of kernels, plans, and costs against the full reference."""
    header = ("kernel", "plan", "cost", "full reference", "gain")
    lines = [
        (row.kernel, row.plan, row.cost, row.reference, _gain(row.gain)) for row in rows
    ]
    return console.table(header, lines, right=header[2:])


def _gain(gain: float | None) -> str:
    """How many times cheaper, to two digits or to the unit."""
    if gain is None:
        return ""
    return f"{gain:,.0f}x" if gain >= 10 else f"{gain:.1f}x"


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"
