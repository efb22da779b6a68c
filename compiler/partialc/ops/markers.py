"""Operations that hand their operands on: barriers, names, stopped gradients."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final

import jax
import numpy as np
from jax import lax

from partialc.ir.boxes import Flat
from partialc.ir.element_sets import ElementSet
from partialc.ir.program import Equation
from partialc.ops.cost import free
from partialc.ops.elements import Elements, Operands, Reads
from partialc.ops.joined import HANDED_ON
from partialc.ops.linear import as_is
from partialc.ops.registry import Arrays, Op, SourceContext, register
from partialc.ops.taylor import constant, linear
from partialc.ops.template import arrays, call, tuple_expr


def _support_as_is(_: Equation, operands: Operands) -> tuple[ElementSet, ...]:
    return operands.supports


def _reads_as_is(
    equation: Equation, output: int, wanted: Flat, _: Operands
) -> Reads | None:
    """Each result reads its own operand."""
    nothing = np.full_like(wanted, -1)
    places = [nothing] * len(equation.inputs)
    places[output] = wanted
    return Reads(tuple(places), "pick")


_AS_IS: Final = Elements(_support_as_is, _reads_as_is)


def _evaluate_barrier(_: Equation, operands: Arrays) -> Arrays:
    barrier: Callable[..., Any] = lax.optimization_barrier
    return list(barrier(tuple(operands)))


def _source_barrier(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    typed = arrays(equation, operands, context)
    if len(typed) == 1:
        return call("lax.optimization_barrier", typed[0])
    return call("lax.optimization_barrier", tuple_expr(typed))


register(
    Op(
        "optimization_barrier",
        _evaluate_barrier,
        _source_barrier,
        free,
        summary="keeps XLA from moving work across",
        elements=_AS_IS,
        lanes=HANDED_ON,
        linear=as_is,
        taylor=linear,
    )
)


def _evaluate_stop_gradient(_: Equation, operands: Arrays) -> Arrays:
    return [lax.stop_gradient(operands[0])]


def _source_stop_gradient(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    return call("lax.stop_gradient", *arrays(equation, operands, context))


register(
    Op(
        "stop_gradient",
        _evaluate_stop_gradient,
        _source_stop_gradient,
        free,
        summary="a constant to differentiation",
        taylor=constant,
        elements=_AS_IS,
        lanes=HANDED_ON,
        fuses=True,
    )
)


def _evaluate_as_is(_: Equation, operands: Arrays) -> Arrays:
    return list(operands)


def _source_as_is(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    """The operand: names only matter to rematerialisation policies."""
    (x,) = arrays(equation, operands, context)
    return x


register(
    Op(
        "name",
        _evaluate_as_is,
        _source_as_is,
        free,
        summary="a name for rematerialisation policies",
        elements=_AS_IS,
        lanes=HANDED_ON,
        linear=as_is,
        taylor=linear,
        fuses=True,
    )
)


def _evaluate_clone(_: Equation, operands: Arrays) -> Arrays:
    clone: Callable[..., Any] = jax.random.clone
    return [clone(operands[0])]


def _source_clone(
    _: Equation, operands: Sequence[ast.expr], __: SourceContext
) -> ast.expr:
    return call("jax.random.clone", operands[0])


register(
    Op(
        "random_clone",
        _evaluate_clone,
        _source_clone,
        free,
        summary="a PRNG key that may be used again",
        fuses=True,
    )
)
