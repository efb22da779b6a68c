"""Import of the objects a spec names, with the spec's folder first on `sys.path`."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import importlib
import keyword
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from partialc.errors import FrontendError
from partialc.frontends.faults import is_user_file, shown, user_location
from partialc.frontends.x64 import imports_with

_SKIPPED_FOLDERS: Final = frozenset({"node_modules", "site-packages", "__pycache__"})
_MOST_MODULES_LISTED: Final = 2000


@dataclass(frozen=True, slots=True)
class ObjectPath:
    """A path such as `pkg.mod:obj.attr`, taken apart.

    Attributes:
        module: The dotted module name.
        attributes: The attributes that lead from the module to the object.
    """

    module: str
    attributes: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> ObjectPath:
        """Read `pkg.mod:obj.attr`.

        Raises:
            FrontendError: It is no such path.
        """
        module, colon, attributes = text.strip().partition(":")
        path = cls(module, tuple(attributes.split(".")))
        if colon and all(
            _is_name(part) for part in (*module.split("."), *path.attributes)
        ):
            return path
        fix = "write the module's name, a colon, and the object's name: pkg.mod:obj"
        if not colon and "." in module and all(map(_is_name, module.split("."))):
            parent, _, last = module.rpartition(".")
            fix = f"did you mean '{parent}:{last}'?"
        raise FrontendError(f"'{text}' is not the path of an object", fix=fix)


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


@contextlib.contextmanager
def imports_from(folder: Path | None) -> Iterator[None]:
    """Put `folder` first on `sys.path`, and write no byte code, within the context.

    Byte code is not written because Python takes a cached file for fresh when size and
    whole second agree, which an edit and a rebuild within one second would fall for.
    """
    if folder is None:
        yield
        return
    entry = str(folder.resolve())
    writes_nothing = sys.dont_write_bytecode
    sys.path.insert(0, entry)
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes_nothing
        with contextlib.suppress(ValueError):
            sys.path.remove(entry)


def load_object(path: str, folder: Path | None = None) -> Any:
    """The object a path names.

    Args:
        path: `pkg.mod:obj`, or `pkg.mod:obj.attr`.
        folder: Stands first on `sys.path` during the import. Modules that an earlier
            call imported from there and that have changed since are imported afresh.

    Raises:
        FrontendError: There is no such module or attribute (near misses are named), or
            the module itself fails (with the line in the user's file).
    """
    parsed = ObjectPath.parse(path)
    module = _import_module(parsed.module, folder)
    found: Any = module
    walked = parsed.module + ":"
    for attribute in parsed.attributes:
        try:
            found = getattr(found, attribute)
        except AttributeError:
            raise _unknown_attribute(path, found, walked, attribute) from None
        walked += attribute if walked.endswith(":") else f".{attribute}"
    return found


@contextlib.contextmanager
def imported_afresh(path: str, folder: Path | None, *, x64: bool) -> Iterator[Any]:
    """The object of a path as a process with 64-bit types on, or off, would import it.

    Within the context the user's own modules are those of the new import; afterwards
    they are the ones from before.

    Raises:
        FrontendError: As `load_object`.
    """
    name = ObjectPath.parse(path).module
    aside = {known: sys.modules.pop(known) for known in _own_modules(name, folder)}
    try:
        with imports_with(x64):
            yield load_object(path, folder)
    finally:
        for new in _own_modules(name, folder):
            del sys.modules[new]
        sys.modules.update(aside)
        for known, module in aside.items():
            parent, _, last = known.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], last, module)


def _own_modules(name: str, folder: Path | None) -> list[str]:
    """The loaded modules of the user that may belong together with a module."""
    root = folder.resolve() if folder is not None else None
    module = sys.modules.get(name)
    file = None if module is None else _file_of(module)
    if root is None and file is not None:
        root = file.parent
    if root is None:
        return []
    return [
        known
        for known, module in list(sys.modules.items())
        if known != "__main__"
        and (file := _file_of(module)) is not None
        and _is_within(file, root)
    ]


# --- modules -------------------------------------------------------------------------

_IMPORTED: Final[dict[str, str]] = {}
"""Modules this process imported for specs, with the digest their file had then."""


def _import_module(name: str, folder: Path | None) -> ModuleType:
    _forget_outdated(name, folder)
    known = set(sys.modules)
    # A module may print while it is imported; stdout is kept for results.
    with imports_from(folder), contextlib.redirect_stdout(sys.stderr):
        importlib.invalidate_caches()
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is not None and _is_prefix(error.name, name):
                raise _unknown_module(name, error.name, folder) from None
            raise _failed_import(name, error, folder) from None
        except (Exception, SystemExit) as error:
            raise _failed_import(name, error, folder) from None
    if folder is not None:
        for new in set(sys.modules) - known:
            file = _file_of(sys.modules[new])
            if file is not None and _is_within(file, folder):
                _IMPORTED[new] = _digest(file)
    return module


def _forget_outdated(name: str, folder: Path | None) -> None:
    """Drop modules that a fresh process would not find as they are."""
    files = {
        known: file
        for known in _IMPORTED
        if known in sys.modules and (file := _file_of(sys.modules[known])) is not None
    }
    outdated = any(_digest(file) != _IMPORTED[known] for known, file in files.items())
    top = name.partition(".")[0]
    moved = folder is not None and any(
        _is_prefix(top, known)
        and not _is_within(file, folder)
        and _expected_file(name, folder) is not None
        for known, file in files.items()
    )
    if outdated or moved:
        # All of them: which of them hold objects of the outdated one is not known.
        for known in files:
            del sys.modules[known], _IMPORTED[known]
    if folder is None or name not in sys.modules:
        return
    expected, actual = _expected_file(name, folder), _file_of(sys.modules[name])
    if expected is not None and actual is not None and expected != actual:
        if not is_user_file(str(actual)):
            raise FrontendError(
                f"the module '{name}' of the spec's folder has the name of an "
                "installed module",
                where=shown(str(expected), folder),
                fix="rename it",
            )
        del sys.modules[name]


def _expected_file(name: str, folder: Path) -> Path | None:
    base = folder.resolve().joinpath(*name.split("."))
    for candidate in (base / "__init__.py", base.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    return None


def _file_of(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if file else None


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _is_within(file: Path, folder: Path) -> bool:
    return file.is_relative_to(folder.resolve()) and is_user_file(str(file))


def _is_prefix(prefix: str, name: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


# --- errors --------------------------------------------------------------------------


def _failed_import(
    name: str, error: BaseException, folder: Path | None
) -> FrontendError:
    text = str(error) or type(error).__name__
    if isinstance(error, SyntaxError):
        text = error.msg
    if isinstance(error, SystemExit):
        text = "it calls sys.exit"
    return FrontendError(
        f"the module '{name}' cannot be imported",
        where=user_location(error, folder),
        why=f"{type(error).__name__}: {text.splitlines()[0]}",
        fix="repair the module; 'python -c \"import "
        + name
        + "\"' shows the same error",
    )


def _unknown_module(name: str, missing: str, folder: Path | None) -> FrontendError:
    what = f"there is no module '{name}'"
    if missing != name:
        what += f": '{missing}' does not exist"
    modules = [] if folder is None else _modules_in(folder)
    last = name.rpartition(".")[2]
    near = difflib.get_close_matches(name, modules, n=3, cutoff=0.6)
    near += [module for module in modules if module.rpartition(".")[2] == last]
    return FrontendError(
        what,
        why=(
            "the spec's folder comes first on sys.path, and neither it nor the rest of "
            "sys.path has the module"
        ),
        fix=_suggestion(near) or "give the dotted name as an import statement would",
    )


def _modules_in(folder: Path) -> list[str]:
    """Dotted names of the modules below a folder, a bounded number of them."""
    found: list[str] = []
    pending = [folder.resolve()]
    while pending and len(found) < _MOST_MODULES_LISTED:
        current = pending.pop()
        try:
            entries = sorted(current.iterdir())
        except OSError:
            continue
        for entry in entries:
            if not _is_name(entry.stem) or entry.name in _SKIPPED_FOLDERS:
                continue
            if entry.is_dir():
                pending.append(entry)
            elif entry.suffix == ".py":
                parts = entry.with_suffix("").relative_to(folder.resolve()).parts
                parts = parts[:-1] if parts[-1] == "__init__" else parts
                found.append(".".join(parts))
    return [name for name in found if name]


def _unknown_attribute(
    path: str, holder: object, walked: str, attribute: str
) -> FrontendError:
    public = [name for name in dir(holder) if not name.startswith("_")]
    near = difflib.get_close_matches(attribute, public, n=3, cutoff=0.5)
    separator = "" if walked.endswith(":") else "."
    suggestion = _suggestion([f"{walked}{separator}{name}" for name in near])
    if suggestion is None and isinstance(holder, ModuleType):
        own = [
            name
            for name in public
            if getattr(getattr(holder, name), "__module__", None) == holder.__name__
        ]
        suggestion = f"it defines {', '.join(own[:12])}" if own else None
    kind = "the module" if isinstance(holder, ModuleType) else "the object"
    return FrontendError(
        f"{kind} '{walked.rstrip(':')}' has no '{attribute}'",
        where=f"'{path}'",
        fix=suggestion or "give the name of an object that the module defines",
    )


def _suggestion(names: list[str]) -> str | None:
    if not names:
        return None
    quoted = [f"'{name}'" for name in dict.fromkeys(names)]
    if len(quoted) == 1:
        return f"did you mean {quoted[0]}?"
    return f"did you mean {', '.join(quoted[:-1])} or {quoted[-1]}?"
