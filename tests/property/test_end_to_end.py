"""Random programs, random requests: kernels give what the full tensors of JAX give."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import partialc
from partialc.verify.reference import reference_value
from tests.property.strategies import RandomProgram, programs, requests

_SETTINGS: Any = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.generate],
    "derandomize": True,
    "database": None,
}


def _agrees(program: RandomProgram, texts: list[str], seed: int, form: str) -> None:
    shape = ",".join(map(str, program.shape))
    args = {"x": f"float[{shape}]", "t": "float"}
    table = {f"field{number}": text for number, text in enumerate(texts)}
    module = partialc.compile(
        lambda x, t: program(x, t), args, {"kernel": table}, "random", form=form
    )
    compiled = module.compiled
    random = np.random.RandomState(seed)
    with jax.enable_x64(True):
        x, t = random.uniform(-1, 1, program.shape), random.uniform(-1, 1)
        arguments = [jax.numpy.asarray(x), jax.numpy.asarray(t)]
        kernel = compiled.kernels["kernel"]
        directions = {}
        for direction in kernel.directions:
            like = {"x_tangent": program.shape, "t_tangent": ()}
            extents = like.get(direction.name, program.result_shape)
            directions[direction.name] = jax.numpy.asarray(
                random.uniform(1, 2, extents)
            )
        results = module.load().kernel(*arguments, *directions.values())
        for field, result in zip(kernel.fields, results, strict=True):
            expected = reference_value(compiled.primal, field, arguments, directions)
            _assert_close(field.name, result, expected)


def _assert_close(name: str, actual: Any, expected: Any) -> None:
    assert jax.tree.structure(actual) == jax.tree.structure(expected), name
    for got, want in zip(
        jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True
    ):
        assert got.shape == want.shape, name
        assert got.dtype == want.dtype, name
        scale = np.abs(want).max(initial=0.0)
        error = np.abs(np.asarray(got) - want)
        right = (error <= 1e-8 * np.abs(want) + 1e-10 * max(scale, 1.0)).all()
        assert right or not np.isfinite(want).all(), (name, got, want)


@settings(max_examples=10, **_SETTINGS)
@given(st.data())
def test_random_programs(data: st.DataObject) -> None:
    program = data.draw(programs())
    texts = [data.draw(requests(program)) for _ in range(data.draw(st.integers(1, 2)))]
    _agrees(program, texts, data.draw(st.integers(0, 9)), "auto")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["chain", "expanded"])
@settings(max_examples=200, **_SETTINGS)
@given(st.data())
def test_many_random_programs(form: str, data: st.DataObject) -> None:
    program = data.draw(programs())
    texts = [data.draw(requests(program)) for _ in range(data.draw(st.integers(1, 3)))]
    _agrees(program, texts, data.draw(st.integers(0, 9)), form)
