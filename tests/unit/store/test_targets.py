from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from partialc.errors import WriteError
from partialc.store.lock import Lock, LockedModule, digest
from partialc.store.targets import State, Target, compare, same_program

NEW = b"def f(x):\n    return x * 2\n"
OLD = b"def f(x):\n    return x * 3\n"


def locked(**files: bytes) -> LockedModule:
    digests = {f"{name}.py": digest(content) for name, content in files.items()}
    return LockedModule("pkg:f", "", "", digests)


def states(
    folder: Path, lock: Lock, *names: str, spec: tuple[str, ...] = ("m",)
) -> dict[str, State]:
    targets = [Target(PurePosixPath(f"{name}.py"), NEW, "m") for name in names]
    findings = compare(folder, lock, targets, spec)
    return {str(finding.path): finding.state for finding in findings}


@pytest.mark.parametrize(
    ("on_disk", "recorded", "state"),
    [
        (NEW, NEW, State.CURRENT),
        (NEW, OLD, State.CURRENT),
        (NEW, None, State.CURRENT),
        (OLD, OLD, State.STALE),
        (None, OLD, State.MISSING),
        (None, None, State.MISSING),
        (OLD + b"# note\n", OLD, State.HAND_EDITED),
        (OLD, NEW, State.HAND_EDITED),
        (b"def f(x): return x*2\n", NEW, State.FORMATTING),
        (b"def f(x): return x*2\n", None, State.FORMATTING),
        (b"def f(x): return x*2  # note\n", None, State.FOREIGN),
        (OLD, None, State.FOREIGN),
        (b"def f(x: return", NEW, State.HAND_EDITED),
        (b"\0", NEW, State.HAND_EDITED),
    ],
)
def test_states(
    tmp_path: Path, on_disk: bytes | None, recorded: bytes | None, state: State
) -> None:
    if on_disk is not None:
        (tmp_path / "a.py").write_bytes(on_disk)
    lock = Lock() if recorded is None else Lock({}, {"m": locked(a=recorded)})
    assert states(tmp_path, lock, "a") == {"a.py": state}


def test_files_of_modules_that_left_the_spec_are_extra(tmp_path: Path) -> None:
    for name, content in {"a": NEW, "gone": OLD, "edited": NEW}.items():
        (tmp_path / f"{name}.py").write_bytes(content)
    old = locked(gone=OLD, edited=OLD, deleted=OLD)
    lock = Lock({}, {"m": locked(a=NEW), "old": old})
    assert states(tmp_path, lock, "a") == {
        "a.py": State.CURRENT,
        "edited.py": State.EDITED_EXTRA,
        "gone.py": State.EXTRA,
    }


def test_a_file_that_its_module_no_longer_writes_is_extra(tmp_path: Path) -> None:
    for name in ("a", "moved"):
        (tmp_path / f"{name}.py").write_bytes(NEW)
    lock = Lock({}, {"m": locked(a=NEW, moved=NEW)})
    assert states(tmp_path, lock, "a")["moved.py"] is State.EXTRA


def test_modules_that_are_not_being_built_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_bytes(OLD)
    lock = Lock({}, {"other": locked(other=OLD)})
    assert "other.py" not in states(tmp_path, lock, "a", spec=("m", "other"))


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    with pytest.raises(WriteError, match="folder"):
        states(tmp_path, Lock(), "a")


def test_formatting_is_compared_by_syntax_tree() -> None:
    assert same_program(b"x = (1)  # one\n", b"x  = 1  #one\n")
    assert not same_program(b"x = 1\n", b"x = 1  # one\n")
    assert not same_program(b"x = 1  # two\n", b"x = 1  # one\n")
    assert not same_program(b"x = 1\n", b"x = 1.0\n")
