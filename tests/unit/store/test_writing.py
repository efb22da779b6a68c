from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

import pytest

from partialc.errors import WriteError
from partialc.store.targets import Finding, State
from partialc.store.writing import refuse_overwriting, staged, write_all


def everything(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


def test_files_and_folders_are_made(tmp_path: Path) -> None:
    write_all({tmp_path / "a" / "b" / "c.py": b"1", tmp_path / "lock": b"2"})
    assert everything(tmp_path) == {
        "a": None,
        "a/b": None,
        "a/b/c.py": b"1",
        "lock": b"2",
    }


def test_a_file_in_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"mine")
    with pytest.raises(WriteError, match="a file stands where the folder made") as told:
        write_all({tmp_path / "made" / "deep" / "a.py": b"1", tmp_path / "lock": b"2"})
    assert told.value.where == (tmp_path / "made").as_posix()
    assert everything(tmp_path) == {"made": b"mine"}


def test_an_equal_file_is_not_touched(tmp_path: Path) -> None:
    same, changed = tmp_path / "same", tmp_path / "changed"
    for path in (same, changed):
        path.write_bytes(b"1")
        os.utime(path, (1, 1))
    write_all({same: b"1", changed: b"2"})
    assert same.stat().st_mtime == 1
    assert changed.stat().st_mtime > 1


@pytest.mark.parametrize("bad", ["file/below.py", "folder"])
def test_when_one_file_cannot_be_written_none_is(tmp_path: Path, bad: str) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    before = everything(tmp_path)
    with pytest.raises(WriteError) as caught:
        write_all(
            {
                tmp_path / "file": b"new",
                tmp_path / "new" / "a.py": b"new",
                tmp_path / bad: b"new",
            }
        )
    assert str(caught.value.where).endswith(bad.removesuffix("/below.py"))
    assert caught.value.fix
    assert everything(tmp_path) == before


def test_an_interrupt_between_files_leaves_each_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "lock"):
        (tmp_path / name).write_bytes(b"old")
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if target.name == "b":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all({tmp_path / name: b"new" for name in ("a", "b", "lock")})
    assert everything(tmp_path) == {"a": b"new", "b": b"old", "lock": b"old"}


def test_the_manifest_is_moved_after_the_removals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = tmp_path / "extra"
    extra.write_bytes(b"old")
    seen: list[tuple[str, bool]] = []
    replace = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append((target.name, extra.exists()))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    write_all({tmp_path / "a": b"1", tmp_path / "lock": b"2"}, removed=[extra])
    assert seen == [("a", True), ("lock", False)]


def test_permissions_are_kept_or_usual(tmp_path: Path) -> None:
    kept, usual, new = (tmp_path / name for name in ("kept", "usual", "new"))
    kept.write_bytes(b"")
    kept.chmod(0o755)
    usual.write_bytes(b"")
    write_all({kept: b"1", new: b"1"})
    assert stat.S_IMODE(kept.stat().st_mode) == 0o755
    assert new.stat().st_mode == usual.stat().st_mode


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_all({tmp_path / "link": b"new"})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_what_was_staged_and_not_moved_is_gone(tmp_path: Path) -> None:
    with staged({tmp_path / "new" / "a": b"1"}) as pairs:
        assert pairs[0][0].read_bytes() == b"1"
        assert not (tmp_path / "new" / "a").exists()
    assert everything(tmp_path) == {}


@pytest.mark.parametrize("state", list(State))
def test_only_work_of_a_person_is_protected(state: State) -> None:
    finding = Finding(PurePosixPath("a.py"), "m", state, None)
    if state in (State.CURRENT, State.STALE, State.MISSING, State.EXTRA):
        refuse_overwriting([finding])
        return
    with pytest.raises(WriteError) as caught:
        refuse_overwriting([finding])
    assert caught.value.where == "a.py"
    assert "--force" in str(caught.value.fix)
