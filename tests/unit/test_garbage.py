"""How often garbage is collected during a build, and after it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import pytest

import partialc
from partialc import driver
from partialc.garbage import YOUNG, seldom_collected
from partialc.planning.choose import plan_kernel
from partialc.planning.plan import KernelPlan


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    gc.set_threshold(500, 7, 8)
    yield before
    gc.set_threshold(*before)


def test_a_build_collects_less_often_and_leaves_the_collector_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[int, int, int]] = []

    def planned(*args: Any) -> KernelPlan:
        seen.append(gc.get_threshold())
        return plan_kernel(*args)

    monkeypatch.setattr(driver, "plan_kernel", planned)
    partialc.compile(
        lambda x: jnp.prod(x),
        args={"x": "float[3]"},
        kernels={"g": "gradient(x)"},
        name="p",
    )
    assert seen == [(YOUNG, 7, 8)]
    assert gc.get_threshold() == (500, 7, 8)


def test_what_fails_leaves_the_collector_as_it_was() -> None:
    with pytest.raises(ZeroDivisionError), seldom_collected():
        raise ZeroDivisionError
    assert gc.get_threshold() == (500, 7, 8)


@pytest.mark.parametrize("own", [0, 10 * YOUNG])
def test_a_collector_that_is_off_or_called_less_often_stays_so(own: int) -> None:
    gc.set_threshold(own, 7, 8)
    with seldom_collected():
        assert gc.get_threshold() == (own, 7, 8)
