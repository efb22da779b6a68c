"""Jaxpr to function, equation by equation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import jax
import jax.extend.core as jex
import numpy as np

from partialc.errors import Location, UnsupportedError
from partialc.ir.dtypes import DType
from partialc.ir.jaxprs.authors import authors_names
from partialc.ir.jaxprs.avals import (
    array_type,
    constant,
    has_tangent,
    identifier,
    ints,
    location,
    parameter_names,
    struct,
)
from partialc.ir.jaxprs.loops import with_scalar_condition
from partialc.ir.jaxprs.params import normalised, policy_name, scan_counts
from partialc.ir.jaxprs.rules import rule_jaxpr
from partialc.ir.program import ArrayType, Atom, Equation, Function, Param, Value
from partialc.ir.rewrite import without_dead_equations
from partialc.ir.structure import digest

RECURSIVE: Final = "recursive"
_DEEPEST_RULE: Final = 4

_CALLS: Final = frozenset({"jit", "pjit", "closed_call", "core_call", "xla_call"})
_REMATS: Final = frozenset({"remat", "remat2", "checkpoint"})
_CALLBACKS: Final = frozenset(
    {"debug_callback", "debug_print", "io_callback", "pure_callback"}
)
_COPIES: Final = frozenset({"copy", "copy_p", "device_put", "sharding_constraint"})


def import_jaxpr(jaxpr: Any, *, name: str, rules: bool = True) -> Function:
    """Import a closed jaxpr as it is, with fixed element types.

    Args:
        jaxpr: What `jax.make_jaxpr` returns.
        name: A name for the function.
        rules: Whether to import the rules of custom_jvp and custom_vjp functions; JAX
            must then be in the x64 mode that the jaxpr was traced in.

    Raises:
        UnsupportedError: It has side effects or uses what cannot be imported.
    """
    return Importer(rules).function(jaxpr, name)


class _UnprintableRuleError(Exception):
    """A custom rule whose rules do not come to an end, or cannot be traced."""


@dataclass(frozen=True, eq=False, slots=True)
class _Enclosing:
    """A custom call whose rule is being imported.

    Attributes:
        function: The function of the call.
        key: Digests of the function and of its rule, inner rules left out: calls that
            share it are calls of the very same custom function.
    """

    function: Function
    key: tuple[str, str]


class Importer:
    """One import; a jaxpr that occurs several times becomes one function.

    Attributes:
        _rules: Whether to import custom rules.
        _enclosing: The custom calls whose rules are being imported, outermost first.
    """

    def __init__(self, rules: bool) -> None:
        self._rules = rules
        self._enclosing: tuple[_Enclosing, ...] = ()
        self._functions: dict[tuple[int, ...], tuple[Any, Function]] = {}
        self._places: dict[Any, Location | None] = {}
        self._rule_of: dict[tuple[str, str], tuple[Function, Function | None]] = {}

    def function(
        self, jaxpr: Any, name: str, hints: Sequence[str] | None = None
    ) -> Function:
        """The function for a jaxpr, closed or without constants.

        Args:
            jaxpr: Within the rule of one custom call, one jaxpr gives one object.
            name: Any text; made an identifier.
            hints: The names of the inputs, if they are known.
        """
        key = (id(jaxpr), *(id(entry.function) for entry in self._enclosing))
        if key not in self._functions:
            # The jaxpr is kept too: its id is only good while it lives.
            self._functions[key] = jaxpr, self._new_function(jaxpr, name, hints)
        return self._functions[key][1]

    def _new_function(
        self, jaxpr: Any, name: str, hints: Sequence[str] | None
    ) -> Function:
        body = getattr(jaxpr, "jaxpr", jaxpr)
        names: dict[Any, Atom] = {}
        equations: list[Equation] = []

        def known(aval: Any, data: Any) -> Atom:
            kind = array_type(aval)
            if not kind.dtype.is_key:
                return constant(kind, data)
            equations.append(_wrapped_key(kind, data))
            return equations[-1].outputs[0]

        def read(atom: Any) -> Atom:
            if isinstance(atom, jex.Literal):
                return known(atom.aval, atom.val)
            return names[atom]

        known_as = parameter_names(body) if hints is None else hints
        inputs = tuple(
            Value(array_type(variable.aval), hint)
            for variable, hint in zip(body.invars, known_as, strict=True)
        )
        names.update(zip(body.invars, inputs, strict=True))
        for variable, data in zip(
            body.constvars, getattr(jaxpr, "consts", ()), strict=True
        ):
            names[variable] = known(variable.aval, data)
        called = {} if hints is None else authors_names(body)
        for eqn in body.eqns:
            operands = tuple(read(atom) for atom in eqn.invars)
            if _changes_nothing(eqn):
                names.update(zip(eqn.outvars, operands, strict=True))
                continue
            equations.append(self._equation(eqn, operands, called))
            names.update(zip(eqn.outvars, equations[-1].outputs, strict=True))
        outputs = tuple(read(atom) for atom in body.outvars)
        return Function(identifier(name), inputs, tuple(equations), outputs)

    def _equation(
        self, eqn: Any, operands: tuple[Atom, ...], called: Mapping[Any, str]
    ) -> Equation:
        where = self._location(eqn.source_info)
        primitive = eqn.primitive.name
        if primitive in _CALLBACKS:
            raise UnsupportedError(
                "the function prints or has side effects",
                where=where,
                why=f"`{primitive}` calls back into Python, as no generated module can",
                fix="remove the call, or guard it by a static argument",
            )
        op, params = self._operation(eqn, where)
        if eqn.effects:
            raise UnsupportedError(
                "the function has side effects",
                where=where,
                why=f"`{primitive}` does more than compute its results",
                fix="write it as a pure function of its arguments",
            )
        outputs = tuple(
            Value(array_type(variable.aval), called.get(variable))
            for variable in eqn.outvars
        )
        params = dict(sorted(params.items()))
        equation = Equation(op, operands, params, outputs, where)
        return with_scalar_condition(equation) if op == "while" else equation

    def _location(self, source_info: Any) -> Location | None:
        """The line an equation is from; looked up once for all that share a traceback.

        Tracebacks are equal when their frames are: those of a loop's rounds are.
        """
        traceback = source_info.traceback
        if traceback not in self._places:
            self._places[traceback] = location(source_info)
        return self._places[traceback]

    def _operation(
        self, eqn: Any, where: Location | None
    ) -> tuple[str, dict[str, Param]]:
        """The name of the operation and its parameters."""
        op = eqn.primitive.name
        if op in _CALLS:
            jaxpr = eqn.params.get("jaxpr", eqn.params.get("call_jaxpr"))
            name = eqn.params.get("name", "function")
            return "call", {"function": self.function(jaxpr, name)}
        if op == "call_hi_primitive":
            return self._high_level_call(eqn)
        if op == "custom_linear_solve":
            return op, self._linear_solve(eqn)
        params = normalised(eqn, self.function, where)
        if op == "custom_jvp_call":
            return op, self._custom_call(eqn, "jvp", params["function"])
        if op.startswith("custom_vjp_call"):
            return "custom_vjp_call", self._custom_call(eqn, "vjp", params["function"])
        if op in _REMATS:
            return "remat", params | {"policy": policy_name(eqn.params.get("policy"))}
        if op == "scan":
            return op, params | scan_counts(eqn)
        if op == "scatter" and "function" in params:
            return "scatter_apply", params
        return op, params

    def _linear_solve(self, eqn: Any) -> dict[str, Param]:
        solves = eqn.params["jaxprs"]
        functions: dict[str, Param] = {
            name: None if jaxpr is None else self.function(jaxpr, name)
            for name, jaxpr in zip(solves._fields, solves, strict=True)
        }
        return functions | {"const_lengths": ints(eqn.params["const_lengths"])}

    def _high_level_call(self, eqn: Any) -> tuple[str, dict[str, Param]]:
        """A primitive of JAX's newer kind, made of others, with its own derivative."""
        arguments = [struct(atom.aval) for atom in eqn.invars]
        jaxpr = jax.make_jaxpr(
            lambda *leaves: list(eqn.primitive.to_lojax(*leaves, **eqn.params))
        )(*arguments)
        kind = type(next(iter(eqn.params.values()))).__name__
        function = self.function(jaxpr, kind)
        moves = any(has_tangent(atom.aval) for atom in eqn.invars)
        if moves and any(has_tangent(variable.aval) for variable in eqn.outvars):
            return "custom_jvp_call", self._custom_call(eqn, "jvp", function)
        return "call", {"function": function}

    def _custom_call(
        self, eqn: Any, kind: Literal["jvp", "vjp"], function: Param
    ) -> dict[str, Param]:
        """The parameters of a custom call: its function and, if asked for, its rule."""
        if not self._rules or not isinstance(function, Function):
            return {"function": function, kind: None}
        try:
            function, rule = self._rule(eqn, kind, function)
        except _UnprintableRuleError:
            if self._enclosing:
                raise  # what encloses it cannot be printed in full either
            return {"function": function, kind: None}
        return {"function": function, kind: rule}

    def _rule(
        self, eqn: Any, kind: Literal["jvp", "vjp"], function: Function
    ) -> tuple[Function, Function | str | None]:
        """The function of a custom call, shared by equal calls, and its rule."""
        try:
            jaxpr = rule_jaxpr(eqn, kind)
        except Exception as error:
            # The rule is the user's code; whatever it raises, we cannot print it.
            raise _UnprintableRuleError from error
        if any(isinstance(each, jax.core.Tracer) for each in jaxpr.consts):
            # It reads a value of the function around it, which cannot be printed.
            raise _UnprintableRuleError
        outline = without_dead_equations(Importer(rules=False).function(jaxpr, kind))
        key = (digest(function), digest(outline))
        for enclosing in self._enclosing:
            if enclosing.key == key:
                return enclosing.function, RECURSIVE
        if self._enclosing:
            return function, self._new_rule(function, key, jaxpr, kind)
        if key not in self._rule_of:
            # Entered first: a rule found to have no end is not tried again.
            self._rule_of[key] = function, None
            self._rule_of[key] = function, self._new_rule(function, key, jaxpr, kind)
        return self._rule_of[key]

    def _new_rule(
        self, function: Function, key: tuple[str, str], jaxpr: Any, kind: str
    ) -> Function:
        if len(self._enclosing) == _DEEPEST_RULE:
            raise _UnprintableRuleError
        outside = self._enclosing
        self._enclosing = (*outside, _Enclosing(function, key))
        try:
            return without_dead_equations(self.function(jaxpr, f"{kind}_rule"))
        finally:
            self._enclosing = outside


def _changes_nothing(eqn: Any) -> bool:
    """Whether an equation hands its operands on, bit by bit."""
    name = eqn.primitive.name
    if name == "convert_element_type":
        return bool(eqn.invars[0].aval.dtype == eqn.outvars[0].aval.dtype)
    return name in _COPIES


def _wrapped_key(kind: ArrayType, data: Any) -> Equation:
    """A known PRNG key: its words, wrapped, since a key is no plain array."""
    words = np.asarray(jax.random.key_data(data))
    implementation = str(jax.random.key_impl(data))
    operand = constant(ArrayType(DType.fixed("uint32"), words.shape), words)
    return Equation("random_wrap", (operand,), {"impl": implementation}, (Value(kind),))
