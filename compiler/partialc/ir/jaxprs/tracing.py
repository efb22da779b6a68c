"""Tracing a function under every regime its callers may be in."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import jax

from partialc.errors import UnsupportedError
from partialc.ir.dtypes import DType, Regime
from partialc.ir.jaxprs.importer import Importer
from partialc.ir.jaxprs.stale import Watch, may_be_stale
from partialc.ir.merge import merge
from partialc.ir.program import ArrayType, Function, Program

_KEY_IMPLEMENTATIONS: Final = {
    "key<fry>": "threefry2x32",
    "key<rbg>": "rbg",
    "key<urbg>": "unsafe_rbg",
}


def trace(
    call: Callable[..., Sequence[Any]],
    types: Sequence[ArrayType],
    *,
    name: str,
    input_names: Sequence[str],
    rules: bool = True,
    traced: Mapping[Regime, Function] = MappingProxyType({}),
) -> Program:
    """Trace a function under every regime that can call it.

    With an input that follows the caller's float width that is all three regimes; else
    the narrow and the wide one, where wide stands for x64. An input of a 64-bit type
    rules the narrow regime out.

    Args:
        call: Takes one array per entry of `types`, returns a flat sequence of arrays.
        types: The input types; `float` and the like follow the caller.
        name: A Python identifier for the function.
        input_names: The hints of the inputs.
        rules: Whether to import the rules of custom_jvp and custom_vjp functions; they
            are needed only where the result will be differentiated again.
        traced: What `trace_one` gave before, for some of the regimes.

    Returns:
        The program; its regimes share one function as far as their traces agree.

    Raises:
        UnsupportedError: The function has side effects or uses what cannot be imported.
        Exception: Whatever `call` raises, as it is.
    """
    traces = {
        regime: traced.get(regime)
        or trace_one(
            call, types, regime, name=name, input_names=input_names, rules=rules
        )
        for regime in regimes_of(types)
    }
    return Program(name, merge(traces))


def regimes_of(types: Sequence[ArrayType]) -> tuple[Regime, ...]:
    """The regimes under which arguments of these types can occur."""
    follows_caller = any(entry.dtype.mixed != entry.dtype.wide for entry in types)
    needs_x64 = any(
        entry.dtype.narrow in {"int64", "uint64", "float64", "complex128"}
        for entry in types
    )
    return tuple(
        regime
        for regime in Regime
        if not (regime is Regime.NARROW and needs_x64)
        and not (regime is Regime.MIXED and not follows_caller)
    )


def trace_one(
    call: Callable[..., Sequence[Any]],
    types: Sequence[ArrayType],
    regime: Regime,
    *,
    name: str,
    input_names: Sequence[str],
    rules: bool = True,
) -> Function:
    """Trace a function under one regime; all its element types are fixed.

    Arguments, results and errors are those of `trace`.
    """
    with jax.enable_x64(regime.x64), warnings.catch_warnings():
        # A float64 that the function asks for by name is float32 while x64 is off:
        # that is what the narrow regime means, and no news to the user.
        warnings.filterwarnings("ignore", message=".*is not available.*truncated")
        structs = [_struct(entry, regime) for entry in types]
        try:
            function, watch = _imported(call, structs, regime, name, input_names, rules)
            if not watch.is_stale():
                return function
        except TypeError as error:
            if not may_be_stale(error):
                raise
        jax.clear_caches()  # type: ignore[no-untyped-call]
        return _imported(call, structs, regime, name, input_names, rules)[0]


def _imported(
    call: Callable[..., Sequence[Any]],
    structs: Sequence[Any],
    regime: Regime,
    name: str,
    input_names: Sequence[str],
    rules: bool,
) -> tuple[Function, Watch]:
    """A trace as a function, and which of its constants may stem from another one."""
    jaxpr = jax.make_jaxpr(lambda *leaves: tuple(call(*leaves)))(*structs)
    watch = Watch(jaxpr, regime.x64)
    return Importer(rules).function(jaxpr, name, input_names), watch


def _struct(entry: ArrayType, regime: Regime) -> Any:
    dtype = _key_dtype(entry.dtype) if entry.dtype.is_key else entry.dtype.numpy(regime)
    return jax.ShapeDtypeStruct(entry.shape, dtype)  # type: ignore[no-untyped-call]


def _key_dtype(dtype: DType) -> Any:
    """The extended element type of typed PRNG keys that JAX prints as `dtype`."""
    implementation = _KEY_IMPLEMENTATIONS.get(dtype.wide)
    if implementation is None:
        raise UnsupportedError(
            f"keys of type {dtype} are not supported",
            fix=f"use one of {', '.join(_KEY_IMPLEMENTATIONS)}",
        )
    return jax.eval_shape(lambda: jax.random.key(0, impl=implementation)).dtype
