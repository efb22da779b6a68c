"""Structural identity of functions: equal up to the identity of their values.

Names of functions, hints and source locations do not count: two functions are the same
when they compute the same numbers by the same steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from partialc.ir.dtypes import DType
from partialc.ir.program import (
    Atom,
    Constant,
    Dimensions,
    Equation,
    Function,
    Param,
    Value,
)


def same(first: Function, second: Function) -> bool:
    """Whether two functions have the same structure, constants and types."""
    return first is second or digest(first) == digest(second)


def digest(function: Function) -> str:
    """A hash of the structure, the same on every machine and in every process."""
    return _function_digest(function, {})


def equation_key(
    equation: Equation, digests: dict[int, str] | None = None
) -> tuple[str, str]:
    """The operation and its parameters, as a key that equal operations share.

    Args:
        equation: Whose key to give; its operands are not part of it.
        digests: Remembers the digests of functions between calls, by their id: keep
            the functions alive as long as it.
    """
    if not equation.params:
        return equation.op, _NO_PARAMS
    state = hashlib.sha256()
    for piece in _params(equation, {} if digests is None else digests):
        state.update(piece)
    return equation.op, state.hexdigest()


_NO_PARAMS: Final = hashlib.sha256().hexdigest()


def constant_key(constant: Constant) -> bytes:
    """A key that constants share when they have one type and the same bits."""
    return str(constant.type).encode() + b"=" + constant.data.tobytes()


def functions_of(equation: Equation) -> tuple[Function, ...]:
    """The functions an equation holds as parameters, in the order of the names."""
    params = equation.params
    for param in params.values():
        if isinstance(param, _HOLDING):
            break
    else:
        return ()
    return tuple(held for name in sorted(params) for held in _held(params[name]))


_HOLDING: Final = (Function, tuple)


def _held(param: Param) -> Iterator[Function]:
    """The functions within a parameter.

    A function of its own: one within `functions_of` that called itself would be a cycle
    of references, and there would be one to collect for every equation looked at.
    """
    if isinstance(param, Function):
        yield param
    elif isinstance(param, tuple):
        for entry in param:
            yield from _held(entry)


def all_equations(function: Function) -> Iterator[Equation]:
    """Every equation, those of sub-functions included; a shared one comes once."""
    seen: set[int] = set()
    pending = [function]
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        for equation in current.equations:
            yield equation
            pending.extend(reversed(functions_of(equation)))


def size(function: Function) -> int:
    """The number of its equations, those of sub-functions included."""
    return sum(1 for _ in all_equations(function))


CUSTOM_RULES = {"custom_jvp_call": "jvp", "custom_vjp_call": "vjp"}


def has_custom_rules(function: Function) -> bool:
    """Whether custom_jvp or custom_vjp occurs anywhere in a function."""
    return any(equation.op in CUSTOM_RULES for equation in all_equations(function))


def has_unprintable_rules(function: Function) -> bool:
    """Whether a custom rule occurs that cannot be printed in full: it is None."""
    return any(
        equation.op in CUSTOM_RULES
        and equation.params[CUSTOM_RULES[equation.op]] is None
        for equation in all_equations(function)
    )


def _function_digest(function: Function, memo: dict[int, str]) -> str:
    known = memo.get(id(function))
    if known is not None:
        return known
    state = hashlib.sha256()
    number: dict[Value, int] = {}

    def define(value: Value) -> None:
        number[value] = len(number)
        state.update(f"{value.type};".encode())

    def refer(atom: Atom) -> None:
        if isinstance(atom, Constant):
            state.update(constant_key(atom) + b";")
        else:
            state.update(f"%{number[atom]};".encode())

    for value in function.inputs:
        define(value)
    for equation in function.equations:
        state.update(f"|{equation.op}(".encode())
        for atom in equation.inputs:
            refer(atom)
        for piece in _params(equation, memo):
            state.update(piece)
        for value in equation.outputs:
            define(value)
    state.update(b"|return ")
    for atom in function.outputs:
        refer(atom)
    memo[id(function)] = state.hexdigest()
    return memo[id(function)]


def _params(equation: Equation, memo: dict[int, str]) -> Iterator[bytes]:
    for name in sorted(equation.params):
        yield f"{name}={_param(equation.params[name], memo)};".encode()


def _param(param: Param, memo: dict[int, str]) -> str:
    match param:
        case Function():
            return _function_digest(param, memo)
        case tuple():
            return "(" + ",".join(_param(entry, memo) for entry in param) + ")"
        case DType():
            return f"dtype {param}"
        case Dimensions():
            return f"{param.kind}{param.fields}"
        case _:
            return f"{type(param).__name__} {param!r}"


_HIDING: Final = frozenset({*CUSTOM_RULES, "custom_linear_solve", "stop_gradient"})


def hides_derivatives(function: Function) -> bool:
    """Whether some operation is not differentiated as what it computes would be.

    Passes only keep what is computed: after them such a function must not be
    differentiated again.
    """
    return any(equation.op in _HIDING for equation in all_equations(function))
