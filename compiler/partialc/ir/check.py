"""The well-formedness checker: what every function must satisfy between all passes."""

from __future__ import annotations

from typing import Final

import numpy as np

from partialc.errors import InternalError
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Equation,
    Function,
    Param,
    Value,
)
from partialc.ir.structure import functions_of
from partialc.ir.text import to_text

_SAME_DTYPE_NAMES: Final = """
    acos acosh add add_any and asin asinh atan atan2 atanh cbrt ceil cos cosh div erf
    erfc exp exp2 expm1 floor log log1p logistic max min mul neg nextafter or rem sin
    sinh sqrt sub tan tanh xor
"""
_OTHER_ELEMENTWISE_NAMES: Final = """
    abs bessel_i0e bessel_i1e clz complex conj convert_element_type digamma eq erf_inv
    ge gt igamma igamma_grad_a igammac imag integer_pow is_finite le lgamma lt ne not
    polygamma population_count pow random_gamma_grad real reduce_precision
    regularized_incomplete_beta round rsqrt shift_left shift_right_arithmetic
    shift_right_logical sign square stop_gradient zeta
"""
_SAME_DTYPE: Final = frozenset(_SAME_DTYPE_NAMES.split())
_ELEMENTWISE: Final = _SAME_DTYPE.union(_OTHER_ELEMENTWISE_NAMES.split())
_COMPARISONS: Final = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "is_finite"})


def check(function: Function) -> None:
    """Check a function and all functions it holds.

    Checked: every value is defined exactly once and before it is used, functions are
    closed, constants have the shape of their type, elementwise operations keep shape
    and element type, and calls and control flow fit the functions they hold.

    Raises:
        InternalError: Something does not hold; the function's text is attached.
    """
    checked: set[int] = set()
    pending = [function]
    while pending:
        current = pending.pop()
        if id(current) in checked:
            continue
        checked.add(id(current))
        try:
            _check_body(current)
        except InternalError as error:
            error.add_note(_text(current))
            raise
        for equation in current.equations:
            pending.extend(functions_of(equation))


def _text(function: Function) -> str:
    try:
        return to_text(function)
    except Exception as error:
        return f"(the function cannot be shown: {error!r})"


def _check_body(function: Function) -> None:
    where = f"function {function.name}"
    _require(function.name.isidentifier(), f"{function.name!r} is no identifier", where)
    defined: set[Value] = set()

    def define(value: Value, place: str) -> None:
        _require(value not in defined, "a value is defined twice", place)
        defined.add(value)

    def use(atom: Atom, place: str) -> None:
        match atom:
            case Constant():
                _require(
                    atom.data.shape == atom.type.shape,
                    f"a constant of type {atom.type} holds shape {atom.data.shape}",
                    place,
                )
            case Value():
                _require(atom in defined, "a value is used before it is defined", place)

    for value in function.inputs:
        define(value, where)
    for number, equation in enumerate(function.equations):
        place = f"{where}, equation {number} ({equation.op})"
        for atom in equation.inputs:
            use(atom, place)
        problem = _fault(equation)
        _require(problem is None, problem or "", place)
        for value in equation.outputs:
            define(value, place)
    for atom in function.outputs:
        use(atom, where)


def _require(condition: bool, what: str, where: str) -> None:
    if not condition:
        raise InternalError(f"ill-formed program: {what}", where=where)


def _fault(equation: Equation) -> str | None:
    """What is wrong with the types of an equation, as far as it is cheap to know."""
    match equation.op:
        case op if op in _ELEMENTWISE:
            return _elementwise_fault(equation)
        case "call" | "remat" | "custom_jvp_call" | "custom_vjp_call":
            return _call_fault(equation.params["function"], equation)
        case "cond":
            return _cond_fault(equation)
        case "while":
            return _while_fault(equation)
        case "scan":
            return _scan_fault(equation)
    return None


def _elementwise_fault(equation: Equation) -> str | None:
    (result,) = equation.outputs
    shapes = [atom.type.shape for atom in equation.inputs]
    if not _stretch_to(result.type.shape, shapes):
        return f"operands of shapes {shapes} give shape {result.type.shape}"
    dtypes = {atom.type.dtype for atom in equation.inputs}
    if equation.op in _COMPARISONS and not result.type.dtype.is_bool:
        return f"a comparison gives {result.type.dtype}"
    if equation.op in _SAME_DTYPE and dtypes != {result.type.dtype}:
        names = ", ".join(sorted(map(str, dtypes)))
        return f"operands of types {names} give {result.type.dtype}"
    return None


def _stretch_to(shape: tuple[int, ...], shapes: list[tuple[int, ...]]) -> bool:
    """Whether operands combine to `shape`; scalars and axes of size 1 are stretched."""
    if any(len(operand) not in (0, len(shape)) for operand in shapes):
        return False
    try:
        return np.broadcast_shapes(*shapes) == shape
    except ValueError:
        return False


def _call_fault(callee: Param, equation: Equation) -> str | None:
    if not isinstance(callee, Function):
        return "the callee is no function"
    return _signature_fault(callee, equation.inputs, equation.outputs)


def _cond_fault(equation: Equation) -> str | None:
    branches = equation.params["branches"]
    if not isinstance(branches, tuple) or not branches:
        return "there are no branches"
    for branch in branches:
        if not isinstance(branch, Function):
            return "a branch is no function"
        fault = _signature_fault(branch, equation.inputs[1:], equation.outputs)
        if fault is not None:
            return fault
    return None


def _while_fault(equation: Equation) -> str | None:
    cond, body = equation.params["cond_function"], equation.params["body_function"]
    constants = _count(equation, "cond_nconsts"), _count(equation, "body_nconsts")
    if not isinstance(cond, Function) or not isinstance(body, Function):
        return "the condition or the body is no function"
    carried = equation.inputs[sum(constants) :]
    for_cond = equation.inputs[: constants[0]]
    for_body = equation.inputs[constants[0] : sum(constants)]
    if len(cond.outputs) != 1:
        return "the condition has not one result"
    return _signature_fault(
        body, (*for_body, *carried), equation.outputs
    ) or _signature_fault(cond, (*for_cond, *carried), cond.outputs)


def _scan_fault(equation: Equation) -> str | None:
    body = equation.params["function"]
    if not isinstance(body, Function):
        return "the body is no function"
    constants, carried = _count(equation, "num_consts"), _count(equation, "num_carry")
    if len(body.inputs) != len(equation.inputs):
        return f"{len(equation.inputs)} operands for {len(body.inputs)} inputs"
    if len(body.outputs) != len(equation.outputs):
        return f"{len(body.outputs)} results for {len(equation.outputs)} values"
    length = (_count(equation, "length"),)
    for number, (atom, value) in enumerate(
        zip(equation.inputs, body.inputs, strict=True)
    ):
        lead = () if number < constants + carried else length
        if atom.type.shape != lead + value.type.shape:
            return f"operand {number} is {atom.type}, the body takes {value.type}"
    for number, (result, atom) in enumerate(
        zip(equation.outputs, body.outputs, strict=True)
    ):
        lead = () if number < carried else length
        if result.type.shape != lead + atom.type.shape:
            return f"result {number} is {result.type}, the body gives {atom.type}"
    return None


def _signature_fault(
    callee: Function, operands: tuple[Atom, ...], results: tuple[Atom, ...]
) -> str | None:
    given = [atom.type for atom in operands]
    taken = [value.type for value in callee.inputs]
    if given != taken:
        return f"{callee.name} takes ({_listed(taken)}) and is given ({_listed(given)})"
    returned = [atom.type for atom in callee.outputs]
    expected = [value.type for value in results]
    if returned != expected:
        return f"{callee.name} gives ({_listed(returned)}) for ({_listed(expected)})"
    return None


def _listed(types: list[ArrayType]) -> str:
    return ", ".join(str(entry) for entry in types)


def _count(equation: Equation, name: str) -> int:
    value = equation.params[name]
    return value if isinstance(value, int) else 0
