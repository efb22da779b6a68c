"""Modules that make arrays at import: other ones when 64-bit types are on."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.frontends.importing import load_object
from partialc.frontends.load import load_primal
from partialc.frontends.x64 import is_x64
from partialc.ir.dtypes import Regime

MODEL = """
import jax
import jax.numpy as jnp
from dataclasses import dataclass

W = jnp.array([0.1, 0.2])
SEED = {random}

@jax.tree_util.register_dataclass
@dataclass
class State:
    position: object
    mass: object

EXAMPLE = State(jnp.zeros(2), 1.0)

def weighted(x):
    return W @ x + jnp.sum(SEED)

def moved(state):
    assert isinstance(state, State)
    return State(state.position * W, state.mass)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tw_model.py").write_text(MODEL.format(random="1.0"))
    drawn = MODEL.format(random="jax.random.normal(jax.random.key(0), (3,))")
    (tmp_path / "tw_random.py").write_text(drawn)
    return tmp_path


def load(path, args, folder):
    return load_primal(path, args, name="m", folder=folder)


def test_constants_have_full_precision(folder):
    primal = load("tw_model:weighted", {"x": "float[2]"}, folder)
    with jax.enable_x64(True):
        actual = primal.call(jnp.ones(2))
        assert actual.dtype == jnp.float64
        np.testing.assert_allclose(actual, 1.3, rtol=1e-15)
    actual = primal.call(jnp.ones(2, jnp.float32))
    assert actual.dtype == jnp.float32
    assert str(primal.signature.result.leaves[0].type) == "default_float[]"
    assert primal.program.generic is not None


def test_source_is_carried(folder):
    primal = load("tw_model:weighted", {"x": "float[2]"}, folder)
    assert primal.source is not None, primal.source_refusal
    assert "W = jnp.array([0.1, 0.2])\n" in primal.source.text


def test_random_constants_differ(folder):
    primal = load("tw_random:weighted", {"x": "float[2]"}, folder)
    assert primal.program.generic is None
    for x64 in (False, True):
        with jax.enable_x64(x64):
            expected = 0.3 + jnp.sum(jax.random.normal(jax.random.key(0), (3,)))
            np.testing.assert_allclose(
                primal.call(jnp.ones(2)), expected, rtol=1e-6 if not x64 else 1e-14
            )


def test_classes_of_both_imports(folder):
    primal = load("tw_model:moved", {"state": "tw_model:EXAMPLE"}, folder)
    assert [leaf.keystr for leaf in primal.signature.result.leaves] == [
        ".position",
        ".mass",
    ]
    tree = primal.signature.arguments["state"]
    for x64 in (False, True):
        with jax.enable_x64(x64):
            state = jax.tree_util.tree_unflatten(tree.structure, [jnp.ones(2), 2.0])
            result = primal.call(state)
            assert type(result) is type(state)
            np.testing.assert_allclose(result.position, [0.1, 0.2], rtol=1e-6)


def test_modules_and_settings_are_left_alone(folder):
    (folder / "tw_sets.py").write_text(
        "import jax\njax.config.update('jax_enable_x64', True)\n"
        "import jax.numpy as jnp\nW = jnp.array([0.1])\n\ndef f(x):\n    return W * x\n"
    )
    primal = load("tw_sets:f", {"x": "float"}, folder)
    assert not is_x64()
    first = sys.modules["tw_sets"]
    assert load("tw_sets:f", {"x": "float"}, folder).origin == primal.origin
    assert sys.modules["tw_sets"] is first


def test_function_given_as_an_object(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    function = load_object("tw_model:weighted", folder)
    primal = load_primal(function, {"x": "float[2]"}, name="m")
    assert sys.modules["tw_model"].weighted is function
    with jax.enable_x64(True):
        np.testing.assert_allclose(primal.call(jnp.ones(2)), 1.3, rtol=1e-15)


def test_function_whose_module_cannot_be_imported_again():
    table = jnp.array([0.1, 0.2])
    primal = load_primal(lambda x: table @ x, {"x": "float[2]"}, name="m")
    with jax.enable_x64(True):
        np.testing.assert_allclose(
            primal.call(jnp.ones(2)), np.sum(np.float32([0.1, 0.2])), rtol=1e-7
        )


def test_variants_of_fixed_types(folder):
    primal = load("tw_model:weighted", {"x": "f64[2]"}, folder)
    assert set(primal.program.variants) == {Regime.WIDE}
    with jax.enable_x64(True):
        np.testing.assert_allclose(primal.call(jnp.ones(2)), 1.3, rtol=1e-15)
