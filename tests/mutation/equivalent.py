"""Mutants that are no mistakes, by module and name, each with the reason.

Mutants that XLA compiles to the very program of the right module are sorted out before;
these here are equal for a mathematical reason that a compiler does not know.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

EQUIVALENT: Final = {
    ("product", "_one_hot: result reversed*"): (
        "the kernel's one-hots are at 0, 2 and 4: reversed, the same set"
    ),
    ("product", "d3_x0_x2_x4: result without its last element*"): (
        "the last element of that inner gradient is not read"
    ),
    ("quickstart_jacobian", "column: result without its last element*"): (
        "the last element of the column, d(sin x2)/dx0, is zero"
    ),
    ("quickstart_jacobian", "_one_hot: result without its last element*"): (
        "the only one-hot is at 0, its last element is zero"
    ),
    ("quickstart_hessian", "hessian: result transposed*"): "a Hessian is symmetric",
    (
        "black_scholes",
        "greeks: result without its sign: return jax.jvp(lambda sigma: primal*",
    ): "vega, the derivative in sigma, is positive everywhere",
    ("robot_arm", "link: result negated*"): (
        "the pose is a product of six links: the six signs cancel"
    ),
    ("robot_arm", "jacobian: result without its last element*"): (
        "the last joint turns about an axis through the end effector"
    ),
    ("robot_arm", "shoulder_block: result rounded: return end_effector*"): (
        "rounding before the pull does not round the derivative"
    ),
}


def reason(module: str, mutant: str) -> str | None:
    """Why a surviving mutant is equal to the right module; None if it is not known."""
    for (where, pattern), text in EQUIVALENT.items():
        if where == module and fnmatchcase(mutant, pattern):
            return text
    return None
