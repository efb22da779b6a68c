"""The texts that stand for an argument: the type of an array, or an object's path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from partialc.errors import Location, SpecError
from partialc.ir.dtypes import BOOL, DEFAULT_INT, DType
from partialc.ir.program import ArrayType
from partialc.spec.lengths import Length, parse_length
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
class ArrayText:
    """`float[5]`, `f32[3,4]`, `f64[]`, `int32[7]`, `bool[2]`, `key[]`; `float`."""

    type: ArrayType


@dataclass(frozen=True, slots=True)
class ObjectText:
    """The path of an example object: `package.module:name.attribute`."""

    path: str


ArgumentText: TypeAlias = ArrayText | ObjectText


@dataclass(frozen=True, slots=True)
class OpenText:
    """`float[n, 2*m]`: an array some of whose lengths may be open.

    Attributes:
        dtype: The element type, as written.
        lengths: Of its axes; those of a text that describes no array are none.
    """

    dtype: str
    lengths: tuple[Length, ...]


def open_text(text: str) -> OpenText:
    """Read a text that `parse_argument` accepts with sizes."""
    match = None if is_object_path(text) else _ARRAY_TEXT.fullmatch(text)
    if match is None:
        return OpenText("", ())
    lengths = [parse_length(part) for part in _parts(match.group(2))]
    return OpenText(match.group(1), tuple(each for each in lengths if each is not None))


def parse_argument(
    text: str, where: Location | None = None, *, sizes: bool = False
) -> ArgumentText:
    """Read the text that stands for an argument.

    `float` and `complex` follow the caller's width, `int` and `uint` are whatever they
    are to JAX; the others fix the dtype. A dtype without brackets is a scalar.

    Args:
        text: As written.
        where: Where it stands, for errors.
        sizes: Whether lengths may be open: `float[n]`; they are 1 then.

    Raises:
        SpecError: It is neither form, the dtype is unknown, or a length is no number.
    """
    if is_object_path(text):
        return ObjectText(text.strip())
    match = _ARRAY_TEXT.fullmatch(text)
    if match is None:
        raise SpecError(f"cannot read {text!r} as an argument", where=where, fix=_FORMS)
    name, lengths = match.groups()
    if name not in _DTYPES:
        raise SpecError(
            f"unknown element type {name!r} in {text!r}",
            where=where,
            why="a text in args is a type or the path of an object, never a value",
            fix=did_you_mean(name, _DTYPES)
            or f"{_FORMS}; a static text is bound by a function of yours: "
            f"functools.partial(f, mode={text!r}), or as the path of an object",
        )
    shape = tuple(
        1 if sizes and _is_open(part) else _length(part, text, where)
        for part in _parts(lengths)
    )
    return ArrayText(ArrayType(_DTYPES[name], shape))


def is_object_path(text: str) -> bool:
    """Whether a text reads `package.module:object`."""
    return _OBJECT_PATH.fullmatch(text.strip()) is not None


def _parts(lengths: str | None) -> list[str]:
    if not lengths or not lengths.strip():
        return []
    return [part.strip() for part in lengths.split(",")]


def _is_open(part: str) -> bool:
    length = parse_length(part)
    return length is not None and bool(length.factors)


def _length(digits: str, text: str, where: Location | None) -> int:
    if digits.isascii() and digits.isdigit():
        return int(digits)
    raise SpecError(
        f"{digits!r} is no axis length in {text!r}",
        where=where,
        why="a length is a number or, in a module for every n, a sum of multiples of "
        "sizes",
        fix='write "float[3,4]", or "float[n, 2*m + 1]" in the args of a module; a '
        "batch axis is the option `batch`",
    )
