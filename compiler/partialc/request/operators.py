"""Differential operators: `laplacian`, `divergence`, `curl`, and powers of the first.

An operator is a `Combination`: the partials it is made of, and their sum. Where these
are few, each is a derivative of its own, so that planning lets them share nests with
the other requests of the kernel; else they are lists of entries, one for each factor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, combinations_with_replacement
from math import comb, factorial, prod
from typing import Final, TypeAlias

import numpy as np

from partialc.request.answer import Answer
from partialc.request.combination import PART, Combination
from partialc.request.layouts import check_distinct, flattened
from partialc.request.products import check_order
from partialc.request.resolved import Axis, Block, Coordinates, Entries, Output
from partialc.request.scope import Scope
from partialc.request.selection import Selection
from partialc.request.shapes import axis_size
from partialc.request.syntax import (
    RESULT,
    Biharmonic,
    Coordinate,
    Curl,
    Divergence,
    Laplacian,
    Polylaplacian,
)
from partialc.request.written import origin_of, origin_of_request

Powers: TypeAlias = Laplacian | Biharmonic | Polylaplacian

FEW: Final = 6
"""So many partials at most are derivatives of their own: the biharmonic operator in
three dimensions has six."""

MOST_TERMS: Final = 1_000_000
"""Operators of more terms are surely a mistake."""

MOST_APART: Final = 64
"""So many outputs, in containers, at most are taken one by one."""


def powers(request: Powers, scope: Scope) -> Answer:
    """A power of the Laplacian along all elements that are named.

    By the multinomial theorem its terms are the partials along each element an even
    number of times, counted as often as these can be ordered.

    Raises:
        RequestError: An element is named twice, its order is too high, or it has far
            too many terms.
    """
    output = scope.output(request.of, origin_of_request(request))
    wrt = tuple(map(scope.wrt, request.wrt))
    axis = flattened(wrt, scope)
    check_distinct(wrt, f"{request.keyword} takes each direction once")
    power = _power(request)
    check_order(request, 2 * power)
    count = comb(axis_size(axis) + power - 1, power)
    if count > MOST_TERMS:
        raise origin_of_request(request).fault(
            f"{request} has far too many terms",
            why=f"it is a sum of {count:,} partials of order {2 * power}",
            fix="name fewer coordinates, or a lower power",
        )
    parts = output.map(lambda out: _sum_of_even(out, axis, power, scope))
    return Answer(parts, wrt, output)


def _power(request: Powers) -> int:
    match request:
        case Laplacian():
            return 1
        case Biharmonic():
            return 2
        case Polylaplacian():
            return request.power


def _sum_of_even(out: Output, axis: Axis, power: int, scope: Scope) -> Combination:
    """A power of the Laplacian of one output."""
    chosen = combinations_with_replacement(range(axis_size(axis)), power)
    by_factor: dict[int, list[tuple[int, ...]]] = {}
    for places in chosen:
        counts = Counter(places).values()
        factor = factorial(power) // prod(map(factorial, counts))
        twice = tuple(chain.from_iterable((place, place) for place in places))
        by_factor.setdefault(factor, []).append(twice)
    elements = elements_of(axis, scope)
    if sum(map(len, by_factor.values())) <= FEW:
        parts = tuple(
            Block(out, tuple((elements[place],) for place in indices))
            for listed in by_factor.values()
            for indices in listed
        )
        factors = [factor for factor, listed in by_factor.items() for _ in listed]
        texts = [f"{PART}{number}" for number in range(len(parts))]
    else:
        parts = tuple(
            Block(out, (axis,) * (2 * power), _listed(listed, 2 * power))
            for listed in by_factor.values()
        )
        factors = [*by_factor]
        tail = ", axis=-1" if out.shape else ""
        texts = [f"jnp.sum({PART}{number}{tail})" for number in range(len(parts))]
    return Combination(parts, _sum(factors, texts), shape=out.shape)


def _listed(entries: Sequence[tuple[int, ...]], order: int) -> Entries:
    inputs = np.array(entries, np.int64).reshape(-1, order)
    return Entries("entries", inputs, None, (len(entries),))


def _sum(factors: Iterable[int], texts: Iterable[str]) -> str:
    terms = [
        text if factor == 1 else f"{float(factor)} * {text}"
        for factor, text in zip(factors, texts, strict=True)
    ]
    return " + ".join(terms) or "jnp.zeros(())"


def divergence(request: Divergence, scope: Scope) -> Answer:
    """The trace of the Jacobian of as many outputs as there are elements.

    Raises:
        RequestError: There are more of one than of the other, or an element is named
            twice.
    """
    output = scope.output(request.of, origin_of_request(request))
    wrt = tuple(map(scope.wrt, request.wrt))
    axis = flattened(wrt, scope)
    check_distinct(wrt, "divergence takes each direction once")
    n = axis_size(axis)
    _check_components(request, output, n)
    if n > FEW and len(output.coordinates) == 1 and len(axis) == 1:
        places = np.arange(n, dtype=np.int64)
        layout = Entries("diagonal", places[:, None], places, (n,))
        block = Block(output.coordinates[0], (axis,), layout)
        return Answer(Combination((block,), f"jnp.sum({PART}0)"), wrt, output)
    if n > MOST_APART:
        raise origin_of_request(request).fault(
            f"{request} runs over {n:,} elements of several arrays",
            why=f"more than {MOST_APART} are taken of one array along another",
            fix="let the function take one array and return one",
        )
    pairs = zip(components(output, scope), elements_of(axis, scope), strict=True)
    parts = tuple(Block(out, ((element,),)) for out, element in pairs)
    texts = [f"{PART}{number}" for number in range(n)]
    return Answer(Combination(parts, _sum([1] * n, texts)), wrt, output)


def curl(request: Curl, scope: Scope) -> Answer:
    """The rotation of two or three outputs along as many elements.

    Raises:
        RequestError: There are other numbers of them, or an element is named twice.
    """
    output = scope.output(request.of, origin_of_request(request))
    wrt = tuple(map(scope.wrt, request.wrt))
    axis = flattened(wrt, scope)
    check_distinct(wrt, "curl takes each direction once")
    n = axis_size(axis)
    if n not in (2, 3):
        raise origin_of_request(request).fault(
            f"curl is along two or three elements, and {_listed_names(request.wrt)} "
            f"{'has' if len(request.wrt) == 1 else 'have'} {n}",
            fix="name the coordinates of the space: curl(x[0:3]), curl(x, y)",
        )
    _check_components(request, output, n)
    outputs, elements = components(output, scope), elements_of(axis, scope)
    pairs = [(1, 0), (0, 1)]
    if n == 3:
        pairs = [(2, 1), (1, 2), (0, 2), (2, 0), (1, 0), (0, 1)]
    parts = tuple(Block(outputs[out], ((elements[along],),)) for out, along in pairs)
    differences = [
        f"{PART}{number} - {PART}{number + 1}" for number in range(0, len(parts), 2)
    ]
    if n == 2:
        return Answer(Combination(parts, differences[0]), wrt, output)
    formula = f"jnp.stack([{', '.join(differences)}])"
    return Answer(Combination(parts, formula, shape=(3,)), wrt, output)


def elements_of(axis: Axis, scope: Scope) -> list[Coordinates]:
    """Every element along an axis, selected on its own."""
    leaves = scope.signature.leaves
    return [
        each
        for selected in axis
        for each in _apart(selected, leaves[selected.leaf][1].type.shape)
    ]


def components(output: Selection, scope: Scope) -> list[Coordinates]:
    """Every element of the selected outputs, selected on its own."""
    leaves = scope.signature.result.leaves
    return [
        each
        for selected in output.coordinates
        for each in _apart(selected, leaves[selected.leaf].type.shape)
    ]


def _apart(selected: Coordinates, shape: tuple[int, ...]) -> list[Coordinates]:
    return [
        Coordinates(selected.leaf, tuple(map(int, np.unravel_index(place, shape))))
        for place in selected.flat(shape).ravel()
    ]


def _check_components(
    request: Divergence | Curl, output: Selection, count: int
) -> None:
    """Refuse a field of other than so many components.

    Raises:
        RequestError: It has more, or fewer.
    """
    size = sum(prod(each.shape) for each in output.coordinates)
    if size == count:
        return
    along = _listed_names(request.wrt)
    raise origin_of(output.node).fault(
        f"{request.keyword} wants as many outputs as elements: {output.node} has "
        f"{size}, {along} {'has' if len(request.wrt) == 1 else 'have'} {count}",
        fix=_instead(request, size, count),
    )


def _instead(request: Divergence | Curl, size: int, count: int) -> str:
    along = ", ".join(map(str, request.wrt))
    if size > count:
        return f"select components: {request.keyword}({along}, of={RESULT}[0:{count}])"
    if size == 1 and isinstance(request, Divergence):
        return f"of a scalar ask for gradient({along}) or laplacian({along})"
    return f"name {size} of the elements"


def _listed_names(wrt: Sequence[Coordinate]) -> str:
    return " and ".join(map(str, wrt))
