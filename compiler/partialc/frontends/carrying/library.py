"""Names of JAX, numpy and the standard library, as a generated module spells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from partialc.frontends.carrying.refusal import RefusalError

_ROOTS: Final = frozenset({"jax", "numpy", "math", "functools", "typing"})
_SPELLED: Final = (("jax.numpy", "jnp"), ("jax.lax", "lax"), ("numpy", "np"))
_REFUSED: Final = {
    "jax.experimental": "is not stable between releases of JAX",
    "jax.extend": "is not stable between releases of JAX",
    "jax.interpreters": "is not stable between releases of JAX",
    "jax.core": "is not stable between releases of JAX",
    "jax.config": "changes global settings",
    "jax.debug": "prints",
    "jax.pure_callback": "calls back into Python",
    "jax.numpy.load": "reads a file",
    "jax.numpy.fromfile": "reads a file",
    "numpy.random": "draws random numbers",
    "numpy.load": "reads a file",
    "numpy.loadtxt": "reads a file",
    "numpy.genfromtxt": "reads a file",
    "numpy.fromfile": "reads a file",
    "numpy.memmap": "reads a file",
    "functools.cache": "keeps values between calls",
    "functools.lru_cache": "keeps values between calls",
    "functools.cached_property": "keeps values between calls",
    "functools.wraps": "changes what a function is called",
}
_IMPORTED_APART: Final = ("jax.flatten_util", "jax.scipy.optimize", "jax.scipy.spatial")
MODULE_NAMES: Final = frozenset({"jax", "jnp", "lax", "np", "Any", "NamedTuple"})
"""What a generated module binds itself."""

BUILTINS: Final = frozenset(
    {
        *("abs", "all", "any", "bool", "bytes", "callable", "complex", "dict"),
        *("divmod", "enumerate", "filter", "float", "frozenset", "getattr", "hasattr"),
        *("int", "isinstance", "issubclass", "iter", "len", "list", "map", "max"),
        *("min", "next", "object", "pow", "range", "repr", "reversed", "round", "set"),
        *("slice", "sorted", "str", "sum", "tuple", "type", "zip", "ArithmeticError"),
        *("AssertionError", "AttributeError", "Exception", "IndexError", "KeyError"),
        *("NotImplementedError", "RuntimeError", "TypeError", "ValueError"),
        *("ZeroDivisionError", "NotImplemented", "Ellipsis"),
    }
)
"""Built-in functions without side effects."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a library object is written, and the import line that this needs."""

    text: str
    imports: tuple[str, ...]


def is_library(module: str) -> bool:
    """Whether a dotted name belongs to a library that generated modules may use."""
    return module.partition(".")[0] in _ROOTS


def spell(path: str) -> Spelling:
    """The spelling of a dotted path such as `jax.numpy.sin`.

    Raises:
        RefusalError: Generated modules do not use it.
    """
    root = path.partition(".")[0]
    if root not in _ROOTS:
        raise RefusalError(f"it uses the library {root}")
    if any(part.startswith("_") for part in path.split(".")):
        raise RefusalError(f"it uses the private {path}")
    for refused, reason in _REFUSED.items():
        if path == refused or path.startswith(refused + "."):
            raise RefusalError(f"it uses {refused}, which {reason}")
    imports = () if root in ("jax", "numpy") else (f"import {root}",)
    for module in _IMPORTED_APART:
        if path == module or path.startswith(module + "."):
            imports = (f"import {module}",)
    for long, short in _SPELLED:
        if path == long or path.startswith(long + "."):
            return Spelling(short + path.removeprefix(long), imports)
    return Spelling(path, imports)
