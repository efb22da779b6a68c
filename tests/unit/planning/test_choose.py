"""Long programs: what is not worth tracing is not traced."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

import partialc
from partialc.driver import Known, compile_module
from partialc.planning import choose, preference, tracer, written_out
from partialc.planning.preference import STAYS
from partialc.spec.module import read_module
from partialc.spec.tables import Table


def rolled(x: jax.Array) -> jax.Array:
    angle, speed = x[0], x[1]
    for _ in range(4):
        speed = speed - 0.1 * jnp.sin(angle)
        angle = angle + 0.1 * speed
    return angle


@pytest.mark.parametrize(
    ("request_", "is_outdone"),
    [("partial(x[0])", True), ("gradient(x)", False), ("partial(x[0], x[1])", False)],
)
def test_a_pass_back_is_not_traced_where_one_tangent_does(
    monkeypatch: pytest.MonkeyPatch, request_: str, is_outdone: bool
) -> None:
    """One tangent takes less than a pass back; several need not."""

    def outdone() -> list[str]:
        module = partialc.compile(
            rolled, args={"x": "float[2]"}, kernels={"k": request_}, name="rolled"
        )
        plan = module.compiled.plan.kernels["k"]
        assert plan.chosen.cost is not None
        return [each.title for each in plan.rejected if each.refusal == choose.OUTDONE]

    assert outdone() == []
    monkeypatch.setattr(choose, "LONG_PROGRAM", 10)
    assert bool(outdone()) == is_outdone


def test_a_pass_back_is_tried_where_jax_refuses_tangents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @jax.custom_vjp
    def halved(x: jax.Array) -> jax.Array:
        return 0.5 * x

    halved.defvjp(lambda x: (halved(x), None), lambda _, bar: (0.5 * bar,))
    monkeypatch.setattr(choose, "LONG_PROGRAM", 10)
    module = partialc.compile(
        lambda x: halved(rolled(x)),
        args={"x": "float[2]"},
        kernels={"k": "partial(x[0])"},
        name="halved",
    )
    assert "VJP" in module.compiled.plan.kernels["k"].summary()


@pytest.mark.parametrize("deep", [2, 30])
def test_what_nests_too_deeply_for_any_text_is_not_written_out(
    monkeypatch: pytest.MonkeyPatch, deep: int
) -> None:
    """Four steps nest some ten levels."""
    monkeypatch.setattr(written_out, "DEEP", deep)
    refusals = _refusals("auto")
    assert (written_out.TOO_DEEP in refusals) == (deep == 2)
    assert written_out.TOO_DEEP not in _refusals("expanded")


def test_a_long_chain_is_written_out_in_one_regime_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where that shows a text too long to be taken, the others are not traced."""
    for module in (written_out, preference):
        monkeypatch.setattr(module, "LONGEST", 3)
    monkeypatch.setattr(preference, "LONG", 2)
    monkeypatch.setattr(tracer, "LONG_TRACE", 10)
    regimes = []
    traced = tracer.trace_program

    def counted(*arguments: Any) -> Any:
        regimes.append(arguments)
        return traced(*arguments)

    monkeypatch.setattr(tracer, "trace_program", counted)
    assert any("statements, more than" in each for each in _refusals("auto"))
    assert not regimes
    _refusals("expanded")
    assert regimes


def test_a_long_chain_that_is_no_faster_is_not_traced_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A text that is too long beside the chains is so beside all else."""
    monkeypatch.setattr(preference, "LONG", 2)
    monkeypatch.setattr(preference, "TWICE", 1e6)
    monkeypatch.setattr(tracer, "LONG_TRACE", 10)
    regimes = []
    traced = tracer.trace_program

    def counted(*arguments: Any) -> Any:
        regimes.append(arguments)
        return traced(*arguments)

    monkeypatch.setattr(tracer, "trace_program", counted)
    assert any("not twice as fast" in each for each in _refusals("auto"))
    assert not regimes
    monkeypatch.setattr(preference, "TWICE", 0.0)
    assert not any("not twice as fast" in each for each in _refusals("auto"))
    assert regimes


def _refusals(form: str) -> list[str]:
    module = partialc.compile(
        rolled,
        args={"x": "float[2]"},
        kernels={"k": "partial(x[0])"},
        name="rolled",
        options={"k": {"form": form}},
    )
    plan = module.compiled.plan.kernels["k"]
    return [each.refusal or "" for each in plan.rejected]


def test_what_an_earlier_build_has_chosen_is_kept() -> None:
    """Of two ways that are nearly as good, the one in the lock stays."""

    def swirl(x: jax.Array) -> jax.Array:
        return jnp.stack([jnp.sin(x[0]) * x[1], jnp.cos(x[1]) * x[0]])

    values = {
        "name": "swirl",
        "function": swirl,
        "args": {"x": "float[2]"},
        "kernels": {"k": "jacobian(x)"},
        "path": "swirl.py",
        "form": "chain",
    }
    spec = read_module(Table(values, "test"))
    first = compile_module(spec, None)
    plan = first.plan.kernels["k"]
    assert first.found.choices == {"k": plan.chosen.short_key}
    assert plan.chosen.burden is not None
    least = plan.chosen.burden.total(plan.rows)
    others = [
        each
        for each in plan.rejected
        if each.burden is not None and each.burden.total(plan.rows) <= STAYS * least
    ]
    assert others
    known = Known(choices={"k": others[0].short_key})
    again = compile_module(spec, None, known=known)
    assert again.plan.kernels["k"].chosen.short_key == others[0].short_key
    assert again.found.choices == known.choices
