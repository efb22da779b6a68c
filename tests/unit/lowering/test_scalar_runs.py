"""Stretches of terms that are vectors are told once, however often they occur."""

from partialc.ir.dtypes import FLOAT
from partialc.ir.program import ArrayType, Value
from partialc.lowering.scalar import runs
from partialc.lowering.scalar.terms import Terms


def test_what_sums_share_is_looked_at_once(monkeypatch):
    terms = Terms()
    x = Value(ArrayType(FLOAT, (8,)))
    w = Value(ArrayType(FLOAT, (8, 8)))
    inner = [terms.element(x, place) for place in range(8)]
    for _ in range(5):
        inner = [terms.operation("tanh", [term], FLOAT, {}) for term in inner]
    sums = [
        [
            terms.operation(
                "mul", [terms.element(w, 8 * row + place), inner[place]], FLOAT, {}
            )
            for place in range(8)
        ]
        for row in range(8)
    ]
    looked_at = 0
    check = runs.Checker._check

    def counted(*arguments):
        nonlocal looked_at
        looked_at += 1
        return check(*arguments)

    monkeypatch.setattr(runs.Checker, "_check", counted)
    checker = runs.Checker()
    first = list(runs.find_runs(sums[0], 6, checker))
    once = looked_at
    for row in sums[1:]:
        again = list(runs.find_runs(row, 6, checker))
        assert [(len(run.terms), run.is_vector) for run in again] == [(8, True)]
    assert [(len(run.terms), run.is_vector) for run in first] == [(8, True)]
    # Six terms, then all eight: the products and their weights are new, `tanh` is not.
    assert once == 2 * (2 + 6)
    assert looked_at - once == 7 * 2 * 2


def test_the_order_of_terms_that_share_deeply_is_found_at_once():
    """Written out, this term has 2**200 places."""
    terms = Terms()
    x = Value(ArrayType(FLOAT, (8,)))
    shared = terms.operation("sin", [terms.element(x, 7)], FLOAT, {})
    for _ in range(200):
        shared = terms.operation("mul", [shared, shared], FLOAT, {})
    alike = [
        terms.operation("mul", [terms.element(x, place), shared], FLOAT, {})
        for place in (2, 0, 1)
    ]
    ordered = runs.sorted_alike(alike)
    assert [term.args[0].position for term in ordered] == [0, 1, 2]
