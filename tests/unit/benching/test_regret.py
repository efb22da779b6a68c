"""What a choice loses is what it costs over what the best would have cost."""

from __future__ import annotations

import json
from dataclasses import replace
from math import sqrt

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

import partialc
from partialc.benching import regret_table
from partialc.benching.regret import Regret, Timed, regret
from partialc.benching.timing import Pace
from partialc.ops.registry import Cost
from partialc.planning.cost import Burden
from partialc.planning.weights import CALLS

QUICK = Pace(rounds=4, least_seconds=1e-4)


def way(name: str, first: float, one: float, many: float, length: int = 10) -> Timed:
    burden = Burden(Cost(), operations=length, statements=length)
    return Timed(name, name, (first, 2 * first), (one, many), burden)


def test_the_cost_is_the_first_call_and_all_others() -> None:
    each = way("a", 0.5, 1e-5, 1e-7)
    assert each.cost("one") == pytest.approx(0.5 + CALLS * 1e-5)
    assert each.cost("many") == pytest.approx(1.0 + CALLS * 1e-7)
    both = sqrt(each.cost("one") * each.cost("many"))
    assert each.cost("both") == pytest.approx(both)


def test_the_regret_depends_on_what_a_kernel_is_called_for() -> None:
    ways = (way("lean", 0.1, 3e-5, 1e-8), way("quick", 0.1, 1e-5, 1e-6))
    assert Regret("m.k", "many", ways).ratio == 1
    assert Regret("m.k", "many", ways).best.name == "lean"
    found = Regret("m.k", "one", ways)
    assert found.best.name == "quick"
    assert found.ratio == pytest.approx(3.1 / 1.1)


@pytest.fixture(scope="module")
def measured() -> Regret:
    def energy(x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.exp(-jnp.sum((x - y) ** 2))

    module = partialc.compile(
        energy,
        args={"x": "float[3]", "y": "float[3]"},
        kernels={"k": ["value", "gradient(x)", "hessian(x, y)"]},
        name="pair",
    )
    return regret(module.compiled, "k", pace=QUICK)


def test_all_candidates_and_plain_jax_are_measured(measured: Regret) -> None:
    assert measured.kernel == "pair.k"
    assert measured.rows == "both"
    names = [each.name for each in measured.ways]
    assert len(set(names)) == len(names) > 3
    assert {name.partition(" ")[0] for name in names} >= {"chain:", "expanded", "full,"}
    for each in measured.ways:
        assert all(np.array(each.first) > 0)
        assert 0 < each.run[1] < each.run[0]
    assert measured.ratio >= 1


def test_single_numbers_are_handed_over_by_the_thousand() -> None:
    module = partialc.compile(
        lambda x: jnp.sin(x) * x,
        args={"x": "float"},
        kernels={"k": "partial(x, x)"},
        name="sine",
    )
    assert regret(module.compiled, "k", pace=QUICK).rows == "many"


def test_the_table_names_the_choice(measured: Regret) -> None:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(regret_table.renderable([measured]))
    text = capture.get()
    assert "pair.k, called for one row and for many alike" in text
    assert text.count("(chosen)") == 1
    (found,) = json.loads(json.dumps(regret_table.to_json([measured])))
    assert [each["chosen"] for each in found["ways"]].count(True) == 1
    assert found["regret"] == measured.ratio


def test_what_breaks_the_contract_is_no_choice() -> None:
    quick = way("wrong", 0.1, 1e-6, 1e-9, length=5)
    ways = (way("right", 0.2, 1e-5, 1e-8), quick)
    assert Regret("m.k", "both", ways).outdone_by is quick
    found = Regret("m.k", "both", (ways[0], replace(quick, is_broken=True)))
    assert found.ratio == 1
    assert found.outdone_by is None
    console = Console(width=100, record=True)
    console.print(regret_table.renderable([found]))
    text = console.export_text()
    assert "wrong (breaks the accuracy contract)" in text
    assert "right (chosen)" in text
