"""Axis lengths that a spec leaves open: sums of multiples of sizes, `2*n + 1`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Length:
    """A number plus multiples of sizes.

    Attributes:
        constant: The number.
        factors: Each size with what it is multiplied by, in the order written; none is
            zero.
    """

    constant: int
    factors: tuple[tuple[str, int], ...] = ()

    def at(self, sizes: Mapping[str, int]) -> int:
        """The length for given sizes."""
        return self.constant + sum(
            factor * sizes[name] for name, factor in self.factors
        )

    def __add__(self, other: Length) -> Length:
        factors = dict(self.factors)
        for name, factor in other.factors:
            factors[name] = factors.get(name, 0) + factor
        left = tuple((name, factor) for name, factor in factors.items() if factor)
        return Length(self.constant + other.constant, left)

    def __mul__(self, number: int) -> Length:
        factors = tuple((name, factor * number) for name, factor in self.factors)
        return Length(self.constant * number, factors if number else ())

    def __str__(self) -> str:
        terms = [
            (factor, name if abs(factor) == 1 else f"{abs(factor)}*{name}")
            for name, factor in self.factors
        ]
        if self.constant or not terms:
            terms.append((self.constant, str(abs(self.constant))))
        terms.sort(key=lambda term: term[0] < 0)  # `n - 1`, never `-1 + n`
        text = "".join(f" {'-' if sign < 0 else '+'} {term}" for sign, term in terms)
        return text.removeprefix(" + ") if text[1] == "+" else f"-{text[3:]}"


def parse_length(text: str) -> Length | None:
    """Read `n`, `2*n`, `n + m - 1`; None where it is no such sum.

    Args:
        text: As written.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        return None
    return _read(tree.body)


def _read(node: ast.expr) -> Length | None:
    match node:
        case ast.Name(id=name):
            return Length(0, ((name, 1),))
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return Length(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _read(operand)
            return None if inner is None else inner * -1
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            first, second = _read(left), _read(right)
            if first is None or second is None:
                return None
            return first + second * (-1 if isinstance(op, ast.Sub) else 1)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            first, second = _read(left), _read(right)
            if first is None or second is None:
                return None
            if not second.factors:
                return first * second.constant
            return second * first.constant if not first.factors else None
        case _:
            return None
