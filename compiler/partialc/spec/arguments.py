"""What stands for an argument: array texts, example objects, static values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import jax
import numpy as np

from partialc.errors import Location, SpecError
from partialc.ir.dtypes import BOOL, DEFAULT_INT, FLOAT, DType
from partialc.ir.program import ArrayType
from partialc.spec.near import did_you_mean

_DTYPES: Final[dict[str, DType]] = {
    **{name: DType.parse(name) for name in ("float", "complex")},
    "int": DEFAULT_INT,
    "uint": DType.parse("default_uint"),
    "bool": BOOL,
    "key": DType.fixed("key<fry>"),
    **{f"key<{kind}>": DType.fixed(f"key<{kind}>") for kind in ("fry", "rbg", "urbg")},
    **{
        name: DType.parse(name)
        for kind in ("int", "uint")
        for bits in (8, 16, 32, 64)
        for name in (f"{kind}{bits}", f"{kind[0]}{bits}")
    },
    **{
        name: DType.parse(name)
        for name in (
            *("f16", "f32", "f64", "bf16", "c64", "c128"),
            *("float16", "float32", "float64", "bfloat16", "complex64", "complex128"),
        )
    },
}
_ARRAY_TEXT: Final = re.compile(r"\s*([A-Za-z]\w*(?:<\w+>)?)\s*(?:\[([^\[\]]*)\])?\s*")
_OBJECT_PATH: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_FORMS: Final = (
    'write "float[5]", "f32[3,4]", "int32[7]", "bool[2]", "key[]" or, for an example '
    'object, "package.module:object"'
)


@dataclass(frozen=True, slots=True)
class Example:
    """An argument's structure and the types of its arrays.

    Attributes:
        structure: The pytree's structure (a `jax.tree_util.PyTreeDef`).
        paths: Where each leaf sits, as JAX key objects; `((),)` for a bare array.
        types: The leaves' array types, in JAX's flattening order.
        location: Where it stands in the spec; None outside a file.
    """

    structure: Any
    paths: tuple[tuple[Any, ...], ...]
    types: tuple[ArrayType, ...]
    location: Location | None = field(default=None, compare=False)

    def __str__(self) -> str:
        leaves = (
            jax.tree_util.keystr(path) + str(array_type)
            for path, array_type in zip(self.paths, self.types, strict=True)
        )
        return ", ".join(leaves)


@dataclass(frozen=True, slots=True)
class ObjectPath:
    """An object to be imported: `package.module:name.attribute`.

    Attributes:
        path: As written.
        location: Where it stands in the spec; None outside a file.
    """

    path: str
    location: Location | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class Static:
    """A value bound at build time; the argument is gone from the signature."""

    value: Any
    location: Location | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"static {self.value!r}"


Argument: TypeAlias = Example | ObjectPath | Static


def is_object_path(text: str) -> bool:
    """Whether a text reads `package.module:object`."""
    return _OBJECT_PATH.fullmatch(text) is not None


def parse_argument(name: str, value: Any, location: Location | None = None) -> Argument:
    """Read what a spec or `partialc.compile` says of one argument.

    A text is an array (`float[5]`) or the path of an example object. A pytree that
    holds arrays or `jax.ShapeDtypeStruct`, or nothing but array texts, is an example
    itself. Every other value is static.

    Raises:
        SpecError: The text is neither form, or the example holds what is no array.
    """
    if isinstance(value, str):
        if is_object_path(value.strip()):
            return ObjectPath(value.strip(), location)
        return describe(name, value, location)
    leaves = jax.tree_util.tree_leaves(value)
    if any(map(_is_abstract, leaves)) or (leaves and all(map(_is_array_text, leaves))):
        return describe(name, value, location)
    return Static(value, location)


def describe(name: str, value: Any, location: Location | None = None) -> Example:
    """The structure and types of an example object (an array or a pytree of arrays).

    Arrays and Python floats leave the float width to the caller, and 64-bit integers
    are whatever `int` is to JAX, since that is what such an array becomes; other dtypes
    are fixed. A `jax.ShapeDtypeStruct` fixes everything. A leaf may be an array text.

    Raises:
        SpecError: A leaf is none of these.
    """
    flat, structure = jax.tree_util.tree_flatten_with_path(value)
    paths = tuple(tuple(path) for path, _ in flat)
    types = []
    for path, leaf in flat:
        leaf_name = name + jax.tree_util.keystr(path)
        types.append(_leaf_type(leaf_name, leaf, location))
    return Example(structure, paths, tuple(types), location)


def parse_array_text(
    text: str, name: str, location: Location | None = None
) -> ArrayType:
    """Read `float[5]`, `f32[3,4]`, `f64[]`, `key[]`; `float` is `float[]`.

    Raises:
        SpecError: It does not read so, the dtype is unknown, or a length is no number.
    """
    match = _ARRAY_TEXT.fullmatch(text)
    if match is None:
        raise SpecError(
            f"cannot read {text!r} as the type of argument {name!r}",
            where=location,
            fix=_FORMS,
        )
    dtype_name, lengths = match.groups()
    if dtype_name not in _DTYPES:
        raise SpecError(
            f"unknown element type {dtype_name!r} for argument {name!r}",
            where=location,
            why="a static text cannot be told from a type in a spec"
            if lengths is None
            else None,
            fix=did_you_mean(dtype_name, _DTYPES) or _FORMS,
        )
    shape = tuple(
        _length(part, text, name, location)
        for part in (lengths or "").split(",")
        if lengths and lengths.strip()
    )
    return ArrayType(_DTYPES[dtype_name], shape)


def _length(part: str, text: str, name: str, location: Location | None) -> int:
    digits = part.strip()
    if digits.isascii() and digits.isdigit():
        return int(digits)
    raise SpecError(
        f"{digits!r} is no axis length in {text!r}, the type of argument {name!r}",
        where=location,
        why="a module is specialised to one shape: every length is a number",
        fix='write numbers, as in "float[3,4]"; a batch axis is the option `batch`',
    )


def _is_abstract(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | np.generic | jax.ShapeDtypeStruct)


def _is_array_text(leaf: Any) -> bool:
    if not isinstance(leaf, str):
        return False
    match = _ARRAY_TEXT.fullmatch(leaf)
    return match is not None and match[1] in _DTYPES


def _leaf_type(name: str, leaf: Any, location: Location | None) -> ArrayType:
    match leaf:
        case str():
            return parse_array_text(leaf, name, location)
        case jax.ShapeDtypeStruct():
            return ArrayType(DType.fixed(str(leaf.dtype)), tuple(leaf.shape))
        case jax.Array() | np.ndarray() | np.generic():
            return ArrayType(_example_dtype(name, leaf, location), tuple(leaf.shape))
        case bool():
            return ArrayType(BOOL, ())
        case int():
            return ArrayType(DEFAULT_INT, ())
        case float():
            return ArrayType(FLOAT, ())
        case complex():
            return ArrayType(DType.parse("complex"), ())
        case _:
            raise SpecError(
                f"the example for argument {name!r} is {_kind(leaf)}, not an array",
                where=location,
                why="every leaf of an argument must be an array, a number or a "
                "jax.ShapeDtypeStruct",
                fix="register its class as a pytree (jax.tree_util.register_dataclass)"
                ", or bind it before the function is named (functools.partial)",
            )


def _example_dtype(name: str, leaf: Any, location: Location | None) -> DType:
    match str(leaf.dtype):
        case "float32" | "float64":
            return FLOAT
        case "complex64" | "complex128":
            return DType.parse("complex")
        case "int64":
            return DEFAULT_INT
        case "uint64":
            return DType.parse("default_uint")
        case known if known in _DTYPES:
            return DType.fixed(known)
        case unknown if isinstance(leaf, jax.Array):
            return DType.fixed(unknown)
        case unknown:
            raise SpecError(
                f"the example for argument {name!r} has elements of type {unknown}",
                where=location,
                why="JAX has no arrays of that type",
                fix=_FORMS,
            )


def _kind(value: object) -> str:
    return f"of type {type(value).__module__}.{type(value).__qualname__}"
