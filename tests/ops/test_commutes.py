"""What is said to commute does, bit by bit; what is not said to does not."""

from __future__ import annotations

import itertools
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from partialc.ir.dtypes import DType
from partialc.ops.registry import all_ops, commutes

RUN: Final = {
    "add": lax.add,
    "add_any": lax.add,
    "mul": lax.mul,
    "eq": lax.eq,
    "ne": lax.ne,
    "max": lax.max,
    "min": lax.min,
    "and": lax.bitwise_and,
    "or": lax.bitwise_or,
    "xor": lax.bitwise_xor,
}
REAL: Final = (0.0, -0.0, 1.0, -1.0, 0.1, 3e-40, 1e30, np.inf, -np.inf, np.nan)
WHOLE: Final = (0, 1, -1, 7, 2**31 - 1, -(2**31))


def bits(array: Any) -> np.ndarray[Any, Any]:
    """All bits, one nan as good as another."""
    array = np.asarray(array)
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.abs(array.dtype.type(np.nan)), array)
    return np.frombuffer(array.tobytes(), np.uint8)


def pairs(name: str, dtype: str) -> tuple[Any, Any]:
    single = WHOLE if dtype == "int32" else REAL
    first, second = zip(*itertools.product(single, repeat=2), strict=True)
    return np.asarray(first, dtype), np.asarray(second, dtype)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        *itertools.product(RUN, ["int32"]),
        *itertools.product(
            sorted(RUN.keys() - {"and", "or", "xor"}), ["float32", "float64"]
        ),
    ],
)
def test_either_order_gives_the_same_bits(name: str, dtype: str) -> None:
    assert commutes(name, DType.fixed(dtype))
    with jax.enable_x64(True):
        first, second = map(jnp.asarray, pairs(name, dtype))
        one, other = (RUN[name](*each) for each in ((first, second), (second, first)))
        np.testing.assert_array_equal(bits(one), bits(other))
        # ... also where XLA fuses it, and shows the signs of zeros
        if name in ("max", "min") and dtype != "int32":
            fused = jax.jit(lambda x, y: 1 / RUN[name](x * 1, y * 1))
            np.testing.assert_array_equal(
                bits(fused(first, second)), bits(fused(second, first))
            )


def test_nothing_else_is_said_to_commute() -> None:
    said = {op.name for op in all_ops() if op.commutes(DType.fixed("float32"))}
    assert said == set(RUN)


@pytest.mark.parametrize("name", ["max", "min"])
def test_of_complex_numbers_the_first_of_equals_is_taken(name: str) -> None:
    assert not commutes(name, DType.fixed("complex64"))
    zero, other = jnp.asarray(complex(0.0, 0.0)), jnp.asarray(complex(-0.0, 0.0))
    one = np.signbit(np.asarray(RUN[name](zero, other)).real)
    assert one != np.signbit(np.asarray(RUN[name](other, zero)).real)
