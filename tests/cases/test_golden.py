"""End to end: each folder is a spec with its model, and what `partialc build` makes of it.

`expected/` holds the generated modules; a case that must fail holds `stderr.txt`
instead. Golden text says what changed, not what is right: that is said by the generated
tests, which `test_verifies` runs.
"""

from __future__ import annotations

import difflib
import shutil
import sys
from pathlib import Path

import jax
import pytest

from partialc.cli.main import run

HERE = Path(__file__).parent
CASES = sorted(
    folder.name for folder in HERE.iterdir() if (folder / "model.py").is_file()
)
FAILING = [name for name in CASES if (HERE / name / "stderr.txt").is_file()]
BUILDING = [name for name in CASES if name not in FAILING]
PINNED = "0.10.2"
"""Programs trace differently from release to release: texts are those of one."""


@pytest.fixture
def case(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of the case's input in a folder of its own, which is the current one."""
    source = HERE / request.param
    for name in ("model.py", "partialc.toml"):
        shutil.copy(source / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "model", raising=False)
    yield tmp_path
    sys.modules.pop("model", None)


def compare(actual: str, golden: Path, *, update: bool) -> None:
    """Compare a text with its golden file, or rewrite that."""
    if update:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(actual)
    expected = golden.read_text() if golden.is_file() else ""
    diff = "".join(
        difflib.unified_diff(
            expected.splitlines(keepends=True),
            actual.splitlines(keepends=True),
            f"expected {golden.name}",
            "actual",
        )
    )
    assert not diff, f"{diff}\nif that is meant: pytest tests/cases --update-golden"


@pytest.mark.skipif(
    jax.__version__ != PINNED, reason=f"texts are those of JAX {PINNED}"
)
@pytest.mark.parametrize("case", BUILDING, indirect=True)
def test_builds(case: Path, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["case"]
    update = request.config.getoption("--update-golden")
    assert run(["build"]) == 0
    built = sorted(
        path
        for path in case.glob("*.py")
        if path.name != "model.py" and not path.name.startswith("test_")
    )
    assert built
    expected = HERE / name / "expected"
    if update and expected.is_dir():
        shutil.rmtree(expected)
    for path in built:
        compare(path.read_text(), expected / path.name, update=update)
    assert {path.name for path in built} == {path.name for path in expected.iterdir()}


@pytest.mark.parametrize("case", FAILING, indirect=True)
def test_fails(
    case: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    name = request.node.callspec.params["case"]
    assert run(["build"]) == 2
    update = request.config.getoption("--update-golden")
    compare(capsys.readouterr().err, HERE / name / "stderr.txt", update=update)
    written = {path.name for path in case.iterdir()} - {"__pycache__"}
    assert written == {"model.py", "partialc.toml"}


@pytest.mark.slow
@pytest.mark.parametrize("case", BUILDING, indirect=True)
def test_verifies(case: Path) -> None:
    assert run(["build"]) == 0
    assert run(["verify"]) == 0
