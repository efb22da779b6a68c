"""A whole generated module: the function, its kernels, and what they need."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import combinations_with_replacement
from textwrap import fill, indent
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partialc.emit.embed import FunctionText
from partialc.emit.formulas import (
    Formula,
    Places,
    repeated_formula,
    spaced_formula,
    statements,
    table_formula,
)
from partialc.emit.kernel import KernelText, arguments_table
from partialc.emit.templates import render
from partialc.ops.helpers import HELPERS
from partialc.printing import (
    ModuleParts,
    constant_source,
    format_source,
    is_large,
)
from partialc.printing.formatting import LINE_LENGTH
from partialc.realise import support
from partialc.realise.places import tuple_text
from partialc.request.resolved import Constant
from partialc.request.signature import Signature

MAX_LITERAL = 512
"""Arrays with more elements than this go to the `.npz` beside the module."""

MAX_LITERALS = 1024
"""Where all arrays together have more, those of more than `SHORT` elements go there."""

SHORT = 64

OWN_NAMES = frozenset({"_ARGUMENTS", "_ARRAYS", *support.NAMES, *HELPERS})
"""What a module may define for itself: carried source must not have such names."""

_EARLY = ("_arrays", "_grid", "_diagonals", "_not_differentiable")
"""Support functions that are called while the module is imported: they stand first."""


@dataclass(frozen=True, slots=True)
class ModuleText:
    """A generated module.

    Attributes:
        source: The formatted text.
        arrays: The bytes of the `.npz` that goes beside it; None when it needs none.
    """

    source: str
    arrays: bytes | None


def module_text(
    name: str,
    origin: str,
    file: str,
    signature: Signature,
    function: FunctionText,
    kernels: Sequence[KernelText],
    *,
    constants: Mapping[str, Constant],
    formulas: Sequence[Formula],
    places: Sequence[Places],
    support_names: Collection[str],
    parts: ModuleParts,
    rebuilds: bool,
    ruled_from: int | None = None,
) -> ModuleText:
    """Put a module together and format it.

    Args:
        name: The module's name in the spec.
        origin: How the function is named.
        file: The module's file name, which the `.npz` is named after.
        signature: The function's signature.
        function: The function's text.
        kernels: The kernels, in order.
        constants: All module-level arrays and shapes by name; public ones have no
            underscore.
        formulas: Those of them that follow a rule.
        places: The places of the module's matrices, which tables may follow.
        support_names: The functions of `realise.support` that are called.
        parts: What printed programs need at module level.
        rebuilds: Whether `partialc build` can build it: the spec names its function.
        ruled_from: Tables of more elements are told by their rule, if they have one;
            None for those that are too large to be read.
    """
    ruled = statements(constants, formulas)
    definitions = "\n\n\n".join([*parts.functions.values(), function.text])
    held = _used(
        parts.constants,
        [definitions, *parts.helpers.values()]
        + [each.definitions + each.text for each in kernels],
    )
    tables = {
        key: text
        for key, data in held.items()
        if (text := _ruled(data, places, ruled_from)) is not None
    }
    limit = _limit(
        [each for key, each in constants.items() if key not in ruled],
        [each for key, each in held.items() if key not in tables],
    )
    large: dict[str, NDArray[np.generic]] = {
        key: array
        for key, array in constants.items()
        if not isinstance(array, tuple)
        and key not in ruled
        and array.size > limit
        and len(_literal(array)) > limit
    }
    large |= {
        key: data
        for key, data in held.items()
        if data.size > limit and key not in tables
    }
    arrays = _npz(large) if large else None
    lines = [f"_ARGUMENTS = {arguments_table(signature)!r}"]
    if arrays is not None:
        stem = file.removesuffix(".py")
        digest = sha256(arrays).hexdigest()
        lines.append(f'_ARRAYS = _arrays("{stem}.npz", "{digest}")')
        lines += [f"{key} = {_read(key, data)}" for key, data in large.items()]
    lines += [
        ruled[key] if key in ruled else _definition(key, constant)
        for key, constant in constants.items()
        if key not in large and ruled.get(key, key)
    ]
    only_floats = all(kernel.takes_floats for kernel in kernels)
    texts = {each: support.text(each) for each in support_names}
    texts["_checked"] = support.checked_text(only_floats=only_floats)
    texts = {key: texts[key] for key in sorted(texts)} | dict(parts.helpers)
    before = [
        f"{key} = {tables[key]}" if key in tables else constant_source(key, data)
        for key, data in held.items()
        if key not in large
    ]
    if arrays is not None:
        texts["_arrays"] = support.text("_arrays")
    for each in ("_grid", "_diagonals"):
        if any(f"{each}(" in line for line in (*lines, *before)):
            texts[each] = support.text(each)
    early = [texts.pop(each) for each in _EARLY if each in texts]
    exported = [function.name]
    exported += [each for kernel in kernels for each in kernel.names]
    exported = [each for each in (*exported, *constants) if not each.startswith("_")]
    body = [*lines, *before, *early, *texts.values(), definitions]
    body += [kernel.definitions + kernel.text for kernel in kernels]
    given = [*lines, *before]
    source = render(
        "module.py.jinja",
        header=_header(name, origin, importable=rebuilds),
        docstring=_docstring(signature, kernels),
        imports=_imports("\n".join(body), function.imports, reads=arrays is not None),
        exported=", ".join(f'"{each}"' for each in sorted(exported, key=kind_and_name)),
        constants=[*early, *(_in_blocks(given) if ruled_from is None else given)],
        helpers=list(texts.values()),
        function=definitions,
        kernels=[f"{kernel.definitions}\n\n{kernel.text}" for kernel in kernels],
    )
    return ModuleText(format_source(source), arrays)


def _limit(constants: Sequence[Constant], held: Sequence[NDArray[np.generic]]) -> int:
    """The most elements of an array that is written out: many fill pages together."""
    sizes = [each.size for each in constants if not isinstance(each, tuple)]
    sizes += [each.size for each in held]
    sizes = [size for size in sizes if SHORT < size <= MAX_LITERAL]
    return SHORT if sum(sizes) > MAX_LITERALS else MAX_LITERAL


def _ruled(
    data: NDArray[np.generic], places: Sequence[Places], ruled_from: int | None
) -> str | None:
    """A table by its rule; None where it has none, or is read as well."""
    if ruled_from is None:
        return table_formula(data, places) if is_large(data) else None
    if data.size <= ruled_from:
        return None
    return table_formula(data, places) or spaced_formula(data) or repeated_formula(data)


def kind_and_name(name: str) -> tuple[bool, bool, str]:
    """Constants first, then classes, then functions: the order ruff asks for.

    To ruff a single capital is a class.
    """
    is_constant = len(name) > 1 and name.isupper()
    return (not is_constant, not name[0].isupper(), name)


def _header(name: str, origin: str, *, importable: bool) -> str:
    rebuild = f"partialc build {name}" if importable else f"partialc.compile, {name!r}"
    return (
        f"# Code generated by partialc from {origin}. DO NOT EDIT.\n"
        f"# Rebuild: {rebuild}"
    )


def _docstring(signature: Signature, kernels: Sequence[KernelText]) -> str:
    listed = ", ".join(f"`{kernel.names[-1]}`" for kernel in kernels)
    return f"Derivatives of `{signature.name}`: {listed}.\n"


_LEFT_FROM: Final = "# fmt: off\n"
_LEFT_UNTIL: Final = "\n# fmt: on"

_NUMPY = re.compile(r"\bnp\.")
_LAX = re.compile(r"(?<![.\w])lax\.")
_JNP = re.compile(r"\bjnp\.")
_BCOO = re.compile(r"\bBCOO\b")


def _imports(body: str, extra: Sequence[str], *, reads: bool) -> list[str]:
    """The import block, in isort's order, only what the body uses."""
    standard = [
        line for line in extra if not line.startswith(("import jax", "from jax"))
    ]
    typing = [each for each in ("Any", "NamedTuple") if re.search(rf"\b{each}\b", body)]
    if reads:
        standard += ["from hashlib import sha256", "from pathlib import Path"]
    if typing:
        standard.append(f"from typing import {', '.join(typing)}")
    third = ["import jax"]
    if _JNP.search(body):
        third.append("import jax.numpy as jnp")
    if _NUMPY.search(body):
        third.append("import numpy as np")
    if _LAX.search(body):
        third.append("from jax import lax")
    if _BCOO.search(body):
        third.append("from jax.experimental.sparse import BCOO")
    third += [line for line in extra if line.startswith(("import jax.", "from jax."))]
    key = isort_key
    return [*sorted(set(standard), key=key), "", *sorted(set(third), key=key)]


def isort_key(line: str) -> tuple[bool, str]:
    """Plain imports first, then `from` imports, each by module."""
    return (line.startswith("from "), line.split()[1])


def _literal(array: NDArray[np.generic]) -> str:
    """An array as an expression: the rule it follows, or else its elements."""
    if not array.size:
        return f"np.zeros({array.shape}, np.int64)"
    if array.ndim == 2:
        order, extent = array.shape[1], int(array.max()) + 1
        rows = list(combinations_with_replacement(range(extent), order))
        if np.array_equal(array, rows):
            return f"np.array([{_combinations(order, extent)}])"
    return f"np.array({array.tolist()!r})"


def _definition(name: str, array: Constant) -> str:
    """The statement that defines a constant; black would give each element a line."""
    if isinstance(array, tuple):
        return f"{name} = {array!r}"
    line = f"{name} = {_literal(array)}"
    if array.ndim != 1 or len(line) <= LINE_LENGTH:
        return line
    rows = fill(", ".join(map(str, array.tolist())), LINE_LENGTH - 4)
    return f"# fmt: off\n{name} = np.array([\n{indent(rows, '    ')}\n])\n# fmt: on"


def _in_blocks(definitions: Sequence[str]) -> list[str]:
    """Statements that black leaves alone between one pair of comments, if adjacent."""
    found: list[str] = []
    for each in definitions:
        if found and found[-1].endswith(_LEFT_UNTIL) and each.startswith(_LEFT_FROM):
            before = found.pop().removesuffix(_LEFT_UNTIL)
            each = f"{before}\n{each.removeprefix(_LEFT_FROM)}"
        found.append(each)
    return found


def _combinations(order: int, extent: int) -> str:
    """The comprehension of all sorted tuples, in lexicographic order."""
    names = [f"i{number}" for number in range(order)]
    loops = []
    for number, name in enumerate(names):
        start = f"{names[number - 1]}, " if number else ""
        loops.append(f"for {name} in range({start}{extent})")
    return f"{tuple_text(names)} {' '.join(loops)}"


def _used(
    constants: Mapping[str, NDArray[np.generic]], texts: Sequence[str]
) -> dict[str, NDArray[np.generic]]:
    """The constants that texts name.

    An index written as a slice, or along fewer axes, leaves behind what it was.
    """
    words = {word for text in texts for word in re.findall(r"\b_\w+", text)}
    return {key: data for key, data in constants.items() if key in words}


def _npz(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """The arrays as the bytes of an uncompressed `.npz`: same arrays, same bytes."""
    buffer = BytesIO()
    kept = {key: data.astype(_kept(data)) for key, data in sorted(arrays.items())}
    np.savez(buffer, **kept)  # type: ignore[arg-type]
    return buffer.getvalue()


def _kept(array: NDArray[np.generic]) -> np.dtype[np.generic]:
    """What an array is written as: places need seldom all bytes of their type."""
    if not np.issubdtype(array.dtype, np.integer) or not array.size:
        return array.dtype
    narrow = np.result_type(
        np.min_scalar_type(array.min()), np.min_scalar_type(array.max())
    )
    return narrow if narrow.itemsize < array.dtype.itemsize else array.dtype


def _read(key: str, array: NDArray[np.generic]) -> str:
    """The expression for an array that was written, in its own type again."""
    text = f'_ARRAYS["{key}"]'
    return text if _kept(array) == array.dtype else f"{text}.astype(np.{array.dtype})"
