"""Levels of what no expansion makes flat."""

import pytest

from partialc.analysis.depth import nonlinear_depth
from partialc.ir.text import parse


def depth_of(body: str, result: str = "z") -> int:
    lines = "\n".join(f"    {line.strip()}" for line in body.strip().splitlines())
    text = f"\ndef f(x: float, y: float):\n{lines}\n    return {result}\n"
    return nonlinear_depth(parse(text))


@pytest.mark.parametrize(
    ("body", "levels"),
    [
        ("z: float = add(x, y)", 0),
        ("a: float = mul(x, float(3.0))\nz: float = sub(a, y)", 0),
        (
            "a: float = mul(x, y)\nb: float = mul(float(2.0), a)\nz: float = div(b, y)",
            1,
        ),
        ("a: float = mul(x, y)\nb: float = add(a, y)\nz: float = mul(x, b)", 2),
        ("a: float = sin(x)\nb: float = mul(a, y)\nz: float = add(b, y)", 1),
        ("a: float = sin(x)\nb: float = add(a, y)\nz: float = cos(b)", 2),
        (
            "a: float = add(x, y)\nb: float = div(a, float(2.0))\nz: float = sub(b, x)",
            0,
        ),
        ("a: float = add(x, y)\nz: float = div(float(2.0), a)", 1),
        ("a: float = add(x, y)\nz: float = integer_pow(a, y=2)", 1),
        ("a: float = sin(x)\nz: float = add(x, y)", 0),
    ],
)
def test_levels_are_calls_and_products_of_sums(body: str, levels: int) -> None:
    assert depth_of(body) == levels


def test_what_only_constants_go_into_is_no_level() -> None:
    assert depth_of("a: float = sin(float(2.0))\nz: float = mul(a, y)") == 0
