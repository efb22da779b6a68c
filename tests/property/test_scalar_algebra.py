"""What is done to sums and products of elements is exact in rational arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from math import isfinite
from operator import add, mul, sub, truediv
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.ir.text import parse
from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.normal_forms import normalised
from partialc.lowering.scalar.pairs import with_shared_pairs
from partialc.lowering.scalar.program import Assembled, ScalarProgram
from partialc.lowering.scalar.quotients import as_quotients
from partialc.lowering.scalar.regroup import regroup
from partialc.lowering.scalar.simplify import simplified
from partialc.lowering.scalar.terms import Term, Terms, reachable
from tests.property.fuzzing import examples

LENGTH: Final = 9
NUMBERS: Final = (-2.0, -1.0, -0.5, 0.25, 1.0, 2.0, 3.0)
"""Numbers whose products floats hold exactly."""

_ARITHMETIC: Final[Mapping[str, Callable[..., Any]]] = {
    "add": add,
    "sub": sub,
    "mul": mul,
    "div": truediv,
    "neg": lambda x: -x,
    "reduce_sum": lambda *parts: sum(parts),
    "reduce_prod": lambda *parts: reduce(mul, parts),
}
PASSES: Final[Mapping[str, Callable[[ScalarProgram, Algebra], Any]]] = {
    "regroup": regroup,
    "normalised": lambda program, algebra: normalised(program, algebra),
    "with_shared_pairs": with_shared_pairs,
    "as_quotients": lambda program, algebra: as_quotients(program, algebra.terms),
    "simplified": simplified,
    "the shorter one": lambda program, algebra: simplified(program, algebra, 1e9),
}


def values(roots: list[Term], inputs: list[Any], point: list[Fraction]) -> list[Any]:
    """The exact values of terms; None where something was divided by zero."""
    known: dict[Term, Fraction | None] = {}
    for term in reachable(roots):
        parts = [known[arg] for arg in term.args]
        exponent: Any = term.params.get("y", 1)
        if term.array is not None:
            known[term] = point[inputs.index(term.array) * LENGTH + term.position]
        elif term.constant is not None:
            number = float(term.number)
            known[term] = Fraction(number) if isfinite(number) else None
        elif None in parts or (not parts[-1] and (term.op == "div" or exponent < 0)):
            known[term] = None
        elif term.op == "integer_pow":
            known[term] = parts[0] ** exponent
        else:
            known[term] = _ARITHMETIC[term.op](*parts)
    return [known[root] for root in roots]


def draw_program(
    data: st.DataObject, divides: bool
) -> tuple[ScalarProgram, Algebra, list[Any]]:
    """Sums and products of a few elements, of which many are alike."""
    inputs = f"x: float[{LENGTH}], y: float[{LENGTH}], z: float"
    function = parse(f"def f({inputs}):\n    return z\n")
    algebra = Algebra(Terms())
    kind = function.inputs[2].type
    x, y = (
        [algebra.terms.element(array, place) for place in range(LENGTH)]
        for array in function.inputs[:2]
    )
    few = data.draw(st.integers(1, 3))
    pool = [*x[:few], *y[:few]]

    def apply(op: str, *args: Term, **params: int) -> Term:
        return algebra.apply(op, args, kind.dtype, params)

    for _ in range(data.draw(st.integers(2, 20))):
        first = data.draw(st.sampled_from(pool))
        second = data.draw(st.sampled_from(pool))
        match data.draw(st.integers(0, 10)):
            case 0 | 1:
                pool.append(apply("add", first, second))
            case 2 | 3:
                pool.append(apply("sub", first, second))
            case 4 | 5:
                pool.append(apply("mul", first, second))
            case 6:
                number = data.draw(st.sampled_from(NUMBERS))
                scale = algebra.terms.scalar(number, kind.dtype)
                pool.append(apply("mul", scale, first))
            case 7 if divides:
                pool.append(apply("div", first, second))
            case 7:
                pool.append(apply("integer_pow", first, y=2))
            case 8 | 9:
                third = data.draw(st.sampled_from(pool))
                pool.append(apply("mul", first, apply("mul", second, third)))
            case _:
                start = data.draw(st.integers(0, 3))
                signs = data.draw(st.lists(st.booleans(), min_size=6, max_size=6))
                for place, is_taken in enumerate(signs, start):
                    product = apply("mul", x[place], y[LENGTH - 1 - place])
                    first = apply("sub" if is_taken else "add", first, product)
                pool.append(first)
    roots = tuple(Assembled(kind, (root,)) for root in pool[-3:])
    return ScalarProgram(roots, {}), algebra, list(function.inputs)


def check(data: st.DataObject, name: str, divides: bool) -> None:
    program, algebra, inputs = draw_program(data, divides)
    changed = PASSES[name](program, algebra)
    assert changed is not None
    for number in (3, 7):
        # No two elements are alike, and no small sum of products of them is zero.
        point = [Fraction(number) ** n + Fraction(n, 11) for n in range(2 * LENGTH)]
        before = values(program.roots(), inputs, point)
        after = values(changed.roots(), inputs, point)
        for expected, found in zip(before, after, strict=True):
            if divides and expected is not None:
                # Numbers such as 1 / 3 are rounded.
                assert found == pytest.approx(expected, rel=1e-6, abs=1e-3)
            else:
                assert expected is None or found == expected


@pytest.mark.parametrize("name", PASSES)
@pytest.mark.parametrize("divides", [False, True])
@examples(60)
@given(st.data())
def test_passes_are_exact(name: str, divides: bool, data: st.DataObject) -> None:
    check(data, name, divides)


@pytest.mark.slow
@pytest.mark.parametrize("name", PASSES)
@pytest.mark.parametrize("divides", [False, True])
@examples(1000)
@given(st.data())
def test_passes_are_exact_for_many(
    name: str, divides: bool, data: st.DataObject
) -> None:
    check(data, name, divides)
