"""Texts of several builds as one."""

from collections.abc import Callable

import pytest

from partialc.sizes.builds import Builds, PartingError
from partialc.sizes.unify import OTHER, TABLE, unified

BUILDS = Builds(("n",), ((23,), (31,), (50,)))


def one(write: Callable[[int], str]) -> str:
    return unified([write(n) for (n,) in BUILDS.points], BUILDS)


def test_numbers_become_forms() -> None:
    assert one(lambda n: f"y = x[1:{n - 1}] + {n}\n") == "y = x[1:n - 1] + n\n"


def test_sums_stand_in_parentheses_where_they_must() -> None:
    assert one(lambda n: f"y = x * {n - 1}\n") == "y = x * (n - 1)\n"
    assert one(lambda n: f"y = x - {3 * n}\n") == "y = x - 3 * n\n"
    assert one(lambda n: f"y = f({n - 1}, -{n})\n") == "y = f(n - 1, -n)\n"
    assert one(lambda n: f"y = {-2.0 * n} + x\n") == "y = -2.0 * n + x\n"


def test_the_length_of_lines_does_not_matter() -> None:
    def write(n: int) -> str:
        name = "x" * (n + 30)
        return f"y = f({'a' * 60}, {n}, [0, {n}])\n" if name else ""

    assert one(write) == f"y = f({'a' * 60}, n, [0, n])\n"


def test_names_tell_forms_in_words() -> None:
    text = one(lambda n: f"x_1to{n - 1} = x[1:{n - 1}]\ny = x_1to{n - 1} + 1\n")
    assert text == "x_1to_n_less_1 = x[1:n - 1]\ny = x_1to_n_less_1 + 1\n"


def test_names_of_other_numbers_lose_them() -> None:
    text = one(lambda n: f"v{n % 7}_minus_x = {n} - x\ny = v{n % 7}_minus_x\n")
    assert text == "v_minus_x = n - x\ny = v_minus_x\n"


def test_local_variables_may_differ_in_more() -> None:
    text = one(lambda n: f"{'abc'[n % 3]}_x = {n}\ny = {'abc'[n % 3]}_x\n")
    assert text == "x = n\ny = x\n"


def test_texts_are_filled_in() -> None:
    assert one(lambda n: f't = {{"x": "float[{n},{n + 1}]"}}\n') == (
        't = {"x": f"float[{n},{n + 1}]"}\n'
    )


def test_docstrings_tell_forms_and_drop_what_has_none() -> None:
    def write(n: int) -> str:
        return (
            f'def f():\n    """The value.\n\n    Result: shape ({n},).\n'
            f"    Plan: one pass: {3 * n - 2:,} flops (full reference: {n**3:,} flops)."
            '\n    """\n'
        )

    assert one(write) == (
        'def f():\n    """The value.\n\n    Result: shape (n,).\n'
        '    Plan: one pass: 3*n - 2 flops.\n    """\n'
    )


def test_comments_tell_forms() -> None:
    assert one(lambda n: f"y = 1  # shape ({n}, 2)\n") == "y = 1  # shape (n, 2)\n"


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda n: f"y = {n**3 % 7}\n", TABLE),
        (lambda n: f"y = {[*range(n)]}\n", OTHER),
        (lambda n: "y = jnp.sin(x)\n" if n < 40 else "y = jnp.cos(x)\n", OTHER),
        (lambda n: "y = x + 1\n" if n < 40 else "y = x - 1\n", OTHER),
        (lambda n: "y = x\n" if n < 40 else "y = x\nz = y\n", OTHER),
        (
            lambda n: f"def f():\n    a = x\n    {'b' if n < 40 else 'a'} = y\n",
            OTHER,
        ),
    ],
)
def test_the_first_place_where_texts_part_is_told(
    write: Callable[[int], str], reason: str
) -> None:
    with pytest.raises(PartingError) as error:
        one(write)
    assert error.value.reason == reason
    assert error.value.builds[1] == 2
