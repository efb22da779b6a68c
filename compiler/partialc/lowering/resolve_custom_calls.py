"""Replace custom_jvp and custom_vjp calls by what they compute."""

from __future__ import annotations

from typing import Final

from partialc.ir.program import Function
from partialc.lowering.inline_calls import inline
from partialc.lowering.passes import Grade, Pass

_CUSTOM_CALLS: Final = frozenset({"custom_jvp_call", "custom_vjp_call"})


def resolve_custom_calls(function: Function) -> Function:
    """f(x) with its own rule -> the body of f; the rule is dropped.

    Only for programs that will not be differentiated again: the derivative of the body
    is in general not what the rule says (relu'(0) is 0 by its rule, 0.5 without it).
    """
    return inline(function, _CUSTOM_CALLS)


RESOLVE_CUSTOM_CALLS: Final = Pass(
    "resolve_custom_calls", Grade.BITWISE, resolve_custom_calls
)
