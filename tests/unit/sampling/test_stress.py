"""Points that are hard on numbers are of every kind, and the same everywhere."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from partialc.sampling.stress import (
    CONTRACT,
    SPECIAL,
    STEPS,
    closer,
    hard_points,
    neighbours,
    stress_points,
)


@pytest.mark.parametrize(("width", "top"), [("float32", 18), ("float64", 150)])
def test_without_a_domain_every_kind_is_there(width: str, top: int) -> None:
    x, y = stress_points([(), (2, 3)], width)
    assert (x.shape, y.shape) == ((300,), (300, 2, 3))
    assert x.dtype == y.dtype == width
    for column in (x, *y.reshape(300, 6).T):
        assert np.isin(np.asarray(SPECIAL, width), column).all()
        sizes = np.abs(column[column != 0])
        assert sizes.min() >= np.float32(1e-5)
        assert 10.0 ** (top - 6) < sizes.max() < 10.0**top
        assert (column < 0).sum() > 100 < (column > 0).sum()
        assert ((np.abs(column) < 10) & (np.abs(column) > 1)).sum() > 30
    assert (y[:, 0, 0] != y[:, 1, 2]).sum() > 200


def test_the_last_points_are_ties() -> None:
    x, y = stress_points([(), (4,)], "float32", count=40)
    assert (x[-4:, None] == y[-4:]).all()
    assert (x[:-4, None] != y[:-4]).any(axis=1).all()


def test_a_domain_is_kept_and_its_ends_are_there() -> None:
    bounds = (0.1, 0.3)
    for width in ("float32", "float64"):
        x, y = stress_points([(3,), ()], width, ranges={0: bounds})
        inside = x.astype(float)
        assert (inside >= bounds[0]).all()
        assert (inside <= bounds[1]).all()
        for column in inside.T:
            assert np.isclose(column, 0.1, rtol=1e-6, atol=0).any()
            assert np.isclose(column, 0.3, rtol=1e-6, atol=0).any()
            assert 100 < ((column > 0.12) & (column < 0.28)).sum() < 290
        assert np.abs(y).max() > 1e3


def test_few_points_are_enough() -> None:
    for count in (1, 5, 12):
        (x,) = stress_points([(2,)], "float32", ranges={0: (2.0, 3.0)}, count=count)
        assert x.shape == (count, 2)
        assert ((x >= 2) & (x <= 3)).all()


def test_the_rule_is_fixed() -> None:
    points = stress_points([(2,), ()], "float64", ranges={1: (0.1, 7.0)})
    digest = hashlib.sha256(b"".join(each.tobytes() for each in points)).hexdigest()
    assert digest[:16] == "25b7ddd6b9abc259"
    again = stress_points([(2,), ()], "float64", ranges={1: (0.1, 7.0)})
    assert all((one == two).all() for one, two in zip(points, again, strict=True))
    other = stress_points([(2,), ()], "float64", ranges={1: (0.1, 7.0)}, seed=1)
    assert (other[0] != points[0]).any()


def test_neighbours_are_next_to_their_point() -> None:
    points = stress_points([(), (2,)], "float32", count=50)
    for leaf, near in zip(points, neighbours(points), strict=True):
        assert near.shape == (50, 9, *leaf.shape[1:])
        assert near.dtype == leaf.dtype
        assert (near[:, 0] == leaf).all()
        eps = float(np.finfo("float32").eps)
        for place, step in enumerate(STEPS):
            moved = leaf.astype(float) * (1 + step * eps)
            assert (near[:, place] == moved.astype("float32")).all()


def test_the_points_of_the_contract_lead() -> None:
    ranges = {1: (0.1, 7.0)}
    contract = stress_points([(2,), ()], "float32", ranges=ranges)
    for count in (CONTRACT, CONTRACT + 1, 2000):
        more = hard_points([(2,), ()], "float32", ranges=ranges, count=count)
        for leaf, first in zip(more, contract, strict=True):
            assert len(leaf) == count
            assert (leaf[:CONTRACT] == first).all()
    (x, _) = more
    assert len(np.unique(x, axis=0)) > 1900
    assert len(hard_points([()], "float32", count=7)[0]) == 7


def test_closer_points_are_close_to_those_they_are_drawn_around() -> None:
    points = stress_points([(3,), ()], "float64", ranges={1: (0.5, 2.0)})
    rows = [7, 250, 11]
    drawn = closer(points, rows, ranges={1: (0.5, 2.0)})
    for leaf, found in zip(points, drawn, strict=True):
        assert found.shape == leaf.shape
        assert found.dtype == leaf.dtype
        near = leaf[np.resize(rows, len(leaf))]
        with np.errstate(invalid="ignore"):
            moved = np.abs(found / near - 1)
        assert np.nanmax(moved) <= 0.31
        assert (moved < 1e-4).any()
        assert (moved[~np.isnan(moved)] > 0).any()
    assert (drawn[1] >= 0.5).all()
    assert (drawn[1] <= 2.0).all()


@pytest.mark.parametrize("places", [1, 2, 3, 8])
def test_around_each_point_every_other_keeps_ties(places: int) -> None:
    points = [np.full(48, 3.0, "float32"), np.full((48, 2), 3.0, "float32")]
    x, y = closer(points, range(places))
    ties = (x[:, None] == y).all(1)
    for place in range(places):
        around = ties[place::places]
        assert around[::2].all()
        assert not around[1::2].any()


def test_whole_numbers_have_no_neighbours() -> None:
    labels = np.arange(6, dtype=np.int32).reshape(2, 3)
    flags = labels > 2
    for leaf, near in zip((labels, flags), neighbours([labels, flags]), strict=True):
        assert near.shape == (2, len(STEPS), 3)
        assert near.dtype == leaf.dtype
        assert (near == leaf[:, None]).all()
