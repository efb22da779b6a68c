"""Kernels on sharded arrays: in one process with eight devices, and in two."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return int(found.getsockname()[1])


@pytest.mark.parametrize(("processes", "parts"), [(1, 8), (2, 4)])
def test_parts_are_what_one_device_computes(processes: int, parts: int) -> None:
    call = [sys.executable, "examples/sharding/demo.py"]
    call += ["--processes", str(processes), "--port", str(free_port())]
    environment = {
        key: value for key, value in os.environ.items() if key != "XLA_FLAGS"
    }
    done = subprocess.run(
        call, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    for name, shape in (("greeks of rows", 1024), ("Hessian along a chain", 190)):
        told = re.findall(rf"{name}: (\d+) parts of \({shape},\) here", done.stdout)
        assert told == [str(parts)] * processes
