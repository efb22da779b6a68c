"""What becomes of a call: a public function, a function of the module, or its body."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import jax
import jax.numpy as jnp
from jax import lax

from partialc.ir.dtypes import DType, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Equation,
    Function,
    Param,
    Value,
)
from partialc.ir.structure import (
    all_equations,
    digest,
    functions_of,
    has_unprintable_rules,
    same,
)
from partialc.printing import literals
from partialc.printing.public import candidates, is_operand
from partialc.printing.specialise import dtype_at, specialise
from partialc.printing.text import unparse
from partialc.printing.widths import follows_caller, width_of

_SHORT: Final = 3
"""A repeated call of at most this many equations is inlined all the same."""

_LONG: Final = 60
"""A call of more equations than this becomes a function even if it is the only one."""

_NAMESPACE: Final = {"jax": jax, "jnp": jnp, "lax": lax}


class Calls:
    """Decides about the calls of one program.

    Public functions are never taken from a name alone: a candidate is traced on the
    operands' types under every regime, and has to give the very equation in question,
    its custom rules included.
    """

    def __init__(
        self, functions: Iterable[Function], regimes: Sequence[Regime]
    ) -> None:
        self._regimes = tuple(regimes)
        self._digests: dict[int, tuple[Function, str]] = {}
        self._counts: Counter[str] = Counter()
        self._recognised: dict[str, str | None] = {}
        for function in functions:
            for equation in all_equations(function):
                if equation.op == "call":
                    self._counts[self.digest(_callee(equation))] += 1

    def digest(self, function: Function) -> str:
        """The structural hash of a function, computed once."""
        if id(function) not in self._digests:
            self._digests[id(function)] = function, digest(function)
        return self._digests[id(function)][1]

    def rewrite(self, equation: Equation) -> Equation | None:
        """The equation to print for a call; None to inline it."""
        template = self._public(equation)
        if template is not None:
            operands = tuple(atom for atom in equation.inputs if is_operand(atom))
            params: dict[str, Param] = {
                "template": template,
                "word": _callee(equation).name.strip("_"),
            }
            return Equation(
                "public", operands, params, equation.outputs, equation.location
            )
        if equation.op != "call":
            return equation
        function = _callee(equation)
        size = sum(1 for _ in all_equations(function))
        repeated = self._counts[self.digest(function)] > 1 and size > _SHORT
        if (repeated or size > _LONG) and is_printable_alone(function):
            params = {"function": function, "word": function.name.strip("_")}
            return replace(equation, op="defined", params=params)
        return None

    def _public(self, equation: Equation) -> str | None:
        function = _callee(equation)
        names = list(candidates(function.name, equation))
        if not names or len(equation.outputs) != 1:
            return None
        alone, operands = _alone(equation)
        key = self.digest(alone)
        if key not in self._recognised:
            texts = (_with_literals(text, equation) for text in names)
            self._recognised[key] = next(
                (text for text in texts if self._confirms(text, alone, operands)), None
            )
        return self._recognised[key]

    def _confirms(self, text: str, alone: Function, operands: Sequence[Value]) -> bool:
        """Whether an expression traces to one equation under every regime."""
        parameters = ", ".join(f"_{place}" for place in range(len(operands)))
        call = eval(f"lambda {parameters}: [{text}]", dict(_NAMESPACE))
        types = [operand.type for operand in operands]
        return all(self._gives(call, types, regime, alone) for regime in self._regimes)

    def _gives(
        self,
        call: Callable[..., Sequence[Any]],
        types: Sequence[ArrayType],
        regime: Regime,
        alone: Function,
    ) -> bool:
        fixed = [ArrayType(dtype_at(kind.dtype, regime), kind.shape) for kind in types]
        names = [f"_{place}" for place in range(len(fixed))]
        try:
            traced = trace_one(call, fixed, regime, name="candidate", input_names=names)
        except Exception:
            # A public function that these operands do not fit is no candidate.
            return False
        wanted = specialise(alone, regime)
        if not same(traced, wanted) or _is_weak(call, types, regime):
            return False
        # A rule that cannot be traced cannot be compared: then all names must agree.
        return not has_unprintable_rules(wanted) or _names(traced) == _names(wanted)


def _names(function: Function) -> list[str]:
    """The names of all functions that a function calls, in order."""
    return [
        called.name
        for equation in all_equations(function)
        for called in functions_of(equation)
    ]


def _is_weak(
    call: Callable[..., Sequence[Any]], types: Sequence[ArrayType], regime: Regime
) -> bool:
    """Whether a result is of a weak type, which would give way to its neighbours."""
    if any(kind.dtype.is_key for kind in types):
        return False
    with jax.enable_x64(regime.x64):
        structs = [
            jax.ShapeDtypeStruct(  # type: ignore[no-untyped-call]
                kind.shape, jnp.dtype(kind.dtype.at(regime))
            )
            for kind in types
        ]
        return any(result.weak_type for result in jax.eval_shape(call, *structs))


def fill(template: str, operands: Sequence[ast.expr]) -> ast.expr:
    """The expression of a `public` equation."""
    given = {f"_{place}": operand for place, operand in enumerate(operands)}
    filled: ast.expr = _Fill(given).visit(ast.parse(template, mode="eval").body)
    return filled


def is_printable_alone(function: Function) -> bool:
    """Whether a function can find the caller's float width among its own inputs."""
    if any(width_of("x", value.type.dtype) for value in function.inputs):
        return True
    return not any(follows_caller(dtype) for dtype in _dtypes(function))


def _dtypes(function: Function) -> Iterable[DType]:
    for value in function.inputs:
        yield value.type.dtype
    for equation in all_equations(function):
        for atom in (*equation.inputs, *equation.outputs):
            yield atom.type.dtype


class _Fill(ast.NodeTransformer):
    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._given.get(node.id, node)


def _callee(equation: Equation) -> Function:
    function = equation.params["function"]
    assert isinstance(function, Function)
    return function


def _alone(equation: Equation) -> tuple[Function, tuple[Value, ...]]:
    """The function that consists of this equation; its inputs are the operands."""
    operands: list[Value] = []
    inputs: list[Atom] = []
    for atom in equation.inputs:
        if not is_operand(atom):
            inputs.append(atom)
            continue
        fresh = Value(atom.type)
        operands.append(fresh)
        inputs.append(fresh)
    outputs = tuple(Value(value.type) for value in equation.outputs)
    single = replace(equation, inputs=tuple(inputs), outputs=outputs)
    return Function("alone", tuple(operands), (single,), outputs), tuple(operands)


def _with_literals(text: str, equation: Equation) -> str:
    """The candidate with scalar constants written out and the operands renumbered."""
    parts: dict[str, ast.expr] = {}
    count = 0
    for place, atom in enumerate(equation.inputs):
        if isinstance(atom, Constant) and not is_operand(atom):
            parts[f"_{place}"] = literals.bare_scalar(atom.data)
        else:
            parts[f"_{place}"] = ast.Name(f"_{count}", ast.Load())
            count += 1
    return unparse(_Fill(parts).visit(ast.parse(text, mode="eval").body))
