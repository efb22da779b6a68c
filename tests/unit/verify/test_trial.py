"""How much is tried out at build time is bounded by how much work that is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.ir.jaxprs import MOST_COMPILED
from partialc.verify import trial
from partialc.verify.findings import Findings
from partialc.verify.test_module import Proof
from tests.unit.verify.building import proof_of


def _both_signs(x: Any) -> Any:
    return jnp.prod(x)


def _text_of_trial(proof: Proof) -> str:
    bare = replace(proof, findings=Findings(trial=True))
    return bare.source(PurePosixPath("m.py"), PurePosixPath("t.py"), PurePosixPath())


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry for each evaluation of the references: whether step by step."""
    seen: list[bool] = []

    class Spy(trial.Stepwise):
        def __call__(self, *arguments: Any) -> Any:
            seen.append(bool(self.operations))
            return super().__call__(*arguments)

    monkeypatch.setattr(trial, "Stepwise", Spy)
    return seen


def test_a_small_function_is_searched_for_signs(evaluations: list[bool]) -> None:
    findings = proof_of(_both_signs, {"x": "float[3]"}, {"k": "gradient(x)"}).findings
    assert len(evaluations) > 30
    assert not any(evaluations)
    assert len(findings.samples) > 3
    assert findings.slopes == {"k": "forward"}


def test_a_function_of_much_work_is_not_searched(evaluations: list[bool]) -> None:
    proof = proof_of(_both_signs, {"x": "float[3]"}, {"k": "gradient(x)"})
    evaluations.clear()
    with jax.enable_x64(True):
        results = trial.try_out(
            proof.primal,
            proof.kernels,
            proof.names,
            proof.ranges,
            work=2 * 10**8,
            text=_text_of_trial(proof),
            folder=None,
        )
    assert len(evaluations) == 3
    assert len(results.samples) == 3


def test_a_long_function_is_run_step_by_step_three_times(
    evaluations: list[bool],
) -> None:
    steps = MOST_COMPILED

    def long(x: Any) -> Any:
        for _ in range(steps):
            x = jnp.sin(x) + 0.5
        return x

    findings = proof_of(long, {"x": "float"}, {"k": "partial(x)"}).findings
    assert evaluations
    assert all(evaluations)
    assert len(evaluations) <= 3 + trial._MOST_SEARCHED // (
        trial._OPERATION * 2 * steps
    )
    assert not any(findings.slopes.values())
    with jax.enable_x64(True):
        (noted,), *_ = findings.noted
        seed, low, high = findings.samples[0]
        x = jnp.asarray(np.random.RandomState(seed).uniform(low, high))
        np.testing.assert_allclose(noted, [long(x)], rtol=1e-5)
