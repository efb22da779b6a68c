"""Elementwise operations with a parameter: powers, rounding, shifts, polynomials."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from jax import lax

from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.cost import per_result, traffic
from partialc.ops.elements import Operands, either, everywhere, first, pointwise
from partialc.ops.multiprecision import PRECISE
from partialc.ops.registry import Arrays, Cost, Op, SourceContext, register
from partialc.ops.taylor import constant
from partialc.ops.taylor_elementary import integer_power
from partialc.ops.template import arrays, call, fill, is_bare, one_array


def multiplications(exponent: int) -> int:
    """Multiplications (and one division) that square-and-multiply takes."""
    steps = abs(exponent)
    if steps < 2:
        return int(exponent < 0)
    return steps.bit_length() - 1 + steps.bit_count() - 1 + int(exponent < 0)


def _exponent(equation: Equation) -> int:
    return params.integer(equation, "y")


def _evaluate_integer_pow(equation: Equation, operands: Arrays) -> Arrays:
    return [lax.integer_pow(operands[0], _exponent(equation))]


def _source_integer_pow(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    return fill("x**n", x=x, n=_exponent(equation))


def _cost_integer_pow(equation: Equation) -> Cost:
    size = equation.outputs[0].type.size
    return Cost(multiplications(_exponent(equation)) * size, 0.0, traffic(equation))


def _support_integer_pow(
    equation: Equation, operands: Operands
) -> tuple[ElementSet, ...]:
    """0**n = 0 for positive n."""
    return (either if _exponent(equation) > 0 else everywhere)(equation, operands)


register(
    Op(
        "integer_pow",
        _evaluate_integer_pow,
        _source_integer_pow,
        _cost_integer_pow,
        summary="power with an integer exponent",
        elements=pointwise(_support_integer_pow),
        precise=PRECISE["integer_pow"],
        taylor=integer_power,
        fuses=True,
    )
)


def _evaluate_round(equation: Equation, operands: Arrays) -> Arrays:
    method = lax.RoundingMethod[params.text(equation, "rounding_method")]
    return [lax.round(operands[0], method)]


def _source_round(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (x,) = arrays(equation, operands, context)
    if equation.params["rounding_method"] == "TO_NEAREST_EVEN":
        return fill("jnp.round(x)", x=x)
    return fill("lax.round(x)", x=x)


register(
    Op(
        "round",
        _evaluate_round,
        _source_round,
        per_result(flops=1),
        summary="rounding to integers, halves to even or away from zero",
        elements=pointwise(either),
        precise=PRECISE["round"],
        taylor=constant,
        fuses=True,
    )
)


def _evaluate_arithmetic_shift(_: Equation, operands: Arrays) -> Arrays:
    return [lax.shift_right_arithmetic(*operands)]


def _evaluate_logical_shift(_: Equation, operands: Arrays) -> Arrays:
    return [lax.shift_right_logical(*operands)]


def _source_shift_right(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """`x >> y`, which keeps the sign exactly when the type has one."""
    unsigned = equation.inputs[0].type.dtype.wide.startswith("uint")
    if unsigned == (equation.op == "shift_right_logical"):
        x, y = one_array(equation, operands, context)
        return fill("x >> y", x=x, y=y)
    return call(f"lax.{equation.op}", *arrays(equation, operands, context))


for _name, _evaluate, _summary in (
    ("shift_right_arithmetic", _evaluate_arithmetic_shift, "the sign is kept"),
    ("shift_right_logical", _evaluate_logical_shift, "zeros move in"),
):
    register(
        Op(
            _name,
            _evaluate,
            _source_shift_right,
            per_result(flops=1),
            summary=f"shift towards lower bits, {_summary}",
            elements=pointwise(first),
            fuses=True,
        )
    )


def _evaluate_polynomial(_: Equation, operands: Arrays) -> Arrays:
    x, *coefficients = operands
    result = lax.mul(coefficients[-1], lax.full_like(x, 1))
    for coefficient in reversed(coefficients[:-1]):
        result = lax.add(lax.mul(result, x), coefficient)
    return [result]


def _source_polynomial(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    variable, *coefficients = operands
    if is_bare(variable):
        variable = context.atom(equation.inputs[0])
    return call(context.helper("_polynomial"), variable, *coefficients)


def _cost_polynomial(equation: Equation) -> Cost:
    size = equation.outputs[0].type.size
    return Cost(2.0 * (len(equation.inputs) - 2) * size, 0.0, traffic(equation))


register(
    Op(
        "polynomial",
        _evaluate_polynomial,
        _source_polynomial,
        _cost_polynomial,
        summary="polynomial by Horner's rule",
        elements=pointwise(),
        precise=PRECISE["polynomial"],
        fuses=True,
    )
)
