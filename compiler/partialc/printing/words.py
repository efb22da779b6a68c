"""The words that names are made of: what operations are called in them."""

from __future__ import annotations

from typing import Final

INFIX: Final = {
    "mul": (),
    "add": ("plus",),
    "add_any": ("plus",),
    "sub": ("minus",),
    "div": ("over",),
    "pow": ("pow",),
    "rem": ("rem",),
    "eq": ("is",),
    "ne": ("not",),
    "lt": ("below",),
    "le": ("upto",),
    "gt": ("above",),
    "ge": ("from",),
    "and": ("and",),
    "or": ("or",),
    "xor": ("xor",),
    "dot_general": ("dot",),
}
"""What stands between the operands of an operation."""

TIMES: Final[dict[object, str]] = {0.5: "half", 2.0: "twice", 3.0: "thrice"}
"""What some factors are called."""

BY_NUMBER: Final = frozenset({*TIMES.values(), "inverse", "scaled", "shifted"})
"""What a number does to the other operand."""

JOINING: Final[frozenset[str]] = frozenset().union(*INFIX.values())
"""Words that tell nothing of a value."""

TRANSPARENT: Final = frozenset(
    {
        "broadcast_in_dim",
        "convert_element_type",
        "copy",
        "expand_dims",
        "optimization_barrier",
        "real",
        "reduce_precision",
        "reshape",
        "squeeze",
        "stop_gradient",
    }
)
"""Operations whose results are called what their operands are."""

WORDS: Final = {
    "reduce_sum": "sum",
    "reduce_prod": "prod",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_and": "all",
    "reduce_or": "any",
    "select_n": "where",
    "broadcast_in_dim": "spread",
    "convert_element_type": "cast",
    "integer_pow": "pow",
    "iota": "arange",
    "dynamic_slice": "slice",
    "dynamic_update_slice": "updated",
    "concatenate": "joined",
    "conv_general_dilated": "conv",
    "cumsum": "cumsum",
    "custom_linear_solve": "solution",
    "gather": "picked",
    "scatter": "scattered",
    "scatter-add": "scattered",
    "random_bits": "bits",
    "transpose": "transposed",
    "triangular_solve": "solution",
    "optimization_barrier": "kept",
    "while": "final",
    "cond": "chosen",
}
"""What operations are called, where it is not their own name."""

RESULTS: Final = {
    "eigh": ("eigenvectors", "eigenvalues"),
    "eig": ("eigenvalues", "left_eigenvectors", "right_eigenvectors"),
    "lu": ("lu", "pivots", "permutation"),
    "qr": ("q", "r"),
    "svd": ("singular_values", "u", "vh"),
    "top_k": ("largest", "positions"),
}
"""What the results of operations are called that have several."""
