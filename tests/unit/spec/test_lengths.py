"""Axis lengths that are sums of multiples of sizes."""

import pytest

from partialc.spec.lengths import Length, parse_length


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("n", "n"),
        ("2*n", "2*n"),
        ("n*3 + 1", "3*n + 1"),
        ("n - 1", "n - 1"),
        ("4 - n", "4 - n"),
        ("-n", "-n"),
        ("n + m - n", "m"),
        ("2*(n + 1)", "2*n + 2"),
        ("7", "7"),
    ],
)
def test_reads_sums_of_multiples(text: str, told: str) -> None:
    length = parse_length(text)
    assert length is not None
    assert str(length) == told
    assert length.at({"n": 5, "m": 3}) == eval(text, {"n": 5, "m": 3})


@pytest.mark.parametrize("text", ["n*m", "n**2", "n / 2", "f(n)", "", "n +", "1.5*n"])
def test_reads_nothing_else(text: str) -> None:
    assert parse_length(text) is None


def test_terms_that_cancel_are_gone() -> None:
    n = Length(0, (("n", 1),))
    assert n + n * -1 == Length(0)
