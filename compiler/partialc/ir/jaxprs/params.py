"""A primitive's parameters in the terms of the IR."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Final

import jax
import jax.extend.core as jex
import numpy as np
from jax import lax

from partialc.errors import Location, UnsupportedError
from partialc.ir.dtypes import DType
from partialc.ir.jaxprs.avals import dtype_name, function_name, ints
from partialc.ir.program import Dimensions, Function, Param

_RENAMED: Final = {
    "jaxpr": "function",
    "call_jaxpr": "function",
    "cond_jaxpr": "cond_function",
    "body_jaxpr": "body_function",
    "update_jaxpr": "function",
    "select_jaxpr": "function",
}
_FALLBACK_NAMES: Final = {
    "cond_jaxpr": "condition",
    "body_jaxpr": "body",
    "branches": "branch",
}
# Where a value lives, what the compiler may do with it, what a trace was made for: none
# of it changes a number. Rules and scan's counts are read from the equation elsewhere.
_IRRELEVANT: Final = frozenset(
    {
        "_split_transpose",
        "bwd",
        "compiler_options_kvs",
        "computation",
        "ctx_mesh",
        "differentiated",
        "donated_invars",
        "ft_in",
        "ft_out",
        "fwd_jaxpr_thunk",
        "in_layouts",
        "in_shardings",
        "inline",
        "jvp_jaxpr_fun",
        "keep_unused",
        "linear",
        "out_layouts",
        "out_sharding",
        "out_shardings",
        "out_trees",
        "policy",
        "sharding",
        "symbolic_zeros",
        "update_consts",
        "weak_type",
    }
)
_ABSENT_IF_NONE: Final = frozenset(
    {"accuracy", "out_dtype", "branches_platforms", "update_jaxpr"}
)
_SCATTERS: Final = frozenset(
    {"scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max"}
)
_DIMENSIONS: Final[dict[type, str]] = {
    lax.GatherDimensionNumbers: "gather",
    lax.ScatterDimensionNumbers: "scatter",
    lax.ConvDimensionNumbers: "conv",
}

ImportFunction = Callable[[Any, str], Function]
"""Imports a jaxpr under a name."""


class _UnknownError(Exception):
    """A parameter of a kind that the IR has no counterpart for."""


def normalised(
    eqn: Any, import_function: ImportFunction, where: Location | None
) -> dict[str, Param]:
    """The parameters of an equation.

    Raises:
        UnsupportedError: A parameter has no counterpart in the IR.
    """
    primitive = eqn.primitive.name
    params: dict[str, Param] = {}
    for name, value in eqn.params.items():
        if name in _IRRELEVANT or (value is None and name in _ABSENT_IF_NONE):
            continue
        if name == "update_jaxpr" and primitive in _SCATTERS:
            continue  # the primitive's name says what it does
        try:
            params[_RENAMED.get(name, name)] = _special(
                primitive, name, value, import_function
            )
        except _UnknownError as error:
            raise UnsupportedError(
                f"the primitive {primitive!r} cannot be imported",
                where=where,
                why=f"its parameter {name!r} is a {type(value).__name__}",
            ) from error
    return params


def _special(
    primitive: str, name: str, value: Any, import_function: ImportFunction
) -> Param:
    """The parameters that need to know their primitive; else `_param`."""
    if (primitive, name) == ("dot_general", "dimension_numbers"):
        contracting, batch = value
        return Dimensions(
            "dot",
            (
                ("lhs_contracting", ints(contracting[0])),
                ("rhs_contracting", ints(contracting[1])),
                ("lhs_batch", ints(batch[0])),
                ("rhs_batch", ints(batch[1])),
            ),
        )
    return _param(value, name, import_function)


def _param(value: Any, name: str, import_function: ImportFunction) -> Param:
    if isinstance(value, (jex.Jaxpr, jex.ClosedJaxpr)):
        fallback = _FALLBACK_NAMES.get(name, "function")
        return import_function(value, function_name(value, fallback))
    if isinstance(value, enum.Enum):
        return value.name
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return value
    if isinstance(value, (np.bool_, np.number)):
        scalar: Param = value.item()
        return scalar
    if name.endswith("dtype") or isinstance(value, np.dtype):
        return DType.fixed(dtype_name(value))
    if name == "impl" or isinstance(value, jex.Primitive):
        return str(value.name)
    if type(value) in _DIMENSIONS:
        fields = value._asdict().items()
        return Dimensions(
            _DIMENSIONS[type(value)], tuple((key, ints(axes)) for key, axes in fields)
        )
    if isinstance(value, (tuple, list)):
        return tuple(_param(entry, name, import_function) for entry in value)
    raise _UnknownError


def scan_counts(eqn: Any) -> dict[str, Param]:
    """How many operands of a scan are constants and how many are carried."""
    if "num_consts" in eqn.params:
        constants, carried = eqn.params["num_consts"], eqn.params["num_carry"]
    else:
        groups = eqn.params["ft_in"].unpack()
        constants, carried, _ = (len(list(group.vals)) for group in groups)
    return {"num_consts": int(constants), "num_carry": int(carried)}


def policy_name(policy: Any) -> str | None:
    """The public name of a rematerialisation policy; it never changes a number."""
    for name in dir(jax.checkpoint_policies):
        if policy is not None and getattr(jax.checkpoint_policies, name) is policy:
            return name
    return None
