"""Kernels that are zero everywhere are told of, at no great cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import partialc
from partialc.frontends.load import load_primal
from partialc.planning import zeros
from partialc.planning.choose import Wish, plan_kernel
from partialc.sampling.domain import EVERYWHERE, Given, Ranges
from tests.unit.verify.building import kernel_for


@pytest.mark.parametrize("most", [0, 1000])
def test_zeros_are_told_of_in_kernels_of_any_length(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zeros, "MOST_COMPILED", most)
    module = partialc.compile(
        lambda x: jnp.sin(x[0]) + x[1] ** 2,
        args={"x": "float[2]"},
        kernels={"zero": "partial(x[0], x[1])", "some": "partial(x[0])"},
        name="m",
    )
    assert len(module.plan.kernels["zero"].warnings) == 1
    assert not module.plan.kernels["some"].warnings


@pytest.mark.parametrize("form", ["auto", "chain", "expanded"])
def test_of_a_constant_everything_is_zero(form: str) -> None:
    module = partialc.compile(
        lambda x: 3.0,
        args={"x": "float[2]"},
        kernels=OF_A_CONSTANT,
        name="m",
        form=form,
    )
    for name, plan in module.plan.kernels.items():
        assert len(plan.warnings) == (name != "value")
    loaded = module.load()
    x = jnp.ones(2)
    assert loaded.value(x) == 3.0
    assert loaded.hessian(x).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert loaded.pulled(x, jnp.asarray(1.0))[0].tolist() == [0.0, 0.0]
    for name in sorted(OF_A_CONSTANT.keys() - {"value", "pushed", "product", "pulled"}):
        assert not np.any(getattr(loaded, name)(x))
    for name in ("pushed", "product"):
        assert not np.any(getattr(loaded, name)(x, x))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (x, 3.0),
        lambda x: {"a": jnp.sin(x), "b": [2, np.float32(1.0)], "c": True},
        lambda x: (np.ones(2), x[0]),
    ],
)
def test_what_holds_numbers_beside_arrays_is_differentiated(
    function: Callable[..., Any],
) -> None:
    out = "a" if isinstance(function(jnp.ones(2)), dict) else 1
    module = partialc.compile(
        function,
        args={"x": "float[2]"},
        kernels={"whole": "value", "some": f"jacobian(x, of=out[{out!r}])"},
        name="m",
    ).load()
    x = jnp.asarray([0.5, 2.0])

    def arrays(x: Any) -> Any:
        return jax.tree.map(jnp.asarray, function(x))

    derivative = jax.jacfwd(lambda x: arrays(x)[out])(x)
    want = {"whole": jax.jit(arrays)(x), "some": derivative}
    for name, expected in want.items():
        got = getattr(module, name)(x)
        assert jax.tree.structure(got) == jax.tree.structure(expected)
        for one, other in zip(*map(jax.tree.leaves, (got, expected)), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6)


OF_A_CONSTANT = {
    "value": "value",
    "jacobian": "jacobian(x)",
    "gradient": "gradient(x)",
    "hessian": "hessian(x)",
    "partial": "partial(x[0], x[1])",
    "diagonal": "diagonal(hessian(x))",
    "lower": "lower(hessian(x))",
    "listed": "derivatives(x, order=2)",
    "pushed": "jvp(x)",
    "product": "hvp(x)",
    "pulled": "vjp(out)",
}


def test_a_long_kernel_is_evaluated_once_and_never_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evaluated = 0
    evaluate = zeros.evaluate

    def counted(*arguments: Any) -> Any:
        nonlocal evaluated
        evaluated += 1
        return evaluate(*arguments)

    def long(x: Any) -> Any:
        for _ in range(zeros.MOST_COMPILED):
            x = jnp.sin(x)
        return x

    monkeypatch.setattr(zeros, "evaluate", counted)
    monkeypatch.setattr(zeros.jax, "jit", lambda _: pytest.fail("compiled"))
    monkeypatch.setattr("partialc.driver.prove", _no_proof)
    with pytest.raises(_ProvedError):
        partialc.compile(
            long, args={"x": "float"}, kernels={"k": "partial(x)"}, name="m"
        )
    assert evaluated == 1


class _ProvedError(Exception):
    pass


def _no_proof(*_: Any, **__: Any) -> Any:
    raise _ProvedError


def _time(v: Any) -> Any:
    """How long a particle takes to a wall: it stays where it is up to v = 2."""

    def moved(state: Any) -> Any:
        x, t = state
        return x + 0.1 * jnp.maximum(v - 2, 0), t + 0.1

    return lax.while_loop(lambda s: s[0] < 1, moved, (0 * v, 0 * v))[1]


def _plain(v: Any, w: Any) -> Any:
    return _time(v) * w


def _nested(v: Any, w: Any) -> Any:
    return w * lax.while_loop(lambda s: s < 5, lambda s: s + _time(v), 0 * v)


def _mapped(v: Any, w: Any) -> Any:
    return w * jax.vmap(_time)(jnp.stack([v, v + 1])).sum()


@pytest.mark.parametrize("function", [_plain, _nested, _mapped])
def test_a_point_at_which_a_loop_does_not_end_is_no_evidence(function: Any) -> None:
    """Without a domain the loops end at no probe; within it they do."""
    args = {"v": "float", "w": "float"}
    assert not _warnings(function, args, "partial(v, w)")
    domain = Ranges({"v": (3.0, 4.0)})
    (warning,) = _warnings(function, args, "partial(v, w)", domain)
    assert "zero at every sampled point" in warning
    assert not _warnings(function, args, "partial(w)", domain)


def test_probes_are_drawn_from_the_domain() -> None:
    """A derivative that is zero around 0, and is not in the domain; and the reverse."""

    def ramp(x: Any, n: Any) -> Any:
        return jnp.maximum(x - 5, 0.0) * n

    args = {"x": "float", "n": "int"}
    assert _warnings(ramp, args, "partial(x)")
    there = {"x": (6.0, 7.0), "n": (2.0, 4.0)}
    assert not _warnings(ramp, args, "partial(x)", Ranges(there))
    assert _warnings(ramp, args, "partial(x)", Ranges(there | {"n": (0.0, 0.0)}))
    listed = Given(((np.asarray(8.0),),))
    chosen = Ranges({"n": (2.0, 4.0)}, {"x": listed})
    assert not _warnings(ramp, args, "partial(x)", chosen)


def _warnings(
    function: Any, args: dict[str, str], request: str, ranges: Ranges = EVERYWHERE
) -> tuple[str, ...]:
    primal = load_primal(function, args, name="m", folder=None)
    kernel = kernel_for(primal.signature, request)
    wish = Wish("chain", False, frozenset(), {})
    name = primal.signature.name
    return plan_kernel(kernel, primal, name, wish, ranges=ranges).warnings
