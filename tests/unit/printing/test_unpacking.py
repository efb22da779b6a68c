"""Vectors that are taken apart: one statement for several elements."""

from __future__ import annotations

import jax.numpy as jnp

from partialc.printing.unpacking import FEWEST, LARGEST
from tests.unit.printing.programs import array, body_lines


def uses(*elements):
    """Elements that all need names."""
    sines = [each * (each + 1.0) * (each - 2.0) for each in elements]
    return jnp.stack(sines)


def test_elements_that_need_names_are_unpacked_together():
    lines = body_lines(lambda x: uses(*[x[n] for n in range(10)]), array("float", 10))
    assert lines[:2] == [
        "x0, x1, x2, x3, x4, x5, x6, x7 = jnp.unstack(x[:8])",
        "x8, x9 = jnp.unstack(x[8:])",
    ]
    assert not any(f"x[{place}]" in line for line in lines for place in range(10))


def test_what_is_not_read_has_no_name():
    lines = body_lines(
        lambda x: uses(*[x[n] for n in range(7) if n != 3]), array("float", 7)
    )
    assert lines[0] == "x0, x1, x2, _, x4, x5, x6 = jnp.unstack(x)"


def test_a_vector_whose_elements_are_converted_is_converted_whole():
    lines = body_lines(
        lambda x: uses(*[x[n].astype(float) for n in range(6)]), array("float", 6)
    )
    assert lines[0] == "x0, x1, x2, x3, x4, x5 = jnp.unstack(x.astype(float))"
    assert sum("astype" in line for line in lines) == 1


def test_few_elements_and_those_that_are_read_once_stay_where_they_are():
    few = body_lines(
        lambda x: uses(*[x[n] for n in range(FEWEST - 1)]), array("float", 8)
    )
    once = body_lines(lambda x: jnp.sin(x[0]) * x[1], array("float", 2))
    assert not any("unstack" in line for line in [*few, *once])


def test_long_vectors_and_matrices_stay_whole():
    long = body_lines(
        lambda x: uses(*[x[n] for n in range(8)]), array("float", LARGEST + 1)
    )
    flat = body_lines(
        lambda x: uses(*[x[n // 4, n % 4] for n in range(8)]), array("float", 2, 4)
    )
    assert not any("unstack" in line for line in [*long, *flat])
