"""What `build` writes and `check` finds, with a compiler that only copies the model."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from partialc.cli import compiling
from partialc.driver import Known
from partialc.errors import FrontendError
from partialc.ops.registry import Cost
from partialc.spec.model import ModuleSpec
from partialc.store import lock

TWO = """\
[partialc]
tests = "tests"

[[module]]
path = "generated/one.py"
function = "model:product"
args = { x = "float[5]" }
kernels = { d3 = "partial(x[0], x[2], x[4])" }

[[module]]
path = "generated/two.py"
function = "model:scaled"
args = { x = "float[5]", n = 3 }
kernels = { value = "value" }
"""


@dataclass
class Plan:
    spec: ModuleSpec

    def rows(self) -> list[tuple[str, str, Cost | None, Cost | None]]:
        return [
            (kernel, "1 JVP", Cost(2.0), Cost(250.0)) for kernel in self.spec.kernels
        ]


@dataclass
class Output:
    spec: ModuleSpec
    source: str
    test_source: str
    arrays: bytes | None
    plan: Plan
    warnings: tuple[str, ...]
    found: Known


@dataclass
class Compiler:
    """Stands in for the driver: the output depends on the model's text and the spec."""

    suffix: str = ""
    arrays: bytes | None = None
    warnings: tuple[str, ...] = ()
    compiled: list[str] = field(default_factory=list)
    verdict: str = "keeps the contract"
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def __call__(
        self,
        spec: ModuleSpec,
        folder: Path,
        progress: Any = None,
        known: Known | None = None,
    ) -> Output:
        self.compiled.append(spec.name)
        self.known[spec.name] = dict((known or Known()).trials)
        if progress is not None:
            progress(f"{spec.name}: tracing")
        model = (folder / "model.py").read_text()
        source = f"MODEL = {len(model)}\nKERNELS = {list(spec.kernels)}\n{self.suffix}"
        test = f'"""Tests {spec.name}."""\n'
        tried = {f"{kernel} 0": self.verdict for kernel in spec.kernels}
        found = Known(tried | self.known[spec.name])
        return Output(spec, source, test, self.arrays, Plan(spec), self.warnings, found)


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Compiler:
    compiler = Compiler()
    monkeypatch.setattr(compiling, "compile_module", compiler)
    return compiler


@pytest.fixture
def project(folder: Path, compiler: Compiler, partialc: Callable[..., Any]) -> Path:
    """A folder with two modules, built."""
    del compiler
    (folder / "partialc.toml").write_text(TWO)
    assert partialc("build").code == 0
    return folder


FILES = [
    "generated/one.py",
    "generated/two.py",
    "partialc.lock",
    "tests/test_one.py",
    "tests/test_two.py",
]


def files(folder: Path) -> list[str]:
    """All files but the inputs."""
    found = (path.relative_to(folder).as_posix() for path in files_below(folder))
    return sorted(
        path
        for path in found
        if path not in ("model.py", "partialc.toml") and "__pycache__" not in path
    )


def files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        name: ((folder / name).read_bytes(), (folder / name).stat().st_mtime_ns)
        for name in files(folder)
    }


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_build_writes_modules_tests_and_lock(
    project: Path, partialc: Callable[..., Any]
) -> None:
    assert files(project) == FILES
    outcome = partialc("build")
    assert outcome.code == 0
    header, _, first, second = (line.split() for line in outcome.out.splitlines())
    assert header == ["kernel", "plan", "cost", "full", "reference", "gain"]
    assert first == ["one.d3", "1", "JVP", "2", "flops", "250", "flops", "125x"]
    assert second[0] == "two.value"
    assert outcome.err.splitlines() == [
        "[1/2] one",
        "[2/2] two",
        "0 files written, 4 unchanged",
    ]


def test_a_second_build_touches_nothing(
    project: Path, partialc: Callable[..., Any]
) -> None:
    for name in FILES:
        os.utime(project / name, (1, 1))
    before = snapshot(project)
    assert partialc("build").code == 0
    assert snapshot(project) == before


def test_a_build_after_a_change_touches_only_what_changed(
    project: Path, partialc: Callable[..., Any]
) -> None:
    before = snapshot(project)
    edit(project / "partialc.toml", "{ value =", "{ level =")
    outcome = partialc("build")
    assert "1 file written, 3 unchanged" in outcome.err
    after = snapshot(project)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"generated/two.py", "partialc.lock"}


def test_build_of_one_module_leaves_the_others_alone(
    project: Path, compiler: Compiler, partialc: Callable[..., Any]
) -> None:
    before = snapshot(project)
    compiler.compiled.clear()
    compiler.suffix = "NEW = 1\n"
    assert partialc("build", "two").code == 0
    assert compiler.compiled == ["two"]
    after = snapshot(project)
    assert after["generated/one.py"] == before["generated/one.py"]
    assert after["generated/two.py"] != before["generated/two.py"]
    recorded = lock.read_lock(project / "partialc.lock")
    assert recorded is not None
    assert set(recorded.modules) == {"one", "two"}


def test_the_lock_holds_nothing_of_this_machine(
    project: Path, partialc: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (project / "partialc.lock").read_text()
    assert str(project) not in text
    elsewhere = project.parent / "elsewhere"
    elsewhere.mkdir()
    for name in ("model.py", "partialc.toml"):
        shutil.copy(project / name, elsewhere)
    monkeypatch.chdir(elsewhere)
    assert partialc("build").code == 0
    assert (elsewhere / "partialc.lock").read_text() == text


def test_bytes_do_not_depend_on_the_folder_it_is_run_from(
    project: Path, partialc: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(project)
    monkeypatch.chdir(project.parent)
    spec = f"{project.name}/partialc.toml"
    assert partialc("build", "--spec", spec).code == 0
    assert snapshot(project) == before
    assert partialc("check", "--spec", spec).code == 0


def test_large_constants_go_into_a_file_beside_the_module(
    project: Path, compiler: Compiler, partialc: Callable[..., Any]
) -> None:
    compiler.arrays = b"\0\1"
    assert partialc("build").code == 0
    assert (project / "generated/one.npz").read_bytes() == b"\0\1"
    compiler.arrays = None
    assert partialc("check").code == 1
    assert partialc("build").code == 0
    assert files(project) == FILES


def test_warnings_are_talk(
    project: Path, compiler: Compiler, partialc: Callable[..., Any]
) -> None:
    del project
    compiler.warnings = ("one.d3: it is identically zero",)
    outcome = partialc("build")
    assert outcome.code == 0
    assert "warning: one.d3: it is identically zero\n" in outcome.err
    assert "zero" not in outcome.out


def test_an_error_in_one_module_writes_none(
    folder: Path, partialc: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(spec: ModuleSpec, *rest: Any) -> Output:
        if spec.name == "two":
            raise FrontendError("'scaled' has no parameter 'x'", where="args.x")
        return Compiler()(spec, *rest)

    monkeypatch.setattr(compiling, "compile_module", failing)
    (folder / "partialc.toml").write_text(TWO)
    outcome = partialc("build")
    assert outcome.code == 2
    assert "where: partialc.toml:13:10" in outcome.err
    assert files(folder) == []


def test_the_lock_hands_trials_on_to_later_builds(
    project: Path, compiler: Compiler, partialc: Callable[..., Any]
) -> None:
    compiler.verdict = "breaks it in 0: at x = 1 it gives 2 instead of 3"
    for verb in ("build", "check", "explain one"):
        compiler.known.clear()
        partialc(*verb.split())
        assert compiler.known["one"] == {"d3 0": "keeps the contract"}
    assert compiler.verdict not in (project / "partialc.lock").read_text()


def test_a_lock_without_a_trial_is_told(
    project: Path, partialc: Callable[..., Any]
) -> None:
    edit(project / "partialc.lock", '"d3 0" = "keeps the contract"\n', "")
    outcome = partialc("check")
    assert outcome.code == 1
    assert "partialc.lock: stale: it records another build" in outcome.out


# --- check ---------------------------------------------------------------------------


def test_check_of_a_fresh_build_is_clean(
    project: Path, partialc: Callable[..., Any]
) -> None:
    before = snapshot(project)
    outcome = partialc("check")
    assert (outcome.code, outcome.out) == (0, "")
    assert "4 files are what the spec builds" in outcome.err
    assert snapshot(project) == before


def test_check_finds_every_kind_of_difference(
    project: Path, partialc: Callable[..., Any]
) -> None:
    edit(project / "generated/one.py", "MODEL = ", "MODEL = 1 + ")
    (project / "tests/test_one.py").unlink()
    edit(project / "partialc.toml", 'kernels = { value = "value" }', "")
    edit(project / "partialc.toml", "generated/two.py", "generated/three.py")
    with (project / "partialc.toml").open("a") as spec:
        spec.write('kernels = { value = "value" }\n')
    before = snapshot(project)
    outcome = partialc("check")
    assert outcome.code == 1
    assert [line.rsplit(":", 1)[0] for line in outcome.out.splitlines()] == [
        "generated/one.py: hand-edited",
        "tests/test_one.py: missing",
        "generated/three.py: missing",
        "tests/test_three.py: missing",
        "generated/two.py: extra",
        "tests/test_two.py: extra",
    ]
    assert "--force" in outcome.err
    assert snapshot(project) == before


@pytest.mark.parametrize(
    ("file", "old", "new", "why"),
    [
        ("model.py", "def product", "# more\ndef product", "the file of its function"),
        ("partialc.toml", "{ d3 =", "{ d4 =", "its part of the spec"),
    ],
)
def test_check_says_why_a_file_is_stale(
    file: str,
    old: str,
    new: str,
    why: str,
    project: Path,
    partialc: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = ModuleType("model")
    model.__file__ = str(project / "model.py")
    monkeypatch.setitem(sys.modules, "model", model)
    assert partialc("build").code == 0
    edit(project / file, old, new)
    outcome = partialc("check")
    assert outcome.code == 1
    first = outcome.out.splitlines()[0]
    assert first.startswith("generated/one.py: stale: ")
    assert first.endswith(f": {why} changed")
    assert "run `partialc build`" in outcome.err


def test_check_tells_formatting_from_editing(
    project: Path, partialc: Callable[..., Any]
) -> None:
    edit(project / "generated/one.py", "KERNELS = ", "KERNELS   =   ")
    outcome = partialc("check")
    assert outcome.code == 1
    assert outcome.out.startswith("generated/one.py: reformatted: ")
    assert "keep formatters off" in outcome.err


def test_check_shows_the_difference(
    project: Path, partialc: Callable[..., Any]
) -> None:
    edit(project / "generated/one.py", "MODEL = ", "MODEL = 1 + ")
    (project / "tests/test_two.py").unlink()
    lines = partialc("check", "--diff").out.splitlines()
    assert "--- a/generated/one.py" in lines
    assert "+++ b/generated/one.py" in lines
    assert any(line.startswith("-MODEL = 1 + ") for line in lines)
    assert lines[-4:-2] == ["--- /dev/null", "+++ b/tests/test_two.py"]
    assert lines[-1] == '+"""Tests two."""'


def test_check_needs_a_lock_that_matches(
    project: Path, partialc: Callable[..., Any]
) -> None:
    text = (project / "partialc.lock").read_text()
    (project / "partialc.lock").unlink()
    outcome = partialc("check")
    assert outcome.code == 1
    assert outcome.out.startswith("partialc.lock: missing: ")
    (project / "partialc.lock").write_text(text.replace("sha256:", "sha256:0"))
    outcome = partialc("check")
    assert outcome.code == 1
    assert outcome.out.startswith("partialc.lock: stale: ")


def test_check_under_other_versions_cannot_tell(
    project: Path, compiler: Compiler, partialc: Callable[..., Any]
) -> None:
    edit(project / "partialc.lock", 'jax = "', 'jax = "9.')
    compiler.compiled.clear()
    outcome = partialc("check")
    assert (outcome.code, outcome.out) == (2, "")
    assert "built by other versions" in outcome.err
    assert "why: jax 9." in outcome.err
    assert compiler.compiled == []
    assert partialc("build").code == 0
    assert partialc("check").code == 0


# --- protection of edits -------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("MODEL = ", "MODEL = 1 + ", "was edited after it was built"),
        ("KERNELS = ", "# mine\nKERNELS = ", "was edited after it was built"),
        ("KERNELS = ", "KERNELS   =   ", "in formatting only"),
    ],
)
def test_build_keeps_edits_unless_forced(
    old: str, new: str, told: str, project: Path, partialc: Callable[..., Any]
) -> None:
    built = (project / "generated/one.py").read_text()
    edit(project / "generated/one.py", old, new)
    before = snapshot(project)
    outcome = partialc("build")
    assert (outcome.code, outcome.out) == (2, "")
    assert told in outcome.err
    assert "where: generated/one.py" in outcome.err
    assert "--force" in outcome.err
    assert snapshot(project) == before
    assert partialc("build", "--force").code == 0
    assert (project / "generated/one.py").read_text() == built
    assert partialc("check").code == 0


def test_build_does_not_overwrite_a_file_it_did_not_write(
    folder: Path, compiler: Compiler, partialc: Callable[..., Any]
) -> None:
    del compiler
    (folder / "generated").mkdir()
    (folder / "generated/product.py").write_text("mine = 1\n")
    outcome = partialc("build")
    assert outcome.code == 2
    assert "partialc did not write it" in outcome.err
    assert files(folder) == ["generated/product.py"]
    assert partialc("build", "--force").code == 0


def test_build_removes_files_of_modules_that_left_the_spec(
    project: Path, partialc: Callable[..., Any]
) -> None:
    spec = project / "partialc.toml"
    spec.write_text(TWO[: TWO.rindex("[[module]]")])
    assert partialc("check").code == 1
    outcome = partialc("build")
    assert outcome.code == 0
    assert "removed generated/two.py" in outcome.err
    assert files(project) == [name for name in FILES if "two" not in name]
    assert partialc("check").code == 0


def test_build_of_one_module_removes_nothing_else(
    project: Path, partialc: Callable[..., Any]
) -> None:
    spec = project / "partialc.toml"
    spec.write_text(TWO[: TWO.rindex("[[module]]")])
    assert partialc("build", "one").code == 0
    assert files(project) == FILES
    assert partialc("check").code == 1


def test_build_does_not_remove_an_edited_file_unless_forced(
    project: Path, partialc: Callable[..., Any]
) -> None:
    spec = project / "partialc.toml"
    spec.write_text(TWO[: TWO.rindex("[[module]]")])
    edit(project / "generated/two.py", "MODEL = ", "MODEL = 1 + ")
    outcome = partialc("build")
    assert outcome.code == 2
    assert "--force" in outcome.err
    assert files(project) == FILES
    assert partialc("build", "--force").code == 0
    assert files(project) == [name for name in FILES if "two" not in name]


def test_a_broken_lock_is_an_error_and_force_replaces_it(
    project: Path, partialc: Callable[..., Any]
) -> None:
    (project / "partialc.lock").write_text("<<<<<<< ours\n")
    for verb in ("build", "check"):
        outcome = partialc(verb)
        assert outcome.code == 2
        assert "the lock cannot be read" in outcome.err
    assert partialc("build", "--force").code == 0
    assert partialc("check").code == 0


def test_an_unwritable_target_is_an_error_and_nothing_is_written(
    folder: Path, compiler: Compiler, partialc: Callable[..., Any]
) -> None:
    del compiler
    (folder / "generated").write_text("a file where a folder should be")
    outcome = partialc("build")
    assert (outcome.code, outcome.out) == (2, "")
    assert "a file stands where the folder generated is needed" in outcome.err
    assert "where: generated\n" in outcome.err
    assert files(folder) == ["generated"]
