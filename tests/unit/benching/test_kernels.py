"""The cases of compiled modules, and the arguments they draw."""

from __future__ import annotations

from time import perf_counter as timer
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import partialc
from partialc.benching.case import KERNEL, Bar, Case, Contender
from partialc.benching.checking import check
from partialc.benching.kernels import Variant, kernel_cases

WEIGHTS = {"w": np.array([0.25, -0.5]), "b": np.array(0.125)}


def model(params: dict[str, jax.Array], x: jax.Array, k: jax.Array) -> jax.Array:
    """Weights that all rows share, a point, and an integer."""
    return jnp.tanh(params["w"] @ x + params["b"]) * jnp.sqrt(x[0]) * k


@pytest.fixture(scope="module")
def module() -> partialc.api.Module:
    return partialc.compile(
        model,
        args={"params": WEIGHTS, "x": "float[2]", "k": "int32"},
        kernels={
            "d2": "partial(x[0], x[1])",
            "slope": "jvp(x)",
            "pull": "vjp(out, params)",
            "rows": "gradient(x)",
        },
        name="model",
        domain={"x": [2, 3]},
        options={"rows": {"batch": ["x"]}},
    )


def cases(module: Any, kernel: str, **given: Any) -> list[Case]:
    return list(kernel_cases(module.compiled, module.load(), kernel, **given))


def test_rivals_can_be_chosen(module: Any) -> None:
    variant = Variant(None, rivals=("jvp of grad",))
    (case,) = cases(module, "d2", variant=variant)
    assert [rival.name for rival in case.rivals] == ["jvp of grad"]


def test_a_mapped_rival_is_compiled_as_it_wants(module: Any) -> None:
    hand = Contender("by hand", lambda params, x, k: (x[0] * 2,), None, {"a": 1})
    *_, mapped = cases(module, "d2", more=(hand,))[-1].rivals
    assert mapped.compiler_options == {"a": 1}


def test_one_point_and_a_batch(module: Any) -> None:
    bars = (Bar("by hand", "run", 2.0),)
    hand = Contender("by hand", lambda params, x, k: (x[0] * 2,))
    single, batch = cases(module, "d2", more=(hand,), bars=bars)
    assert (single.name, single.rows, single.bars) == ("model.d2", None, ())
    assert (batch.name, batch.rows, batch.bars) == ("model.d2", 10_000, bars)
    for case in (single, batch):
        assert [rival.name for rival in case.rivals] == [
            "full, then index",
            "nested jvp",
            "jvp of grad",
            "nested grad",
            "by hand",
        ]
        assert not case.x64
    arguments = batch.draw(5)
    for call in (batch.kernel, *(rival.call for rival in batch.rivals)):
        assert call is not None
        assert [leaf.shape for leaf in jax.tree.leaves(call(*arguments))] == [(5,)]


def test_the_batch_can_be_chosen(module: Any) -> None:
    assert [case.rows for case in cases(module, "d2", variant=Variant(64))] == [
        None,
        64,
    ]
    (alone,) = cases(
        module, "d2", variant=Variant(None), bars=(Bar("nested jvp", "run", 1.0),)
    )
    assert alone.rows is None
    assert alone.bars
    (batch,) = cases(module, "d2", variant=Variant(64, single=False))
    assert batch.rows == 64


def test_a_kernel_that_takes_a_batch_has_no_other_case(module: Any) -> None:
    (case,) = cases(module, "rows", variant=Variant(48))
    assert case.rows == 48
    params, x, k = case.draw(48)
    assert (params["w"].shape, x.shape, k.shape) == ((2,), (48, 2), ())
    wanted = jax.vmap(jax.grad(model, 1), (None, 0, None))(params, x, k)
    np.testing.assert_allclose(case.kernel(params, x, k), wanted, 1e-5)
    for rival in case.rivals:
        assert rival.call is not None
        np.testing.assert_allclose(rival.call(params, x, k)[0], wanted, 1e-5)


def test_arguments_are_drawn_where_the_test_samples(module: Any) -> None:
    _, case = cases(module, "d2")
    params, x, k = case.draw(200)
    np.testing.assert_array_equal(params["w"], WEIGHTS["w"])
    assert params["w"].dtype == x.dtype == "float32"
    assert x.shape == (200, 2)
    assert float(x.min()) >= 2
    assert float(x.max()) <= 3
    assert len(np.unique(x)) > 300
    assert (k.shape, k.dtype) == ((200,), "int32")
    with jax.enable_x64(True):
        assert case.draw(3)[1].dtype == "float64"
    for one, other in zip(case.draw(7), case.draw(7), strict=True):
        jax.tree.map(np.testing.assert_array_equal, one, other)


def test_tangents_follow_their_argument_and_cotangents_the_rows(module: Any) -> None:
    _, slope = cases(module, "slope")
    *_, tangent = slope.draw(6)
    assert tangent.shape == (6, 2)
    _, pull = cases(module, "pull")
    *_, cotangent = pull.draw(6)
    assert cotangent.shape == (6,)
    found = jax.tree.leaves(pull.kernel(*pull.draw(6)))
    assert [leaf.shape for leaf in found] == [(6,), (6, 2)]


def test_large_rows_are_fewer() -> None:
    module = partialc.compile(
        lambda x: jnp.sum(jnp.sin(x)),
        args={"x": "float[20000]"},
        kernels={"g": "gradient(x)"},
        name="wide",
    )
    _, batch = cases(module, "g")
    assert batch.rows is not None
    assert 100 < batch.rows < 2000
    assert [c.rows for c in cases(module, "g", variant=Variant(5000, exact=True))] == [
        None,
        5000,
    ]


def test_rivals_may_be_off_as_far_as_the_coarsest_type_within() -> None:
    def coarse(x: jax.Array) -> jax.Array:
        return jnp.sin(x).astype("float32").astype(x.dtype) ** 2

    tolerances = []
    for function in (coarse, jnp.sin):
        module = partialc.compile(
            function, args={"x": "float"}, kernels={"d": "partial(x)"}, name="f"
        )
        tolerances.append(cases(module, "d")[0].tolerance)
    assert tolerances == [
        pytest.approx(3.45e-4, rel=0.01),
        pytest.approx(1.49e-8, rel=0.01),
    ]


def test_what_has_float64_arguments_is_timed_so() -> None:
    module = partialc.compile(
        lambda x: jnp.sin(x), args={"x": "f64"}, kernels={"d": "partial(x)"}, name="f"
    )
    assert all(case.x64 for case in cases(module, "d"))


def test_rivals_need_not_have_the_dtype_that_modes_differ_in() -> None:
    module = partialc.compile(
        lambda x: jnp.sum(x**2).astype("float32"),
        args={"x": "float[3]"},
        kernels={"g": "gradient(x)"},
        name="f",
    )
    case = cases(module, "g")[0]
    assert case.converts
    with jax.enable_x64(True):
        refusals = check(
            case, [Contender(KERNEL, case.kernel), *case.rivals], 10, timer
        )
    assert not any("dtype" in text or "float" in text for text in refusals.values())
