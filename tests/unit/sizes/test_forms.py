"""Whole numbers as polynomials of the sizes."""

import random

import pytest

from partialc.sizes.forms import find_form

ONE = ((23,), (31,), (50,))
TWO = ((12, 19), (17, 14), (15, 16), (13, 11), (16, 18))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("n", "n"),
        ("n - 1", "n_less_1"),
        ("3 * n - 2", "3n_less_2"),
        ("3 - n", None),
        ("n**2", "n_pow2"),
        ("7 * n**2 - 9", "7n_pow2_less_9"),
        ("(n - 1) ** 2", None),
        ("n * (n + 1) // 2", None),
        ("-2 * n", None),
    ],
)
def test_finds_forms_of_one_size(text: str, word: str | None) -> None:
    values = [eval(text, {"n": n}) for (n,) in ONE]
    form = find_form(values, ONE, ("n",))
    assert form is not None
    assert (form.text, form.word) == (text, word)


@pytest.mark.parametrize(
    "text",
    [
        "n * m",
        "m * (n - 1)",
        "(n - 1) * (m + 2)",
        "5 * n * m - 2 * n - 2 * m",
        "2 * n + m - 1",
        "n - m",
        "2 * n * m - n",
    ],
)
def test_finds_forms_of_two_sizes(text: str) -> None:
    values = [eval(text, {"n": n, "m": m}) for n, m in TWO]
    form = find_form(values, TWO, ("n", "m"))
    assert form is not None
    assert form.text == text


@pytest.mark.parametrize("values", [(1, 2, 4), (23, 31, 51), (5, 5, 6), (2, 3, 5)])
def test_finds_no_form_where_there_is_none(values: tuple[int, ...]) -> None:
    assert find_form(values, ONE, ("n",)) is None


def test_what_is_found_gives_the_numbers_and_its_text_too() -> None:
    draw = random.Random(0)
    for _ in range(200):
        a, b, c, d = (draw.randint(-4, 4) for _ in range(4))
        values = [a * n * m + b * n + c * m + d for n, m in TWO]
        form = find_form(values, TWO, ("n", "m"))
        if len(set(values)) == 1:
            continue
        assert form is not None
        for n, m in ((3, 4), (1000, 7), (0, 1)):
            wanted = a * n * m + b * n + c * m + d
            assert form.at((n, m)) == wanted
            assert eval(form.text, {"n": n, "m": m}) == wanted
