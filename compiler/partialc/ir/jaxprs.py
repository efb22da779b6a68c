"""From JAX to the IR: the one file that knows jaxprs and JAX's versions.

What it relies on without JAX promising it is pinned by `tests/contracts`. How operations
come out, where that is not simply the primitive with its parameters:

    jit, closed_call, core_call    `call`: function
    custom_jvp_call                function, jvp: rule
    custom_vjp_call                function, vjp: rule
    remat                          `remat`: function, prevent_cse, policy (a name or None)
    scan                           function, length, num_carry, num_consts, reverse, unroll
    while                          cond_function, body_function, cond_nconsts, body_nconsts
    cond                           branches
    custom_linear_solve            matvec, vecmat, solve, transpose_solve, const_lengths
    scatter with a function        `scatter_apply`: function
    copy, device_put, sharding_constraint, conversions to the same type
                                   nothing: they do not change the numbers

A rule is a function `jvp(*primals, *tangents) -> (*results, *result_tangents)` or
`vjp(*primals, *cotangents) -> cotangents`; tangents and cotangents exist for values of
real or complex type only, in order. Instead of a function a rule may be

    "recursive"   the rule of the enclosing call of the very same `function` (rules
                  usually call the function they belong to)
    None          it cannot be printed in full, or was not asked for.
"""

from __future__ import annotations

import enum
import keyword
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import jax
import jax.extend.core as jex
import numpy as np
from jax import lax
from jax.extend import source_info_util

import partialc
from partialc.errors import InternalError, Location, UnsupportedError
from partialc.ir.dtypes import DType, Regime
from partialc.ir.merge import merge
from partialc.ir.program import (
    ArrayType,
    Atom,
    Constant,
    Dimensions,
    Equation,
    Function,
    Param,
    Program,
    Value,
)
from partialc.ir.rewrite import without_dead_equations
from partialc.ir.structure import digest

RECURSIVE: Final = "recursive"
_DEEPEST_RULE: Final = 4

_CALLS: Final = frozenset({"jit", "pjit", "closed_call", "core_call", "xla_call"})
_REMATS: Final = frozenset({"remat", "remat2", "checkpoint"})
_EFFECTS: Final = frozenset(
    {
        "debug_callback",
        "debug_print",
        "io_callback",
        "pure_callback",
        "python_callback",
    }
)
_COPIES: Final = frozenset({"copy", "copy_p", "device_put", "sharding_constraint"})
_SUB_FUNCTION: Final = {
    "jaxpr": "function",
    "call_jaxpr": "function",
    "cond_jaxpr": "cond_function",
    "body_jaxpr": "body_function",
    "update_jaxpr": "function",
    "select_jaxpr": "function",
}
_DROPPED: Final = frozenset(
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
        "sharding",
        "symbolic_zeros",
        "update_consts",
        "weak_type",
    }
)
_DROPPED_IF_NONE: Final = frozenset({"accuracy", "out_dtype", "branches_platforms"})
_SCATTERS: Final = frozenset(
    {"scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max"}
)
_DIMENSIONS: Final = {
    lax.GatherDimensionNumbers: "gather",
    lax.ScatterDimensionNumbers: "scatter",
    lax.ConvDimensionNumbers: "conv",
}
_SUMMARY: Final = re.compile(r"(?P<file>.+?):(?P<line>\d+)(?::(?P<column>\d+))? \(.*\)")
_PACKAGE: Final = Path(partialc.__path__[0])

_UNKNOWN: Final = object()

Jaxpr: TypeAlias = Any
"""A closed jaxpr, or an open one without constants: JAX types neither."""


def trace(
    call: Callable[..., Sequence[Any]],
    types: Sequence[ArrayType],
    *,
    name: str,
    input_names: Sequence[str],
    rules: bool = True,
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

    Returns:
        The program; its regimes share one function as far as their traces agree.

    Raises:
        UnsupportedError: The function has side effects or uses what cannot be imported.
        Exception: Whatever `call` raises, as it is.
    """
    traces = {
        regime: trace_one(
            call, types, regime, name=name, input_names=input_names, rules=rules
        )
        for regime in regimes_of(types)
    }
    return Program(name, merge(traces))


def regimes_of(types: Sequence[ArrayType]) -> tuple[Regime, ...]:
    """The regimes under which arguments of these types can occur."""
    follows_caller = any(
        entry.dtype.mixed != entry.dtype.wide and not entry.dtype.is_key
        for entry in types
    )
    needs_x64 = any(
        name.endswith(("int64", "float64", "complex128"))
        for name in (entry.dtype.narrow for entry in types)
    )
    regimes = (Regime.NARROW, Regime.MIXED, Regime.WIDE)
    return tuple(
        regime
        for regime in regimes
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
        warnings.filterwarnings("ignore", message="Explicitly requested dtype")
        warnings.filterwarnings("ignore", message=".*requested in .* is not available")
        closed = jax.make_jaxpr(lambda *leaves: tuple(call(*leaves)))(
            *[_struct(entry, regime) for entry in types]
        )
        return _Importer(rules).function(closed, name, input_names)


def _struct(entry: ArrayType, regime: Regime) -> jax.ShapeDtypeStruct:
    if entry.dtype.is_key:
        return jax.ShapeDtypeStruct(entry.shape, _key_dtype(entry.dtype))
    return jax.ShapeDtypeStruct(entry.shape, np.dtype(entry.dtype.at(regime)))


_KEY_IMPLEMENTATIONS: Final = {
    "key<fry>": "threefry2x32",
    "key<rbg>": "rbg",
    "key<urbg>": "unsafe_rbg",
}


def _key_dtype(dtype: DType) -> Any:
    """The extended dtype of typed PRNG keys that prints as `dtype` does."""
    implementation = _KEY_IMPLEMENTATIONS.get(dtype.wide)
    if implementation is None:
        raise UnsupportedError(
            f"keys of type {dtype} are not supported",
            fix=f"use one of {', '.join(_KEY_IMPLEMENTATIONS)}",
        )
    return jax.eval_shape(lambda: jax.random.key(0, impl=implementation)).dtype


def import_jaxpr(jaxpr: Jaxpr, *, name: str, rules: bool = True) -> Function:
    """Import a closed jaxpr as it is, with fixed element types.

    Args:
        jaxpr: What `jax.make_jaxpr` returns.
        name: A Python identifier for the function.
        rules: Whether to import the rules of custom_jvp and custom_vjp functions; JAX
            must then be in the x64 mode that the jaxpr was traced in.

    Raises:
        UnsupportedError: It has side effects or uses what cannot be imported.
    """
    return _Importer(rules).function(jaxpr, name)


class _UnprintableRule(Exception):
    """A custom rule whose rules do not come to an end."""


class _Enclosing:
    """A custom call whose rule is being imported.

    Attributes:
        function: The function of the call.
        key: Digests of the function and of its rule, inner rules left out: calls that
            share it are calls of the very same custom function.
    """

    __slots__ = ("function", "key")

    def __init__(self, function: Function, key: tuple[str, str]) -> None:
        self.function = function
        self.key = key


class _Importer:
    """One import; jaxprs that occur several times become one function.

    Attributes:
        _rules: Whether to import custom rules.
        _enclosing: The custom calls whose rules are being imported, outermost first.
    """

    def __init__(self, rules: bool) -> None:
        self._rules = rules
        self._enclosing: tuple[_Enclosing, ...] = ()
        self._functions: dict[tuple[int, ...], tuple[Jaxpr, Function]] = {}
        self._rule_functions: dict[
            tuple[str, str], tuple[Function, Function | None]
        ] = {}

    def function(
        self, jaxpr: Jaxpr, name: str, hints: Sequence[str] | None = None
    ) -> Function:
        """The function for a jaxpr; within one context one jaxpr gives one object."""
        context = tuple(id(entry.function) for entry in self._enclosing)
        key = (id(jaxpr), *context)
        if key not in self._functions:
            # The jaxpr is stored too: an id is only good while its object lives.
            self._functions[key] = jaxpr, self._new_function(jaxpr, name, hints)
        return self._functions[key][1]

    def _new_function(
        self, jaxpr: Jaxpr, name: str, hints: Sequence[str] | None
    ) -> Function:
        open_jaxpr = getattr(jaxpr, "jaxpr", jaxpr)
        constants = getattr(jaxpr, "consts", ())
        names: dict[jex.Var, Atom] = {}
        equations: list[Equation] = []
        inputs: list[Value] = []
        for number, variable in enumerate(open_jaxpr.invars):
            hint = hints[number] if hints is not None else None
            inputs.append(Value(_array_type(variable.aval), hint))
            names[variable] = inputs[-1]
        for variable, data in zip(open_jaxpr.constvars, constants, strict=True):
            names[variable] = _constant(variable.aval, data, equations)

        def read(atom: Any) -> Atom:
            if isinstance(atom, jex.Literal):
                return _constant(atom.aval, atom.val, equations)
            return names[atom]

        for eqn in open_jaxpr.eqns:
            operands = tuple(read(atom) for atom in eqn.invars)
            if _changes_nothing(eqn):
                names.update(zip(eqn.outvars, operands, strict=True))
                continue
            equation = self._equation(eqn, operands)
            equations.append(equation)
            names.update(zip(eqn.outvars, equation.outputs, strict=True))
        outputs = tuple(read(atom) for atom in open_jaxpr.outvars)
        return Function(_identifier(name), tuple(inputs), tuple(equations), outputs)

    def _equation(self, eqn: Any, operands: tuple[Atom, ...]) -> Equation:
        location = _location(eqn)
        primitive = eqn.primitive.name
        if primitive in _EFFECTS:
            raise UnsupportedError(
                "the function prints or has side effects",
                where=location,
                why=f"`{primitive}` calls back into Python, which generated code cannot",
                fix="remove the call, or guard it by a static argument",
            )
        op, params = self._operation(eqn, location)
        if eqn.effects:
            raise UnsupportedError(
                "the function has side effects",
                where=location,
                why=f"`{primitive}` does more than compute its results",
                fix="write it as a pure function of its arguments",
            )
        outputs = tuple(Value(_array_type(var.aval)) for var in eqn.outvars)
        return Equation(op, operands, dict(sorted(params.items())), outputs, location)

    def _operation(
        self, eqn: Any, location: Location | None
    ) -> tuple[str, dict[str, Param]]:
        """The name of the operation and its parameters."""
        op = eqn.primitive.name
        params = self._params(eqn, location)
        if op in _CALLS:
            return "call", {"function": self._callee(eqn)}
        if op in _REMATS:
            params["policy"] = _policy_name(eqn.params.get("policy"))
            return "remat", params
        if op == "custom_jvp_call":
            return op, self._custom_call(eqn, "jvp", params["function"])
        if op.startswith("custom_vjp_call"):
            function = params["function"]
            return "custom_vjp_call", self._custom_call(eqn, "vjp", function)
        if op == "scan":
            return op, params | _scan_counts(eqn)
        if op == "dot_general":
            contracting, batch = eqn.params["dimension_numbers"]
            params["dimension_numbers"] = Dimensions(
                "dot",
                (
                    ("lhs_contracting", _ints(contracting[0])),
                    ("rhs_contracting", _ints(contracting[1])),
                    ("lhs_batch", _ints(batch[0])),
                    ("rhs_batch", _ints(batch[1])),
                ),
            )
        if op == "custom_linear_solve":
            solves = eqn.params["jaxprs"]
            params = {
                "const_lengths": _ints(eqn.params["const_lengths"]),
                **{
                    name: None if solve is None else self.function(solve, name)
                    for name, solve in zip(solves._fields, solves, strict=True)
                },
            }
        if op in _SCATTERS:
            params.pop("function", None)
        if op == "scatter" and params.pop("function", None) is not None:
            update = self.function(eqn.params["update_jaxpr"], "update")
            return "scatter_apply", params | {"function": update}
        return op, params

    def _callee(self, eqn: Any) -> Function:
        jaxpr = eqn.params.get("jaxpr", eqn.params.get("call_jaxpr"))
        return self.function(jaxpr, eqn.params.get("name", "call"))

    def _params(self, eqn: Any, location: Location | None) -> dict[str, Param]:
        special = {"dot_general": {"dimension_numbers"}, "custom_linear_solve": None}
        skipped = special.get(eqn.primitive.name, set())
        if skipped is None:
            return {}
        params: dict[str, Param] = {}
        for name, value in eqn.params.items():
            if name in _DROPPED or name in skipped or name == "policy":
                continue
            if value is None and name in _DROPPED_IF_NONE | {"update_jaxpr"}:
                continue
            converted = self._param(value, name)
            if converted is _UNKNOWN:
                raise UnsupportedError(
                    f"the primitive {eqn.primitive.name!r} cannot be imported",
                    where=location,
                    why=f"its parameter {name!r} is a {type(value).__name__}",
                )
            params[_SUB_FUNCTION.get(name, name)] = converted
        return params

    def _param(self, value: Any, name: str) -> Any:
        """A parameter in the terms of the IR, or `_UNKNOWN`."""
        if isinstance(value, (jex.Jaxpr, jex.ClosedJaxpr)):
            return self.function(value, _function_name(value, name))
        if isinstance(value, enum.Enum):
            return value.name
        if value is None or isinstance(value, (bool, int, float, complex, str)):
            return value
        if isinstance(value, (np.bool_, np.number)):
            return value.item()
        if name.endswith("dtype") or isinstance(value, np.dtype):
            return DType.fixed(_dtype_name(value))
        if name == "impl":
            return str(value.name)
        for kind, label in _DIMENSIONS.items():
            if isinstance(value, kind):
                fields = value._asdict().items()
                return Dimensions(label, tuple((key, _ints(v)) for key, v in fields))
        if isinstance(value, (tuple, list)):
            entries = [self._param(entry, name) for entry in value]
            return _UNKNOWN if _UNKNOWN in entries else tuple(entries)
        return _UNKNOWN

    def _custom_call(
        self, eqn: Any, kind: Literal["jvp", "vjp"], function: Param
    ) -> dict[str, Param]:
        """The parameters of a custom call: its function and, if asked for, its rule."""
        if not isinstance(function, Function):
            raise InternalError(f"{eqn.primitive.name} holds no function")
        if not self._rules:
            return {"function": function, kind: None}
        try:
            jaxpr = _rule_jaxpr(eqn, kind)
        except Exception as error:
            # The rule is the user's code: whatever it raises, it cannot be printed.
            if self._enclosing:
                raise _UnprintableRule from error
            return {"function": function, kind: None}
        key = (digest(function), digest(_rule(_Importer(rules=False), jaxpr, kind)))
        for enclosing in self._enclosing:
            if enclosing.key == key:
                return {"function": enclosing.function, kind: RECURSIVE}
        if self._enclosing:
            return {
                "function": function,
                kind: self._new_rule(function, key, jaxpr, kind),
            }
        if key not in self._rule_functions:
            try:
                rule: Function | None = self._new_rule(function, key, jaxpr, kind)
            except _UnprintableRule:
                rule = None
            self._rule_functions[key] = function, rule
        function, rule = self._rule_functions[key]
        return {"function": function, kind: rule}

    def _new_rule(
        self, function: Function, key: tuple[str, str], jaxpr: Jaxpr, kind: str
    ) -> Function:
        if len(self._enclosing) == _DEEPEST_RULE:
            raise _UnprintableRule
        outside = self._enclosing
        self._enclosing = (*outside, _Enclosing(function, key))
        try:
            return _rule(self, jaxpr, kind)
        finally:
            self._enclosing = outside


def _rule(importer: _Importer, jaxpr: Jaxpr, kind: str) -> Function:
    return without_dead_equations(importer.function(jaxpr, f"{kind}_rule"))


def _rule_jaxpr(eqn: Any, kind: Literal["jvp", "vjp"]) -> Jaxpr:
    """Trace the custom rule of an equation.

    There is no public access to the rule itself; differentiating the function that
    consists of this one equation runs it.
    """
    arguments = [_aval_struct(atom.aval) for atom in eqn.invars]
    results = [_aval_struct(variable.aval) for variable in eqn.outvars]
    call = _single_equation(eqn, arguments, results)
    moving = [_has_tangent(struct) for struct in arguments]

    def primals_and_tangents(*leaves: Any) -> list[Any]:
        primals, given = leaves[: len(arguments)], iter(leaves[len(arguments) :])
        tangents = [
            next(given) if moves else np.zeros(struct.shape, jax.dtypes.float0)
            for moves, struct in zip(moving, arguments, strict=True)
        ]
        values, result_tangents = jax.jvp(call, primals, tuple(tangents))
        pairs = zip(result_tangents, results, strict=True)
        return [*values, *(tangent for tangent, like in pairs if _has_tangent(like))]

    def cotangents(*leaves: Any) -> list[Any]:
        primals, given = leaves[: len(arguments)], iter(leaves[len(arguments) :])

        def of_moving(*moved: Any) -> list[Any]:
            rest = iter(moved)
            merged = [
                next(rest) if moves else primal
                for moves, primal in zip(moving, primals, strict=True)
            ]
            values = zip(call(*merged), results, strict=True)
            return [value for value, like in values if _has_tangent(like)]

        moved = [p for p, moves in zip(primals, moving, strict=True) if moves]
        _, pullback = jax.vjp(of_moving, *moved)
        return list(pullback(list(given)))

    if kind == "jvp":
        extra = [struct for struct in arguments if _has_tangent(struct)]
        return jax.make_jaxpr(primals_and_tangents)(*arguments, *extra)
    extra = [struct for struct in results if _has_tangent(struct)]
    return jax.make_jaxpr(cotangents)(*arguments, *extra)


def _single_equation(
    eqn: Any,
    arguments: Sequence[jax.ShapeDtypeStruct],
    results: Sequence[jax.ShapeDtypeStruct],
) -> Callable[..., list[Any]]:
    """The function that consists of one equation.

    Variables and debug information have no public constructors: they are taken from
    traces that have as many arguments and results.
    """
    count = len(arguments)
    variables = jax.make_jaxpr(lambda *leaves: list(leaves))(*arguments, *results)
    donor = jax.make_jaxpr(lambda *leaves: [0] * len(results))(*arguments)
    named = getattr(variables, "jaxpr", variables).invars
    single = getattr(donor, "jaxpr", donor).replace(
        invars=named[:count],
        outvars=named[count:],
        eqns=[eqn.replace(invars=named[:count], outvars=named[count:])],
    )
    call: Callable[..., list[Any]] = jex.jaxpr_as_fun(jex.ClosedJaxpr(single, []))
    return call


def _has_tangent(struct: jax.ShapeDtypeStruct) -> bool:
    return bool(jax.dtypes.issubdtype(struct.dtype, np.inexact))


def _aval_struct(aval: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype)


def _array_type(aval: Any) -> ArrayType:
    shape = getattr(aval, "shape", None)
    if shape is None or not all(isinstance(size, int) for size in shape):
        raise UnsupportedError(
            f"a value of type {aval} cannot be imported",
            why="only arrays of fixed shape can",
        )
    return ArrayType(DType.fixed(_dtype_name(aval.dtype)), tuple(shape))


def _dtype_name(dtype: Any) -> str:
    if jax.dtypes.issubdtype(dtype, jax.dtypes.extended):
        return str(dtype)
    return np.dtype(dtype).name


def _constant(aval: Any, data: Any, equations: list[Equation]) -> Atom:
    """A constant; a PRNG key is wrapped by an equation, since it is no plain array."""
    kind = _array_type(aval)
    if not kind.dtype.is_key:
        array = np.array(data, dtype=np.dtype(kind.dtype.wide)).reshape(kind.shape)
        array.setflags(write=False)
        return Constant(kind, array)
    bits = np.array(jax.random.key_data(data))
    bits.setflags(write=False)
    constant = Constant(ArrayType(DType.fixed("uint32"), bits.shape), bits)
    key = Value(kind)
    params: dict[str, Param] = {"impl": str(jax.random.key_impl(data))}
    equations.append(Equation("random_wrap", (constant,), params, (key,)))
    return key


def _changes_nothing(eqn: Any) -> bool:
    """Whether an equation hands its operands on, bit by bit."""
    name = eqn.primitive.name
    if name == "convert_element_type":
        return bool(eqn.invars[0].aval.dtype == eqn.outvars[0].aval.dtype)
    return name in _COPIES


def _scan_counts(eqn: Any) -> dict[str, Param]:
    """How many operands of a scan are constants and how many are carried."""
    params = eqn.params
    if "num_consts" in params:
        constants, carried = params["num_consts"], params["num_carry"]
    else:
        groups = params["ft_in"].unpack()
        constants, carried, _ = (len(list(group.vals)) for group in groups)
    return {"num_consts": int(constants), "num_carry": int(carried)}


def _policy_name(policy: Any) -> str | None:
    """The public name of a rematerialisation policy; it never changes a number."""
    for name in dir(jax.checkpoint_policies):
        if policy is not None and getattr(jax.checkpoint_policies, name) is policy:
            return name
    return None


def _location(eqn: Any) -> Location | None:
    """The innermost line outside JAX that the equation was traced from."""
    summary = _SUMMARY.fullmatch(source_info_util.summarize(eqn.source_info))
    if summary is None or Path(summary["file"]).is_relative_to(_PACKAGE):
        return None
    column = None if summary["column"] is None else int(summary["column"])
    return Location(summary["file"], int(summary["line"]), column)


def _ints(values: Iterable[Any]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def _function_name(jaxpr: Jaxpr, fallback: str) -> str:
    """The name of the Python function behind a jaxpr, as far as JAX remembers it."""
    debug_info = getattr(getattr(jaxpr, "jaxpr", jaxpr), "debug_info", None)
    source = str(getattr(debug_info, "func_src_info", "") or "")
    name = source.split(" at ")[0]
    return name if name.isidentifier() else fallback


def _identifier(name: str) -> str:
    """A Python identifier close to a function's name."""
    text = re.sub(r"\W", "_", name)
    if not text.strip("_"):
        return "function"
    if name == "<lambda>":
        return "function"
    return f"_{text}" if text[0].isdigit() or keyword.iskeyword(text) else text
