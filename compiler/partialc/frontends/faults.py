"""Exceptions of the user's own code, told with the user's own line."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path
from typing import Final

import jax

from partialc.errors import FrontendError, Location

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_STANDARD: Final = Path(sysconfig.get_paths()["stdlib"]).resolve()

_REMEDIES: Final[tuple[tuple[type[BaseException], str, str], ...]] = (
    (
        jax.errors.TracerBoolConversionError,
        "the function decides by the value of an array, which a trace does not know",
        "use jnp.where or jax.lax.cond (jax.lax.while_loop for a loop); an argument "
        "that is no variable can be bound: a plain number in args is static",
    ),
    (
        jax.errors.TracerArrayConversionError,
        "a numpy function is applied to a traced array",
        "use the function of the same name in jax.numpy",
    ),
    (
        jax.errors.TracerIntegerConversionError,
        "a traced array is used where Python needs an integer",
        "bind the argument it comes from: a plain number in args is static",
    ),
    (
        jax.errors.NonConcreteBooleanIndexError,
        "indexing with a traced mask gives an array of unknown shape",
        "use jnp.where(mask, value, fill)",
    ),
    (
        jax.errors.UnexpectedTracerError,
        "an earlier call left a traced array in a global, an attribute or a closure",
        "return the value instead of storing it",
    ),
    (
        jax.errors.ConcretizationTypeError,
        "the function needs the concrete value of a traced array",
        "use jax.lax control flow, or bind the argument: a plain number in args is "
        "static",
    ),
)


def user_location(error: BaseException, folder: Path | None) -> Location | None:
    """The innermost line of an error's traceback that is in a file of the user.

    Args:
        error: The exception, with its traceback.
        folder: Files below it are named relative to it.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return Location(shown(error.filename, folder), error.lineno, error.offset)
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if is_user_file(frame.filename):
            return Location(shown(frame.filename, folder), frame.lineno)
    return None


def is_user_file(filename: str) -> bool:
    """Whether a file is neither installed, nor Python's, nor partialc's own."""
    if filename.startswith("<") and not filename.startswith("<ipython"):
        return False
    file = Path(filename).resolve()
    return not (
        "site-packages" in file.parts
        or file.is_relative_to(_STANDARD)
        or file.is_relative_to(_PACKAGE)
    )


def failed_call(name: str, error: BaseException, folder: Path | None) -> FrontendError:
    """The report for a function that raises while it is traced."""
    text = (str(error) or type(error).__name__).strip().splitlines()[0]
    why = f"{type(error).__name__}: {text}"
    fix = "check the function, and the shapes and dtypes in args against it"
    for kind, kind_why, kind_fix in _REMEDIES:
        if isinstance(error, kind):
            why, fix = kind_why, kind_fix
            break
    return FrontendError(
        f"'{name}' cannot be traced by JAX ({type(error).__name__})",
        where=user_location(error, folder),
        why=why,
        fix=fix,
    )


def shown(filename: str, folder: Path | None) -> str:
    """A file relative to `folder`, else to the working directory, else in full."""
    file = Path(filename).resolve()
    for base in (folder.resolve() if folder else None, Path.cwd()):
        if base is not None and file.is_relative_to(base):
            return file.relative_to(base).as_posix()
    return str(file)
