"""What is rewritten before printing so that the text reads the way people write it.

    slice, squeeze, reshape chains    one `index`: `x[1:3, 0]`
    concatenate of new axes           one `stack`
    broadcasts of operands            dropped where numpy's own does the same
    calls                             inlined, or recognised as a public function
    negatives of negatives            the value itself: a sign flipped twice
    most elements of a vector         one `unstack` for several

The numbers are the same bit by bit. The result is printed and nothing else: it holds
operations of the printer's own (`index`, `stack`, `public`, `defined`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from partialc.ir.equations import spread, spread_by, stacked
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Equation,
    Function,
    Param,
    Value,
)
from partialc.ir.rewrite import resolve, without_dead_equations
from partialc.ops.params import integers
from partialc.printing.literals import folded_conversion
from partialc.printing.unpacking import unpacked
from partialc.printing.views import (
    View,
    atom_view,
    index_equation,
    unstacked,
    viewed,
)

BROADCASTING: Final = frozenset(
    {
        "add",
        "add_any",
        "and",
        "atan2",
        "div",
        "eq",
        "ge",
        "gt",
        "le",
        "lt",
        "max",
        "min",
        "mul",
        "ne",
        "or",
        "pow",
        "select_n",
        "sub",
        "xor",
    }
)
"""Elementwise operations whose printed form broadcasts as numpy does."""


class CallRule(Protocol):
    """Decides what becomes of calls; see `calls.py`."""

    def rewrite(self, equation: Equation) -> Equation | None:
        """The equation to print for a call; None to inline it."""


def prepare(
    function: Function, calls: CallRule, closed: Sequence[Atom] = ()
) -> Function:
    """Rewrite a function for printing.

    Args:
        function: What will be printed.
        calls: What to do about calls.
        closed: What stands for its leading inputs; they are no inputs of the result,
            which refers to these atoms instead.
    """
    if closed:
        # One body may be printed in several places, with other values around it.
        function = _renamed(function)
    outer = dict(zip(function.inputs[: len(closed)], closed, strict=True))
    prepared = _Preparation(calls, outer).run(function)
    open_inputs = prepared.inputs[len(closed) :]
    living = without_dead_equations(replace(prepared, inputs=open_inputs))
    return unpacked(living, uses(living))


def uses(function: Function) -> Counter[Value]:
    """How often each value is read within a function."""
    counts: Counter[Value] = Counter(
        atom for atom in function.outputs if isinstance(atom, Value)
    )
    for equation in function.equations:
        counts.update(atom for atom in equation.inputs if isinstance(atom, Value))
    return counts


class _Preparation:
    """One function with what is inlined into it."""

    def __init__(self, calls: CallRule, names: Mapping[Value, Atom]) -> None:
        self._calls = calls
        self._names: dict[Value, Atom] = dict(names)
        self._views: dict[Value, View] = {}
        self._definitions: dict[Value, Equation] = {}
        self._equations: list[Equation] = []

    def run(self, function: Function) -> Function:
        self._inline(function)
        outputs = self._resolved(function.outputs)
        return replace(function, equations=tuple(self._equations), outputs=outputs)

    def _resolved(self, atoms: Iterable[Atom]) -> tuple[Atom, ...]:
        resolved = []
        for atom in atoms:
            current = resolve(atom, self._names)
            while current is not atom:
                atom, current = current, resolve(current, self._names)
            resolved.append(current)
        return tuple(resolved)

    def _inline(self, function: Function) -> None:
        for equation in function.equations:
            inputs = self._resolved(equation.inputs)
            self._step(replace(equation, inputs=inputs))

    def _step(self, equation: Equation) -> None:
        match equation.op:
            case "call" | "custom_jvp_call" | "custom_vjp_call":
                self._call(equation)
            case "convert_element_type":
                self._convert(equation)
            case "concatenate":
                self._emit(self._stacked(equation) or equation)
            case "cond":
                self._emit(self._decided(equation))
            case "copy" | "copy_p":
                self._names[equation.outputs[0]] = equation.inputs[0]
            case "neg" if (operand := self._negated(equation.inputs[0])) is not None:
                self._names[equation.outputs[0]] = operand
            case "ne" | "eq" if _compares_itself(equation):
                self._nan_test(equation)
            case op if op in BROADCASTING and not _is_switch(equation):
                self._emit(self._broadcast(equation))
            case _:
                self._view(equation)

    def _emit(self, equation: Equation) -> None:
        self._equations.append(equation)
        self._definitions.update(dict.fromkeys(equation.outputs, equation))

    def _call(self, equation: Equation) -> None:
        rewritten = self._calls.rewrite(equation)
        if rewritten is not None:
            self._emit(rewritten)
            return
        function = equation.params["function"]
        assert isinstance(function, Function)
        # One function may be inlined several times: each time with values of its own.
        fresh = _renamed(function)
        self._names.update(zip(fresh.inputs, equation.inputs, strict=True))
        self._inline(fresh)
        outputs = self._resolved(fresh.outputs)
        self._names.update(zip(equation.outputs, outputs, strict=True))

    def _convert(self, equation: Equation) -> None:
        (operand,) = equation.inputs
        (result,) = equation.outputs
        if operand.type == result.type:
            self._names[result] = operand
            return
        if isinstance(operand, Constant):
            folded = folded_conversion(operand, result.type.dtype)
            if folded is not None:
                self._names[result] = folded
                return
        self._emit(equation)

    def _negated(self, atom: Atom) -> Atom | None:
        """What an atom is the negative of, as an equation says."""
        definition = self._definitions.get(atom) if isinstance(atom, Value) else None
        if definition is None or definition.op != "neg":
            return None
        return definition.inputs[0]

    def _decided(self, equation: Equation) -> Equation:
        """A choice by the truth value that was converted to be its index, if one was.

        `lax.cond` converts it again; it would compare an index with zero first.
        """
        which, *rest = equation.inputs
        inner = self._definitions.get(which) if isinstance(which, Value) else None
        if inner is None or inner.op != "convert_element_type":
            return equation
        if not inner.inputs[0].type.dtype.is_bool:
            return equation
        return replace(equation, inputs=(inner.inputs[0], *rest))

    def _nan_test(self, equation: Equation) -> None:
        """`x != x` reads as what it asks."""
        template = "jnp.isnan(_0)" if equation.op == "ne" else "~jnp.isnan(_0)"
        params: dict[str, Param] = {"template": template, "word": "isnan"}
        self._emit(Equation("public", equation.inputs[:1], params, equation.outputs))

    def _view(self, equation: Equation) -> None:
        """An index, if it is one."""
        view = self._as_view(equation.inputs[0]) if equation.inputs else None
        new = None if view is None else viewed(equation, view)
        if new is None:
            self._emit(equation)
            return
        (result,) = equation.outputs
        if new.is_whole:
            self._names[result] = new.base
        else:
            self._views[result] = new
            self._emit(index_equation(new, result))

    def _as_view(self, atom: Atom) -> View | None:
        found = self._views.get(atom) if isinstance(atom, Value) else None
        return found or atom_view(atom)

    def _atom_of(self, view: View) -> Atom:
        """The base itself, or a new value for a view of it."""
        if view.is_whole:
            return view.base
        value = Value(ArrayType(view.base.type.dtype, view.shape))
        self._views[value] = view
        self._emit(index_equation(view, value))
        return value

    def _stacked(self, equation: Equation) -> Equation | None:
        axis = equation.params["dimension"]
        assert isinstance(axis, int)
        parts: list[View | Constant] = []
        for atom in equation.inputs:
            part = self._new_axis(atom, axis)
            if part is None:
                return None
            parts.append(part)
        if len(parts) < 2 or all(isinstance(part, Constant) for part in parts):
            return None
        atoms = [
            part if isinstance(part, Constant) else self._atom_of(part)
            for part in parts
        ]
        return replace(stacked(atoms, axis), outputs=equation.outputs)

    def _new_axis(self, atom: Atom, axis: int) -> View | Constant | None:
        """What was given a new axis at one place; None if nothing was."""
        if isinstance(atom, Constant):
            if atom.type.shape[axis] != 1:
                return None
            data = np.squeeze(atom.data, axis)
            return Constant(ArrayType(atom.type.dtype, data.shape), data)
        operand = spread_by(self._definitions.get(atom))
        is_number = isinstance(operand, Constant) and not operand.type.shape
        if isinstance(operand, Constant) and is_number and atom.type.shape == (1,):
            return operand
        view = self._as_view(atom)
        return None if view is None else unstacked(view, axis)

    def _broadcast(self, equation: Equation) -> Equation:
        shape = equation.outputs[0].type.shape
        inputs = list(equation.inputs)
        for place, atom in enumerate(equation.inputs):
            smaller = self._unspread(atom, len(shape))
            if smaller is None:
                continue
            trial = [*inputs[:place], smaller, *inputs[place + 1 :]]
            if _broadcasts_to(trial, shape):
                if isinstance(smaller, View):
                    trial[place] = self._atom_of(smaller)
                inputs = trial  # type: ignore[assignment]
        return replace(equation, inputs=tuple(inputs))

    def _unspread(self, atom: Atom, ndim: int) -> View | Constant | None:
        """An operand before it was spread out, at most with new axes."""
        if isinstance(atom, Constant):
            if not atom.type.shape or not _is_uniform(atom):
                return None
            return Constant(
                ArrayType(atom.type.dtype, ()), atom.data[(0,) * atom.type.ndim]
            )
        definition = self._definitions.get(atom)
        operand = spread_by(definition)
        if isinstance(operand, Constant):
            return operand if not operand.type.shape else None
        view = None if operand is None else self._as_view(operand)
        if view is None or definition is None or operand is None:
            return None
        if not operand.type.shape:
            return view
        placed = integers(definition, "broadcast_dimensions")
        sizes = [1] * ndim
        for axis, size in zip(placed, operand.type.shape, strict=True):
            sizes[axis] = size
        return viewed(spread(operand, sizes, placed), view)


def _renamed(function: Function) -> Function:
    """The same function with values of its own; functions in params stay shared."""
    names: dict[Value, Atom] = {
        value: Value(value.type, value.hint) for value in function.inputs
    }

    def renamed(value: Value) -> Value:
        new = Value(value.type, value.hint)
        names[value] = new
        return new

    inputs = tuple(resolve(value, names) for value in function.inputs)
    equations = tuple(
        replace(
            equation,
            inputs=tuple(resolve(atom, names) for atom in equation.inputs),
            outputs=tuple(renamed(value) for value in equation.outputs),
        )
        for equation in function.equations
    )
    outputs = tuple(resolve(atom, names) for atom in function.outputs)
    return replace(
        function,
        inputs=tuple(value for value in inputs if isinstance(value, Value)),
        equations=equations,
        outputs=outputs,
    )


def _broadcasts_to(operands: Iterable[View | Atom], shape: tuple[int, ...]) -> bool:
    """Whether numpy broadcasts the operands to a shape without promoting ranks."""
    shapes = [
        operand.shape if isinstance(operand, View) else operand.type.shape
        for operand in operands
    ]
    if any(len(entry) not in (0, len(shape)) for entry in shapes):
        return False
    return np.broadcast_shapes(*shapes) == shape


def _compares_itself(equation: Equation) -> bool:
    first, second = equation.inputs
    return first is second and first.type.dtype.is_inexact


def _is_switch(equation: Equation) -> bool:
    """Whether it selects by a number, which `jnp.where` does not."""
    return equation.op == "select_n" and not equation.inputs[0].type.dtype.is_bool


def _is_uniform(constant: Constant) -> bool:
    data = constant.data
    return bool(data.size) and data.tobytes() == data.flat[0].tobytes() * data.size
