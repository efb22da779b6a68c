"""A compiler for partial derivatives: name the ones you need, vendor the JAX code.

`compile` compiles a function's derivatives in memory; the constructors (`partial`,
`gradient`, ...) write requests as Python instead of text; everything partialc raises on
purpose is a `PartialcError`.
"""

from partialc.api import Module, compile
from partialc.errors import PartialcError, PartialcWarning
from partialc.request.constructors import (
    arg,
    biharmonic,
    curl,
    derivatives,
    diagonal,
    divergence,
    entries,
    euler_lagrange,
    expression,
    gradient,
    hessian,
    hvp,
    jacobian,
    jvp,
    laplacian,
    lower,
    out,
    partial,
    polylaplacian,
    sparse,
    value,
    vjp,
    weighted,
)

__all__ = [
    "Module",
    "PartialcError",
    "PartialcWarning",
    "arg",
    "biharmonic",
    "compile",
    "curl",
    "derivatives",
    "diagonal",
    "divergence",
    "entries",
    "euler_lagrange",
    "expression",
    "gradient",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "laplacian",
    "lower",
    "out",
    "partial",
    "polylaplacian",
    "sparse",
    "value",
    "vjp",
    "weighted",
]
