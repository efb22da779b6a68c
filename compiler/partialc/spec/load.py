"""Reads `partialc.toml`, or `[tool.partialc]` of a `pyproject.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from partialc.errors import Location, SpecError
from partialc.spec import positions
from partialc.spec.model import ModuleSpec, Spec
from partialc.spec.module import read_module
from partialc.spec.tables import Origin, Table

SPEC_NAME: Final = "partialc.toml"
PROJECT_NAME: Final = "pyproject.toml"
_PROJECT_TABLE: Final = ("tool", "partialc")
_PLACE: Final = re.compile(r"\(at line (\d+), column (\d+)\)$")


def find_spec(folder: Path) -> Path:
    """The spec of a folder: `partialc.toml`, or else a `pyproject.toml` that has one.

    Raises:
        SpecError: There is none.
    """
    own = folder / SPEC_NAME
    if own.is_file():
        return own
    project = folder / PROJECT_NAME
    if project.is_file() and _inner(_parse(project, str(project))[0]) is not None:
        return project
    raise SpecError(
        "there is no spec in this folder",
        why=f"neither {SPEC_NAME} nor [tool.partialc] in {PROJECT_NAME} is there",
        fix="name one with --spec FILE, or start one with `partialc init`",
    )


def load_spec(file: Path) -> Spec:
    """Read a spec and check all that can be told without importing anything.

    Args:
        file: A TOML file; a `pyproject.toml` holds the spec in `[tool.partialc]`.

    Raises:
        SpecError: The file cannot be read, is no TOML, or is no valid spec.
    """
    shown = file.as_posix()
    document, text = _parse(file, shown)
    origin = Origin(shown, positions.positions(text))
    if file.name == PROJECT_NAME:
        inner = _inner(document)
        if inner is None:
            raise SpecError("there is no [tool.partialc] in this file", where=shown)
        table = Table(inner, "[tool.partialc]", origin, _PROJECT_TABLE)
        table.refuse_unknown(("module", "tests"))
        settings = table
        prefix = "tool.partialc.module"
    else:
        table = Table(document, "the spec", origin)
        table.refuse_unknown(("module", "partialc"))
        settings = table.table("partialc", "[partialc]")
        settings.refuse_unknown(("tests",))
        prefix = "module"
    tests = None
    if "tests" in settings:
        tests = settings.relative_path("tests", 'tests = "tests"')
    modules = [
        read_module(
            Table(entry, f"[[{prefix}]]", origin, (*table.path, "module", number)),
            tests,
        )
        for number, entry in enumerate(_entries(table, prefix))
    ]
    _refuse_duplicates(modules)
    return Spec(file, file.parent, tuple(modules))


def _parse(file: Path, shown: str) -> tuple[Mapping[str, Any], str]:
    try:
        # Not read_text: it would hide the carriage returns that columns count.
        text = file.read_bytes().decode("utf-8").removeprefix("\ufeff")
        return tomllib.loads(text), text
    except FileNotFoundError:
        raise SpecError(
            f"the spec {shown} does not exist",
            fix="check --spec, or start one with `partialc init`",
        ) from None
    except UnicodeDecodeError as error:
        raise SpecError(
            f"the spec is not UTF-8 text: byte {error.start} cannot be read",
            where=shown,
            fix="save it as UTF-8",
        ) from None
    except OSError as error:
        raise SpecError(
            f"the spec cannot be read: {error.strerror}", where=shown
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(shown, str(error)) from None


def _not_toml(shown: str, message: str) -> SpecError:
    place = _PLACE.search(message)
    where = Location(shown, int(place[1]), int(place[2])) if place else shown
    return SpecError(
        "the spec is not valid TOML",
        where=where,
        why=_PLACE.sub("", message).strip(),
        fix="in TOML a key is written once, a text in quotes, a list in brackets",
    )


def _inner(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    tool = document.get("tool")
    inner = tool.get("partialc") if isinstance(tool, Mapping) else None
    return inner if isinstance(inner, Mapping) else None


def _entries(table: Table, prefix: str) -> Sequence[Mapping[str, Any]]:
    entries = table.values.get("module", [])
    if not isinstance(entries, list) or not all(
        isinstance(entry, Mapping) for entry in entries
    ):
        raise SpecError(
            "`module` must be an array of tables",
            where=table.where("module"),
            why="a spec may hold several modules",
            fix=f"write [[{prefix}]], with two brackets",
        )
    if not entries:
        raise SpecError(
            "the spec asks for no module",
            where=table.origin.file if table.origin else None,
            fix=f"add a [[{prefix}]], or start with `partialc init`",
        )
    return entries


def _refuse_duplicates(modules: Sequence[ModuleSpec]) -> None:
    """Names and all files that a build would write must be distinct."""
    names: dict[str, ModuleSpec] = {}
    targets: dict[PurePosixPath, ModuleSpec] = {}
    for module in modules:
        other = names.setdefault(module.name, module)
        if other is not module:
            raise SpecError(
                f"two modules are called `{module.name}`",
                where=module.place("name") or module.place("path"),
                why=f"the other one is at {other.place()}",
                fix="give one of them another `name`",
            )
        for target in (module.path, module.test_path, module.arrays_path):
            other = targets.setdefault(_normal(target), module)
            if other is not module or module.path == module.test_path:
                raise SpecError(
                    f"two files would be written to {target}",
                    where=module.place("path"),
                    why=f"the other one belongs to the module `{other.name}`",
                    fix="give one of them another `path` or `tests`",
                )


def _normal(path: PurePosixPath) -> PurePosixPath:
    """The path without `..` where that can be told from the text."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)
