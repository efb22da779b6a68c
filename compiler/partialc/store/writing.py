"""Writing several files so that a crash leaves every one of them whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from partialc.errors import WriteError
from partialc.store.targets import Finding, State

_KEPT = (State.HAND_EDITED, State.FORMATTING, State.FOREIGN, State.EDITED_EXTRA)


def refuse_overwriting(findings: Sequence[Finding]) -> None:
    """No file that a person changed may be overwritten or removed.

    Raises:
        WriteError: One would be; it says how to do it all the same.
    """
    for finding in findings:
        if finding.state in _KEPT:
            raise WriteError(
                f"{finding.path} {finding.sentence}",
                where=str(finding.path),
                why="building would throw that away",
                fix="move what you want to keep into the function or the spec, then "
                "run `partialc build --force`",
            )


@contextlib.contextmanager
def staged(files: Mapping[Path, bytes]) -> Iterator[list[tuple[Path, Path]]]:
    """Write every file under a temporary name in its folder.

    Args:
        files: What is to stand where.

    Yields:
        Pairs of temporary and final path. What is not moved within the context is
        removed after it, and so are the folders made for it.

    Raises:
        WriteError: A folder or a file cannot be made.
    """
    pairs: list[tuple[Path, Path]] = []
    folders: list[Path] = []
    try:
        for path, content in files.items():
            # A link is written through: what it points to is replaced, not the link.
            _refuse_files_for_folders(path)
            final = path.resolve()
            with _telling_unwritable(path):
                folders += _make_folders(final.parent)
                pairs.append((_write_beside(final, content), final))
        yield pairs
    finally:
        for temporary, _ in pairs:
            temporary.unlink(missing_ok=True)
        for folder in reversed(folders):
            with contextlib.suppress(OSError):  # it is in use now
                folder.rmdir()


def write_all(files: Mapping[Path, bytes], removed: Iterable[Path] = ()) -> None:
    """Write all files, or none when one of them cannot be written.

    Every file is prepared in full before the first is moved into place, and moving is
    atomic: at any moment each path holds either its old or its new content. Files whose
    content would not change are not touched.

    Args:
        files: What is to stand where. The last one is moved last, after the removals:
            that is the place of a manifest that vouches for the others.
        removed: Files to be removed.

    Raises:
        WriteError: A file cannot be written or removed.
    """
    changed = {path: text for path, text in files.items() if _differs(path, text)}
    with staged(changed) as pairs:
        manifest = pairs[-1:]
        for temporary, final in pairs[:-1]:
            _move(temporary, final)
        for path in removed:
            with _telling_unwritable(path):
                path.unlink(missing_ok=True)
        for temporary, final in manifest:
            _move(temporary, final)


def _move(temporary: Path, final: Path) -> None:
    with _telling_unwritable(final):
        temporary.replace(final)


def _differs(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() != content
    except OSError:
        return True


def _refuse_files_for_folders(path: Path) -> None:
    """Every folder above a file must be one, or be nothing yet.

    Raises:
        WriteError: One is a file.
    """
    for folder in path.parents:
        if folder.exists() and not folder.is_dir():
            raise WriteError(
                f"a file stands where the folder {folder.name} is needed",
                where=folder.as_posix(),
                fix="move that file away, or give the module another `path` or `tests`",
            )


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; return the new ones, outermost first."""
    missing = [folder, *folder.parents]
    new = [candidate for candidate in missing if not candidate.exists()][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return new


def _write_beside(final: Path, content: bytes) -> Path:
    if final.is_dir():
        raise IsADirectoryError(None, "a folder stands there")
    handle, name = tempfile.mkstemp(dir=final.parent, prefix=f".{final.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(_mode(final))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _mode(final: Path) -> int:
    """The permissions of the file that is replaced, or those a new file would get."""
    try:
        mode = final.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
    if not os.access(final, os.W_OK):
        raise PermissionError(None, "the file is write protected")
    return mode


@contextlib.contextmanager
def _telling_unwritable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"cannot write {path.name}",
            where=path.as_posix(),
            why=error.strerror or str(error),
            fix="make the folder writable, or give the module another `path`",
        ) from None
