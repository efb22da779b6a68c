"""Sizes at which numbers meet that are different elsewhere."""

from partialc.sizes.builds import marked
from partialc.sizes.critical import critical_sizes

N, M = marked("n"), marked("m")


def test_an_offset_that_wraps_meets_one_that_does_not() -> None:
    text = f"cols = _diagonals({{5: _grid(0, ({N}, 1)), {N} - 5: _grid(2, (3, 1))}})"
    (found,) = critical_sizes([text], ["n"], [(31,), (53,)])
    assert found == (1, 2, 3, 4, 5, 6, 7, 8, 10)


def test_each_size_is_looked_at_with_the_others_large() -> None:
    text = f"cols = _diagonals({{-{M}: a, -7: b, {N} + {M}: c}})"
    found = critical_sizes([text], ["n", "m"], [(13, 21), (18, 29)])
    assert found == ((), (7,))
