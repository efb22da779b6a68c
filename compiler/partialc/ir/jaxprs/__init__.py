"""From JAX to the IR: the one place that knows jaxprs and JAX's versions.

What it relies on without JAX promising it is pinned by `tests/contracts`. How
operations come out, where that is not simply the primitive with its parameters:

    jit, closed_call, core_call   `call`: function
    custom_jvp_call               function, jvp: rule
    custom_vjp_call               function, vjp: rule
    call_hi_primitive             `custom_jvp_call`, or `call` if nothing can move
    remat                         `remat`: function, prevent_cse, policy (name or None)
    scan                          function, length, num_carry, num_consts, reverse,
                                  unroll
    while                         cond_function, cond_nconsts, body_function,
                                  body_nconsts
    cond                          branches
    custom_linear_solve           matvec, vecmat, solve, transpose_solve, const_lengths
    scatter with a function       `scatter_apply`: function
    copy, device_put, sharding_constraint, conversions to the same type
                                  nothing: they do not change the numbers

A rule is a function `jvp(*primals, *tangents) -> (*results, *result_tangents)` or
`vjp(*primals, *cotangents) -> (*results, *cotangents of the primals)`, its results
being those that the rule's forward part computes; tangents and cotangents exist for
values of real or complex type only, in order. Instead of a function a rule may be

    "recursive"   the rule of the enclosing call of the very same `function` object
                  (rules usually call the function they belong to);
    None          it cannot be printed in full, or was not asked for.
"""

from partialc.ir.jaxprs.importer import RECURSIVE, import_jaxpr
from partialc.ir.jaxprs.stepwise import MOST_COMPILED, Stepwise
from partialc.ir.jaxprs.tracing import regimes_of, trace, trace_one

__all__ = [
    "MOST_COMPILED",
    "RECURSIVE",
    "Stepwise",
    "import_jaxpr",
    "regimes_of",
    "trace",
    "trace_one",
]
