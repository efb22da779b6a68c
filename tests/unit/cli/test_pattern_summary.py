"""Facts about patterns, for people and for programs."""

from __future__ import annotations

import numpy as np

from partialc.cli.pattern_summary import Leaf, Summary
from partialc.ir.patterns import Pattern


def pattern_of(dense) -> Pattern:
    dense = np.asarray(dense)
    return Pattern.of(dense.shape, *np.nonzero(dense))


def test_a_jacobian_is_coloured_both_ways() -> None:
    dense = np.zeros((3, 5))
    dense[:, 0] = dense[0, :2] = 1
    summary = Summary.of_jacobian(
        pattern_of(dense), [Leaf("out", 3)], [Leaf("x", 4), Leaf("y", 1)]
    )
    facts = dict(summary.facts())
    assert facts["shape"] == "3 x 5"
    assert facts["columns"] == "x (0 to 3), y (4)"
    assert facts["nonzeros"] == "4 (26.7 %)"
    assert facts["bandwidth"] == "2 below the diagonal, 1 above"
    assert facts["colours by columns"] == "2 JVPs (at least 2; natural order)"
    assert facts["colours by rows"] == "3 VJPs (at least 3; natural order)"
    found = summary.to_json()
    assert found["columns"][1] == {"name": "y", "start": 4, "stop": 5}
    assert found["colours"]["rows"] == {"count": 3, "bound": 3, "order": "natural"}


def test_a_hessian_has_star_colours() -> None:
    summary = Summary.of_hessian(pattern_of(np.eye(4)), [Leaf("x", 4)])
    facts = dict(summary.facts())
    assert facts["star colours"] == "1 HVP (at least 1; natural order)"
    assert facts["rows"] == facts["columns"] == "x (0 to 3)"


def test_many_arrays_are_counted() -> None:
    leaves = [Leaf(f"x[{number}]", 1) for number in range(8)]
    facts = dict(Summary.of_hessian(pattern_of(np.eye(8)), leaves).facts())
    assert facts["columns"].endswith("x[5] (5) and 2 more")


def test_an_empty_matrix() -> None:
    nothing = pattern_of(np.zeros((0, 3)))
    summary = Summary.of_jacobian(nothing, [Leaf("out", 0)], [Leaf("x", 3)])
    facts = dict(summary.facts())
    assert facts["rows"] == "out (empty)"
    assert facts["nonzeros"] == "0 (0 %)"
    assert summary.to_json()["fill"] == 0.0
