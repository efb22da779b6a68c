"""What a function is given: typed trees for its variables, values for the rest.

An argument is described by a text (`float[5]`), by an example (arrays or
`jax.ShapeDtypeStruct`), by any pytree of those, or by the path of such an object. A
value without arrays in it is static: bound at build time.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import jax
import numpy as np

from partialc.errors import FrontendError, PartialcError, PartialcWarning
from partialc.frontends.importing import load_object
from partialc.ir.dtypes import DType
from partialc.ir.program import ArrayType
from partialc.request.signature import Leaf, Tree
from partialc.spec.arguments import (
    ArgumentText,
    ArrayText,
    ObjectText,
    parse_argument,
)

_FOLLOWING: Final[Mapping[str, str]] = {
    "float32": "float",
    "float64": "float",
    "complex64": "complex",
    "complex128": "complex",
    # With 64-bit types off JAX turns these into their 32-bit companions.
    "int64": "default_int",
    "uint64": "default_uint",
}


@dataclass(frozen=True, slots=True)
class Bound:
    """A value bound at build time."""

    value: Any


Described: TypeAlias = Tree | Bound


def describe(value: Any, name: str, folder: Path | None) -> Described:
    """The typed tree that a description stands for, or the static value it is.

    Args:
        value: A text, an example object, a pytree of them, or anything else.
        name: The argument, for errors.
        folder: Where paths of objects are imported from.

    Returns:
        A `Tree` when there is an array, a `ShapeDtypeStruct` or a text of a type in the
        value, else `Bound`. Numbers beside arrays within one tree are arrays, as for
        JAX; a number that is the whole argument is bound, also when a path names it.

    Raises:
        FrontendError: A path names nothing; a leaf, or a class, is none that JAX knows.
        SpecError: A text describes no array.
    """
    where = f"args.{name}"
    if isinstance(value, str):
        parsed = _parse(value, where)
        if isinstance(parsed, ArrayText):
            structure = jax.tree_util.tree_structure(0)
            return Tree(structure, (Leaf((), parsed.type),))
        value = _load(parsed, where, folder)
        if isinstance(value, str):
            return Bound(value)
    _refuse_unregistered(value, name)
    flat, structure = jax.tree_util.tree_flatten_with_path(value)
    if not any(_is_array(leaf) or _is_array_text(leaf) for _, leaf in flat):
        if any(path and isinstance(leaf, float | complex) for path, leaf in flat):
            _warn_of_constants(name)
        return Bound(value)
    leaves = tuple(
        Leaf(tuple(path), _leaf_type(leaf, where + jax.tree_util.keystr(path)))
        for path, leaf in flat
    )
    return Tree(structure, leaves)


def _warn_of_constants(name: str) -> None:
    warnings.warn(
        PartialcWarning(
            f"the argument {name} is a tree of plain numbers: they are bound at build "
            "time, and kernels do not take them. If they are to vary, give arrays "
            '(jnp.asarray) or types ("float"); if not, bind them yourself: '
            "functools.partial, or a default"
        ),
        stacklevel=2,
    )


def _load(text: ObjectText, where: str, folder: Path | None) -> Any:
    try:
        return load_object(text.path, folder)
    except PartialcError as error:
        error.where = error.where or where
        raise


def _parse(text: str, where: str) -> ArgumentText:
    try:
        return parse_argument(text)
    except PartialcError as error:
        error.where = error.where or where
        raise


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray | np.generic | jax.ShapeDtypeStruct | jax.Array)


def _is_array_text(leaf: Any) -> bool:
    if not isinstance(leaf, str):
        return False
    try:
        return isinstance(parse_argument(leaf), ArrayText)
    except PartialcError:
        return False


def _leaf_type(leaf: Any, where: str) -> ArrayType:
    match leaf:
        case str():
            parsed = _parse(leaf, where)
            if isinstance(parsed, ArrayText):
                return parsed.type
            raise FrontendError(
                f"'{leaf}' within a tree names an object",
                where=where,
                fix="give the argument as one object, or the leaf's type: float[3]",
            )
        case jax.ShapeDtypeStruct():
            return ArrayType(DType.fixed(str(leaf.dtype)), tuple(leaf.shape))
        case np.ndarray() | np.generic() | jax.Array():
            return ArrayType(_dtype(leaf, where), tuple(leaf.shape))
        case bool() | int() | float() | complex():
            return ArrayType(_dtype(np.asarray(leaf), where), ())
        case _:
            raise FrontendError(
                f"a value of type {type(leaf).__name__} is no array",
                where=where,
                why="the leaves of an argument that holds arrays are arrays themselves",
                fix="bind it (functools.partial), or make it a static field of its "
                "class (jax.tree_util.register_dataclass)",
            )


def _dtype(array: Any, where: str) -> DType:
    """The type of an example's elements: fixed, but for the width of floats."""
    name = str(array.dtype)
    if isinstance(array, jax.Array) or array.dtype.kind in "biufc":
        return DType.parse(_FOLLOWING.get(name, name))
    if array.dtype.isbuiltin == 2:  # registered by ml_dtypes: bfloat16 and the like
        return DType.fixed(name)
    raise FrontendError(
        f"the example has elements of type {name}",
        where=where,
        why="JAX has no arrays of that type",
        fix="give an array of numbers",
    )


def _refuse_unregistered(value: Any, name: str) -> None:
    """A plain dataclass is a leaf for JAX, and its arrays would go unseen."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return
    if not jax.tree_util.all_leaves([value]):
        return
    fields = [getattr(value, field.name, None) for field in dataclasses.fields(value)]
    if any(map(_is_array, jax.tree_util.tree_leaves(fields))):
        kind = type(value).__qualname__
        raise FrontendError(
            f"the class {kind} of argument '{name}' is no container that JAX knows",
            where=f"args.{name}",
            why="its arrays would be taken for constants",
            fix="decorate it with jax.tree_util.register_dataclass, or pass its fields",
        )
