"""The matrices of linear programs in every regime, each taken apart once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from partialc.frontends.load import load_primal
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.ir.program import Function
from partialc.lowering.structured import matrix
from partialc.lowering.structured.matrix import LinearMatrix, Matrices, pattern_of_all
from partialc.ops.evaluation import evaluate
from partialc.realise.linear import Direction, LinearProgram
from partialc.request.resolved import Coordinates
from partialc.request.shapes import whole

SIZE = 5
POINT = np.array([0.5, -1.25, 2.0, 0.75, -0.5])


def primal_of(function: Callable[..., Any]) -> Primal:
    return load_primal(function, {"x": f"float[{SIZE}]"}, name="m")


def program_of(
    primal: Primal, order: int = 1, direction: Direction = "forward"
) -> LinearProgram:
    """All of its result by all of its argument."""
    shape = primal.signature.result.leaves[0].type.shape
    return LinearProgram(
        primal, (whole(0, shape),), (whole(0, (SIZE,)),), order, direction
    )


def values(found: LinearMatrix, regime: Regime) -> Any:
    """The matrix as an array, as it is computed in a regime."""
    pattern, arrays = found.pattern, found.arrays.copied()
    keys = pattern.rows * pattern.shape[1] + pattern.cols
    dtype = found.function.outputs[0].type.dtype
    atom = found.matrix.values(keys, dtype, arrays)
    inputs = found.function.inputs[:1]
    function = Function("values", inputs, tuple(arrays.equations), (atom,))
    total = np.zeros(pattern.shape)
    with jax.enable_x64(regime.x64):
        point = POINT.astype(inputs[0].type.dtype.numpy(regime))
        (given,) = jax.jit(lambda x: evaluate(function, [x], regime))(point)
    total[pattern.rows, pattern.cols] = np.asarray(given)
    return total


def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Regime, ...]]:
    """The regimes of every program that is taken apart from now on."""
    found: list[tuple[Regime, ...]] = []
    real = matrix.linear_matrix

    def counting(traced: Any, seeds: Any, regimes: Any, **others: Any) -> LinearMatrix:
        found.append(tuple(regimes))
        return real(traced, seeds, regimes, **others)

    monkeypatch.setattr(matrix, "linear_matrix", counting)
    return found


def differences(x: Any) -> Any:
    return jnp.sin(x[1:]) * x[:-1]


def sorted_part(x: Any) -> Any:
    """An operation without a rule, the same in all regimes."""
    return lax.cumprod(x) + lax.sort(x * 2.0) ** 2


def by_width(x: Any) -> Any:
    """Another function where numbers are wide."""
    return jnp.roll(x, 1) * x if x.dtype == jnp.float64 else x**2


def index_of_width(x: Any) -> Any:
    """An operation without a rule that is another one where indices are wide."""
    start = jnp.argmax(x) % 2
    return lax.dynamic_slice(x, (start,), (3,)) ** 2


def test_one_matrix_for_all_regimes(monkeypatch: pytest.MonkeyPatch) -> None:
    apart = counted(monkeypatch)
    found = Matrices().of(program_of(primal_of(differences)))
    assert list(found) == list(Regime)
    assert len(set(found.values())) == 1
    assert apart == [tuple(Regime)]


def test_each_program_is_taken_apart_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program is, not which object, says whether it is another one."""
    apart = counted(monkeypatch)
    matrices = Matrices()
    primal = primal_of(lambda x: jnp.sum(differences(x)))
    first = matrices.of(program_of(primal))
    assert matrices.of(program_of(primal)) is first
    hessian = program_of(primal, 2)
    second = matrices.of(hessian)
    rows = LinearProgram(
        primal, hessian.outputs, hessian.wrt, 2, "forward", hessian.wrt
    )
    assert matrices.of(rows) is second, "rows by the same coordinates"
    assert len(apart) == 2
    part = (Coordinates(0, (slice(0, 2, 1),)),)
    others = [
        LinearProgram(primal, hessian.outputs, hessian.wrt, 2, "forward", part),
        LinearProgram(primal, hessian.outputs, part, 2, "forward"),
        program_of(primal, 1, "reverse"),
        program_of(primal_of(lambda x: jnp.sum(differences(x)))),
    ]
    shapes = [next(iter(matrices.of(each).values())).pattern.shape for each in others]
    assert shapes == [(2, SIZE), (2, 2), (1, SIZE), (1, SIZE)]
    assert len(apart) == 6
    assert len(Matrices().of(hessian)) == 3
    assert len(apart) == 7, "others keep their own"


def test_regimes_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gets the matrix of the function that it has."""
    apart = counted(monkeypatch)
    found = Matrices().of(program_of(primal_of(by_width)))
    assert list(found) == list(Regime)
    assert found[Regime.NARROW] is found[Regime.MIXED]
    assert found[Regime.NARROW] is not found[Regime.WIDE]
    assert sorted(map(len, apart)) == [1, 2]
    assert found[Regime.NARROW].pattern.nonzeros == SIZE
    assert found[Regime.WIDE].pattern.nonzeros == 2 * SIZE
    assert pattern_of_all(found).nonzeros == 2 * SIZE


@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_operations_without_a_rule(direction: Direction) -> None:
    """They are the same in all regimes, and so is the matrix."""
    found = Matrices().of(program_of(primal_of(sorted_part), 1, direction))
    assert len(set(found.values())) == 1
    assert found[Regime.WIDE].opaque


def test_operations_that_are_others_in_each_regime(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The program is one in all regimes, what it is carried through by is not."""
    apart = counted(monkeypatch)
    found = Matrices().of(program_of(primal_of(index_of_width)))
    assert list(found) == list(Regime)
    assert {regime for regimes in apart for regime in regimes} == set(Regime)
    assert all(each.opaque for each in found.values())
    for regime in Regime:
        with jax.enable_x64(regime.x64):
            want = jax.jacfwd(index_of_width)(jnp.asarray(POINT))
        np.testing.assert_allclose(values(found[regime], regime), want, rtol=1e-6)


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("function", [differences, sorted_part, by_width])
def test_values_in_every_regime(
    function: Callable[..., Any], direction: Direction
) -> None:
    found = Matrices().of(program_of(primal_of(function), 1, direction))
    for regime in Regime:
        with jax.enable_x64(regime.x64):
            dtype = jnp.float64 if regime is Regime.WIDE else jnp.float32
            want = jax.jacfwd(function)(jnp.asarray(POINT, dtype))
        given = values(found[regime], regime)
        np.testing.assert_allclose(given, np.asarray(want), rtol=1e-5, atol=1e-6)
