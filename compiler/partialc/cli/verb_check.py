"""`partialc check`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from partialc.cli import console
from partialc.cli.compiling import Built, build_modules, open_spec
from partialc.cli.options import jobs_option, spec_option
from partialc.errors import WriteError
from partialc.spec.model import Spec
from partialc.store.lock import (
    Lock,
    LockedModule,
    installed_versions,
    lock_path,
    read_lock,
)
from partialc.store.targets import Finding, State, compare, read


@click.command("check")
@spec_option
@jobs_option
@click.option("--diff", is_flag=True, help="Show what a build would change.")
def command(spec_file: Path | None, jobs: int, diff: bool) -> int:
    """Find stale, missing, extra and hand-edited files; write nothing.

    Exits with 1 if there are any, and with 2 if the files were built by other versions
    of the tools, so that a comparison would tell nothing.
    """
    spec = open_spec(spec_file)
    lock_file = lock_path(spec.file)
    lock = read_lock(lock_file)
    if lock is not None:
        _refuse_other_versions(lock, lock_file)
    built = build_modules(spec, spec.modules, jobs)
    targets = [target for module in built for target in module.targets]
    present = {module.name for module in spec.modules}
    findings = [
        finding
        for finding in compare(spec.folder, lock or Lock(), targets, present)
        if finding.state is not State.CURRENT
    ]
    lines = [
        f"{finding.path}: {finding.state.value}: "
        f"{finding.sentence}{_reason(finding, lock, built)}"
        for finding in findings
    ]
    if not lines:
        lines += _lock_lines(lock, lock_file, built)
    out = console.stdout()
    for line in lines:
        out.print(line)
    if diff:
        for finding in findings:
            for line in _diff(spec, finding):
                out.print(line)
    if lines:
        console.say(_advice(findings))
        return 1
    console.say(f"{len(targets)} files are what the spec builds")
    return 0


def _refuse_other_versions(lock: Lock, lock_file: Path) -> None:
    here = installed_versions()
    changes = [
        f"{name} {lock.versions.get(name, 'none')} there, {here.get(name, 'none')} here"
        for name in sorted({*here, *lock.versions})
        if here.get(name) != lock.versions.get(name)
    ]
    if changes:
        raise WriteError(
            "the files were built by other versions of the tools",
            where=lock_file.as_posix(),
            why="; ".join(changes),
            fix="install those versions, or run `partialc build` and commit the result",
        )


def _reason(finding: Finding, lock: Lock | None, built: Sequence[Built]) -> str:
    """Why a stale file is stale, as far as the lock can tell."""
    if finding.state is not State.STALE or lock is None:
        return ""
    new = {module.name: module.locked for module in built}[finding.module]
    old = lock.modules.get(finding.module)
    if old is None:
        return ""
    changed = [
        what
        for what, differs in (
            ("the file of its function", old.source != new.source),
            ("its part of the spec", old.request != new.request),
        )
        if differs
    ]
    return f": {' and '.join(changed)} changed" if changed else ""


def _lock_lines(
    lock: Lock | None, lock_file: Path, built: Sequence[Built]
) -> Iterator[str]:
    """The finding that the lock itself is old although all files are current."""
    modules = {module.name: module.locked for module in built}
    if lock is None:
        yield f"{lock_file.name}: {State.MISSING.value}: no build has been recorded"
    elif _recorded(lock.modules) != _recorded(modules):
        yield f"{lock_file.name}: {State.STALE.value}: it records another build"


def _recorded(modules: Mapping[str, LockedModule]) -> Mapping[str, object]:
    return {
        name: (module.files, module.choices, module.trials)
        for name, module in modules.items()
    }


def _diff(spec: Spec, finding: Finding) -> Iterator[str]:
    """A unified diff from what is there to what a build would write."""
    name = str(finding.path)
    if finding.path.suffix != ".py":
        yield f"binary file {name} differs"
        return
    there = read(spec.folder / finding.path)
    wanted = None if finding.target is None else finding.target.content
    yield from difflib.unified_diff(
        [] if there is None else there.decode(errors="replace").splitlines(),
        [] if wanted is None else wanted.decode().splitlines(),
        "/dev/null" if there is None else f"a/{name}",
        "/dev/null" if wanted is None else f"b/{name}",
        lineterm="",
    )


def _advice(findings: Sequence[Finding]) -> str:
    states = {finding.state for finding in findings}
    if states & {State.HAND_EDITED, State.FOREIGN, State.EDITED_EXTRA}:
        return "keep the edits elsewhere, then `partialc build --force`"
    if State.FORMATTING in states:
        return "keep formatters off the generated files, then `partialc build --force`"
    return "run `partialc build` and commit the result"
