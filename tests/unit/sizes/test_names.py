"""Names that tell numbers."""

import pytest

from partialc.sizes.builds import Builds
from partialc.sizes.names import Renames, without_numbers

BUILDS = Builds(("n",), ((23,), (31,), (50,)))


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("x", "x", "x"), "x"),
        (("x22", "x30", "x49"), "x_n_less_1"),
        (("x_0to23_2", "x_0to31_2", "x_0to50_2"), "x_0to_n_2"),
        (("v4p8_minus", "v9_minus", "v24p01_minus"), "v_minus"),
        (("v1", "v5", "v3"), "v"),
        (("a_x_b", "x_b", "c_x_b"), "x_b_2"),
        (("abc", "def", "ghi"), "value"),
    ],
)
def test_one_name_for_all(names: tuple[str, ...], told: str) -> None:
    assert Renames(BUILDS, set(names)).name(names) == told


def test_no_name_is_given_twice() -> None:
    renames = Renames(BUILDS, {"x_n"})
    assert renames.name(("x23", "x31", "x50")) == "x_n_2"
    assert renames.name(("x23", "x31", "x50")) == "x_n_2"


@pytest.mark.parametrize(
    ("name", "told"), [("v4p8_minus_x", "v_minus_x"), ("x_1to22", "xto"), ("x", "x")]
)
def test_without_numbers(name: str, told: str) -> None:
    assert without_numbers(name).strip("_") == told
