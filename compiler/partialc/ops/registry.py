"""The shape of a primitive's entry, and the table they all stand in."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Protocol, TypeAlias

import jax

from partialc.errors import InternalError
from partialc.ir.dtypes import DType
from partialc.ir.program import Atom, Equation, Function
from partialc.ir.strided import Strided
from partialc.ops.elements import Elements
from partialc.ops.lanes import Lanes
from partialc.ops.linear import LinearRule
from partialc.ops.linear_moves import linear
from partialc.ops.moved_elements import elements
from partialc.ops.moves import InOrder, Moves, MovesRule, constants
from partialc.ops.multiprecision import Precise
from partialc.ops.reach import Mapped, ReachRule
from partialc.ops.taylor import TaylorRule
from partialc.ops.taylor import linear as coefficient_by_coefficient


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
        launches: Kernels that XLA runs one after the other.
        calls: Contractions and factorisations of arrays that every row has of its own:
            of many rows each is done apart.
        kernels: Kernels that XLA compiles; loops run theirs often.
    """

    flops: float = 0.0
    transcendentals: float = 0.0
    bytes: float = 0.0
    launches: float = 0.0
    calls: float = 0.0
    kernels: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.flops + other.flops,
            self.transcendentals + other.transcendentals,
            self.bytes + other.bytes,
            self.launches + other.launches,
            self.calls + other.calls,
            self.kernels + other.kernels,
        )

    def __mul__(self, times: float) -> Cost:
        return Cost(
            self.flops * times,
            self.transcendentals * times,
            self.bytes * times,
            self.launches * times,
            self.calls * times,
            self.kernels,
        )


class SourceContext(Protocol):
    """What a printing rule may ask of the printer.

    The operands a rule is given are expressions of jax arrays (never of numpy arrays),
    or bare Python numbers for literals. A rule uses each of them at most once, and
    never inside a `lambda`: what it needs there, it asks for by `named`.
    """

    def dtype(self, dtype: DType) -> ast.expr:
        """An expression for a dtype: `jnp.float32`, `int`, `x.dtype` of the caller."""

    def function(
        self,
        function: Function,
        name: str,
        *,
        closed: Sequence[Atom] = (),
        arguments: Sequence[int] | None = None,
        results: Sequence[int] | None = None,
    ) -> ast.expr:
        """Print `function` as a nested `def` above this statement; return its name.

        Equal functions are printed once. Without the keywords the `def` takes one
        parameter per input and returns its outputs: a bare array if it has one, else a
        tuple.

        Args:
            function: What to print.
            name: A suggestion (`body`, `cond`).
            closed: Atoms of the surrounding function for the leading inputs; the `def`
                closes over them instead of taking parameters.
            arguments: Sizes of the groups in which the remaining inputs come, one
                parameter per group: a group of one is the bare array, a group of
                several a tuple (unpacked by the first statement), an empty one an
                ignored `_`.
            results: Likewise for what is returned; an empty group is None.
        """

    def custom_function(self, equation: Equation) -> ast.expr:
        """The name of the custom_jvp or custom_vjp function that `equation` calls.

        It takes the equation's operands and returns its results as `function` does. It
        is a public name (`jax.nn.relu`) or a module-level function printed together
        with its rule.

        Raises:
            UnsupportedError: The rule cannot be printed.
        """

    def atom(self, atom: Atom) -> ast.expr:
        """An expression of exactly the atom's dtype and shape; a literal is wrapped."""

    def operand(self, atom: Atom) -> ast.expr:
        """The expression that a rule is given for an operand: maybe a bare number."""

    def named(self, atom: Atom) -> ast.expr:
        """The atom as a plain name, bound above this statement if it was not yet."""

    def definition(self, atom: Atom) -> Equation | None:
        """The equation that defines a value, when a rule may print through it.

        None when the value is used elsewhere too, is an input or a constant. A rule
        that prints through asks `operand` for the equation's operands; the value itself
        is then not printed.
        """

    def origin(self, atom: Atom) -> Equation | None:
        """The equation that defines a value, however often it is used: for proofs.

        A rule that prints something of it asks `named` for it.
        """

    def helper(self, name: str) -> ast.expr:
        """Ask for a module-level function of `partialc.ops.helpers.HELPERS` by name."""


Layout: TypeAlias = "int | tuple[Layout, ...] | None"
"""How the results of an expression nest: output numbers, None for what is dropped."""

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
            a literal operand arrives as a bare Python number. For one output the
            expression is that array, for several something to unpack by `layout`.
        cost: The work of one execution.
        layout: How the expression of several results unpacks: `((0, 1), 2)` is
            `(a, b), c = ...`, `(1, 0)` is `b, a = ...`; None is one after the other.
        inlined: Whether it is gone before analysis: a call, a custom rule.
        summary: One line for the supported-ops page.
        moves: Where the elements of its results come from, if all that it does is move
            them; `elements`, `linear` and `taylor` then follow.
        elements: Which elements of the operands an element of a result reads; None when
            it may read all of them.
        lanes: How it is stated on a rectangle of its results.
        precise: What it is of real numbers, in any precision; None where it acts on
            more than one element, or mpmath has no such function.
        bodies: Whether what it holds is analysed as a function of its own.
        is_call: Whether XLA computes it by a library, or a loop, of its own for each
            row.
        fuses: Whether XLA computes it together with what reads it, one element at a
            time, instead of by a kernel of its own.
        linear: How it acts on the terms of operands that it is linear in; None where
            only their dense derivatives can be carried through it.
        reach: Which elements of its results depend on which of its linear operands,
            where it has no `linear`; None where lanes say that, or everything depends
            on everything.
        taylor: What it makes of the Taylor series of its operands; None where JAX
            differentiates it.
        mapped: The function that it applies to places of an axis, each on its own; None
            where it does not.
        commutes: For which element types of the result x op y and y op x are the same
            bits, save that of several nans another one may be the result.
    """

    name: str
    evaluate: Evaluate
    source: Source
    cost: CostRule
    summary: str = ""
    layout: Callable[[Equation], Layout] | None = None
    moves: MovesRule | None = None
    elements: Elements | None = None
    lanes: Lanes | None = None
    precise: Precise | None = None
    inlined: bool = False
    bodies: bool = False
    is_call: bool = False
    fuses: bool = False
    linear: LinearRule | None = None
    reach: ReachRule | None = None
    taylor: TaylorRule | None = None
    mapped: Callable[[Equation], Mapped | None] | None = None
    commutes: Callable[[DType], bool] = lambda _: False

    @property
    def precision(self) -> Precision:
        """How finely analysis follows it."""
        if self.inlined or self.elements is not None:
            return Precision.PRECISE
        if self.bodies or self.lanes is not None:
            return Precision.CONSERVATIVE
        return Precision.OPAQUE


_TABLE: Final[dict[str, Op]] = {}


def register(op: Op) -> Op:
    """Add an entry to the table, with the rules that follow from what it moves.

    Raises:
        InternalError: There is one of that name.
    """
    if op.moves is not None:
        op = replace(
            op,
            elements=op.elements or elements(op.moves),
            linear=op.linear or linear(op.moves),
            taylor=op.taylor or coefficient_by_coefficient,
        )
    if op.name in _TABLE:
        raise InternalError(f"the primitive {op.name!r} is registered twice")
    _TABLE[op.name] = op
    return op


def find(name: str) -> Op | None:
    """The entry of a primitive, or None when partialc does not know it."""
    return _TABLE.get(name)


def moves_of(equation: Equation) -> Moves | None:
    """Where the elements of the results come from, of an operation that moves them.

    Only indices that are constants are known.
    """
    op = _TABLE.get(equation.op)
    rule = None if op is None else op.moves
    return None if rule is None else rule(equation, constants(equation))


def is_view(equation: Equation) -> bool:
    """Whether it reads one array in its order: slices, shapes, repetition, new axes."""
    moves = moves_of(equation) if len(equation.inputs) == 1 else None
    if moves is None or len(moves.rows) != 1:
        return False
    (move,) = moves.rows[0]
    return isinstance(move, InOrder) or (isinstance(move, Strided) and move.ascends)


def commutes(name: str, dtype: DType) -> bool:
    """Whether x op y and y op x are the same for results of an element type."""
    op = _TABLE.get(name)
    return op is not None and op.commutes(dtype)


def all_ops() -> Iterator[Op]:
    """All entries, by name."""
    return iter(sorted(_TABLE.values(), key=lambda op: op.name))
