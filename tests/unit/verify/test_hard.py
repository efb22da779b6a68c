"""At hard points generated tests find what is not accurate, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp

from partialc.spec.model import Options
from partialc.verify import hard
from partialc.verify.test_module import Proof
from tests.unit.verify.building import Running, proof_of, text_of, x64


@contextmanager
def narrow(running: Running, file: Path) -> Iterator[Callable[..., list[Any]]]:
    """What the process without 64-bit types writes, read as the test reads it."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", False)
    try:
        running.space["write_float32"](file)
    finally:
        jax.config.update("jax_enable_x64", before)
    with np.load(file) as found:
        arrays = dict(found)

    def leaves(*key: Any) -> list[Any]:
        prefix = " ".join(map(str, key)) + " "
        return [array for name, array in arrays.items() if name.startswith(prefix)]

    yield leaves


def passes(proof: Proof, kernel: Any, file: Path, *tests: str) -> bool:
    """Whether a kernel `k` passes tests that look at float32, too."""
    running = Running(proof, k=kernel)
    with narrow(running, file) as leaves:
        return all(
            running.passes(test, "k", leaves) for test in tests or ["test_stress"]
        )


def third(x: Any) -> Any:
    slope = jax.jacfwd(jax.grad(lambda x: 1 / (jnp.exp(x) + 1)))
    return jax.jacfwd(slope)(x)


def bounded(x: Any) -> Any:
    p, q = 1 / (1 + jnp.exp(-x)), 1 / (1 + jnp.exp(x))
    return -p * q * (p * p - 4 * p * q + q * q)


def overflowing(x: Any) -> Any:
    e = jnp.exp(x)
    return -e * (e * (e - 4) + 1) / (1 + e) ** 4


def cancelling(x: Any) -> Any:
    p = 1 / (1 + jnp.exp(-x))
    q = 1 - p
    return -p * q * (p * p - 4 * p * q + q * q)


FERMI = (lambda x: 1 / (jnp.exp(x) + 1), {"x": "float"}, {"k": "partial(x, x, x)"})


@pytest.fixture(scope="module")
def fermi() -> Proof:
    return proof_of(*FERMI, hard=True)


@pytest.fixture(scope="module")
def fermi_far() -> Proof:
    return proof_of(*FERMI, domain={"x": (20.0, 80.0)}, hard=True)


@pytest.mark.parametrize("kernel", [third, bounded])
def test_what_is_accurate_passes(fermi: Proof, kernel: Any, tmp_path: Path) -> None:
    assert passes(fermi, kernel, tmp_path / "k.npz")


@pytest.mark.parametrize("kernel", [overflowing, cancelling])
def test_what_is_not_fails(fermi: Proof, kernel: Any, tmp_path: Path) -> None:
    assert not passes(fermi, kernel, tmp_path / "k.npz")


def test_in_a_domain_where_float32_overflows(fermi_far: Proof, tmp_path: Path) -> None:
    """There JAX's float32 derivative is nan, and so may a kernel's be."""
    file = tmp_path / "k.npz"
    assert passes(fermi_far, third, file, "test_stress", "test_float32")
    assert passes(fermi_far, bounded, file, "test_stress", "test_float32")
    assert not passes(fermi_far, lambda x: bounded(jnp.minimum(x, 60.0)), file)


def test_one_nan_of_jax_excuses_no_other_entry(tmp_path: Path) -> None:
    """`exp(20 x)` overflows in float32 from 4.4 on."""

    def function(x: Any) -> Any:
        return jnp.stack([x * x, jnp.exp(20 * x) / (1 + jnp.exp(20 * x))])

    def right(x: Any) -> Any:
        return jnp.stack([2 * x, 20 * bounded_slope(20 * x)])

    def bounded_slope(x: Any) -> Any:
        return 1 / (1 + jnp.exp(-x)) / (1 + jnp.exp(x))

    proof = proof_of(
        function, {"x": "float"}, {"k": "partial(x)"}, domain={"x": (4.0, 8.0)}
    )
    file = tmp_path / "k.npz"
    assert passes(proof, right, file, "test_float32")
    wrong = lambda x: right(x) * jnp.array([1.1, 1])  # noqa: E731
    assert not passes(proof, wrong, file, "test_float32")
    lost = lambda x: right(x) * jnp.array([jnp.nan, 1])  # noqa: E731
    assert not passes(proof, lost, file, "test_float32")


def test_a_value_is_nan_where_the_function_is(tmp_path: Path) -> None:
    def function(x: Any) -> Any:
        return jnp.sqrt(x) ** 2 + x

    def kernel(x: Any) -> Any:
        return function(x), jax.grad(function)(x)

    proof = proof_of(
        function, {"x": "float"}, {"k": ["value", "partial(x)"]}, hard=True
    )
    assert proof.findings.hard["k"].values == (0,)
    file = tmp_path / "k.npz"
    fields = lambda run: lambda x: _Fields(*run(x))  # noqa: E731
    assert passes(proof, fields(kernel), file)
    assert not passes(proof, fields(lambda x: (2 * x, kernel(x)[1])), file)
    assert passes(proof, fields(lambda x: (kernel(x)[0], 2 + 0 * x)), file)


class _Fields(tuple):
    _fields = ("value", "d1_x")

    def __new__(cls, *values: Any) -> Any:
        return super().__new__(cls, values)


jax.tree_util.register_pytree_node(
    _Fields, lambda node: (tuple(node), None), lambda _, values: _Fields(*values)
)


def test_what_float64_misses_stands_in_the_test() -> None:
    """`1 - tanh(x)**2` has no digit left at 25."""
    args = (jnp.tanh, {"x": "float"}, {"k": "partial(x)"})
    proof = proof_of(*args, domain={"x": (15.0, 25.0)}, hard=True)
    found = proof.findings.hard["k"]
    running = Running(proof, k=lambda x: jnp.cosh(x) ** -2)
    with x64():
        (points,) = running.space["hard_call"]("k", "float64")
    assert 6 <= len(found.true) <= hard.MOST_LITERALS
    for (row, leaf, place), value in found.true.items():
        assert (leaf, place) == (0, 0)
        with mp.workdps(60):
            assert value == float(mp.sech(mp.mpf(points[row].item())) ** 2)
    assert sorted({row for row, _, _ in found.true} | {*found.unknown})
    assert text_of(proof) == text_of(
        proof_of(*args, domain={"x": (15.0, 25.0)}, hard=True)
    )


def test_the_points_follow_a_rule() -> None:
    proof = proof_of(
        lambda x, y: jnp.sum(x) * y,
        {"x": "float[3]", "y": "float"},
        {"k": "gradient(x)"},
        domain={"y": (0.1, 0.3)},
        hard=True,
    )
    running = Running(proof)
    with x64():
        draw = running.space["Hard"]("float64")
        x, y = map(np.asarray, running.space["point"](draw))
    assert x.shape == (hard.ROWS, 3)
    assert (np.abs(x[:18]) < 10).all()
    assert (x[-4:] == x[-4:, :1]).all()
    for column in x.T:
        assert {0, 1, -1, 30, -30, 88, -88, 710, -710, -1e150} <= {*column}
        assert 0.99e18 < np.max(column[column < 1e20]) < 1.01e18
    assert 0.1 <= y.min() < 0.1 + 1e-7
    assert 0.3 - 1e-7 < y.max() <= 0.3
    with np.errstate(over="ignore"):
        fits = (np.float32(x) == x).all(1) & (np.float32(y) == y)
    assert (draw.held == fits).all()
    assert 30 < draw.held.sum() < hard.ROWS


@pytest.mark.parametrize(
    ("function", "args", "why"),
    [
        (lambda x, n: x**n, {"x": "float", "n": "int"}, "not all numbers are real"),
        (lambda x: jnp.sum(x) ** 2, {"x": "float32[2]"}, "not all numbers are real"),
        (lambda x: jnp.sum(jnp.sin(x) ** 2), {"x": "float[5000]"}, "large"),
        (
            lambda x: jax.lax.while_loop(lambda y: y < 3, lambda y: y + x**2, x),
            {"x": "float"},
            "a loop need not come to an end",
        ),
    ],
)
def test_where_there_are_none_a_remark_says_why(
    function: Any, args: dict[str, str], why: str
) -> None:
    proof = proof_of(function, args, {"k": "jacobian(x)"}, hard=True)
    assert not proof.findings.hard
    (remark,) = proof.findings.remarks
    assert "Hard points are not tested (k)" in remark
    assert why in remark
    assert "class Hard" not in text_of(proof)


@jax.tree_util.register_dataclass
@dataclass
class Pair:
    """A class that looks at the shapes of its leaves when it is made."""

    a: Any
    b: Any

    def __post_init__(self) -> None:
        assert not isinstance(self.a, np.ndarray | jax.Array) or self.a.size < 40


def test_arguments_that_cannot_be_stacked_are_no_crash() -> None:
    pair = Pair(jnp.ones(()), jnp.ones(()))
    proof = proof_of(
        lambda p: p.a * p.b**2, {"p": pair}, {"k": "gradient(p)"}, hard=True
    )
    assert not proof.findings.hard
    (remark,) = proof.findings.remarks
    assert "cannot be made at many points at once" in remark


def test_a_batched_kernel_gets_all_points_at_once(tmp_path: Path) -> None:
    proof = proof_of(
        lambda x, y: jnp.exp(x) * y,
        {"x": "float", "y": "float"},
        {"k": "partial(x)"},
        options={"k": Options(batch=("x",))},
        hard=True,
    )
    file = tmp_path / "k.npz"
    assert passes(proof, lambda x, y: jnp.exp(x) * y, file)
    assert not passes(proof, lambda x, y: (1 + jnp.expm1(x)) * y, file)
