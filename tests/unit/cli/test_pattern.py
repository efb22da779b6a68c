"""What `partialc pattern` prints, writes and refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import io, sparse

MODEL = '''\
"""Functions with sparse derivatives."""

import jax
import jax.numpy as jnp

print("imported")


def residual(u, source):
    """A reaction and its diffusion in one dimension, and one linear part."""
    padded = jnp.pad(u, 1)
    flux = padded[2:] - 2 * u + padded[:-2] + jnp.exp(u)
    return {"flux": flux, "steps": jnp.arange(3), "sum": jnp.sum(source)}


def springs(x):
    """A chain."""
    return jnp.sum((x[1:] - x[:-1]) ** 4)


def arrow(x):
    """All beside the first."""
    return jnp.sum(x[0] * x[1:] ** 2)


def network(params, x, n, k):
    """A tree, a static number and integers."""
    return params["w"] @ x[:n] * params["b"] + k


def closest(x):
    """An integer."""
    return jnp.argmin(x)


def counted(k):
    """Of an integer."""
    return 2.0 * k


def spectrum(x):
    """Complex numbers."""
    return jnp.fft.fft(x)


def squares(x):
    """An array."""
    return x**2


PARAMS = {"w": jnp.ones((2, 3)), "b": jnp.ones(2)}
'''


@pytest.fixture
def pattern(
    folder: Path, partialc: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Calls the verb for a function of a module, each argument described."""
    (folder / "sparse_model.py").write_text(MODEL)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    def call(name: str, *described: str, options: tuple[str, ...] = ()) -> Any:
        arguments = [part for text in described for part in ("--args", text)]
        return partialc("pattern", f"sparse_model:{name}", *arguments, *options)

    return call


def test_the_picture_and_the_facts(pattern: Callable[..., Any]) -> None:
    outcome = pattern("residual", "u=float[5]", "source=float[2]")
    assert outcome.code == 0
    picture, facts = outcome.out.split("┘\n")
    assert picture.splitlines()[1:-1] == [
        "│██▒▒· · · · · │",
        "│▒▒██▒▒· · · · │",
        "│· ▒▒██▒▒· · · │",
        "│· · ▒▒██▒▒· · │",
        "│· · · ▒▒██· · │",
        "│· · · · · ▒▒▒▒│",
    ]
    assert facts.splitlines() == [
        "▒ constant, █ depends on the inputs",
        "shape               6 x 7",
        'rows                out["flux"] (0 to 4), out["sum"] (5)',
        "columns             u (0 to 4), source (5 to 6)",
        "nonzeros            15 (35.7 %)",
        "constant entries    10",
        "bandwidth           1 below the diagonal, 1 above",
        "colours by columns  3 JVPs (at least 3; natural order)",
        "colours by rows     3 VJPs (at least 3; natural order)",
    ]


def test_a_hessian(pattern: Callable[..., Any]) -> None:
    outcome = pattern("springs", "x=float[6]", options=("--hessian",))
    assert outcome.code == 0
    assert "│████· · · · │\n│██████· · · │" in outcome.out
    assert "columns           x (0 to 5)" in outcome.out
    assert "star colours      3 HVPs (at least 3; natural order)" in outcome.out
    assert "VJP" not in outcome.out


def test_json(pattern: Callable[..., Any]) -> None:
    options = ("--hessian", "--json")
    outcome = pattern("arrow", "x=float[9]", options=options)
    axis = [{"name": "x", "start": 0, "stop": 9}]
    assert json.loads(outcome.out) == {
        "shape": [9, 9],
        "rows": axis,
        "columns": axis,
        "nonzeros": 24,
        "fill": 24 / 81,
        "constants": 0,
        "bandwidth": {"below": 8, "above": 8},
        "colours": {"star": {"count": 2, "bound": 2, "order": "natural"}},
    }
    found = json.loads(pattern("squares", "x=float[4]", options=("--json",)).out)
    assert list(found["colours"]) == ["columns", "rows"]


def test_arguments_are_flattened_leaf_by_leaf(
    pattern: Callable[..., Any], folder: Path
) -> None:
    described = ["params=sparse_model:PARAMS", "x=float[4]", "n=3", "k=int32[2]"]
    outcome = pattern("network", *described, options=("--out", "found.npz"))
    assert outcome.code == 0
    assert outcome.err.endswith("wrote found.npz\n")
    assert 'params["b"] (0 to 1), params["w"] (2 to 7), x (8 to 11)' in outcome.out
    want = [
        [1, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0],
        [0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0],
    ]
    found = sparse.load_npz(folder / "found.npz")
    assert found.toarray().astype(int).tolist() == want
    pattern("network", *described, options=("--out", "found.mtx", "--json"))
    assert (io.mmread(folder / "found.mtx").toarray() == np.array(want)).all()


def test_a_terminal_without_unicode(
    pattern: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rich.console.Console.encoding", "ascii")
    outcome = pattern("squares", "x=float[2]")
    assert outcome.out.isascii()
    assert "|##. |\n|. ##|" in outcome.out


@pytest.mark.parametrize(
    ("name", "described", "options", "told"),
    [
        ("residul", [], (), "did you mean 'sparse_model:residual'"),
        ("squares", ["x"], (), "an argument is written NAME=TYPE"),
        ("squares", ["x=flaot[5]"], (), "did you mean `float`"),
        ("squares", ["x=float", "x=float"], (), "described twice"),
        ("squares", ["y=float[3]"], (), "has no parameter 'y'"),
        ("squares", [], (), "lacks 'x'"),
        ("closest", ["x=float[3]"], (), "it holds integers"),
        ("counted", ["k=int32[3]"], (), "none of its arguments holds floating-point"),
        ("spectrum", ["x=float[3]"], (), "out holds complex numbers"),
        ("spectrum", ["x=complex[3]"], (), "x holds complex numbers"),
        ("squares", ["x=float[3]"], ("--hessian",), "the function returns 3 numbers"),
        ("squares", ["x=float[3]"], ("--out", "p.csv"), "p.csv is no kind of file"),
        ("squares", ["x=float[3]"], ("--out", "model.py/p.npz"), "a file stands where"),
    ],
)
def test_what_is_wrong_is_told(
    name: str,
    described: list[str],
    options: tuple[str, ...],
    told: str,
    pattern: Callable[..., Any],
    folder: Path,
) -> None:
    before = {path.name for path in folder.iterdir()}
    outcome = pattern(name, *described, options=options)
    assert (outcome.code, outcome.out) == (2, "")
    assert told in outcome.err
    assert "fault of partialc" not in outcome.err
    assert {path.name for path in folder.iterdir()} - before <= {"__pycache__"}


def test_what_is_no_path_of_a_function(partialc: Callable[..., Any]) -> None:
    outcome = partialc("pattern", "model.product")
    assert (outcome.code, outcome.out) == (2, "")
    assert "is not the path of a function" in outcome.err


def test_help_shows_calls(partialc: Callable[..., Any]) -> None:
    assert (
        '  partialc pattern model:residual --args "u='
        in partialc("pattern", "--help").out
    )
