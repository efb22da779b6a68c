"""Element types as expressions, those that follow the caller's float width included."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

from partialc.errors import InternalError, UnsupportedError
from partialc.ir.dtypes import DType
from partialc.printing.build import dotted, parse

_DEFAULTS: Final = {
    "default_float": "float",
    "default_int": "int",
    "default_complex": "complex",
    "default_uint": "jnp.result_type(jnp.uint)",  # bare, it warns where x64 is off
    "bool": "bool",
}
_CALLERS: Final = {
    "float": "{width}",
    "complex": 'jnp.dtype(f"complex{{16 * {width}.itemsize}}")',
    "caller_int": 'jnp.dtype(f"int{{8 * {width}.itemsize}}")',
    "caller_uint": 'jnp.dtype(f"uint{{8 * {width}.itemsize}}")',
}


class UnprintableWidthError(Exception):
    """An element type varies with the regime in a way no expression follows."""

    def __init__(self, dtype: DType) -> None:
        super().__init__(str(dtype))
        self.dtype = dtype


def dtype_expression(dtype: DType, width: str | None) -> ast.expr:
    """An expression for an element type.

    Args:
        dtype: The type.
        width: The expression of the caller's float dtype (`x.dtype`), if there is one.

    Raises:
        UnprintableWidthError: The type varies with the regime in an unheard-of way.
        UnsupportedError: It is a PRNG key type, which has no dtype expression.
        InternalError: It follows the caller, of whom there is no array.
    """
    text = str(dtype)
    if text in _DEFAULTS:
        return parse(_DEFAULTS[text])
    if text in _CALLERS:
        if width is None:
            raise InternalError(f"no argument carries the width of {text}")
        return parse(_CALLERS[text].format(width=width))
    if dtype.is_key:
        raise UnsupportedError(
            f"an element type {text} cannot be printed",
            why="PRNG keys are not plain arrays",
        )
    if not dtype.is_fixed:
        raise UnprintableWidthError(dtype)
    return dotted(f"jnp.{text}")


def follows_caller(dtype: DType) -> bool:
    """Whether printing the type takes an array of the caller's."""
    return str(dtype) in _CALLERS


def width_of(expression: str, dtype: DType) -> str | None:
    """The caller's float dtype, read off an array; None when it does not follow it."""
    match str(dtype):
        case "float":
            return f"{expression}.dtype"
        case "complex":
            return f"{expression}.real.dtype"
        case _:
            return None


def chosen_width(types: Sequence[DType], inputs: Sequence[str]) -> str | None:
    """The caller's float dtype, read off the first input that has it best."""
    found = [width_of(text, dtype) for text, dtype in zip(inputs, types, strict=True)]
    widths = [width for width in found if width is not None]
    real = [width for width in widths if ".real" not in width]
    return next(iter([*real, *widths]), None)
