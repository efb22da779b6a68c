"""The names a generated module will define, and what must not collide with them."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Final

from partialc.errors import Location, SpecError
from partialc.spec.model import KernelSpec

IMPORTED: Final = frozenset(
    {"annotations", "jax", "jnp", "lax", "np", "typing", "Any", "NamedTuple"}
)
"""What a generated module imports."""

USED_BUILTINS: Final = frozenset(
    {
        *("TypeError", "bool", "complex", "dict", "float", "int", "isinstance", "len"),
        *("list", "range", "slice", "tuple", "type"),
    }
)
"""What kernels call, and no argument of theirs may hide."""


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
