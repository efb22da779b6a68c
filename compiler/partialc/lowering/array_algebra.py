"""The algebra of scalars for whole arrays that are combined element by element."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from partialc.analysis.sensitive import Decided, in_context, sensitive_values
from partialc.ir.equations import spread, spread_by
from partialc.ir.program import ArrayType, Atom, Constant, Equation, Function, Value
from partialc.ir.rewrite import with_inputs
from partialc.lowering.passes import Grade, Pass
from partialc.lowering.scalar.algebra import Algebra, for_reading
from partialc.lowering.scalar.domains import Domains
from partialc.lowering.scalar.extract import values_behind
from partialc.lowering.scalar.growth import Limits
from partialc.lowering.scalar.program import Assembled, ScalarProgram
from partialc.lowering.scalar.simplify import simplified
from partialc.lowering.scalar.terms import REDUCTIONS, Term, Terms, reachable

SHORTER: Final = 0.95
"""What must be left of the operations on elements for the text to change."""

_SUMS_AND_PRODUCTS: Final = frozenset(
    {"add", "add_any", "sub", "mul", "div", "neg", "integer_pow", "square", "sqrt"}
)


def array_algebra(
    function: Function,
    *,
    normal_forms: bool = True,
    plain: tuple[int, ...] = (),
    values: tuple[int, ...] = (),
    limits: tuple[Limits, ...] = (),
) -> Function:
    """(w + w * t) * (1 - t) -> w * (1 + t) * (1 - t), for arrays of any size.

    Sums, products, quotients and powers of arrays of one shape obey the algebra that
    `light_cone` uses for single elements; here an array stands for all of its elements.

    Args:
        function: The function.
        normal_forms: Whether sums may be multiplied out.
        plain: Results, by number, for which they may not.
        values: Results, by number, that are the function's value: see `light_cone`.
        limits: Between which numbers the inputs are.
    """
    shortened = partial(_shortened, normal_forms=normal_forms)

    def shortened_body(held: Function, decided: Decided) -> Function:
        every = tuple(range(len(held.outputs)))
        return shortened(
            held,
            decided,
            plain=every if plain else (),
            values=every if values else (),
            limits=(),
        )

    shortened_here = partial(shortened, plain=plain, values=values, limits=limits)
    return in_context(function, shortened_here, change_held=shortened_body)


ARRAY_ALGEBRA: Final = Pass("array_algebra", Grade.REASSOCIATING, array_algebra)


def _shortened(
    function: Function,
    decided: Decided,
    *,
    normal_forms: bool,
    plain: tuple[int, ...],
    values: tuple[int, ...],
    limits: tuple[Limits, ...],
) -> Function:
    whole = values_behind(function, values)
    reading = _Reading(function, decided, whole)
    if not reading.terms:
        return function
    simple = values_behind(function, plain)
    program = simplified(
        reading.program(),
        reading.algebra,
        shorter=1,
        normal_forms=normal_forms,
        plain=tuple(n for n, root in enumerate(reading.roots) if root in simple),
        values=tuple(n for n, root in enumerate(reading.roots) if root in whole),
        given=function.inputs,
        bounded=dict(zip(function.inputs, limits, strict=False)),
    )
    writing = _Writing(function, reading, program.roots())
    return writing.function() if writing.is_shorter() else function


class _Reading:
    """Arrays as terms.

    Attributes:
        algebra: Makes the terms.
        terms: What stands for each array that is a sum, a product or a power.
        roots: Those of them that something else needs.
    """

    def __init__(
        self, function: Function, decided: Decided, values: Collection[Value]
    ) -> None:
        self.algebra = Algebra(Terms())
        self.whole = Algebra(self.algebra.terms, domains=Domains())
        self.values = values
        self.terms: dict[Value, Term] = {}
        self.fills: dict[Value, Constant] = {}
        self.sensitive = sensitive_values(function, decided)
        needed: dict[Atom, None] = {}
        for equation in function.equations:
            if not self.read(equation):
                needed.update(dict.fromkeys(equation.inputs))
        needed.update(dict.fromkeys(function.outputs))
        self.roots = [
            atom for atom in needed if isinstance(atom, Value) and atom in self.terms
        ]

    def program(self) -> ScalarProgram:
        outputs = tuple(
            Assembled(value.type, (self.terms[value],)) for value in self.roots
        )
        return ScalarProgram(outputs, {})

    def read(self, equation: Equation) -> bool:
        """Whether an operation became a term."""
        source = spread_by(equation)
        if source is not None:
            if isinstance(source, Constant) and not source.type.shape:
                self.fills[equation.outputs[0]] = source
            return False
        if equation.op not in _SUMS_AND_PRODUCTS or not equation.outputs:
            return False
        (value,) = equation.outputs
        kind = value.type
        if not kind.dtype.is_float or not kind.shape:
            return False
        args = [self.operand(atom, kind) for atom in equation.inputs]
        operands = [arg for arg in args if arg is not None]
        if len(operands) != len(args):
            return False
        algebra = self.whole if value in self.values else self.algebra
        term = algebra.apply(
            equation.op,
            operands,
            kind.dtype,
            equation.params,
            strict=value in self.sensitive,
        )
        self.terms[value] = term
        return True

    def operand(self, atom: Atom, kind: ArrayType) -> Term | None:
        """The term of an operand of the shape and type of its result, or a number."""
        if atom.type.dtype != kind.dtype:
            return None
        if isinstance(atom, Constant) or atom in self.fills:
            number = atom if isinstance(atom, Constant) else self.fills[atom]
            return None if number.type.shape else self.algebra.terms.constant(number)
        if atom.type.shape != kind.shape:
            return None
        if atom in self.terms:
            return self.terms[atom]
        return self.algebra.terms.element(atom, 0)


class _Writing:
    """Terms as operations on arrays."""

    def __init__(self, old: Function, reading: _Reading, roots: Sequence[Term]) -> None:
        self.old = old
        self.reading = reading
        self.roots = dict(zip(reading.roots, roots, strict=True))
        self.shapes: dict[Term, tuple[int, ...]] = {}
        self.atoms: dict[Term, Atom] = {}
        self.equations: list[Equation] = []
        for term in reachable(roots):
            shapes = [self.shapes[arg] for arg in term.args]
            if term.array is not None:
                shapes = [term.array.type.shape]
            self.shapes[term] = max(shapes, key=len, default=())

    def is_shorter(self) -> bool:
        """Whether fewer elements are computed, by operations that arrays have."""
        terms = [term for term in self.shapes if term.args]
        if any(term.op in REDUCTIONS for term in terms):
            return False
        after = [ArrayType(term.dtype, self.shapes[term]).size for term in terms]
        before = [value.type.size for value in self.reading.terms]
        return sum(after) <= SHORTER * sum(before)

    def function(self) -> Function:
        names: dict[Value, Atom] = {}
        for equation in self.old.equations:
            if any(value in self.reading.terms for value in equation.outputs):
                continue
            self.write_operands(equation.inputs, names)
            self.equations.append(with_inputs(equation, names))
        self.write_operands(self.old.outputs, names)
        outputs = tuple(
            names.get(atom, atom) if isinstance(atom, Value) else atom
            for atom in self.old.outputs
        )
        return replace(self.old, equations=tuple(self.equations), outputs=outputs)

    def write_operands(self, atoms: Sequence[Atom], names: dict[Value, Atom]) -> None:
        for atom in atoms:
            if isinstance(atom, Value) and atom in self.roots and atom not in names:
                names[atom] = self.whole(self.atom(self.roots[atom]), atom.type)

    def atom(self, term: Term) -> Atom:
        """The array, or the number, that a term is; written when first asked for."""
        pending = [term]
        while pending:
            each = pending[-1]
            missing = [arg for arg in each.args if arg not in self.atoms]
            if not missing:
                pending.pop()
                if each not in self.atoms:
                    self.atoms[each] = self.written(each)
            pending += reversed(missing)
        return self.atoms[term]

    def written(self, term: Term) -> Atom:
        """A term whose operands are written."""
        if term.constant is not None:
            return term.constant
        if term.array is not None:
            return term.array
        value = Value(ArrayType(term.dtype, self.shapes[term]))
        inputs = tuple(self.atoms[arg] for arg in for_reading(term))
        self.equations.append(Equation(term.op, inputs, term.params, (value,)))
        return value

    def whole(self, atom: Atom, kind: ArrayType) -> Atom:
        """An atom repeated to the shape that was there."""
        if atom.type.shape == kind.shape:
            return atom
        self.equations.append(spread(atom, kind.shape, ()))
        return self.equations[-1].outputs[0]
