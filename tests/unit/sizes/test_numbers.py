"""Floats as expressions of the sizes."""

import math
from collections.abc import Callable

import pytest

from partialc.sizes.numbers import find_number

POINTS = ((23,), (31,), (50,))


@pytest.mark.parametrize(
    ("compute", "text"),
    [
        (lambda n: 1 / (n + 1), "1 / (n + 1)"),
        (lambda n: 2.0 * n**2, "2.0 * n ** 2"),
        (lambda n: -2.0 * n**2, "-2.0 * n ** 2"),
        (lambda n: float(n - 1), "float((n - 1))"),
        (lambda n: 0.01 / (1 / (n - 1)) ** 2, "0.01 * (n - 1) ** 2"),
        (lambda n: 1 / (2 * (1 / (n - 1))), "0.5 * (n - 1)"),
        (lambda n: 1.234567 / n**2, "1.234567 / n ** 2"),
        (lambda n: 2 + 3.0 / (n - 1), "2.0 + 3.0 / (n - 1)"),
        (lambda n: 0.3 - 2.0 * n**2, "0.3 - 2.0 * n ** 2"),
    ],
)
def test_finds_multiples_of_powers(compute: Callable[[int], float], text: str) -> None:
    found = find_number([compute(n) for (n,) in POINTS], POINTS, ("n",))
    assert found is not None
    assert found.replace("((", "(").replace("))", ")") == text.replace(
        "((", "("
    ).replace("))", ")")
    for n in (3, 7, 1000):
        assert math.isclose(eval(found, {"n": n}), compute(n), rel_tol=1e-14)


@pytest.mark.parametrize(
    "compute", [math.sin, math.exp, math.sqrt, lambda n: n + n % 3 + 0.1]
)
def test_finds_nothing_else(compute: Callable[[int], float]) -> None:
    assert find_number([compute(n) for (n,) in POINTS], POINTS, ("n",)) is None


def test_finds_products_of_two_sizes() -> None:
    points = ((12, 19), (17, 14), (15, 16), (13, 11), (16, 18))
    found = find_number([0.5 * n / m for n, m in points], points, ("n", "m"))
    assert found == "0.5 * n / m"
