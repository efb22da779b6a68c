"""The names a generated module will define, and what must not collide with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from partialc.errors import Location, SpecError
from partialc.spec.model import KernelSpec

_IMPORTED: Final = ("jax", "jnp", "lax", "np", "typing", "Any", "NamedTuple")


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
    if name in _IMPORTED:
        raise SpecError(
            f"{what} cannot be called `{name}`",
            where=where,
            why="the generated module imports that name",
            fix="give it another name",
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
    """No two kernels may give the module the same class or the same constants.

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
