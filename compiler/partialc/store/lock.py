"""The manifest `partialc.lock`: what was built, from what, with which versions.

Everything that would make generated files depend on the machine or the day stands here
instead of in them, and even here there are no times and no absolute paths.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from partialc.errors import Location, WriteError
from partialc.spec.model import ModuleSpec

FORMAT: Final = 1
_TOOLS: Final = ("black", "jax", "partialc", "sympy")
_HEADER: Final = "# Written by `partialc build`: commit it, do not edit it.\n"


@dataclass(frozen=True, slots=True)
class LockedModule:
    """One module as it was built.

    Attributes:
        function: How the spec names its function.
        source: Digest of the file that defines the function.
        request: Digest of everything else the spec says of the module.
        files: Digest by path relative to the spec's folder.
        choices: How each kernel is delivered, by its name.
        trials: What trying written-out kernels out has shown, by what was tried.
    """

    function: str
    source: str
    request: str
    files: Mapping[str, str]
    choices: Mapping[str, str] = field(default_factory=dict)
    trials: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lock:
    """The manifest.

    Attributes:
        versions: Of the tools whose output the files are, by name.
        modules: By name.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, LockedModule] = field(default_factory=dict)

    @property
    def files(self) -> Mapping[str, str]:
        """The digest of every file of every module."""
        return {
            path: digest
            for module in self.modules.values()
            for path, digest in module.files.items()
        }

    def __str__(self) -> str:
        lines = [_HEADER, f"format = {FORMAT}\n"]
        lines += _table("versions", self.versions)
        for name, module in sorted(self.modules.items()):
            facts = {
                "function": module.function,
                "source": module.source,
                "request": module.request,
            }
            lines += _table(f"module.{name}", facts)
            lines += _table(f"module.{name}.files", dict(sorted(module.files.items())))
            for table in ("choices", "trials"):
                decided = dict(sorted(getattr(module, table).items()))
                if decided:
                    lines += _table(f"module.{name}.{table}", decided)
        return "".join(lines)


def lock_path(spec: Path) -> Path:
    """Where a spec's lock stands: beside it, `partialc.lock`.

    A spec of another name has a lock of that name, so that two specs in one folder do
    not take each other's files for their own.
    """
    stem = "partialc" if spec.name == "pyproject.toml" else spec.stem
    return spec.with_name(f"{stem}.lock")


def read_lock(path: Path) -> Lock | None:
    """The lock at a path; None when there is none.

    Raises:
        WriteError: It cannot be read, or it is no lock of this format.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _broken(path, str(error)) from None
    try:
        return _from_document(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _broken(path, f"{type(error).__name__}: {error}") from None


def installed_versions() -> Mapping[str, str]:
    """The versions of the tools that decide the bytes of generated files."""
    return {tool: version(tool) for tool in _TOOLS}


def digest(content: bytes) -> str:
    """A digest as the lock writes it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def request_digest(module: ModuleSpec) -> str:
    """A digest of all that the spec says of a module, but not of how it is laid out."""
    facts = {
        "path": str(module.path),
        "tests": str(module.tests),
        "function": str(module.function),
        "args": {name: repr(value) for name, value in module.args.items()},
        "kernels": [
            (name, kernel.requests, repr(kernel.options))
            for name, kernel in module.kernels.items()
        ],
        "domain": repr(module.domain),
    }
    if module.sizes:
        facts["sizes"] = repr(module.sizes)
    return digest(json.dumps(facts, ensure_ascii=True).encode())


def _from_document(document: Mapping[str, Any]) -> Lock:
    if document["format"] != FORMAT:
        raise ValueError(
            f"format {document['format']}, but this partialc reads {FORMAT}"
        )
    modules = {
        name: LockedModule(
            function=entry["function"],
            source=entry["source"],
            request=entry["request"],
            files=dict(entry["files"]),
            choices=dict(entry.get("choices", {})),
            trials=dict(entry.get("trials", {})),
        )
        for name, entry in document.get("module", {}).items()
    }
    return Lock(dict(document["versions"]), modules)


def _broken(path: Path, why: str) -> WriteError:
    return WriteError(
        "the lock cannot be read",
        where=Location(path.as_posix()),
        why=why.splitlines()[0],
        fix="resolve a merge conflict in it, or delete it and run "
        "`partialc build --force`",
    )


def _table(name: str, values: Mapping[str, str]) -> list[str]:
    lines = [f"\n[{name}]\n"]
    for key, value in values.items():
        bare = key.replace("_", "a").replace("-", "a").isalnum() and key.isascii()
        lines.append(f"{key if bare else json.dumps(key)} = {json.dumps(value)}\n")
    return lines
