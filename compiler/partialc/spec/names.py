"""The names a generated module will define, and what must not collide with them."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from partialc.errors import Location, SpecError
from partialc.spec.model import KernelSpec

IMPORTED: Final = frozenset(
    {"annotations", "jax", "jnp", "lax", "np", "typing", "Any", "BCOO", "NamedTuple"}
)
"""What a generated module imports."""

USED_BUILTINS: Final = frozenset(
    {
        *("TypeError", "bool", "complex", "dict", "float", "int", "isinstance", "len"),
        *("list", "range", "slice", "tuple", "type"),
    }
)
"""What kernels call, and no argument of theirs may hide."""

IMPORTED_PACKAGES: Final = frozenset(
    {
        *("jax", "jaxlib", "numpy", "partialc", "pytest"),
        # what these import themselves
        *("ml_dtypes", "opt_einsum", "scipy"),
        *("_pytest", "iniconfig", "packaging", "pluggy", "py", "pygments"),
        # what Python and pytest import unasked
        *("conftest", "sitecustomize", "usercustomize"),
    }
)
"""What files beside a generated module import, besides the standard library."""


def refuse_module_file(
    path: PurePosixPath, function: object, where: Location | str | None
) -> None:
    """A module's file must not be found by an import that means something else.

    A file's own folder comes first where Python looks for imports: a `jax.py` is what
    `import jax` finds in every script beside it, its own test included.

    Args:
        path: The file, relative to the spec's folder.
        function: The function as the spec has it: a path, or an object.
        where: What leads to the file.

    Raises:
        SpecError: It would be found.
    """
    name = path.parent.name if path.stem == "__init__" else path.stem
    owner = None
    if name in sys.stdlib_module_names:
        owner = f"the module `{name}` of Python's standard library"
    elif name in IMPORTED_PACKAGES:
        owner = f"`{name}`"
    elif isinstance(function, str) and path.parent == PurePosixPath():
        root = function.partition(":")[0].strip().partition(".")[0]
        owner = f"`{name}`, where the function comes from," if name == root else None
    if owner is not None:
        raise SpecError(
            f"a module's file cannot be called `{path}`",
            where=where,
            why=f"files beside it that import {owner} would find it instead",
            fix=f"call it `{path.with_stem(f'{name}_derivatives').name}`, "
            "or by what it computes",
        )


def class_name(kernel: str) -> str:
    """The kernel's name in CamelCase: `value_and_gradient` gives `ValueAndGradient`."""
    return "".join(part[:1].upper() + part[1:] for part in kernel.split("_"))


def constant_prefix(kernel: str) -> str:
    """What the names of a kernel's constants start with: `D3`, for `D3_ROWS`."""
    return kernel.upper()


def refuse_reserved(name: str, what: str, where: Location | str | None) -> None:
    """A name must not hide what every generated module imports.

    Raises:
        SpecError: It would.
    """
    if name in IMPORTED:
        raise SpecError(
            f"{what} cannot be called `{name}`",
            where=where,
            why="the generated module imports that name",
            fix="give it another name",
        )


def refuse_kernel_name(name: str, where: Location | str | None) -> None:
    """A kernel is public, and hides nothing within its module.

    Raises:
        SpecError: It is private, an import or a builtin.
    """
    refuse_reserved(name, "a kernel", where)
    if name.startswith("_"):
        raise SpecError(
            f"a kernel cannot be called `{name}`",
            where=where,
            why="kernels are what a module exports, and an underscore says private",
            fix=f"call it `{name.strip('_') or 'kernel'}`",
        )
    if hasattr(builtins, name):
        raise SpecError(
            f"a kernel cannot be called `{name}`",
            where=where,
            why="it would hide the builtin within the module",
            fix=f"call it `{name}_kernel`, or by what it computes",
        )


def refuse_argument_name(name: str, where: Location | str | None) -> None:
    """An argument must not hide what kernels use.

    Raises:
        SpecError: It would, or it is called `out`.
    """
    refuse_reserved(name, "an argument", where)
    refuse_out(name, where)
    if name in USED_BUILTINS:
        raise SpecError(
            f"an argument cannot be called `{name}`",
            where=where,
            why="generated kernels use that name themselves",
            fix="rename the parameter of the function",
        )


def refuse_out(name: str, where: Location | str | None) -> None:
    """No argument may be called `out`: in a request that is the function's result.

    Raises:
        SpecError: It is.
    """
    if name == "out":
        raise SpecError(
            "an argument cannot be called `out`",
            where=where,
            why="in a request `out` is the function's result",
            fix="rename the parameter of the function",
        )


def refuse_collisions(
    kernels: Mapping[str, KernelSpec], where: Location | str | None
) -> None:
    """No two kernels may give the module the same class or constants.

    Raises:
        SpecError: Two do.
    """
    taken: dict[str, str] = {}
    for kernel in kernels.values():
        names = {f"constants {constant_prefix(kernel.name)}_..."}
        if kernel.bundled:
            names.add(f"class {class_name(kernel.name)}")
        for name in sorted(names):
            other = taken.setdefault(name, kernel.name)
            if other != kernel.name:
                raise SpecError(
                    f"kernels `{other}` and `{kernel.name}` collide",
                    where=kernel.location or where,
                    why=f"both would define the {name} in the module",
                    fix="rename one of them",
                )
