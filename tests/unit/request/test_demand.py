"""Multi-indices of what is wanted, twins merged."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partialc.request.demand import (
    axis_positions,
    demand,
    leaf_offsets,
    locate,
    multi_indices,
    union,
)
from partialc.request.resolved import Block, Coordinates, Entries, Kernel
from partialc.request.signature import Signature

Resolve = Callable[..., Kernel]


def block_of(text: str, signature: Signature, resolve: Resolve) -> Block:
    return resolve(text, signature).fields[0].parts


def test_offsets_count_every_leaf(rich: Signature) -> None:
    sizes = [leaf.type.size for _, leaf in rich.leaves]
    np.testing.assert_array_equal(np.diff(leaf_offsets(rich)), sizes)


def test_locate_undoes_positions(rich: Signature) -> None:
    total = int(leaf_offsets(rich)[-1])
    for position in range(total):
        found = locate(position, rich)
        assert axis_positions((found,), rich).tolist() == [position]


def test_locate_skips_empty_leaves(
    signature: Callable[..., Signature], array: Any
) -> None:
    gap = signature(
        array("float"), a=array("float", 2), b=array("float", 0), c=array("float")
    )
    assert locate(2, gap) == Coordinates(2, ())


def test_twins_of_a_hessian_merge(rich: Signature, resolve: Resolve) -> None:
    found = demand(block_of("hessian(x[1:4])", rich, resolve), rich)
    assert found.partials.tolist() == [[1, 1], [1, 2], [1, 3], [2, 2], [2, 3], [3, 3]]
    assert found.places.reshape(3, 3).tolist() == [[0, 1, 2], [1, 3, 4], [2, 4, 5]]
    assert found.repeats


def test_twins_stay_apart_under_custom_rules(rich: Signature, resolve: Resolve) -> None:
    block = block_of("hessian(x)", rich, resolve)
    found = demand(block, rich, symmetric=False)
    assert len(found.partials) == 25
    assert not found.repeats
    written = block_of("partial(x[4], x[0])", rich, resolve)
    assert demand(written, rich, symmetric=False).partials.tolist() == [[4, 0]]
    assert demand(written, rich).partials.tolist() == [[0, 4]]


@pytest.mark.parametrize(
    ("text", "distinct", "repeats"),
    [
        ("partial(x[0], x[0])", 1, False),
        ("jacobian(x)", 5, False),
        ("hessian(x, t)", 5, False),
        ("derivatives(x, order=3)", 35, False),
        ("lower(hessian(x))", 15, False),
        ("diagonal(hessian(a))", 6, False),
        ("entries(hessian(x), [(x[0], x[1]), (x[1], x[0])])", 1, True),
        ("value", 1, False),
    ],
)
def test_counts(
    text: str, distinct: int, repeats: bool, rich: Signature, resolve: Resolve
) -> None:
    found = demand(block_of(text, rich, resolve), rich)
    assert len(found.partials) == distinct
    assert found.repeats == repeats


def test_union_by_order(rich: Signature, resolve: Resolve) -> None:
    texts = [
        "hessian(x)",
        "partial(x[1], x[0])",
        "gradient(x)",
        "partial(t, x[0])",
        "value",
    ]
    blocks = [block_of(text, rich, resolve) for text in texts]
    found = union(blocks, rich)
    assert {order: len(partials) for order, partials in found.items()} == {
        0: 1,
        1: 5,
        2: 16,
    }
    assert [0, 5] in found[2].tolist()


def listed(rows: list[list[int]], order: int) -> Block:
    axis = (Coordinates(0, (slice(0, 1000, 1),)),)
    inputs = np.array(rows, np.int64).reshape(-1, order)
    layout = Entries("entries", inputs, None, (len(inputs),))
    return Block(Coordinates(0, ()), (axis,) * order, layout)


@settings(deadline=None)
@given(data=st.data())
def test_distinct_rows_whatever_their_number(
    data: st.DataObject, signature: Callable[..., Signature], array: Any
) -> None:
    wide = signature(array("float"), x=array("float", 1000))
    order = data.draw(st.sampled_from([1, 2, 3, 7, 9]))  # 9: too wide for one integer
    row = st.lists(st.integers(0, 999), min_size=order, max_size=order)
    block = listed(
        data.draw(st.lists(row | st.just([999] * order), max_size=12)), order
    )
    found = demand(block, wide)
    wanted = np.sort(multi_indices(block, wide), axis=1)
    np.testing.assert_array_equal(found.partials[found.places], wanted)
    assert found.partials.tolist() == sorted(
        {tuple(r): list(r) for r in wanted.tolist()}.values()
    )


def test_a_million_entries_take_seconds(
    signature: Callable[..., Signature], array: Any, resolve: Resolve
) -> None:
    wide = signature(array("float"), x=array("float", 1000))
    started = time.perf_counter()
    found = demand(block_of("hessian(x)", wide, resolve), wide)
    assert len(found.places) == 1_000_000
    assert len(found.partials) == 500_500
    assert time.perf_counter() - started < 20
