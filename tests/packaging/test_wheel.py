"""The wheel alone, installed elsewhere and run from elsewhere, is a whole partialc."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, folder: Path) -> str:
    """What a command prints, run without any of this checkout in its environment."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir")
    run(*build, folder, ROOT, folder=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a new environment that holds the wheel.

    Its dependencies are borrowed: a `.pth` line puts this interpreter's packages behind
    the environment's own. The editable install is a `.pth` itself and is not followed.
    """
    home = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(home)
    python = home / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", wheel, folder=home)
    site = run(
        python,
        "-c",
        "import sysconfig; print(sysconfig.get_path('purelib'))",
        folder=home,
    )
    borrowed = Path(site.strip()) / "borrowed.pth"
    borrowed.write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


def test_the_wheel_holds_templates_types_and_licence(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "partialc/py.typed" in names
    for template in (ROOT / "templates").iterdir():
        assert f"partialc/templates/{template.name}" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "compiler/")) for name in names)


def test_the_templates_are_found_in_the_package(
    installed: Path, tmp_path: Path
) -> None:
    code = "from partialc.emit import templates; print(templates.templates_folder())"
    folder = Path(run(installed / "python", "-c", code, folder=tmp_path).strip())
    assert folder.parts[-2:] == ("partialc", "templates")
    assert folder.is_relative_to(installed.parent.resolve())


def test_the_command_line_works_from_another_directory(
    installed: Path, tmp_path: Path
) -> None:
    partialc = installed / "partialc"
    run(partialc, "init", "project", folder=tmp_path)
    spec = ("--spec", "project/partialc.toml")
    run(partialc, "build", *spec, folder=tmp_path)
    run(partialc, "check", *spec, folder=tmp_path)
    assert (tmp_path / "project" / "generated" / "chain.py").is_file()
