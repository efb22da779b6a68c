"""Kernels that are zero everywhere are told of, at no great cost."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import pytest

import partialc
from partialc.planning import zeros


@pytest.mark.parametrize("most", [0, 1000])
def test_zeros_are_told_of_in_kernels_of_any_length(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zeros, "MOST_COMPILED", most)
    module = partialc.compile(
        lambda x: jnp.sin(x[0]) + x[1] ** 2,
        args={"x": "float[2]"},
        kernels={"zero": "partial(x[0], x[1])", "some": "partial(x[0])"},
        name="m",
    )
    assert len(module.plan.kernels["zero"].warnings) == 1
    assert not module.plan.kernels["some"].warnings


def test_a_long_kernel_is_evaluated_once_and_never_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluated = 0
    evaluate = zeros.evaluate

    def counted(*arguments: Any) -> Any:
        nonlocal evaluated
        evaluated += 1
        return evaluate(*arguments)

    def long(x: Any) -> Any:
        for _ in range(zeros.MOST_COMPILED):
            x = jnp.sin(x)
        return x

    monkeypatch.setattr(zeros, "evaluate", counted)
    monkeypatch.setattr(zeros.jax, "jit", lambda _: pytest.fail("compiled"))
    monkeypatch.setattr("partialc.driver.prove", _no_proof)
    with pytest.raises(_ProvedError):
        partialc.compile(
            long, args={"x": "float"}, kernels={"k": "partial(x)"}, name="m"
        )
    assert evaluated == 1


class _ProvedError(Exception):
    pass


def _no_proof(*_: Any, **__: Any) -> Any:
    raise _ProvedError
