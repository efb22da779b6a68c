"""`python -m partialc` is the command line."""

from __future__ import annotations

import subprocess
import sys


def test_version() -> None:
    call = [sys.executable, "-m", "partialc", "--version"]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("partialc")
