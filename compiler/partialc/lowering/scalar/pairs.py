"""Factors that several products have in common, multiplied once.

The pair of factors that most products have becomes a factor of its own, and again,
until no pair is left that two products share (M. A. Breuer, "Generation of optimal code
for expressions via factorization", Communications of the ACM 12, 1969).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Final, TypeAlias

from partialc.lowering.scalar.algebra import Algebra, for_reading
from partialc.lowering.scalar.program import ScalarProgram
from partialc.lowering.scalar.terms import Term, reachable, uses

LONGEST: Final = 12
"""Longer products are left as they are."""

_Factor: TypeAlias = Term | tuple["_Factor", "_Factor"]
"""A factor, or a pair of them that is one."""


def with_shared_pairs(program: ScalarProgram, algebra: Algebra) -> ScalarProgram:
    """A program whose products share what they have in common.

    Grade: reassociating.
    """
    roots = program.roots()
    products = _products(roots)
    _share_pairs([each for each in products.values() if len(each) <= LONGEST])
    made: dict[_Factor, Term] = {}

    def written(factor: _Factor) -> Term:
        if factor not in made:
            assert isinstance(factor, tuple)
            made[factor] = product(factor)
        return made[factor]

    def product(factors: Sequence[_Factor]) -> Term:
        total, *others = map(written, factors)
        for other in others:
            total = algebra.apply("mul", [total, other], total.dtype)
        return total

    inner = _inner_products(roots)
    for term in reachable(roots):
        if term in products:
            made[term] = product(products[term])
        elif not term.args:
            made[term] = term
        elif term not in inner:
            args = [made[arg] for arg in term.args]
            operation = algebra.terms.operation
            made[term] = operation(
                term.op, args, term.dtype, term.params, strict=term.strict
            )
    return program.mapped(made.__getitem__)


def _is_product(term: Term) -> bool:
    return term.op == "mul" and term.dtype.is_float and not term.strict


def _inner_products(roots: Sequence[Term]) -> set[Term]:
    """Products that are but a step of another product."""
    counts = uses(roots)
    return {
        arg
        for term in counts
        if _is_product(term)
        for arg in term.args
        if counts[arg] == 1 and _is_product(arg)
    }


def _products(roots: Sequence[Term]) -> dict[Term, list[_Factor]]:
    """The factors of each product, in order."""
    inner = _inner_products(roots)
    found: dict[Term, list[_Factor]] = {}
    for root in reachable(roots):
        if root in inner or not _is_product(root):
            continue
        factors: list[_Factor] = []
        pending = [root]
        while pending:
            term = pending.pop()
            if term is root or term in inner:
                pending += reversed(for_reading(term))
            else:
                factors.append(term)
        found[root] = factors
    return found


def _share_pairs(products: Sequence[list[_Factor]]) -> None:
    """Let pairs of factors that products share be one factor of each."""
    while True:
        counts = Counter(pair for product in products for pair in _pairs(product))
        pair, count = max(
            counts.items(), key=lambda item: item[1], default=((None, None), 0)
        )
        if count < 2:
            return
        for product in products:
            if pair in _pairs(product):
                first, second = (product.index(factor) for factor in pair)
                product[min(first, second)] = pair
                del product[max(first, second)]


def _pairs(product: Sequence[_Factor]) -> list[tuple[_Factor, _Factor]]:
    """Its pairs of different factors, in an order of their own; without numbers."""
    factors = {
        each for each in product if isinstance(each, tuple) or each.constant is None
    }
    return list(combinations(sorted(factors, key=_rank), 2))


def _rank(factor: _Factor) -> tuple[int, ...]:
    if isinstance(factor, tuple):
        return _rank(factor[0]) + _rank(factor[1])
    return (factor.order,)
