"""Equations on arrays along axes of a grid, against numpy."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from partialc.ir.dtypes import DType
from partialc.ir.program import ArrayType, Atom, Constant, Function
from partialc.ops.evaluation import run_function
from partialc.tangents.arrays import Factor
from partialc.tangents.maps import IndexMap
from tests.unit.tangents.dense_terms import (
    Ground,
    arrays_along,
    column,
    factors,
    few,
    grids,
    places,
)
from tests.unit.tangents.numpy_arrays import FLOAT


def on_grid(
    ground: Ground, factor: Factor, sizes: tuple[int, ...]
) -> NDArray[np.float64]:
    """A factor's elements at each place of a grid."""
    found = np.empty(sizes)
    elements = ground.of(factor.atom)
    for place in np.ndindex(*sizes):
        found[place] = elements[tuple(place[axis] for axis in factor.axes)]
    return found


@few
@given(st.data())
def test_combined(data: st.DataObject) -> None:
    ground, sizes = Ground(), data.draw(grids())
    one, other = (data.draw(factors(sizes, ground)) for _ in range(2))
    op = data.draw(st.sampled_from(["add", "mul"]))
    found = ground.arrays.combined(op, one, other)
    ones, others = (on_grid(ground, each, sizes) for each in (one, other))
    want = ones + others if op == "add" else ones * others
    assert np.array_equal(on_grid(ground, found, sizes), want)
    assert set(found.axes) == {*one.axes, *other.axes}


def test_quotients_keep_their_order() -> None:
    ground = Ground()
    one = Factor(ground.input([2.0, 3]), (0,))
    other = Factor(ground.input([[4.0, 8], [16, 32]]), (1, 0))
    found = ground.arrays.combined("div", one, other)
    want = np.array([[2 / 4, 2 / 16], [3 / 8, 3 / 32]])
    assert np.array_equal(on_grid(ground, found, (2, 2)), want)


@few
@given(st.data())
def test_full(data: st.DataObject) -> None:
    ground, sizes = Ground(), data.draw(grids())
    factor = data.draw(factors(sizes, ground))
    others = [axis for axis in range(len(sizes)) if axis not in factor.axes]
    more = others[: data.draw(st.integers(0, len(others)))]
    axes = data.draw(st.permutations([*factor.axes, *more]))
    found = ground.of(ground.arrays.full(factor, axes, sizes))
    alone = Factor(ground.input(found), tuple(axes))
    want = on_grid(ground, factor, sizes)
    assert np.array_equal(on_grid(ground, alone, sizes), want)


@few
@given(st.data())
def test_summed_and_contracted(data: st.DataObject) -> None:
    ground, sizes = Ground(), data.draw(grids())
    one, other = (data.draw(factors(sizes, ground)) for _ in range(2))
    chosen = [axis for axis in one.axes if data.draw(st.booleans())]
    alone = on_grid(ground, one, sizes).sum(tuple(chosen), keepdims=True)
    found = ground.arrays.summed(one, chosen)
    assert not set(found.axes) & set(chosen)
    assert np.array_equal(on_grid(ground, found, sizes), np.broadcast_to(alone, sizes))
    common = [axis for axis in chosen if axis in other.axes]
    product = on_grid(ground, one, sizes) * on_grid(ground, other, sizes)
    both = ground.arrays.contracted(one, other, common)
    assert set(both.axes) == {*one.axes, *other.axes} - set(common)
    total = np.broadcast_to(product.sum(tuple(common), keepdims=True), sizes)
    assert np.array_equal(on_grid(ground, both, sizes), total)


@few
@given(st.data())
def test_taken(data: st.DataObject) -> None:
    ground, sizes = Ground(), data.draw(grids())
    shape = data.draw(grids())
    atom = data.draw(arrays_along(shape, ground))
    if data.draw(st.booleans()):
        lead = data.draw(st.integers(1, 3))
        axes = range(1, 1 + len(shape))
        shape = (lead, *shape)
        atom = ground.arrays.spread(atom, shape, axes)
    read = []
    for size in shape:
        found = data.draw(places(sizes))
        low, high = found.bounds()
        inside = low >= 0 and high < size
        read.append(found if inside else IndexMap.of(found.compact() % size, sizes))
    factor = ground.arrays.taken(atom, read)
    elements = ground.of(atom)
    want = np.broadcast_to(elements[tuple(each.values() for each in read)], sizes)
    assert np.array_equal(on_grid(ground, factor, sizes), want)


SIZES = (3, 4)


@pytest.mark.parametrize(
    ("read", "axes", "ops"),
    [
        ([IndexMap.along(SIZES, 1, 3, -1)], (1,), ["rev"]),
        ([IndexMap.along(SIZES, 0, 1)], (0,), ["slice"]),
        ([IndexMap.along(SIZES, 1, 1, 2)], (1,), ["slice"]),
        ([IndexMap.flat(SIZES)], (0, 1), ["reshape"]),
        ([IndexMap.constant(SIZES, 2)], (), ["slice", "squeeze"]),
        ([column([1, 0, 2], 0, SIZES)], (0,), ["gather"]),
    ],
)
def test_what_is_read_in_order_is_sliced(
    read: list[IndexMap], axes: tuple[int, ...], ops: list[str]
) -> None:
    ground = Ground()
    highest = 1 + max(each.bounds()[1] for each in read)
    size = highest if ops != ["slice"] else highest + 1
    atom = ground.input(np.arange(float(size)))
    factor = ground.arrays.taken(atom, read)
    assert factor.axes == axes
    written = [e.op for e in ground.arrays.equations if e.op not in {"transpose"}]
    assert [op for op in written if op != "reshape" or op in ops] == ops
    assert np.array_equal(on_grid(ground, factor, SIZES), read[0].values() * 1.0)


def test_equal_elements_are_one_number() -> None:
    ground = Ground()
    kind = ArrayType(FLOAT, (2, 3))
    read = [column([1, 0, 1], 0, SIZES), IndexMap.along(SIZES, 0)]
    factor = ground.arrays.taken(Constant.of(kind, 7.0), read)
    assert (factor.axes, ground.arrays.equations) == ((), [])
    assert ground.of(factor.atom) == 7


def test_what_is_repeated_is_read_where_it_comes_from() -> None:
    ground = Ground()
    source = ground.input([[1.0], [2], [3]])
    wide = ground.arrays.spread(source, (3, 5), (0, 1))
    read = [IndexMap.along(SIZES, 0), IndexMap.along(SIZES, 1, 1)]
    factor = ground.arrays.taken(wide, read)
    assert factor.axes == (0,)
    assert [e.op for e in ground.arrays.equations] == [
        "broadcast_in_dim",
        "squeeze",
    ]


def test_nothing_is_written_for_what_is_the_same() -> None:
    ground = Ground()
    arrays = ground.arrays
    atom = ground.input(np.ones((2, 3)))
    assert arrays.reshaped(atom, [2, 3]) is atom
    assert arrays.transposed(atom, [0, 1]) is atom
    assert arrays.spread(atom, [2, 3], [0, 1]) is atom
    assert arrays.converted(atom, FLOAT) is atom
    assert arrays.full(Factor(atom, (0, 1)), [0, 1], [2, 3]) is atom
    assert arrays.taken(atom, [IndexMap.along((2, 3), n) for n in (0, 1)]).atom is atom
    assert arrays.equations == []


def test_definitions() -> None:
    ground = Ground()
    atom = ground.input([1.0, 2])
    assert ground.arrays.definition(atom) is None
    assert ground.arrays.definition(ground.arrays.number(FLOAT, 1)) is None
    found = ground.arrays.like("neg", atom)
    assert ground.arrays.definition(found) is ground.arrays.equations[0]


def test_numpy_and_the_evaluator_agree() -> None:
    """Every operation that payloads are written in, run by JAX as well."""
    ground = Ground()
    arrays = ground.arrays
    matrix = ground.input(np.arange(12.0).reshape(3, 4) - 5)
    line = ground.input([1.0, -2, 4])
    grid = (3, 4, 2)
    one, other = Factor(matrix, (1, 0)), Factor(line, (1,))
    found: list[Atom] = [
        arrays.combined("mul", one, other).atom,
        arrays.combined("add", Factor(line, (2,)), other).atom,
        arrays.combined("div", other, Factor(arrays.number(FLOAT, 3), ())).atom,
        arrays.full(other, (0, 1, 2), (4, 3, 2)),
        arrays.full(one, (0, 1), (4, 3)),
        arrays.summed(one, (1,)).atom,
        arrays.contracted(one, Factor(matrix, (1, 2)), (1,)).atom,
        arrays.combined("mul", one, Factor(matrix, (1, 2))).atom,
        arrays.contracted(Factor(matrix, (0, 1)), Factor(matrix, (0, 2)), ()).atom,
        arrays.like("neg", matrix),
        arrays.converted(matrix, DType.fixed("float32")),
        arrays.rows(matrix, np.array([[2, 0], [1, 1]])),
        arrays.taken(
            matrix, [column([2, 0, 2], 0, grid), IndexMap.along(grid, 1, 3, -1)]
        ).atom,
        arrays.taken(
            matrix,
            [column([2, 0, 2], 0, grid), column([0, 3, 3, 1], 1, grid)],
        ).atom,
        arrays.taken(
            matrix, [IndexMap.along(grid, 2, 0, 2), IndexMap.constant(grid, 1)]
        ).atom,
    ]
    function = Function("f", tuple(ground.given), tuple(arrays.equations), tuple(found))
    with jax.enable_x64(True):
        call = jax.jit(lambda *given: run_function(function, given))
        results = call(*ground.given.values())
    for atom, result in zip(found, results, strict=True):
        assert result.shape == atom.type.shape
        np.testing.assert_allclose(np.asarray(result), ground.of(atom), rtol=1e-6)
    ops = {equation.op for equation in arrays.equations}
    assert ops >= {"dot_general", "gather", "slice", "rev", "squeeze", "transpose"}


def test_products_element_by_element_are_no_matrix_products() -> None:
    """Where one array has no axes of its own a batch of dots is a sum of products."""
    ground = Ground()
    one, other = ground.input(np.ones((3, 4))), ground.input(np.ones((3, 4, 2)))
    for pair, ops in (
        ((Factor(one, (0, 1)), Factor(other, (0, 1, 2))), ["mul", "reduce_sum"]),
        ((Factor(one, (0, 1)), Factor(one, (2, 1))), ["dot_general"]),
    ):
        start = len(ground.arrays.equations)
        ground.arrays.contracted(*pair, axes=(1,))
        written = [equation.op for equation in ground.arrays.equations[start:]]
        assert [op for op in written if op != "broadcast_in_dim"] == ops
