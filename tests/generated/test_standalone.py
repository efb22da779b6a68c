"""The committed modules pass their tests where there is JAX and no partialc.

Each environment is made once, under `.environments/`, from the package index.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".environments"


@dataclass(frozen=True)
class Environment:
    """A Python and what is installed into it.

    Attributes:
        python: Its version, as in `python3.12`.
        packages: What pip is asked for.
        part: The tests that are always run, as pytest's `-k` takes it; None for all.
        every: They are run for every so many of the modules, from a drawn one on.
    """

    python: str
    packages: tuple[str, ...]
    part: str | None = None
    every: int = 1

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"python{self.python}-{self.packages[0].replace('==', '')}"


ENVIRONMENTS = [
    Environment("3.11", ("jax==0.10.2", "numpy", "pytest"), every=2),
    Environment("3.12", ("jax==0.12.0.1", "numpy", "pytest"), "test_values", 3),
    Environment("3.11", ("jax==0.5.3", "numpy", "pytest"), "test_values", 3),
]


def interpreter(version: str) -> str | None:
    """A Python of that version that starts, be it no command but one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    installed = sorted(pyenv.glob(f"{version}.*/bin/python{version}"))
    command = which(f"python{version}")
    for candidate in [*filter(None, [command]), *map(str, installed)]:
        check = f"import sys, venv; assert sys.version.startswith('{version}.')"
        if (
            subprocess.run([candidate, "-c", check], capture_output=True).returncode
            == 0
        ):
            return candidate
    return None


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in the root, with no Python settings of this process."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


def prepared(environment: Environment, python: str) -> Path:
    """The interpreter of the environment, which is made if it is not there."""
    folder = HOME / environment.name
    made = folder / ".made"
    if not made.is_file():
        pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        for command in (
            (python, "-m", "venv", "--clear", folder),
            (folder / "bin" / "python", *pip, *environment.packages),
        ):
            done = run(*command)
            assert done.returncode == 0, done.stderr
        made.touch()
    return folder / "bin" / "python"


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda each: each.name)
def test_generated_modules_pass_their_tests(
    environment: Environment, pytestconfig: pytest.Config
) -> None:
    first = int(pytestconfig.option.hypothesis_seed) % environment.every
    check(environment, environment.part, slice(first, None, environment.every))


@pytest.mark.slow
@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda each: each.name)
def test_generated_modules_pass_all_their_tests(environment: Environment) -> None:
    check(environment, None, slice(None))


def check(environment: Environment, part: str | None, which: slice) -> None:
    """Run the tests of some of the committed modules, or a part of each."""
    tests = sorted((ROOT / "generated").rglob("test_*.py"))[which]
    assert tests, "no generated tests: run `partialc build`"
    python = interpreter(environment.python)
    if python is None:
        pytest.skip(f"there is no Python {environment.python} here")
    python = prepared(environment, python)
    absent = run(python, "-c", "import partialc")
    assert "ModuleNotFoundError: No module named 'partialc'" in absent.stderr
    options = ["-q", "-c", os.devnull, "--rootdir", ROOT, "-p", "no:cacheprovider"]
    options += ["-k", part] if part else []
    mode = "--import-mode=importlib"
    done = run(python, "-m", "pytest", *options, mode, *tests)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
