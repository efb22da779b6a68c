"""Runs the command line in this process, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from partialc.cli.main import run

MODEL = '''\
"""Functions that specs of the tests name."""

import jax.numpy as jnp


def product(x):
    """The product of all elements."""
    return jnp.prod(x)


def scaled(x, n, flag=False):
    """Uses all its arguments."""
    return jnp.sum(x[:n] ** 2) * (2 if flag else 1)


def counted(k):
    """Takes integers."""
    return jnp.sum(k)


def talkative(x):
    """Prints while it is traced."""
    print("tracing")
    return jnp.prod(x)


seen = []


def remembering(x):
    """Keeps what it is given."""
    seen.append(x)
    return jnp.prod(x)


def pair(x):
    """Returns a container."""
    return {"energy": jnp.sum(x**2), "count": jnp.argmax(x)}


def linear(x):
    """Has no second derivatives."""
    return jnp.sum(3.0 * x)


def squares(x):
    """Returns an array."""
    return x**2


def mismatched(x):
    """Expects four elements."""
    return x @ jnp.ones(4)


def branching(x):
    """Decides by a value."""
    return x if x > 0 else -x
'''
SPEC = """\
[[module]]
path = "generated/product.py"
function = "model:product"
args = { x = "float[5]" }

[module.kernels]
d3 = "partial(x[0], x[2], x[4])"
"""


@dataclass(frozen=True)
class Outcome:
    """What one call of the command line did."""

    code: int
    out: str
    err: str


Partialc: TypeAlias = Callable[..., Outcome]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a model and a spec."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "partialc.toml").write_text(SPEC)
    return tmp_path


@pytest.fixture
def partialc(folder: Path, capsys: pytest.CaptureFixture[str]) -> Partialc:
    """Calls the command line."""
    del folder

    def call(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call
