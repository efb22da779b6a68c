"""Constants as expressions: exact to the bit, short where a pattern is known."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, Final

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.errors import UnsupportedError
from partialc.ir.dtypes import DType, Regime
from partialc.ir.program import ArrayType, Constant
from partialc.printing.build import call, dotted, list_of, number, shape

INLINE_SIZE: Final = 12
"""Arrays up to this many elements are printed where they are used."""

LARGE_SIZE: Final = 512
"""Arrays of more elements belong into a file beside the module."""

_INT32: Final = range(-(2**31), 2**31)
_NUMPY_TYPES: Final = frozenset(
    f"{kind}{bits}"
    for kind, widths in {
        "int": (8, 16, 32, 64),
        "uint": (8, 16, 32, 64),
        "float": (16, 32, 64),
        "complex": (64, 128),
    }.items()
    for bits in widths
)


def is_scalar(constant: Constant) -> bool:
    """Whether it can stand as a bare Python number in an expression."""
    return constant.type.shape == () and not _needs_type(constant.data)


def scalar(data: NDArray[np.generic]) -> ast.expr:
    """A bare Python number for one element, exact when converted to its type."""
    item = data.item()
    if isinstance(item, (bool, int)):
        return number(item)
    if isinstance(item, complex):
        return _complex(data)
    return _float(data)


def typed_scalar(data: NDArray[np.generic], dtype: ast.expr) -> ast.expr:
    """A scalar array of exactly one type."""
    if _needs_type(data):
        text = f"np.{data.dtype.name}"
        return call("jnp.asarray", call(text, number(data.item())))
    return call("jnp.asarray", scalar(data), dtype)


LONGEST_ROW: Final = 8
"""A longer row of the identity is written as such."""


def bare_scalar(data: NDArray[np.generic]) -> ast.expr:
    """A scalar operand: a Python number, or a numpy one that no Python number is."""
    if _needs_type(data):
        return call(f"np.{data.dtype.name}", number(data.item()))
    return scalar(data)


def pattern(constant: Constant, dtype: ast.expr) -> ast.expr | None:
    """A `jnp` expression for arrays of a known pattern, or None."""
    data = constant.data
    if data.size and _same(data, np.full_like(data, data.flat[0])):
        return _uniform(data, dtype)
    if not data.size:
        return call("jnp.zeros", shape(data.shape), dtype)
    if data.ndim == 1 and data.size > 2 and data.dtype.kind in "iuf":
        return _progression(data, dtype) or _one_hot(data, dtype)
    if data.ndim == 2:
        return _triangle(data, dtype)
    return None


def inline(data: NDArray[np.generic], dtype: ast.expr) -> ast.expr:
    """A small array, written out."""
    return call("jnp.array", _nested(data), dtype)


def storage(data: NDArray[np.generic]) -> NDArray[np.generic]:
    """The array in a type that numpy alone knows: bfloat16 and the like as float32."""
    if data.dtype.name in _NUMPY_TYPES or data.dtype == np.bool_:
        return data
    return data.astype(np.float32)


def module_array(data: NDArray[np.generic]) -> ast.expr:
    """A module-level `np` expression for an array of a type that numpy knows."""
    if not data.size:
        return call("np.zeros", shape(data.shape), dotted(f"np.{data.dtype.name}"))
    listed = _nested(data, "np")
    if data.dtype in (np.float64, np.int64, np.bool_, np.complex128):
        return call("np.array", listed)
    return call("np.array", listed, dotted(f"np.{data.dtype.name}"))


def reads_as(data: NDArray[np.generic], dtype: DType) -> bool:
    """Whether `jnp.asarray` of the stored array has the element type already."""
    return dtype.is_fixed and storage(data).dtype.name == dtype.wide


def folded_conversion(constant: Constant, dtype: DType) -> Constant | None:
    """A scalar converted at build time, where that is exact under every regime."""
    source = constant.type.dtype
    if constant.type.shape or source.is_key or dtype.is_key:
        return None
    if source.is_complex or dtype.is_bool or (source.is_float and dtype.is_integer):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        data = constant.data.astype(_numpy_type(dtype.wide))
        for regime in Regime:
            there = _numpy_type(dtype.at(regime))
            twice = constant.data.astype(_numpy_type(source.at(regime))).astype(there)
            if not _same(twice, data.astype(there)):
                return None
    data.setflags(write=False)
    return Constant(ArrayType(dtype, ()), data)


def _numpy_type(name: str) -> Any:
    """A numpy type; JAX knows bfloat16 and the 8-bit floats as well."""
    return np.dtype(jnp.dtype(name))


def _same(first: NDArray[np.generic], second: NDArray[np.generic]) -> bool:
    return first.shape == second.shape and first.tobytes() == second.tobytes()


def _needs_type(data: NDArray[np.generic]) -> bool:
    """Integers that JAX does not take as Python numbers."""
    if data.dtype.kind == "u":
        return data.item() not in _INT32
    return False


def _float(data: NDArray[np.generic]) -> ast.expr:
    value = float(data.item())
    if value != value:
        return dotted("jnp.nan")
    if value in (float("inf"), float("-inf")):
        infinity = dotted("jnp.inf")
        return infinity if value > 0 else ast.UnaryOp(ast.USub(), infinity)
    if data.dtype != np.float64:
        for digits in range(1, 17):
            short = float(f"{value:.{digits}g}")
            with np.errstate(over="ignore"):
                rounded = np.asarray(short).astype(data.dtype)
            if _same(rounded, np.asarray(data)):
                return number(short)
    return number(value)


def _complex(data: NDArray[np.generic]) -> ast.expr:
    value = complex(data.item())
    real, imaginary = (np.asarray(part) for part in (data.real, data.imag))
    if not np.isfinite(value) or np.signbit(real) or np.signbit(imaginary):
        return call("complex", _float(real), _float(imaginary))
    if data.dtype == np.complex128:
        return number(value)
    # complex64: the parts are printed as short as float32 allows
    parts = [ast.literal_eval(ast.unparse(_float(part))) for part in (real, imaginary)]
    return number(complex(*parts))


def _uniform(data: NDArray[np.generic], dtype: ast.expr) -> ast.expr:
    sizes = shape(data.shape)
    first = np.asarray(data.flat[0])
    if data.dtype == np.bool_:
        return call("jnp.full", sizes, number(bool(first)))
    if _same(first, np.zeros_like(first)):
        return call("jnp.zeros", sizes, dtype)
    if _same(first, np.ones_like(first)):
        return call("jnp.ones", sizes, dtype)
    return call("jnp.full", sizes, bare_scalar(first), dtype)


def _progression(data: NDArray[Any], dtype: ast.expr) -> ast.expr | None:
    """`jnp.arange` where it gives the same bits: whole numbers only."""
    first, second, last = (float(data[place]) for place in (0, 1, -1))
    step = second - first
    whole = all(
        part.is_integer() and abs(part) < 2**23 for part in (first, second, last)
    )
    if not whole or step == 0 or (abs(last) > 256 and data.dtype.itemsize < 4):
        return None
    ends = [int(first), int(first + step * data.size), int(step)]
    if not _same(data, np.arange(*ends).astype(data.dtype)):
        return None
    if ends[2] == 1:
        ends = ends[:2] if ends[0] else [ends[1]]
    return call("jnp.arange", *[number(end) for end in ends], dtype=dtype)


def _one_hot(data: NDArray[Any], dtype: ast.expr) -> ast.expr | None:
    """A row of the identity, if it is too long to be read as it is."""
    places = np.flatnonzero(data)
    if data.size <= LONGEST_ROW or data.dtype.kind != "f" or len(places) != 1:
        return None
    (place,) = places.tolist()
    row = np.zeros_like(data)
    row[place] = 1
    if not _same(data, row):
        return None
    return call("jax.nn.one_hot", number(place), number(data.size), dtype=dtype)


def _triangle(data: NDArray[np.generic], dtype: ast.expr) -> ast.expr | None:
    """`jnp.eye` or `jnp.tri`: the first row, or the first column, tells which."""
    rows, columns = data.shape
    extent = _extent(rows, columns)
    for offset in _offsets(data):
        if _same(data, np.eye(rows, columns, offset, dtype=data.dtype)):
            return call("jnp.eye", *extent, **_offset(offset), dtype=dtype)
        if _same(data, np.tri(rows, columns, offset, dtype=data.dtype)):
            return call("jnp.tri", *extent, **_offset(offset), dtype=dtype)
    return None


def _offsets(data: NDArray[np.generic]) -> list[int]:
    """The diagonals that can be the only one, or the last of those that are full."""
    across, down = np.flatnonzero(data[0]), np.flatnonzero(data[:, 0])
    if across.size:
        return [int(across[-1])]
    return [-int(down[0])] if down.size else []


def _extent(rows: int, columns: int) -> list[ast.expr]:
    return [number(rows)] if rows == columns else [number(rows), number(columns)]


def _offset(offset: int) -> Mapping[str, ast.expr]:
    return {"k": number(offset)} if offset else {}


def _nested(data: NDArray[np.generic], module: str = "jnp") -> ast.expr:
    if data.ndim:
        return list_of(_nested(np.asarray(part), module) for part in data)
    item = data.item()
    if isinstance(item, (bool, int)):
        return number(item)
    if isinstance(item, complex):
        return _complex(data)
    if not isinstance(item, float):
        raise UnsupportedError(f"an array of {data.dtype} cannot be printed")
    element = _float(data)
    if module == "np" and not np.isfinite(item):
        named = dotted("np.nan" if item != item else "np.inf")
        return ast.UnaryOp(ast.USub(), named) if item == float("-inf") else named
    return element
