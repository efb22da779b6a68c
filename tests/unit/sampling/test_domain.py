"""What each leaf is drawn from, whatever its argument is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from partialc.frontends.load import load_primal
from partialc.sampling.domain import EVERYWHERE, Ranges, Region, read_domain
from partialc.spec.arguments import ObjectText


def _ranges(domain: Any, folder: Path | None = None) -> tuple[Ranges, Any]:
    args = {"p": {"a": "float", "b": "float[2]"}, "x": "float", "n": "int"}
    primal = load_primal(
        lambda p, x, n: p["a"] * p["b"] * x + n, args, name="m", folder=folder
    )
    return read_domain(domain, primal.signature, {}, folder), primal.signature


def test_a_range_holds_for_every_leaf_of_its_argument() -> None:
    ranges, signature = _ranges({"p": (0.0, 2.0), "n": (1.0, 4.0)})
    assert ranges.by_leaf(signature) == (
        Region((0.0, 2.0)),
        Region((0.0, 2.0)),
        Region(),
        Region((1.0, 4.0)),
    )
    assert EVERYWHERE.by_leaf(signature) == (Region(),) * 4


def test_listed_points_are_taken_apart(tmp_path: Path) -> None:
    (tmp_path / "listed.py").write_text(
        "P = [{'a': 1.0, 'b': [2.0, 3.0]}, {'a': 4.0, 'b': [5.0, 6.0]}]\n"
    )
    ranges, signature = _ranges({"p": ObjectText("listed:P")}, tmp_path)
    a, b, x, n = ranges.by_leaf(signature)
    assert [value.tolist() for value in a.values] == [1.0, 4.0]
    np.testing.assert_array_equal(b.values, [[2.0, 3.0], [5.0, 6.0]])
    assert (x, n) == (Region(), Region())
