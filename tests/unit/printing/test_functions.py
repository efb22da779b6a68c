"""Whole functions and standalone modules: containers, annotations, determinism."""

import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.errors import UnsupportedError
from partialc.ir.dtypes import Regime
from tests.unit.printing.programs import decompiled, formatted, load, strict

ROOT = Path(__file__).parents[3]
PARAMS = {
    "w1": np.sin(np.arange(20.0)).reshape(4, 5),
    "b1": np.arange(4.0),
    "layers": [(np.cos(np.arange(12.0)).reshape(3, 4), np.ones(3))],
}
X = np.linspace(-1.0, 1.0, 5)


def loss(params, x):
    hidden = jnp.tanh(params["w1"] @ x + params["b1"])
    for weight, bias in params["layers"]:
        hidden = weight @ hidden + bias
    return jnp.sum(hidden**2)


def pendulum(x0, k):
    def step(state, t):
        q, p = state
        p = p - 0.1 * k * jnp.sin(q)
        return (q + 0.1 * p, p), q * t

    times = jnp.arange(10, dtype=k.dtype)
    (q, p), path = jax.lax.scan(step, (x0, jnp.zeros_like(x0)), times)
    return {"energy": p * p / 2 - k * jnp.cos(q), "path": (path, [q])}


EXAMPLES = {
    "softmax": (jax.nn.softmax, {"x": X}),
    "loss": (loss, {"params": PARAMS, "x": X}),
    "gradient": (jax.grad(loss), {"params": PARAMS, "x": X}),
    "pendulum": (pendulum, {"x0": np.array(0.5), "k": np.array(2.0)}),
    "branches": (
        lambda x, n: jax.lax.cond(
            x[0] > 0,
            lambda y: jax.lax.fori_loop(0, n, lambda i, c: c * 2.0, y),
            jnp.cos,
            x,
        ),
        {"x": X, "n": np.array(3, np.int32)},
    ),
    "nothing": (lambda x: (x, (), None, {}), {"x": X}),
}


@pytest.fixture(scope="module", params=EXAMPLES)
def example(request):
    function, arguments = EXAMPLES[request.param]
    return function, arguments, decompiled(function, **arguments)


def test_the_module_computes_the_same(example):
    function, arguments, source = example
    printed = load(source)
    for regime in (Regime.NARROW, Regime.WIDE):
        given = jax.tree.map(
            lambda a, regime=regime: (
                a.astype(regime.caller_float) if a.dtype == np.float64 else a
            ),
            tuple(arguments.values()),
        )
        with strict(regime):
            actual = printed(*given)
            wanted = jax.jit(function)(*given)
        assert jax.tree.structure(actual) == jax.tree.structure(wanted)
        for mine, theirs in zip(
            jax.tree.leaves(actual), jax.tree.leaves(wanted), strict=True
        ):
            assert mine.dtype == theirs.dtype
            np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def test_the_module_is_formatted(example):
    assert formatted(example[2])


def test_the_modules_pass_ruff_and_mypy(tmp_path):
    for name, (function, arguments) in EXAMPLES.items():
        (tmp_path / f"{name}.py").write_text(decompiled(function, **arguments))
    for command in (
        ["ruff", "check", "--isolated", "."],
        ["mypy", "--strict", "--cache-dir", "cache", "."],
    ):
        found = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stdout


def test_the_text_does_not_depend_on_the_hash_seed():
    code = (
        "from tests.unit.printing.test_functions import *\n"
        "for name, (function, arguments) in EXAMPLES.items():\n"
        "    print(decompiled(function, **arguments))\n"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(texts) == 1
    assert "def function(" in texts.pop()


def test_dictionaries_are_read_by_their_keys():
    source = decompiled(loss, params=PARAMS, x=X)
    assert 'w1 = params["w1"]' in source
    assert "def function(params: dict[str, Any], x: jax.Array) -> jax.Array:" in source


def test_a_result_of_a_foreign_class_is_refused():
    pair = namedtuple("Pair", ["first", "second"])
    with pytest.raises(UnsupportedError, match="holds a Pair, which cannot be printed"):
        decompiled(lambda x: pair(x, x), x=X)


def test_the_docstring_is_carried():
    assert '"""What it computes."""' in decompiled(jnp.sin, x=X)
