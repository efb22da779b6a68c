"""A function alone as a readable module: jaxpr to source."""

from __future__ import annotations

from partialc.ir.program import Program
from partialc.printing.formatting import format_source
from partialc.printing.functions import print_function
from partialc.printing.module import IMPORTS, ModuleParts, constant_source
from partialc.request.signature import Signature


def decompile(
    program: Program, signature: Signature, name: str, docstring: str | None = None
) -> str:
    """Print a function as a module that needs only JAX and numpy.

    Args:
        program: The function over flat leaves, traced with its custom rules.
        signature: Its arguments and result.
        name: What to call it.
        docstring: Its docstring, without quotes.

    Returns:
        Formatted source: imports, constants, helpers, then the function.

    Raises:
        UnsupportedError: Something in it cannot be printed.
    """
    printed = print_function(
        program,
        signature,
        name=name,
        docstring=docstring,
        decorators=["@jax.jit"],  # numpy arrays and Python numbers become jax arrays
    )
    return format_source(module_source(printed.source, printed.module))


def module_source(source: str, parts: ModuleParts) -> str:
    """A module of one text and the parts it refers to, not yet formatted."""
    sections = [import_block(parts.imports)]
    constants = [constant_source(name, data) for name, data in parts.constants.items()]
    sections += ["\n".join(constants)] if constants else []
    sections += [*parts.helpers.values(), *parts.functions.values(), source]
    return "\n\n\n".join(section.strip("\n") for section in sections if section) + "\n"


def import_block(imports: frozenset[str]) -> str:
    """Import statements in the order isort gives them."""
    standard = [IMPORTS["Any"]] if "Any" in imports else []
    others = [IMPORTS[name] for name in ("jax", "jnp", "np", "lax") if name in imports]
    blocks = ["\n".join(block) for block in (standard, others) if block]
    return "\n\n".join(blocks)
