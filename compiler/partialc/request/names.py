"""The identifiers of a generated module: fields, classes, constants, the function."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from partialc.errors import RequestError
from partialc.request.answer import Answer
from partialc.request.resolved import Field, Kernel
from partialc.request.selection import Selection, key_values
from partialc.request.signature import Signature
from partialc.request.syntax import (
    Derivatives,
    Diagonal,
    Entries,
    Expression,
    Jvp,
    Lower,
    Partial,
    Request,
    Sparse,
    Value,
    Vjp,
    Weighted,
)
from partialc.request.written import origin_of, origin_of_request
from partialc.spec.names import IMPORTED, USED_BUILTINS, class_name

_RESERVED: Final = IMPORTED | frozenset(dir(builtins))

RESULT_SUFFIX: Final = "Result"
"""What the class of a kernel's results is told by from something of its name.

A kernel `J` of several results returns a `JResult`; so does `j` beside an argument `J`.
"""


@dataclass(frozen=True, slots=True)
class ModuleNames:
    """The names a generated module defines besides its kernels.

    Attributes:
        function: What the function itself is called.
        classes: The NamedTuple of each bundled kernel, by kernel.
        constants: By kernel, field and suffix (`INDICES`).
    """

    function: str
    classes: Mapping[str, str]
    constants: Mapping[tuple[str, str, str], str]


def coordinate_text(selection: Selection) -> str:
    """The identifier of a coordinate: `x0`, `x1to4`, `params_w_0_1`, `out2`.

    Indices are normalised; whole trailing axes are left out, as in the coordinate.
    """
    parts = [str(part) for key in selection.path for part in key_values(key) or ()]
    if selection.is_array:
        parts += _index_parts(selection)
    text = selection.node.name
    for number, part in enumerate(parts):
        joined = number == 0 and part[:1].isdigit()
        text += part if joined else f"_{part}"
    return re.sub(r"\W", "_", text)


def _index_parts(selection: Selection) -> list[str]:
    entries = list(
        zip(selection.coordinates[0].index, selection.types[0].shape, strict=True)
    )
    while entries and entries[-1][0] == slice(0, entries[-1][1], 1):
        entries.pop()
    texts = []
    for entry, _ in entries:
        if isinstance(entry, int):
            texts.append(str(entry))
            continue
        stride = "" if entry.step == 1 else f"by{entry.step}"
        texts.append(f"{entry.start}to{entry.stop}{stride}")
    return texts


def field_name(request: Request, answer: Answer) -> str:
    """What a request is called in its kernel's NamedTuple.

    A partial is `d{order}_{coordinates, sorted as the function's arguments are}`;
    anything else `{request}_{coordinates}`; `of=` appends the outputs.
    """
    texts = [coordinate_text(selection) for selection in answer.wrt]
    match request:
        case Partial():
            ordered = sorted(zip(map(_position, answer.wrt), texts, strict=True))
            stem = "_".join([f"d{len(texts)}", *(text for _, text in ordered)])
        case Vjp():
            return "_".join(["vjp", coordinate_text(answer.output), *texts])
        case _:
            stem = "_".join([_keywords(request), *texts])
    if answer.output.node.steps:
        stem += f"_{coordinate_text(answer.output)}"
    return stem


def _position(selection: Selection) -> tuple[int, tuple[int, ...]]:
    (scalar,) = selection.coordinates
    return scalar.leaf, tuple(entry for entry in scalar.index if isinstance(entry, int))


def _keywords(request: Request) -> str:
    match request:
        case Diagonal(matrix=matrix, offset=offset):
            side = "upper" if offset > 0 else "lower"
            which = f"_{side}{abs(offset)}" if offset else ""
            return f"diagonal{which}_{_keywords(matrix)}"
        case Lower() | Entries() | Sparse() | Weighted():
            return f"{request.keyword}_{_keywords(request.matrix)}"
        case Jvp():
            named = [each.name for each in request.wrt]
            order = max(request.order, max(map(named.count, named)))
            return f"jvp{order}" if order > 1 else "jvp"
        case Derivatives() | Expression() | Value() | Vjp():
            return request.keyword
        case _:
            return request.keyword


def constant_name(kernel: Kernel, field: Field, suffix: str) -> str:
    """`D3_INDICES`; where a kernel has several fields, the field's name as well."""
    words = (
        [kernel.name, field.name, suffix] if kernel.bundled else [kernel.name, suffix]
    )
    return "_".join(words).upper()


def check_kernel_name(name: str) -> None:
    """Refuse a kernel name that cannot stand, or would break the module.

    Raises:
        RequestError: It is no identifier, a keyword, private, a builtin or an import.
    """
    where = f"kernel {name!r}"
    _check_identifier(name, "kernel", where)
    if name.startswith("_"):
        raise RequestError(
            f"the kernel name {name!r} starts with an underscore",
            where=where,
            why="kernels are what a module exports",
            fix=f"call it {name.strip('_') or 'kernel'}",
        )
    if name in _RESERVED:
        raise RequestError(
            f"a kernel cannot be called {name!r}",
            where=where,
            why="the module imports something of that name"
            if name in IMPORTED
            else "it would hide the builtin within the module",
            fix=f"call it {name}_kernel, or by what it computes",
        )


def check_field_name(name: str, kernel: str) -> None:
    """Refuse the name of a table's field that a NamedTuple cannot have.

    Raises:
        RequestError: It is no identifier, private, or a method of every tuple.
    """
    where = f"kernel {kernel!r}, field {name!r}"
    _check_identifier(name, "field", where)
    if name.startswith("_") or name in ("count", "index"):
        raise RequestError(
            f"a field cannot be called {name!r}",
            where=where,
            why="fields of a NamedTuple cannot start with an underscore"
            if name.startswith("_")
            else f"every tuple has a method {name}",
            fix="use another name",
        )


def check_arguments(signature: Signature) -> None:
    """Refuse arguments whose names would break the generated functions.

    Raises:
        RequestError: An argument hides an import or a builtin that kernels use.
    """
    for name in signature.arguments:
        if name in IMPORTED | USED_BUILTINS:
            raise RequestError(
                f"{signature.name} has an argument called {name!r}",
                where=f"the signature of {signature.name}",
                why="generated kernels use that name themselves",
                fix=f"rename the parameter, or wrap the function: lambda {name}_: "
                f"{signature.name}({name}_)",
            )


def check_list_names(named: Sequence[tuple[str, Request, Answer]], kernel: str) -> None:
    """Refuse a list kernel whose made-up field names could be misread.

    Args:
        named: Field name, request and answer, in order.
        kernel: The kernel's name.

    Raises:
        RequestError: Two fields have one name, or two coordinates one text.
    """
    texts: dict[str, Selection] = {}
    seen: dict[str, Request] = {}
    for name, request, answer in named:
        if name in seen:
            same = str(seen[name]) == str(request)
            raise origin_of_request(request).fault(
                f"{request} is requested twice"
                if same
                else f"{seen[name]} and {request} would both be called {name}",
                fix="remove one of them" if same else _table(kernel),
            )
        seen[name] = request
        for selection in (*answer.wrt, answer.output):
            text = coordinate_text(selection)
            other = texts.setdefault(text, selection)
            if other.coordinates != selection.coordinates:
                raise origin_of(selection.node).fault(
                    f"{other.node} and {selection.node} would both be called {text}",
                    fix=_table(kernel),
                )


def check_argument_texts(
    request: Request, answer: Answer, signature: Signature, kernel: str
) -> None:
    """Refuse a coordinate in a list kernel that reads like another argument.

    Raises:
        RequestError: There is an argument `x1` beside the coordinate `x[1]`.
    """
    for selection in answer.wrt:
        text = coordinate_text(selection)
        if text != selection.node.name and text in signature.arguments:
            raise origin_of(selection.node).fault(
                f"{selection.node} would be called {text}, as another argument is",
                fix=_table(kernel),
            )


def module_names(
    signature: Signature, kernels: Sequence[Kernel], carried: Collection[str] = ()
) -> ModuleNames:
    """Name everything in a module.

    Args:
        signature: The function's.
        kernels: All kernels of the module.
        carried: Names that the function's own source defines at module level.

    Raises:
        RequestError: Two things would have the same name.
    """
    taken: dict[str, str] = dict.fromkeys(carried, "the function's own source")
    taken.pop(signature.name, None)
    taken |= dict.fromkeys(_RESERVED, "Python or an import")
    arguments = {name: f"the argument {name}" for name in signature.arguments}
    for kernel in kernels:
        _claim(taken, kernel.name, f"kernel {kernel.name!r}", kernel)
        for direction in kernel.directions:
            arguments[direction.name] = f"the argument {direction.name}"
    classes: dict[str, str] = {}
    constants: dict[tuple[str, str, str], str] = {}
    for kernel in kernels:
        if kernel.bundled:
            name = class_name(kernel.name)
            if (name in taken or name in arguments) and name not in classes.values():
                name += RESULT_SUFFIX
            what = f"the result class of kernel {kernel.name!r}"
            _claim(taken, name, what, kernel, arguments)
            classes[kernel.name] = name
        for field in kernel.fields:
            for suffix in field.constants:
                name = constant_name(kernel, field, suffix)
                what = f"a constant of kernel {kernel.name!r}"
                _claim(taken, name, what, kernel, arguments)
                constants[kernel.name, field.name, suffix] = name
    function = signature.name
    while function in taken or function in arguments:
        function = f"_{function}"
    return ModuleNames(function, classes, constants)


def _claim(
    taken: dict[str, str],
    name: str,
    what: str,
    kernel: Kernel,
    inside: Mapping[str, str] | None = None,
) -> None:
    owner = taken.get(name) or (inside or {}).get(name)
    if owner is not None:
        raise RequestError(
            f"{what} and {owner} would both be called {name}",
            where=f"kernel {kernel.name!r}",
            fix="give the kernel another name",
        )
    taken[name] = what


def _check_identifier(name: str, kind: str, where: str) -> None:
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise RequestError(
            f"{name!r} cannot be the name of a {kind}",
            where=where,
            why="it is a Python keyword"
            if isinstance(name, str) and keyword.iskeyword(name)
            else "it is no Python identifier",
            fix="use letters, digits and underscores, not starting with a digit",
        )


def _table(kernel: str) -> str:
    return (
        f"name the fields yourself, in a table: {kernel} = "
        '{ name = "REQUEST", other = "REQUEST" }'
    )
