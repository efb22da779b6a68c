"""What carried texts are held to."""

import re
import subprocess
import sys

import pytest

IMPORTS = {
    "from typing import Any": r"\bAny\b",
    "import numpy as np": r"\bnp\.",
    "import jax": r"\bjax\.",
    "import jax.numpy as jnp": r"\bjnp\.",
    "from jax import lax": r"(?<!\.)\blax\.",
}


@pytest.fixture
def passes_tools(tmp_path):
    """Checks carried sources, by name, with black, ruff and mypy --strict."""

    def check(sources):
        for name, source in sources.items():
            used = [
                line for line, mark in IMPORTS.items() if re.search(mark, source.text)
            ]
            text = "\n".join([*source.imports, *used, source.text])
            (tmp_path / f"of_{name}.py").write_text(text)
        for command in (
            ["black", "-q", "."],
            ["ruff", "check", "--isolated", "--select", "E4,E7,E9,F", "."],
            ["mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "."],
        ):
            done = subprocess.run(
                [sys.executable, "-m", *command],
                cwd=tmp_path,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stdout + done.stderr

    return check
