"""The shape of a primitive's entry, and the table they all stand in."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol, TypeAlias

import jax

from partialc.errors import InternalError
from partialc.ir.dtypes import DType
from partialc.ir.program import Atom, Equation, Function


class Precision(Enum):
    """How finely the element-level analysis follows a primitive."""

    PRECISE = "precise"
    CONSERVATIVE = "conservative"
    OPAQUE = "opaque"


@dataclass(frozen=True, slots=True)
class Cost:
    """Work of one execution, counted statically.

    Attributes:
        flops: Additions, multiplications and the like.
        transcendentals: exp, sin, pow, ...: counted apart, weighted by the cost model.
        bytes: What is read and written, at eight bytes an element of `float`.
    """

    flops: float = 0.0
    transcendentals: float = 0.0
    bytes: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.flops + other.flops,
            self.transcendentals + other.transcendentals,
            self.bytes + other.bytes,
        )

    def __mul__(self, times: float) -> Cost:
        return Cost(self.flops * times, self.transcendentals * times, self.bytes * times)


class SourceContext(Protocol):
    """What a printing rule may ask of the printer."""

    def dtype(self, dtype: DType) -> ast.expr:
        """An expression for a dtype: `jnp.float32`, `x.dtype` for the caller's, `int`."""

    def function(self, function: Function, name: str) -> ast.expr:
        """Print `function` as a nested `def` above this statement; return its name.

        Equal functions are printed once. `name` is a suggestion (`body`, `cond`).
        """

    def atom(self, atom: Atom) -> ast.expr:
        """An expression of exactly the atom's dtype and shape (a literal is wrapped)."""

    def helper(self, name: str) -> ast.expr:
        """Ask for one of the printer's module-level helper functions by name."""


Arrays: TypeAlias = Sequence[jax.Array]
Evaluate: TypeAlias = Callable[[Equation, Arrays], Arrays]
Source: TypeAlias = Callable[[Equation, Sequence[ast.expr], SourceContext], ast.expr]
CostRule: TypeAlias = Callable[[Equation], Cost]


@dataclass(frozen=True, slots=True)
class Op:
    """Everything partialc knows about one primitive.

    Attributes:
        name: The primitive's name in a jaxpr.
        evaluate: Runs an equation eagerly on concrete arrays through public `jax.lax`
            functions, independently of `source`; returns one array per output.
        source: The equation as a Python expression over its operands' expressions,
            made only of documented `jnp`, `lax` and `jax` names. It must be valid for
            arrays (never weakly typed scalars) in every operand that is not a literal;
            a literal operand arrives as a bare Python number. For several outputs the
            expression is a tuple.
        cost: The work of one execution.
        precision: How finely analysis follows it.
        summary: One line for the supported-ops page.
    """

    name: str
    evaluate: Evaluate
    source: Source
    cost: CostRule
    precision: Precision = Precision.OPAQUE
    summary: str = ""


_TABLE: Final[dict[str, Op]] = {}


def register(op: Op) -> Op:
    """Add an entry to the table; a second one of the same name is a bug."""
    if op.name in _TABLE:
        raise InternalError(f"the primitive {op.name!r} is registered twice")
    _TABLE[op.name] = op
    return op


def find(name: str) -> Op | None:
    """The entry of a primitive, or None when partialc does not know it."""
    return _TABLE.get(name)


def all_ops() -> Iterator[Op]:
    """All entries, by name."""
    return iter(sorted(_TABLE.values(), key=lambda op: op.name))
