"""A written-out kernel that fails its trial gives way to less daring ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import partialc
from partialc.accuracy.trial import Subject
from partialc.accuracy.verdict import Verdict
from partialc.driver import Compiled, Known, compile_module
from partialc.lowering.pipeline import FULL_PRECISE, IN_ORDER, WITHOUT_NORMAL_FORMS
from partialc.planning import acceptance
from partialc.planning.acceptance import Acceptance
from partialc.planning.plan import KernelPlan
from partialc.planning.realisation import Chained, Realisation, WrittenOut
from partialc.sampling.domain import Region
from partialc.spec.module import read_module
from partialc.spec.tables import Table

KEEPS = Verdict()
REASON = "at x = 1 in float32 it gives 2 instead of 3"


@pytest.fixture(autouse=True)
def trials_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTIALC_TRIAL", "on")


def growth(x: jax.Array, y: jax.Array) -> jax.Array:
    """Long enough that it is written out by itself."""
    return x * jnp.exp(x * y) * jnp.sin(x) / (1 + jnp.exp(x) * y * y)


def _plan(requests: Any, **options: Any) -> KernelPlan:
    module = partialc.compile(
        growth,
        args={"x": "float", "y": "float"},
        kernels={"k": requests},
        name="growth",
        **options,
    )
    return module.compiled.plan.kernels["k"]


def _scripted(
    monkeypatch: pytest.MonkeyPatch, verdicts: Iterator[Verdict]
) -> list[Subject]:
    """Trials give these verdicts, one after the other."""
    subjects: list[Subject] = []

    def try_out(subject: Subject) -> Verdict:
        subjects.append(subject)
        return next(verdicts)

    monkeypatch.setattr(acceptance, "try_out", try_out)
    return subjects


def _failing(*parts: int) -> Verdict:
    return Verdict(parts, REASON)


BOTH = ["partial(x, x)", "partial(x, y)"]


def test_what_fails_is_left_out_then_all_then_nothing_is_regrouped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing = {
        "full": (1,),
        "full except results (1)": (0, 1),
        "without normal forms": (1,),
        "in order": (),
    }

    def verdict(_: Acceptance, candidate: Realisation) -> Verdict | None:
        name = None if candidate.variant is None else candidate.variant.name
        return None if name is None else _failing(*failing[name])

    monkeypatch.setattr(Acceptance, "_verdict", verdict)
    plan = _plan(BOTH, form="expanded")
    failed = [each for each in plan.rejected if each.refusal]
    assert [each.variant and each.variant.name for each in failed] == [
        "full",
        "full except results (1)",
        "without normal forms",
    ]
    assert all(REASON in (each.refusal or "") for each in failed)
    assert plan.chosen.variant is IN_ORDER
    assert not plan.warnings


def test_what_vanishes_is_computed_precisely_before_anything_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def planck(x: jax.Array) -> jax.Array:
        return x * x / (jnp.exp(x) - 1)

    def plan() -> KernelPlan:
        return partialc.compile(
            planck,
            args={"x": "float"},
            kernels={"k": "partial(x, x)"},
            name="planck",
            form="expanded",
        ).compiled.plan.kernels["k"]

    _scripted(monkeypatch, iter([_failing(0), KEEPS]))
    found = plan()
    assert isinstance(found.chosen, WrittenOut)
    assert found.chosen.variant is FULL_PRECISE
    assert found.chosen.program is not None
    functions = found.chosen.program.variants.values()
    assert any(e.op == "expm1" for each in functions for e in each.equations)
    _scripted(monkeypatch, iter([_failing(0), _failing(0), KEEPS]))
    assert plan().chosen.variant is WITHOUT_NORMAL_FORMS


def test_where_every_way_fails_the_chain_is_taken_and_one_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(acceptance, "try_out", lambda _: _failing(0))
    plan = _plan("partial(x, x)", form="expanded")
    assert plan.chosen.form == "chain"
    assert "no way of writing it out" in plan.warnings[0]
    plan = _plan("partial(x, x)")
    assert plan.chosen.form == "chain"
    assert not plan.warnings


def test_nobody_is_asked_for_a_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    subjects = _scripted(monkeypatch, iter(()))
    assert _plan("partial(x, x)", form="chain").chosen.form == "chain"
    assert not subjects


def test_a_subject_tells_what_is_tried_and_where(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subjects = _scripted(monkeypatch, iter([KEEPS]))
    plan = _plan(["value", "jvp(x)"], form="expanded", domain={"x": (1.0, 2.0)})
    assert "keeps the accuracy contract" in plan.facts[-1]
    (subject,) = subjects
    assert subject.values == (0,)
    assert subject.names == ("x", "y", "x_tangent")
    assert subject.regions == (
        Region(limits=(1.0, 2.0)),
        Region(),
        acceptance.DIRECTIONS,
    )


def _compiled(known: dict[str, str]) -> Compiled:
    values = {
        "function": growth,
        "args": {"x": "float", "y": "float"},
        "kernels": {"k": "partial(x, x)"},
        "name": "growth",
        "path": "growth.py",
        "form": "expanded",
    }
    return compile_module(read_module(Table(values, "test")), None, known=Known(known))


def _unexpected(_: Subject) -> Verdict:
    raise AssertionError("tried although it is known")


def test_known_verdicts_decide_without_a_trial(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _scripted(monkeypatch, iter([_failing(0), KEEPS]))
    first = _compiled({})
    assert len(first.found.trials) == 2
    monkeypatch.setattr(acceptance, "try_out", _unexpected)
    again = _compiled(dict(first.found.trials))
    assert again.found.trials == first.found.trials
    assert again.source == first.source
    assert again.plan.kernels["k"].chosen.form == "expanded"
    assert str(again.plan) == str(first.plan)


@pytest.mark.parametrize("form", ["auto", "expanded"])
def test_a_kernel_of_the_function_itself_is_nan_where_that_is(form: str) -> None:
    module = partialc.compile(
        lambda x: jnp.sqrt(x) ** 2 + x / x * 3,
        args={"x": "float"},
        kernels={"k": ["value", "partial(x)"]},
        name="holes",
        form=form,
    )
    kernel = jax.vmap(module.load().k)
    value = kernel(jnp.asarray([-2.0, 0.0, 4.0])).value
    assert jnp.isnan(value).tolist() == [True, True, False]
    assert value[2] == 7


def test_a_chain_that_is_a_reference_itself_has_one_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Forward, and forward over reverse: there is more than one way to take that."""
    subjects = _scripted(monkeypatch, iter([KEEPS]))
    plan = _plan("partial(x, y)", options={"k": {"form": "expanded"}})
    chains = [way.chain for way in plan.rejected if isinstance(way, Chained)]
    assert sum(chain.pulls for chain in chains) > 1
    assert plan.chosen.origin.chain.pulls
    assert len(subjects[0].others) == 1


def test_arrays_of_numpy_are_tried_in_each_width() -> None:
    """JAX remembers them in the width of an earlier trace while that is held."""
    first, weights = np.arange(4), np.linspace(0.1, 0.7, 4)

    def bonds(x: jax.Array) -> jax.Array:
        return jnp.sum(weights * jnp.exp(-((x[first + 1] - x[first]) ** 2)))

    module = partialc.compile(
        bonds,
        args={"x": "float[5]"},
        kernels={"k": "entries(hessian(x), [(x[0], x[1]), (x[3], x[3])])"},
        name="bonds",
        options={"k": {"form": "expanded"}},
    )
    plan = module.compiled.plan.kernels["k"]
    assert plan.chosen.form == "expanded"
    assert any("keeps the accuracy contract" in fact for fact in plan.facts)
