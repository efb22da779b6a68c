"""The frontend for Python callables: functions, methods, partials, callable objects."""

from __future__ import annotations

import functools
import inspect
import keyword
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import MethodType
from typing import Any, TypeAlias

import jax

from partialc.errors import FrontendError, PartialcError
from partialc.frontends.binding import bind, is_jitted
from partialc.frontends.carrying.refusal import RefusalError
from partialc.frontends.importing import imports_from
from partialc.frontends.primal import CarriedSource, Primal
from partialc.frontends.purity import check_purity, prints_refused
from partialc.frontends.source import carry
from partialc.frontends.tracing import FlatCall, Traced, holds_narrow_arrays, trace_flat
from partialc.ir.structure import has_custom_rules
from partialc.request.signature import Signature

Twin: TypeAlias = Callable[[], AbstractContextManager[Any]]


def from_callable(
    function: Callable[..., Any],
    args: Mapping[str, Any],
    *,
    name: str,
    origin: str,
    importable: bool,
    folder: Path | None = None,
    twin: Twin | None = None,
) -> Primal:
    """Trace a callable and describe it.

    Args:
        function: A function, bound method, `functools.partial` or callable object;
            arrays it captures become constants.
        args: A description for each argument in the order of the parameters, as
            `partialc.frontends.arguments.describe` takes it.
            Parameters left out keep their defaults.
        name: The module's name, which stands in for a callable without a name.
        origin: How the spec names the function.
        importable: Whether `origin` can be imported again.
        folder: The spec's folder: first on `sys.path` for what is imported meanwhile.
        twin: The same function as imported with 64-bit types on; it is asked for when
            the function holds arrays whose type depends on that.

    Raises:
        FrontendError: The arguments do not fit; the function fails, prints, has side
            effects, is not a function of its arguments alone, donates its arguments, or
            returns something other than arrays.
        UnsupportedError: It calls back into Python, or uses what cannot be imported.
    """
    if not callable(function):
        raise FrontendError(
            f"'{origin}' is of type {type(function).__name__}, not a function",
            fix="name a function, a callable object or a SymPy expression",
        )
    own = own_name(function, origin, name)
    with imports_from(folder):
        binding = bind(function, args, name=own, folder=folder)
        call = FlatCall(binding, own)
        with prints_refused(own, folder):
            traced = trace_flat(call, folder, name=own)
            if twin is not None and holds_narrow_arrays(traced.widest):
                call, traced = _with_twin(call, traced, twin, args, folder)
            check_purity(call, traced.widest, folder)
            source, refusal = _carried(call, traced, own)
    return Primal(
        origin=origin,
        importable=importable,
        call=call.call,
        signature=Signature(own, binding.trees, traced.result),
        program=traced.program,
        source=source,
        source_refusal=refusal,
        has_custom_rules=any(map(has_custom_rules, traced.program.variants.values())),
        static=binding.static,
        doc=first_doc_line(function),
        returns_numbers=call.returns_numbers,
    )


def _with_twin(
    call: FlatCall,
    traced: Traced,
    twin: Twin,
    args: Mapping[str, Any],
    folder: Path | None,
) -> tuple[FlatCall, Traced]:
    """The function together with its twin, if that can be had; else as it is.

    It cannot if the module is not to be imported twice, or if arguments given as
    objects are of the first import's classes. The constants then have 32 bits, as they
    have in this process.
    """
    try:
        with twin() as other:
            wide = bind(other, args, name=call.name, folder=folder)
            both = FlatCall(call.binding, call.name, {False: call.binding, True: wide})
            return both, trace_flat(both, folder, name=call.name)
    except PartialcError:
        return call, traced


def _carried(
    call: FlatCall, traced: Traced, name: str
) -> tuple[CarriedSource | None, str | None]:
    if call.returns_numbers:
        return None, "the source is not carried: it returns plain numbers, not arrays"
    try:
        return carry(call.binding, traced, name), None
    except RefusalError as refusal:
        return None, f"the source is not carried: {refusal}"


def own_name(function: Any, origin: str, fallback: str) -> str:
    """What a function is called: its own name, its path's last part, or `fallback`."""
    written = getattr(definition(function), "__name__", "")
    if written.isidentifier() and written != "__call__":
        return written
    last = origin.rpartition(":")[2].rpartition(".")[2]
    if last.isidentifier() and not keyword.iskeyword(last) and ":" in origin:
        return last
    return fallback


def definition(function: Any) -> Any:
    """The plain function within wrappers: jit, custom rules, partial, bound methods.

    A callable object gives its class's `__call__`.
    """
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, MethodType):
            function = function.__func__
        elif is_jitted(function) or isinstance(
            function, jax.custom_jvp | jax.custom_vjp
        ):
            function = function.__wrapped__
        elif not inspect.isroutine(function) and not inspect.isclass(function):
            call = vars(type(function)).get("__call__")
            return call if inspect.isfunction(call) else function
        else:
            return function


def first_doc_line(function: Any) -> str | None:
    """The first line of a docstring, if there is one."""
    doc = inspect.getdoc(definition(function))
    return doc.strip().splitlines()[0] if doc and doc.strip() else None
