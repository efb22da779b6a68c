"""Derivatives have the element type of the result, whatever mode they come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import partialc
from tests.unit.verify.building import x64

REQUESTS: dict[str, Any] = {
    "dense": "hessian(x)",
    "one": "partial(x[0])",
    "several": ["value", "gradient(x)", "partial(x[0], x[1])"],
    "forward": "jvp(x)",
    "product": "hvp(x)",
    "reverse": "vjp(out)",
}


def widened(x: Any) -> Any:
    """Float64 under x64, whatever comes in."""
    return jnp.sum(jnp.sin(x) * jnp.asarray([1.0, 2.0, 3.0], float)) ** 2


def rounded(x: Any) -> Any:
    """Float32 at any time."""
    return jnp.sum(jnp.sin(x) ** 2 * x[::-1]).astype("float32")


def own_width(x: Any, y: Any) -> Any:
    """The width of one argument, in which the other one is not."""
    return (jnp.prod(y) * x[0]).astype(x.dtype) * jnp.sum(x)


FUNCTIONS = {
    widened: {"x": "float[3]"},
    rounded: {"x": "float[3]"},
    own_width: {"x": "float[3]", "y": "f32[2]"},
}


@pytest.mark.drawn(2)
@pytest.mark.parametrize(
    ("function", "form"),
    [(widened, "chain"), (widened, "expanded"), (own_width, "chain")],
)
def test_the_generated_test_passes_in_every_width(
    function: Any, form: str, tmp_path: Path
) -> None:
    requests = dict(REQUESTS)
    if function is own_width:
        requests["cross"] = "hessian(x, y)"
        requests["other"] = "gradient(y)"
    module = partialc.compile(
        function, FUNCTIONS[function], requests, "module", form=form
    )
    module.write(tmp_path / "module.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "test_float32_beside_float64" in (tmp_path / "test_module.py").read_text()


@pytest.mark.parametrize("function", [widened, rounded])
def test_the_type_is_that_of_the_result(function: Any) -> None:
    module = partialc.compile(function, FUNCTIONS[function], REQUESTS, "module").load()
    with x64():
        for width in ("float32", "float64"):
            x = jnp.arange(1.0, 4.0, dtype=width)
            value = function(x)
            assert module.dense(x).dtype == value.dtype
            assert module.one(x).dtype == value.dtype
            assert {leaf.dtype for leaf in module.several(x)} == {value.dtype}
            assert module.forward(x, x).dtype == value.dtype
            assert module.product(x, x).dtype == value.dtype
            (pulled,) = jax.tree.leaves(module.reverse(x, value))
            assert pulled.dtype == width
