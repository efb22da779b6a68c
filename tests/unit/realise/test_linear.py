"""Linear programs of derivatives, against plain JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.errors import UnsupportedError
from partialc.frontends.load import load_primal
from partialc.ir.dtypes import Regime
from partialc.ops.evaluation import evaluate
from partialc.realise.linear import LinearProgram
from partialc.request.resolved import Coordinates
from partialc.request.shapes import whole

X = np.array([0.5, -1.25, 2.0, 0.75])
T = np.float64(1.5)


def model(x: jax.Array, t: jax.Array) -> tuple[jax.Array, jax.Array]:
    """An array and a scalar of an array and a scalar."""
    return jnp.sin(x)[:, None] * jnp.stack([t, t**2, x[0]]), jnp.sum(x**3) * t


PRIMAL = load_primal(model, {"x": "float[4]", "t": "float"}, name="module")
PART = Coordinates(0, (slice(1, 4, 2),))
ROWS = Coordinates(0, (slice(0, 4, 1), 2))
WRTS = {
    "a leaf": (whole(0, (4,)),),
    "a scalar": (whole(1, ()),),
    "part of a leaf": (PART,),
    "an element": (Coordinates(0, (2,)),),
    "leaves, in any order": (whole(1, ()), PART, Coordinates(0, (0,))),
}
OUTPUTS = {
    "one": (whole(0, (4, 3)),),
    "part": (ROWS,),
    "both": (whole(1, ()), ROWS),
}


def selected(wrt: tuple[Coordinates, ...], point: tuple[Any, ...]) -> list[Any]:
    """The coordinates at a point."""
    return [np.asarray(point[each.leaf])[each.index] for each in wrt]


def restricted(outputs: tuple[Coordinates, ...], wrt: tuple[Coordinates, ...]) -> Any:
    """Some results as a function of some coordinates, written by hand."""

    def call(*parts: Any) -> tuple[Any, ...]:
        leaves: list[Any] = [jnp.asarray(X), jnp.asarray(T)]
        for each, part in zip(wrt, parts, strict=True):
            leaves[each.leaf] = leaves[each.leaf].at[each.index].set(part)
        results = model(*leaves)
        return tuple(results[each.leaf][each.index] for each in outputs)

    return call


def drawn(shapes: list[tuple[int, ...]]) -> list[Any]:
    rng = np.random.default_rng(3)
    return [rng.normal(size=shape) for shape in shapes]


@pytest.mark.parametrize(
    ("wrt", "outputs"),
    [*((wrt, "both") for wrt in WRTS), ("part of a leaf", "one"), ("a scalar", "part")],
)
def test_jacobians_either_way(wrt: str, outputs: str) -> None:
    axis, asked = WRTS[wrt], OUTPUTS[outputs]
    call, at = restricted(asked, axis), selected(axis, (X, T))
    forward = LinearProgram(PRIMAL, asked, axis, 1)
    reverse = LinearProgram(PRIMAL, asked, axis, 1, "reverse")
    assert [kind.shape for kind in forward.columns] == [each.shape for each in axis]
    assert [kind.shape for kind in forward.rows] == [each.shape for each in asked]
    assert forward.seeds == forward.columns == reverse.columns
    assert reverse.seeds == forward.rows == reverse.rows
    tangents = drawn([each.shape for each in axis])
    cotangents = drawn([each.shape for each in asked])
    with jax.enable_x64(True):
        want = [
            jax.jvp(call, at, tangents)[1],
            jax.vjp(call, *at)[1](tuple(cotangents)),
        ]
    for program, seeds, expected in zip(
        (forward, reverse), (tangents, cotangents), want, strict=True
    ):
        got = evaluate(program.traced(Regime.WIDE), [X, T, *seeds])
        for one, other in zip(got, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("wrt", WRTS)
def test_hessians(wrt: str) -> None:
    axis, asked = WRTS[wrt], (whole(1, ()),)
    call, at = restricted(asked, axis), selected(axis, (X, T))
    program = LinearProgram(PRIMAL, asked, axis, 2)
    assert program.rows == program.columns == program.seeds
    tangents = drawn([each.shape for each in axis])
    with jax.enable_x64(True):
        gradient = jax.grad(lambda *parts: call(*parts)[0], tuple(range(len(at))))
        want = jax.jvp(gradient, at, tangents)[1]
    got = evaluate(program.traced(Regime.WIDE), [X, T, *tangents])
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_it_is_linear_in_its_seeds_alone() -> None:
    program = LinearProgram(PRIMAL, OUTPUTS["both"], WRTS["part of a leaf"], 1)
    function = program.traced(Regime.WIDE)
    assert [value.hint for value in function.inputs] == ["x", "t", "seed"]
    zero = evaluate(function, [X, T, np.zeros(2)])
    assert not any(np.asarray(each).any() for each in zero)


def test_every_regime() -> None:
    program = LinearProgram(PRIMAL, OUTPUTS["one"], WRTS["a leaf"], 1)
    assert program.regimes() == tuple(Regime)
    widths = {
        regime: program.traced(regime).outputs[0].type.dtype.numpy()
        for regime in program.regimes()
    }
    assert widths == {
        Regime.NARROW: "float32",
        Regime.MIXED: "float32",
        Regime.WIDE: "float64",
    }


@jax.custom_jvp
def forward_rule(x: jax.Array) -> jax.Array:
    return x


forward_rule.defjvp(lambda at, tangents: (at[0], 7 * at[0] * tangents[0]))


@jax.custom_vjp
def reverse_rule(x: jax.Array) -> jax.Array:
    return x


reverse_rule.defvjp(lambda x: (x, x), lambda x, cotangent: (cotangent * 7 * x,))

WHOLE = (whole(0, (4,)),)


@pytest.mark.parametrize(
    ("function", "direction"),
    [(forward_rule, "forward"), (forward_rule, "reverse"), (reverse_rule, "reverse")],
)
def test_custom_rules_are_followed(function: Any, direction: Any) -> None:
    """What a function says of its own derivative, not what its body would give."""
    primal = load_primal(lambda x: function(x) * 2, {"x": "float[4]"}, name="module")
    program = LinearProgram(primal, WHOLE, WHOLE, 1, direction)
    (got,) = evaluate(program.traced(Regime.WIDE), [X, np.ones(4)])
    np.testing.assert_allclose(got, 14 * X)


def test_reverse_rules_cannot_be_followed_forward() -> None:
    primal = load_primal(reverse_rule, {"x": "float[4]"}, name="module")
    program = LinearProgram(primal, WHOLE, WHOLE, 1)
    with pytest.raises(UnsupportedError, match="custom_lin"):
        program.traced(Regime.WIDE)


@pytest.mark.parametrize("function", [forward_rule, reverse_rule])
def test_hessians_through_custom_rules(function: Any) -> None:
    """The derivative of the rule: `7 x` for each element."""
    primal = load_primal(
        lambda x: jnp.sum(function(x)), {"x": "float[4]"}, name="module"
    )
    program = LinearProgram(primal, (whole(0, ()),), WHOLE, 2)
    (got,) = evaluate(program.traced(Regime.WIDE), [X, np.arange(4.0)])
    np.testing.assert_allclose(got, 7 * np.arange(4.0))
