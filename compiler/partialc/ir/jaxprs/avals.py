"""What a jaxpr says of single values: types, constants, places in the source."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import jax
import numpy as np
from jax import dtypes
from jax.extend import source_info_util

from partialc.errors import Location, UnsupportedError
from partialc.ir.dtypes import DType
from partialc.ir.program import ArrayType, Constant

_LAST_KEY: Final = re.compile(r"\['(?P<key>\w+)'\]$")
_BRACKETS: Final = {ord("["): None, ord("]"): None, ord("."): "_"}
_OWN_NAMES: Final = ("_", "args", "kwargs", "loop_carry", "operand", "leaves")
_SUMMARY: Final = re.compile(r"(?P<file>.+?):(?P<line>\d+)(?::(?P<column>\d+))? \(.*\)")
_PACKAGE: Final = Path(__file__).parents[2]


def array_type(aval: Any) -> ArrayType:
    """The type of an abstract value; its element type is fixed."""
    shape = getattr(aval, "shape", None)
    if shape is None or not all(isinstance(size, int) for size in shape):
        raise UnsupportedError(
            f"a value of type {aval} cannot be imported",
            why="only arrays of fixed shape can",
        )
    return _array_type(aval.dtype, tuple(shape))


@lru_cache(maxsize=4096)
def _array_type(dtype: Any, shape: tuple[int, ...]) -> ArrayType:
    return ArrayType(DType.fixed(dtype_name(dtype)), shape)


def dtype_name(dtype: Any) -> str:
    """An element type as `DType` names it.

    The tangents of integers, which hold nothing (`float0`), are `bool` as in XLA.
    """
    if dtype == dtypes.float0:
        return "bool"
    if dtypes.issubdtype(dtype, dtypes.extended):  # type: ignore[attr-defined]
        return str(dtype)
    return str(np.dtype(dtype))


def has_tangent(aval: Any) -> bool:
    """Whether a value is real or complex, hence has tangents and cotangents."""
    return bool(dtypes.issubdtype(aval.dtype, np.inexact))  # type: ignore[attr-defined]


def struct(aval: Any) -> Any:
    """Shape and element type of an abstract value, without weak typing."""
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype)  # type: ignore[no-untyped-call]


def constant(kind: ArrayType, data: Any) -> Constant:
    """A read-only copy of the elements; not for PRNG keys, which numpy cannot hold."""
    if getattr(data, "dtype", None) == dtypes.float0:
        data = np.zeros(kind.shape, bool)
    array = np.array(data, dtype=kind.dtype.numpy()).reshape(kind.shape)
    array.setflags(write=False)
    return Constant(kind, array)


def location(source_info: Any) -> Location | None:
    """The innermost line outside JAX, and outside of us, that an equation is from."""
    return _parsed_location(source_info_util.summarize(source_info))


@lru_cache(maxsize=4096)
def _parsed_location(text: str) -> Location | None:
    summary = _SUMMARY.fullmatch(text)
    if summary is None or Path(summary["file"]).is_relative_to(_PACKAGE):
        return None
    column = None if summary["column"] is None else int(summary["column"])
    return Location(summary["file"], int(summary["line"]), column)


def ints(values: Iterable[Any]) -> tuple[int, ...]:
    """Integers of any kind as Python's."""
    return tuple(int(value) for value in values)


def function_name(jaxpr: Any, fallback: str) -> str:
    """The name of the Python function behind a jaxpr, as far as JAX remembers it."""
    debug_info = getattr(getattr(jaxpr, "jaxpr", jaxpr), "debug_info", None)
    source = str(getattr(debug_info, "func_src_info", None) or "")
    name = source.split(" at ")[0]
    return name if name.isidentifier() else fallback


def parameter_names(jaxpr: Any) -> list[str | None]:
    """What the user calls the inputs of an inner function, where JAX remembers it.

    `state[0]` becomes `state0`, `params['w']` becomes `w`; JAX's own names are dropped.
    """
    count = len(jaxpr.invars)
    remembered = getattr(getattr(jaxpr, "debug_info", None), "arg_names", None) or ()
    if len(remembered) != count:
        return [None] * count
    return [_parameter_name(text) for text in remembered]


def _parameter_name(text: str) -> str | None:
    key = _LAST_KEY.search(text)
    name = key["key"] if key else text.translate(_BRACKETS)
    own = text.startswith(_OWN_NAMES) or not name.isidentifier()
    return None if own or keyword.iskeyword(name) else name


def identifier(name: str) -> str:
    """A Python identifier close to a function's name."""
    text = re.sub(r"\W", "_", name)
    if name == "<lambda>" or not text.strip("_"):
        return "function"
    return f"_{text}" if text[0].isdigit() or keyword.iskeyword(text) else text
