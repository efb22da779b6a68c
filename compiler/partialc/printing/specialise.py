"""A function as one regime sees it: every element type fixed."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from partialc.ir.dtypes import DType, Regime
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Equation,
    Function,
    Param,
    Value,
)


def specialise(function: Function, regime: Regime) -> Function:
    """The function with its element types as they are under one regime.

    Conversions to the same type, which merging put in for the sake of other regimes,
    are gone: the result is what tracing under that regime alone gives.
    """
    return _Specialiser(regime).function(function)


def dtype_at(dtype: DType, regime: Regime) -> DType:
    """The type as it is under one regime."""
    return DType.fixed(dtype.at(regime))


class _Specialiser:
    def __init__(self, regime: Regime) -> None:
        self._regime = regime
        self._functions: dict[int, tuple[Function, Function]] = {}

    def function(self, function: Function) -> Function:
        key = id(function)
        if key not in self._functions:
            self._functions[key] = function, self._new_function(function)
        return self._functions[key][1]

    def _new_function(self, function: Function) -> Function:
        names: dict[Value, Atom] = {}

        def define(value: Value) -> Value:
            new = Value(self._type(value.type), value.hint)
            names[value] = new
            return new

        def read(atom: Atom) -> Atom:
            return names[atom] if isinstance(atom, Value) else self._constant(atom)

        inputs = tuple(define(value) for value in function.inputs)
        equations: list[Equation] = []
        for equation in function.equations:
            operands = tuple(read(atom) for atom in equation.inputs)
            if equation.op == "convert_element_type":
                kind = self._type(equation.outputs[0].type)
                if operands[0].type == kind:
                    names[equation.outputs[0]] = operands[0]
                    continue
            params = {key: self._param(value) for key, value in equation.params.items()}
            outputs = tuple(define(value) for value in equation.outputs)
            equations.append(
                replace(equation, inputs=operands, params=params, outputs=outputs)
            )
        results = tuple(read(atom) for atom in function.outputs)
        return replace(
            function, inputs=inputs, equations=tuple(equations), outputs=results
        )

    def _param(self, param: Param) -> Param:
        match param:
            case Function():
                return self.function(param)
            case DType():
                return dtype_at(param, self._regime)
            case tuple():
                return tuple(self._param(entry) for entry in param)
            case _:
                return param

    def _type(self, kind: ArrayType) -> ArrayType:
        return ArrayType(dtype_at(kind.dtype, self._regime), kind.shape)

    def _constant(self, constant: Constant) -> Constant:
        kind = self._type(constant.type)
        with np.errstate(over="ignore"):
            data = constant.data.astype(jnp.dtype(kind.dtype.wide))
        data.setflags(write=False)
        return Constant(kind, data)
