"""Factors are taken out of sums as if each time all addends were looked at anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.ir.dtypes import FLOAT
from partialc.ir.program import ArrayType, Value
from partialc.lowering.scalar import common_factors
from partialc.lowering.scalar.addends import Addend, merged
from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.common_factors import Together
from partialc.lowering.scalar.program import Assembled, ScalarProgram
from partialc.lowering.scalar.regroup import regroup
from partialc.lowering.scalar.terms import Term, Terms, reachable

TERMS = Terms()
X = Value(ArrayType(FLOAT, (64,)))
FACTORS = [TERMS.element(X, place) for place in range(64)]

addends = st.builds(
    lambda number, powers: Addend(number, tuple(powers.items())),
    st.sampled_from([-2.0, -1.0, 1.0, 2.0]),
    st.dictionaries(st.sampled_from(FACTORS[:6]), st.sampled_from([1, 2]), max_size=3),
)


def most_common(found: Sequence[Addend]) -> Term | None:
    """The factor that most addends have, as one would look for it."""
    signs = Counter(frozenset(addend.powers) for addend in found)
    counts: Counter[Term] = Counter()
    for addend in found:
        if signs[frozenset(addend.powers)] == 1:
            counts.update(base for base, _ in addend.powers)
    factor, count = max(counts.items(), key=lambda item: item[1], default=(None, 0))
    return factor if count > 1 else None


@given(st.lists(addends, max_size=12), st.lists(addends, min_size=12, max_size=12))
def test_as_if_all_were_looked_at_anew(given_, news):
    together, found = Together(given_), merged(given_)
    for new in news:
        assert together.addends == found
        factor = together.common_factor()
        assert factor is most_common(found)
        if factor is None:
            break
        signs = Counter(frozenset(addend.powers) for addend in found)
        inside = [
            each
            for each in found
            if each.power_of(factor) and signs[frozenset(each.powers)] == 1
        ]
        rest = [each for each in found if each not in inside]
        first = found.index(inside[0])
        place, taken = together.taken(factor)
        assert taken == inside
        together.put(place, new)
        found = merged([*rest[:first], new, *rest[first:]])


@pytest.mark.parametrize("count", [100, 2000])
def test_sums_of_many_factors(count, monkeypatch):
    """As many factors are taken out as there are; all addends are looked at once."""
    algebra = Algebra(Terms())
    x = Value(ArrayType(FLOAT, (3 * count,)))
    elements = [algebra.terms.element(x, place) for place in range(3 * count)]
    total: Term | None = None
    for place in range(count):
        for other in (count, 2 * count):
            pair = [elements[place], elements[place + other]]
            part = algebra.terms.operation("mul", pair, FLOAT)
            total = (
                part
                if total is None
                else algebra.terms.operation("add", [total, part], FLOAT)
            )
    assert total is not None
    looked_at = 0

    def counted(found: Sequence[Addend]) -> list[Addend]:
        nonlocal looked_at
        looked_at += len(found)
        return merged(found)

    monkeypatch.setattr(common_factors, "merged", counted)
    program = ScalarProgram((Assembled(ArrayType(FLOAT, ()), (total,)),), {})
    (found,) = regroup(program, algebra).roots()
    products = sum(term.op == "mul" for term in reachable([found]))
    assert products <= count  # x * y + x * z is x * (y + z)
    assert looked_at <= 8 * count
