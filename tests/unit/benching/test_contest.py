"""From a case to a result: checks, refusals, ratios, bars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.benching.case import Bar, Case, Contender
from partialc.benching.checking import compare
from partialc.benching.contest import Limits, contest
from partialc.benching.result import Measured, Result
from partialc.benching.timing import Pace
from partialc.errors import InternalError

X = np.linspace(0.5, 1.5, 6)


def draw(rows: int | None) -> tuple[Any, ...]:
    if rows is None:
        return (jnp.asarray(X),)
    return (jnp.asarray(np.stack([X + k for k in range(rows)])),)


def kernel(x: jax.Array) -> jax.Array:
    return 2.0 * x


def case(
    *rivals: Callable[..., Any] | None, rows: int | None = None, **given: Any
) -> Case:
    contenders = tuple(
        Contender(f"rival {number}", call, None if call else "no such way")
        for number, call in enumerate(rivals)
    )
    return Case("f.k", rows, kernel, contenders, draw, **given)


def ticking() -> Pace:
    """A pace at which every measurement is one tick of the clock."""
    ticks = count()
    return Pace(3, 0.0, lambda: float(next(ticks)))


def run(made: Case, limits: Limits | None = None, **given: Any) -> Result:
    return contest(made, pace=ticking(), limits=limits or Limits(builds=2), **given)


def test_everyone_is_compiled_and_run() -> None:
    result = run(case(lambda x: x + x, None))
    assert (result.name, result.rows, result.precision) == ("f.k", None, "float32")
    rival, refused = result.rivals
    for measured in (result.kernel, rival):
        assert measured.run == (1.0, 1.0, 1.0)
        assert measured.build == (1.0, 1.0)
        assert measured.flops is not None
        assert measured.refusal is None
    assert result.ratio(rival, "run") == 1.0
    assert refused == Measured("rival 1", refusal="no such way")
    assert result.ratio(refused, "run") is None


def test_it_is_checked_in_float64_and_timed_in_what_was_asked_for() -> None:
    seen: list[tuple[str, Any]] = []

    def rival(x: jax.Array) -> jax.Array:
        seen.append((str(x.dtype), x.shape))
        return x + x

    assert run(case(rival, rows=100)).precision == "float32"
    assert seen[0] == ("float64", (32, 6))
    assert set(seen[1:]) == {("float32", (100, 6))}
    del seen[:]
    assert run(case(rival), x64=True).precision == "float64"
    assert run(case(rival, x64=True)).precision == "float64"
    assert {kind for kind, _ in seen} == {"float64"}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda x: 2.0 * x + 1e-6, "result 0 holds"),
        (lambda x: 2.0 * x[:5], r"result 0 is \(5,\), not \(6,\)"),
        (lambda x: (2.0 * x, x), "2 arrays instead of 1"),
        (lambda x: (2.0 * x).astype("float32"), "result 0 is float32, not float64"),
    ],
)
def test_a_wrong_rival_stops_everything(wrong: Callable[..., Any], told: str) -> None:
    with pytest.raises(InternalError, match=told):
        run(case(lambda x: x + x, wrong))


def test_a_rival_that_is_right_to_differ_is_left_out() -> None:
    result = run(case(lambda x: 3.0 * x, order_matters=True))
    assert "gives other numbers: result 0 holds" in (result.rivals[0].refusal or "")


def test_a_rival_that_is_not_finite_is_left_out() -> None:
    result = run(case(lambda x: 2.0 * x + 0.0 * jnp.log(x - 1.0)))
    assert result.rivals[0].refusal == "gives other numbers: result 0 is not finite"
    assert not result.rivals[0].run


def test_a_kernel_that_is_not_finite_is_a_fault() -> None:
    made = replace(case(lambda x: x), kernel=lambda x: x / 0.0)
    with pytest.raises(InternalError, match="of the kernel is not finite"):
        run(made)


def test_too_much_memory_is_refused_for_rivals_only() -> None:
    result = run(case(lambda x: x + x), Limits(1, memory=1))
    assert (result.rivals[0].refusal or "").startswith("takes 0.0 GiB of memory")
    assert result.kernel.run


def test_a_rival_that_would_try_ones_patience_is_refused() -> None:
    # A tick for 32 rows are 10 s for 320.
    result = run(case(lambda x: x + x, rows=320), Limits(1, patience=9.9))
    assert result.rivals[0].refusal == "a call would take about 10 s"
    assert run(case(lambda x: x + x, rows=320), Limits(1, patience=10.1)).rivals[0].run
    assert run(case(lambda x: x + x), Limits(1, patience=0.0)).rivals[0].run


def result_of(kernel: Measured, rival: Measured, bar: Bar) -> Result:
    return Result("f.k", 10, "float32", kernel, (rival,), (bar,))


@pytest.mark.parametrize(
    ("bar", "ratio", "is_met"),
    [
        (Bar("r", "run", 0.5), 0.5, True),
        (Bar("r", "run", 0.4), 0.5, False),
        (Bar("r", "build", 2.0), 2.0, True),
        (Bar("r", "build", 1.9), 2.0, False),
        (Bar("r", "flops", 1.0), 1.0, True),
        (Bar("other", "run", 100.0), None, False),
    ],
)
def test_bars(bar: Bar, ratio: float | None, is_met: bool) -> None:
    kernel = Measured("partialc", (1.0, 2.0), (4.0,), 7.0)
    rival = Measured("r", (2.0, 4.0), (2.0,), 7.0)
    (verdict,) = result_of(kernel, rival, bar).verdicts
    assert (verdict.ratio, verdict.is_met) == (ratio, is_met)


def test_zero_operations_compare() -> None:
    bar = Bar("r", "flops", 1.0)
    none, some = Measured("r", flops=0.0), Measured("r", flops=3.0)
    assert result_of(none, none, bar).verdicts[0].is_met
    assert result_of(none, some, bar).verdicts[0].is_met
    assert not result_of(some, none, bar).verdicts[0].is_met
    assert not result_of(some, Measured("r"), bar).verdicts[0].is_met


def test_small_numbers_are_compared_with_their_own_size_too() -> None:
    wanted = [np.array([1.0, 1e-9])]
    assert compare([np.array([1.0 + 1e-9, 1e-9])], wanted, 1e-8) is None
    assert compare([np.array([1.0, 1.0])], wanted, 1e-8) is not None
    assert compare([np.array([1.0, -1e-9])], wanted, 1e-10) is not None
    assert compare([np.array([4e-16])], [np.array([-2e-17])], 1.5e-8) is None
    assert compare([np.array([4e-12])], [np.array([-2e-17])], 1.5e-8) is not None
    assert compare([np.zeros((0, 3))], [np.zeros((0, 3))], 1e-8) is None


def test_truth_values_are_compared() -> None:
    yes, no = np.array([True, True]), np.array([True, False])
    assert compare([yes], [yes], 1e-8) is None
    assert compare([no], [yes], 1e-8) is not None


def test_narrow_floats_are_compared_as_floats() -> None:
    wanted = np.asarray(jnp.asarray([0.5, 0.25], "bfloat16"))
    off = np.asarray(jnp.asarray([0.75, 0.25], "bfloat16"))
    assert compare([wanted], [wanted], 0.088) is None
    assert compare([off], [wanted], 0.088) is not None
