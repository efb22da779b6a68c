"""Operators as sums of partials, against polynomials whose derivatives are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

from partialc.errors import RequestError
from partialc.request.combination import Combination
from partialc.request.operators import FEW
from partialc.request.resolve import resolve_kernel
from partialc.request.resolved import Block, Entries, Kernel
from partialc.request.shapes import block_shape
from partialc.request.signature import Signature
from tests.unit.request.multi_indices import multi_indices

X = sympy.symbols("x0:5")
POLYNOMIAL = (X[0] + 2 * X[1]) ** 6 + X[0] ** 4 * X[2] ** 3 + X[3] ** 5 * X[4] ** 4
POINT = dict(zip(X, (0.5, -1.0, 2.0, 1.5, -0.5), strict=True))
FIELD = (X[0] * X[1] ** 2, X[1] * X[2] + X[0], X[0] ** 2 * X[2] ** 3)


def resolved(text: str, signature: Signature) -> Combination:
    kernel: Kernel = resolve_kernel("k", text, signature, load_object=str)
    (field,) = kernel.fields
    assert isinstance(field.parts, Combination)
    return field.parts


def value_of(node: Combination, signature: Signature, functions: Any) -> Any:
    """A combination where every partial is differentiated by SymPy."""
    with jax.enable_x64(True):
        partials = [_partials(part, signature, functions) for part in node.parts]
        return np.asarray(node.value(list(map(jnp.asarray, partials))))


def _partials(block: Block, signature: Signature, functions: Any) -> Any:
    """The derivatives of one output, as a block lays them out."""
    number = block.output.index[0] if block.output.index else 0
    found = [
        float(sympy.diff(functions[number], *(X[i] for i in indices)).subs(POINT))
        for indices in multi_indices(block, signature)
    ]
    return np.array(found).reshape(block_shape(block, signature))


@pytest.mark.parametrize("names", ["x", "x[0:2]", "x[1:4]", "x[0], x[3]", "x[2]"])
@pytest.mark.parametrize("power", [1, 2, 3])
def test_powers_of_the_laplacian(
    names: str, power: int, signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(array("float"), x=array("float", 5))
    moved = list(eval(f"np.r_[{names}]", {"np": np, "x": np.arange(5)}))
    expected = POLYNOMIAL
    for _ in range(power):
        expected = sum(sympy.diff(expected, X[int(i)], 2) for i in moved)
    text = f"polylaplacian({names}, power={power})"
    given = value_of(resolved(text, found), found, [POLYNOMIAL])
    assert given == pytest.approx(float(expected.subs(POINT)), rel=1e-6)
    named = {1: "laplacian", 2: "biharmonic"}.get(power)
    if named is not None:
        same = resolved(f"{named}({names})", found)
        assert same.formula == resolved(text, found).formula


def test_few_partials_share_nests_and_many_are_listed(
    signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(array("float"), x=array("float", 5), y=array("float", 30))
    few = resolved("biharmonic(x[0:3])", found)
    assert len(few.parts) == FEW
    many = resolved("biharmonic(y)", found)
    counts = [len(part.layout.inputs) for part in many.parts]
    assert counts == [30, 30 * 29 // 2]
    assert many.formula == "jnp.sum(part_0) + 2.0 * jnp.sum(part_1)"


@pytest.mark.parametrize("size", [3, 3 + FEW])
def test_divergence(size: int, signature: Callable[..., Signature], array: Any) -> None:
    found = signature(array("float", size), x=array("float", size))
    parts = resolved("divergence(x)", found).parts
    pairs = [pair for part in parts for pair in _entries(part)]
    assert pairs == [(number, number) for number in range(size)]


def _entries(block: Block) -> list[tuple[int, int]]:
    """Output and element of each first derivative of a block."""
    if isinstance(block.layout, Entries):
        outputs = block.layout.outputs
        assert outputs is not None
        return list(zip(outputs.tolist(), block.layout.inputs[:, 0], strict=True))
    ((axis,),) = block.axes
    return [(block.output.index[0], axis.index[0])]


def test_curl_in_three_dimensions(
    signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(array("float", 3), x=array("float", 3))
    given = value_of(resolved("curl(x)", found), found, FIELD)
    d = [[sympy.diff(FIELD[i], X[j]).subs(POINT) for j in range(3)] for i in range(3)]
    expected = [d[2][1] - d[1][2], d[0][2] - d[2][0], d[1][0] - d[0][1]]
    np.testing.assert_allclose(given, np.array(expected, float), rtol=1e-6)


def test_curl_in_two_dimensions(
    signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(array("float", 2), x=array("float"), y=array("float"))
    node = resolved("curl(x, y)", found)
    assert node.shape == ()
    outputs = [part.output.index for part in node.parts]
    leaves = [part.axes[0][0].leaf for part in node.parts]
    assert (outputs, leaves) == ([(1,), (0,)], [0, 1])
    assert node.formula == "part_0 - part_1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("laplacian(x, x[0])", "named twice"),
        ("laplacian(n)", "integers"),
        ("polylaplacian(y, power=6)", "far too many terms"),
        ("polylaplacian(t, power=1000000000)", "of order 2000000000"),
        ("divergence(x)", "as many outputs as elements"),
        ("curl(x)", "two or three elements"),
        ("curl(x[0:3])", "as many outputs as elements"),
        ("divergence(t, of=out[0:2])", "as many outputs as elements"),
    ],
)
def test_what_does_not_fit(
    text: str, message: str, signature: Callable[..., Signature], array: Any
) -> None:
    found = signature(
        array("float", 4),
        x=array("float", 5),
        y=array("float", 50),
        t=array("float"),
        n=array("int32"),
    )
    with pytest.raises(RequestError, match=message):
        resolved(text, found)
