"""At which sizes a module is built."""

import pytest

from partialc.sizes.choice import build_points, far_point, further_point
from partialc.sizes.forms import find_form
from partialc.spec.lengths import Length
from partialc.spec.model import Size

N, M = Length(0, (("n", 1),)), Length(0, (("m", 1),))


def test_the_spec_says_where() -> None:
    sizes = {"n": Size("n", None, (5, 9, 7))}
    assert [*build_points(sizes, {"x": (N,)})] == [((5,), (7,), (9,))]


@pytest.mark.parametrize(
    ("names", "shape", "count"),
    [(("n",), (N,), 3), (("n",), (N, N), 4), (("n", "m"), (N, M), 5)],
)
def test_forms_are_found_and_tried(
    names: tuple[str, ...], shape: tuple[Length, ...], count: int
) -> None:
    for points in build_points({name: Size(name) for name in names}, {"x": shape}):
        assert len(set(points)) == len(points) == count
        values = [sum(point) * 3 - 1 for point in points]
        assert find_form(values, points, names) is not None
        products = [point[0] * point[-1] for point in points]
        assert find_form(products, points, names) is not None


def test_other_sizes_are_no_builds() -> None:
    points = ((31,), (43,), (53,))
    assert 3 < further_point(points, (3,))[0] < 31
    assert far_point({"n": Size("n")}, points)[0] > 53
