"""Powers with constant exponents by products, by roots, and by each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from math import floor
from typing import Any, Final, TypeAlias

from partialc.analysis.sensitive import Decided, in_context, sensitive_values
from partialc.ir.program import ArrayType, Atom, Constant, Equation, Function, Value
from partialc.ir.rewrite import resolve, with_inputs
from partialc.lowering.passes import Grade, Pass
from partialc.lowering.scalar.terms import is_moderate, is_usual, rounded

LARGEST: Final = 8.5
"""Powers with larger exponents are left alone: each multiplication rounds."""

LEAST_LEFT: Final = 1 / 8
"""A difference of constants that cancels to less than this of them is not folded."""

HALF: Final = 0.5
_Family: TypeAlias = tuple[Atom, float]
"""A base, and what exponents are beyond whole numbers."""


def powers(function: Function) -> Function:
    """Powers of one base by its root, or by one power: x ** 1.5 -> x * sqrt(x).

    The derivatives of x ** c are powers with exponents that differ by whole numbers:
    where x ** 0.7 is there, x ** 2.7 is x ** 2 * x ** 0.7. One power is computed and
    multiplied up, that with the lowest positive exponent, and one divided down, that
    with the highest negative exponent: so all are zero, infinite or nan where they
    should be. Half-integer powers are products with a root.

    Grade: reassociating; powers of -0 and of minus infinity may lose their sign or be
    nan.
    """
    return in_context(function, _reduced)


POWERS: Final = Pass("powers", Grade.REASSOCIATING, powers)


def _reduced(function: Function, decided: Decided) -> Function:
    sensitive = sensitive_values(function, decided)
    numbers = _numbers(function, sensitive)
    exponents: dict[Value, float] = {}
    families: dict[_Family, list[float]] = {}
    for equation in function.equations:
        exponent = _exponent(equation, numbers)
        if exponent is not None and equation.outputs[0] not in sensitive:
            exponents[equation.outputs[0]] = exponent
            family = equation.inputs[0], _fraction(exponent)
            families.setdefault(family, []).append(exponent)
    if not exponents:
        return function
    writer = _Writer(families)
    for equation in function.equations:
        value, *_ = equation.outputs or (None,)
        if value in numbers:
            writer.names[value] = Constant.of(value.type, numbers[value])
        elif value in exponents:
            writer.names[value] = writer.power(equation, exponents[value])
        else:
            writer.equations.append(with_inputs(equation, writer.names))
    outputs = tuple(resolve(atom, writer.names) for atom in function.outputs)
    return replace(function, equations=tuple(writer.equations), outputs=outputs)


@dataclass(slots=True)
class _Writer:
    """What powers become.

    Attributes:
        families: The exponents of each family.
        equations: The operations so far.
        names: What stands for values that are gone.
        made: Powers by base and exponent, reciprocals and roots among them.
    """

    families: Mapping[_Family, list[float]]
    equations: list[Equation] = field(default_factory=list)
    names: dict[Value, Atom] = field(default_factory=dict)
    made: dict[tuple[Atom, float], Atom] = field(default_factory=dict)

    def power(self, equation: Equation, exponent: float) -> Atom:
        """What stands for a power."""
        base = resolve(equation.inputs[0], self.names)
        fraction = _fraction(exponent)
        if fraction == 0:
            return self.whole(base, round(exponent))
        if fraction == HALF:
            return self.half(base, exponent)
        alike = self.families[equation.inputs[0], fraction]
        least = min((each for each in alike if each * exponent > 0), key=abs)
        lead = self.lead(base, least, equation)
        steps = round(abs(exponent - least))
        if not steps:
            return lead
        op = "mul" if exponent > 0 else "div"
        return self.write(op, (lead, self.whole(base, steps)), {})

    def lead(self, base: Atom, exponent: float, like: Equation) -> Atom:
        """The power that others are made of."""
        if (base, exponent) not in self.made:
            kind = ArrayType(like.outputs[0].type.dtype, ())
            operands = base, Constant.of(kind, exponent)
            self.made[base, exponent] = self.write("pow", operands, like.params)
        return self.made[base, exponent]

    def half(self, base: Atom, exponent: float) -> Atom:
        """A root, times a whole power: of the reciprocal, if that is asked for."""
        if exponent < 0:
            base = self.whole(base, -1)
        if (base, HALF) not in self.made:
            self.made[base, HALF] = self.write("sqrt", (base,), {})
        root = self.made[base, HALF]
        steps = floor(abs(exponent))
        if not steps:
            return root
        return self.write("mul", (self.whole(base, steps), root), {})

    def whole(self, base: Atom, exponent: int) -> Atom:
        """A whole power."""
        if exponent == 1:
            return base
        if (base, exponent) not in self.made:
            if exponent == -1:
                one = Constant.of(ArrayType(base.type.dtype, ()), 1)
                power = self.write("div", (one, base), {})
            else:
                power = self.write("integer_pow", (base,), {"y": exponent})
            self.made[base, exponent] = power
        return self.made[base, exponent]

    def write(
        self, op: str, inputs: tuple[Atom, ...], params: Mapping[str, Any]
    ) -> Value:
        """Append an operation."""
        value = Value(max((atom.type for atom in inputs), key=lambda t: len(t.shape)))
        self.equations.append(Equation(op, inputs, params, (value,)))
        return value


def _numbers(function: Function, sensitive: Collection[Value]) -> dict[Value, float]:
    """Sums and differences of constants: the exponents of derivatives."""
    found: dict[Value, float] = {}
    for equation in function.equations:
        if equation.op not in ("add", "sub"):
            continue
        (value,) = equation.outputs
        first, second = (_number(atom, found) for atom in equation.inputs)
        if first is None or second is None or value in sensitive:
            continue
        number = first + second if equation.op == "add" else first - second
        if abs(number) >= LEAST_LEFT * max(abs(first), abs(second)):
            found[value] = rounded(number)
    return found


def _number(atom: Atom, numbers: Mapping[Value, float]) -> float | None:
    """The number that a scalar is known to be."""
    if isinstance(atom, Value):
        return numbers.get(atom)
    if atom.type.shape or not is_usual(atom.type.dtype):
        return None
    return float(atom.data.item())


def _exponent(equation: Equation, numbers: Mapping[Value, float]) -> float | None:
    """The exponent of a power, if it is known and small."""
    if equation.op != "pow" or not is_usual(equation.outputs[0].type.dtype):
        return None
    exponent = _number(equation.inputs[1], numbers)
    if exponent is None or not is_moderate(exponent) or abs(exponent) > LARGEST:
        return None
    return rounded(exponent)


def _fraction(exponent: float) -> float:
    """What an exponent is beyond a whole number, without the noise of subtracting it.

    An exponent that is but close to a whole number has one: x ** 1e-13 is not 1.
    """
    return rounded(exponent - floor(exponent), max(abs(exponent), 1.0)) % 1
