"""What a build would write, compared with the lock and with what is on disk."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

from partialc.errors import WriteError
from partialc.store.lock import Lock, digest


@dataclass(frozen=True, slots=True)
class Target:
    """One file of a build.

    Attributes:
        path: Relative to the spec's folder.
        content: What it is to hold.
        module: The module it belongs to.
    """

    path: PurePosixPath
    content: bytes
    module: str


class State(Enum):
    """How a file on disk stands to what a build would write."""

    CURRENT = "current"
    STALE = "stale"
    MISSING = "missing"
    EXTRA = "extra"
    EDITED_EXTRA = "extra, hand-edited"
    HAND_EDITED = "hand-edited"
    FORMATTING = "reformatted"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Finding:
    """One file and its state.

    Attributes:
        path: Relative to the spec's folder.
        module: The module it belongs to.
        state: What it is.
        target: What a build would write there; None for an extra file.
    """

    path: PurePosixPath
    module: str
    state: State
    target: Target | None

    @property
    def sentence(self) -> str:
        """What is the matter, for a person."""
        return _SENTENCES[self.state]


_SENTENCES = {
    State.CURRENT: "is what the spec builds",
    State.STALE: "is not what the spec builds any more",
    State.MISSING: "has not been built, or was deleted",
    State.EXTRA: "was built for a module that is no longer in the spec",
    State.EDITED_EXTRA: "was built for a module that is no longer in the spec, and "
    "edited after that",
    State.HAND_EDITED: "was edited after it was built",
    State.FORMATTING: "differs from what the spec builds in formatting only",
    State.FOREIGN: "is in the way: partialc did not write it",
}


def compare(
    folder: Path, lock: Lock, targets: Sequence[Target], present: Collection[str]
) -> Iterator[Finding]:
    """The state of every file: those a build would write, then extra ones.

    Args:
        folder: The spec's folder.
        lock: The last build.
        targets: The files of this build.
        present: The names of all modules of the spec; files that the lock has of others
            are extra.

    Yields:
        One finding a file: targets in their order, then extra files by path.

    Raises:
        WriteError: A file that is there cannot be read.
    """
    recorded = lock.files
    for target in targets:
        on_disk = read(folder / target.path)
        state = _state(target, on_disk, recorded.get(str(target.path)))
        yield Finding(target.path, target.module, state, target)
    wanted = {str(target.path) for target in targets}
    extra = {
        path: name
        for name, module in lock.modules.items()
        for path in module.files
        if path not in wanted
        and (name not in present or any(target.module == name for target in targets))
    }
    for path, name in sorted(extra.items()):
        on_disk = read(folder / path)
        if on_disk is None:
            continue
        edited = digest(on_disk) != recorded[path]
        state = State.EDITED_EXTRA if edited else State.EXTRA
        yield Finding(PurePosixPath(path), name, state, None)


def read(path: Path) -> bytes | None:
    """What a file holds; None when there is none.

    Raises:
        WriteError: It is a folder, or cannot be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise WriteError(
            "a folder stands where a file is to be written",
            where=path.as_posix(),
            fix="give the module another `path` or `tests`",
        ) from None
    except OSError as error:
        raise WriteError(
            f"cannot read the file: {error.strerror}", where=path.as_posix()
        ) from None


def same_program(one: bytes, other: bytes) -> bool:
    """Whether two Python sources differ at most in formatting.

    A comment is no formatting: somebody wrote, or removed it.
    """
    try:
        same = ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
        return same and _comments(one) == _comments(other)
    except (SyntaxError, ValueError, tokenize.TokenError):
        return False


def _comments(source: bytes) -> list[str]:
    tokens = tokenize.tokenize(io.BytesIO(source).readline)
    found = (token.string for token in tokens if token.type == tokenize.COMMENT)
    return [comment.lstrip("#").strip() for comment in found]


def _state(target: Target, on_disk: bytes | None, recorded: str | None) -> State:
    if on_disk is None:
        return State.MISSING
    if on_disk == target.content:
        return State.CURRENT
    if recorded == digest(on_disk):
        return State.STALE
    if target.path.suffix == ".py" and same_program(on_disk, target.content):
        return State.FORMATTING
    return State.FOREIGN if recorded is None else State.HAND_EDITED
