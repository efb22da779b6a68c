from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from partialc.errors import WriteError
from partialc.store.lock import (
    Lock,
    LockedModule,
    digest,
    installed_versions,
    lock_path,
    read_lock,
)

LOCK = Lock(
    {"jax": "0.10.2", "black": "26.1.0"},
    {
        "b": LockedModule(
            "pkg.b:f", "sha256:1", "sha256:2", {"z.py": "3", "a.py": "4"}
        ),
        "a": LockedModule(
            "pkg.a:f",
            "sha256:5",
            "sha256:6",
            {'odd "name".py': "7"},
            {"d3": "chain"},
            {"d3 b": "keeps the contract", "d3 a": "breaks it in 0: at x = 1"},
        ),
    },
)


def test_a_lock_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "partialc.lock"
    path.write_text(str(LOCK))
    assert read_lock(path) == LOCK


def test_the_text_does_not_depend_on_the_order_of_modules_and_files() -> None:
    reordered = Lock(
        LOCK.versions,
        {
            name: LockedModule(
                LOCK.modules[name].function,
                LOCK.modules[name].source,
                LOCK.modules[name].request,
                dict(reversed(LOCK.modules[name].files.items())),
                LOCK.modules[name].choices,
                dict(reversed(LOCK.modules[name].trials.items())),
            )
            for name in ("a", "b")
        },
    )
    assert str(reordered) == str(LOCK)
    assert str(LOCK).index("module.a]") < str(LOCK).index("module.b]")
    assert tomllib.loads(str(LOCK))["module"]["b"]["files"] == {
        "a.py": "4",
        "z.py": "3",
    }


def test_no_lock_is_none(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "partialc.lock") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<<<<<<< HEAD\n", "Invalid"),
        ("format = 2\n[versions]\n", "format 2"),
        ("[versions]\n", "format"),
        ("format = 1\n[versions]\n[module.a]\nfunction = 'f'\n", "source"),
    ],
)
def test_a_broken_lock_is_told(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "partialc.lock"
    path.write_text(text)
    with pytest.raises(WriteError) as caught:
        read_lock(path)
    assert why in str(caught.value.why)
    assert "--force" in str(caught.value.fix)


@pytest.mark.parametrize(
    ("spec", "lock"),
    [
        ("partialc.toml", "partialc.lock"),
        ("sub/pyproject.toml", "sub/partialc.lock"),
        ("other.toml", "other.lock"),
    ],
)
def test_where_a_lock_stands(spec: str, lock: str) -> None:
    assert lock_path(Path(spec)) == Path(lock)


def test_the_versions_are_those_of_what_decides_the_bytes() -> None:
    assert set(installed_versions()) == {"black", "jax", "partialc", "sympy"}
    assert digest(b"") == (
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
