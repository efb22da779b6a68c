"""Arrays of scalars are put together in a way that XLA fuses: few parts at a time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Function
from partialc.lowering.light_cone import taken_apart
from partialc.lowering.scalar.assembly import MOST_BLOCKS
from partialc.ops.cost import MOST_FUSED
from partialc.ops.evaluation import evaluate

SIZE = 12


def _unlike(x: jax.Array, count: int) -> list[jax.Array]:
    """Scalars of which no two run alike."""
    return [
        jnp.sin(x[(7 * place) % SIZE]) * x[(place * place + 3) % SIZE] ** (place % 5)
        + (place + 1) * x[place % SIZE]
        for place in range(count)
    ]


def _cone(call: Callable[[jax.Array], jax.Array]) -> Function:
    traced = trace_one(
        lambda x: [call(x)],
        [ArrayType(FLOAT, (SIZE,))],
        Regime.WIDE,
        name="f",
        input_names=["x"],
    )
    cone = taken_apart(traced, in_order=True)
    assert cone is not None
    return cone


def _widths(function: Function) -> list[int]:
    return [len(e.inputs) for e in function.equations if e.op == "concatenate"]


def _shaped(*shape: int) -> Callable[[jax.Array], jax.Array]:
    size = int(np.prod(shape))
    return lambda x: jnp.stack(_unlike(x, size)).reshape(shape)


def _edges(x: jax.Array) -> jax.Array:
    """Rows of a vector between two other numbers."""
    rows = [
        jnp.concatenate([jnp.sin(x[:1]) * row, x * (row + 1.5), jnp.cos(x[-1:]) + row])
        for row in range(9)
    ]
    return jnp.concatenate(rows)


@pytest.mark.parametrize(
    "call",
    [
        *[_shaped(n) for n in (2, 8, 9, 11, 36, 63, 64, 65, 100, 150, 300)],
        *[_shaped(*s) for s in ((3, 3), (2, 3, 4), (2, 2, 2, 5), (3, 11), (13, 2))],
        *[_shaped(*s) for s in ((12, 12), (3, 4, 6), (30, 10))],
        _edges,
    ],
)
def test_no_more_parts_than_fuse(call: Callable[[jax.Array], jax.Array]) -> None:
    cone = _cone(call)
    widths = sorted(_widths(cone))
    assert all(width <= MOST_FUSED for width in widths[:-1])
    assert widths[-1] <= MOST_BLOCKS
    with jax.enable_x64(True):
        x = jnp.linspace(0.4, 1.6, SIZE)
        (found,) = evaluate(cone, [x], Regime.WIDE)
        np.testing.assert_allclose(found, call(x), rtol=1e-13)


@pytest.mark.parametrize("count", [16, 36])
def test_xla_makes_one_kernel_of_a_block(count: int) -> None:
    """What `MOST_FUSED` stands for; the same scalars in one stack are a kernel each."""

    def kernels(call: Callable[[jax.Array], jax.Array]) -> int:
        text = jax.jit(call).lower(jnp.ones(SIZE)).compile().as_text()
        entry = text[text.index("ENTRY") :]
        counted = Counter(re.findall(r"= \S+ ([a-z-]+)\(", entry))
        return counted["fusion"] + counted["concatenate"]

    def apart(x: jax.Array) -> jax.Array:
        return jnp.stack(_unlike(x, count))

    cone = _cone(apart)
    with jax.enable_x64(True):
        assert kernels(lambda x: evaluate(cone, [x], Regime.WIDE)[0]) <= 2
        assert kernels(apart) > count / 2
