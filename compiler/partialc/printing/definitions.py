"""Functions of the printed module beside the one asked for: helpers and custom rules.

They stand at module level. One that needs the caller's float width, and has no argument
to read it from, is nested where it is used instead.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from partialc.errors import UnsupportedError
from partialc.ir.jaxprs import RECURSIVE
from partialc.ir.program import Equation, Function, Value
from partialc.ir.rewrite import without_dead_equations
from partialc.ir.structure import digest
from partialc.ops.registry import Layout
from partialc.printing.build import name
from partialc.printing.calls import is_printable_alone
from partialc.printing.layouts import annotation, indented
from partialc.printing.names import Names, identifier
from partialc.printing.prepare import prepare, uses
from partialc.printing.scope import Scope, Session
from partialc.printing.text import unparse
from partialc.printing.widths import chosen_width

_ROOM: Final = 72


class ModuleDefinitions:
    """Prints definitions once each.

    Attributes:
        _open: Custom functions whose rules are being printed, by their digest.
    """

    def __init__(self) -> None:
        self._open: dict[str, str] = {}

    def callee(self, equation: Equation, scope: Scope) -> ast.expr:
        """The name of the function for a call that is not inlined."""
        function = _function(equation)
        key = f"call {digest(function)}"
        known = scope.session.module.known(key)
        if known is None:
            known = scope.session.module.reserve(key, _candidates(function))
            lines = definition_lines(known, function, scope.session)
            scope.session.module.define(known, "\n".join(lines))
        return name(known)

    def custom(self, equation: Equation, scope: Scope) -> ast.expr:
        """The name of the function, with its rule, for a custom call."""
        kind = "jvp" if equation.op == "custom_jvp_call" else "vjp"
        function = _function(equation)
        rule = equation.params[kind]
        if rule == RECURSIVE:
            return name(self._open[digest(function)])
        if not isinstance(rule, Function):
            raise _unprintable(equation, function)
        key = f"custom {digest(function)} {digest(rule)}"
        known = scope.session.module.known(key)
        if known is None:
            known = self._define(key, _Custom(kind, function, rule), scope)
        return name(known)

    def _define(self, key: str, custom: _Custom, scope: Scope) -> str:
        module = scope.session.module
        alone = is_printable_alone(custom.function) and is_printable_alone(custom.rule)
        if not alone:
            raise UnsupportedError(
                f"the custom rule of {custom.function.name!r} cannot be printed",
                why="none of its arguments has the caller's float type",
            )
        chosen = module.reserve(key, _candidates(custom.function))
        own = digest(custom.function)
        outer = self._open.get(own)
        self._open[own] = chosen
        printer = _print_jvp if custom.kind == "jvp" else _print_vjp
        module.define(chosen, printer(chosen, custom, scope.session))
        if outer is None:
            del self._open[own]
        else:
            self._open[own] = outer
        return chosen


@dataclass(frozen=True, slots=True)
class _Custom:
    kind: str
    function: Function
    rule: Function


def _function(equation: Equation) -> Function:
    function = equation.params["function"]
    assert isinstance(function, Function)
    return function


def _candidates(function: Function) -> list[str]:
    stem = identifier(function.name)
    return [f"_{stem}", f"_{stem}_{'x'.join(_sizes(function)) or 'scalar'}"]


def _sizes(function: Function) -> list[str]:
    return [str(size) for value in function.inputs[:1] for size in value.type.shape]


def _unprintable(equation: Equation, function: Function) -> UnsupportedError:
    return UnsupportedError(
        f"the custom rule of {function.name!r} cannot be printed",
        where=equation.location,
        why=(
            "a printed function that is differentiated must carry its rule, and "
            "this one could not be traced in full"
        ),
        fix='use form = "expanded", which differentiates at build time',
    )


def _width(values: Sequence[Value], names: Sequence[str]) -> str | None:
    return chosen_width([value.type.dtype for value in values], names)


def _parameter_names(function: Function, names: Names) -> list[str]:
    letters = "xyzuvw"
    chosen = []
    for place, value in enumerate(function.inputs):
        hint = [identifier(value.hint)] if value.hint else []
        fallback = letters[place] if place < len(letters) else f"x{place}"
        chosen.append(names.allocate([*hint, fallback]))
    return chosen


def _body(
    function: Function,
    session: Session,
    names: Names,
    inputs: Sequence[str],
    layout: Layout,
) -> list[str]:
    """Statements of a function whose inputs have names, with what it returns."""
    prepared = prepare(function, session.calls)
    scope = Scope(session, names, _width(function.inputs, inputs))
    for value, chosen in zip(prepared.inputs, inputs, strict=True):
        scope.give(value, name(chosen))
    scope.run(prepared)
    outputs = scope.fit(prepared, _ROOM)
    returned = _returned(outputs, layout)
    if isinstance(layout, tuple) and len(layout) > 1:
        returned = returned.removeprefix("(").removesuffix(")")
    return [*scope.statements(outputs), f"return {returned}"]


def _returned(outputs: Sequence[ast.expr], layout: Layout) -> str:
    match layout:
        case None:
            return "None"
        case int():
            return unparse(outputs[layout])
        case (only,):
            return f"({_returned(outputs, only)},)"
        case _:
            parts = [_returned(outputs, entry) for entry in layout]
            return f"({', '.join(parts)})"


def _layout(count: int, start: int = 0) -> Layout:
    return start if count == 1 else tuple(range(start, start + count))


def _module_names(session: Session) -> Names:
    return Names(parent=session.module)


def definition_lines(chosen: str, function: Function, session: Session) -> list[str]:
    """A whole `def` at module level that takes flat inputs and returns flat results."""
    names = _module_names(session)
    inputs = _parameter_names(function, names)
    layout = _layout(len(function.outputs))
    body = _body(function, session, names, inputs, layout)
    listed = ", ".join(f"{entry}: jax.Array" for entry in inputs)
    return [f"def {chosen}({listed}) -> {annotation(layout)}:", *indented(body)]


def _print_jvp(chosen: str, custom: _Custom, session: Session) -> str:
    function, rule = custom.function, custom.rule
    names = _module_names(session)
    primals = _parameter_names(function, names)
    tangents = [
        names.allocate([f"{entry}_dot"]) if value.type.dtype.is_inexact else "_"
        for entry, value in zip(primals, function.inputs, strict=True)
    ]
    names.allocate(["primals"])
    names.allocate(["tangents"])
    inputs = [*primals, *(tangent for tangent in tangents if tangent != "_")]
    prepared = prepare(rule, session.calls)
    read = uses(prepared)
    written = dict(zip(inputs, prepared.inputs, strict=True))
    unpacked = [
        f"{_unpacking(entries, written, read)} = {source}"
        for entries, source in ((primals, "primals"), (tangents, "tangents"))
        if any(entry in written and read[written[entry]] for entry in entries)
    ]
    count = len(function.outputs)
    integer = [not value.type.dtype.is_inexact for value in function.outputs]
    body = _jvp_body(rule, session, names, inputs, integer)
    kind = annotation(_layout(count))
    pair = "tuple[Any, Any]" if any(integer) else f"tuple[{kind}, {kind}]"
    arguments = f"tuple[{', '.join('jax.Array' for _ in primals)}]"
    lines = [
        "@jax.custom_jvp",
        *definition_lines(chosen, function, session),
        "",
        "",
        f"@{chosen}.defjvp",
        f"def {chosen}_jvp(primals: {arguments}, tangents: {arguments}) -> {pair}:",
        *indented([*unpacked, *body]),
    ]
    return "\n".join(lines)


def _unpacking(
    entries: Sequence[str], written: dict[str, Value], read: Counter[Value]
) -> str:
    shown = [
        entry if entry in written and read[written[entry]] else "_" for entry in entries
    ]
    return f"({shown[0]},)" if len(shown) == 1 else ", ".join(shown)


def _jvp_body(
    rule: Function,
    session: Session,
    names: Names,
    inputs: Sequence[str],
    integer: Sequence[bool],
) -> list[str]:
    """The rule's body; tangents of integer results are the zeros JAX has for them."""
    count = len(integer)
    prepared = prepare(rule, session.calls)
    scope = Scope(session, names, _width(rule.inputs, inputs))
    for value, chosen in zip(prepared.inputs, inputs, strict=True):
        scope.give(value, name(chosen))
    scope.run(prepared)
    fitted = scope.fit(prepared, _ROOM)
    outputs = [unparse(entry) for entry in fitted]
    results, moving = outputs[:count], iter(outputs[count:])
    tangents = [
        f"np.zeros({rule.outputs[place].type.shape}, jax.dtypes.float0)"
        if fixed
        else next(moving)
        for place, fixed in enumerate(integer)
    ]
    pair = [
        entries[0] if count == 1 else f"({', '.join(entries)})"
        for entries in (results, tangents)
    ]
    return [*scope.statements(fitted), f"return {pair[0]}, {pair[1]}"]


def _print_vjp(chosen: str, custom: _Custom, session: Session) -> str:
    function = custom.function
    count = len(function.outputs)
    kind = annotation(_layout(count))
    arrays = ", ".join("jax.Array" for _ in function.inputs)
    fixed = any(not value.type.dtype.is_inexact for value in function.inputs)
    gives = "tuple[Any, ...]" if fixed else f"tuple[{arrays}]"
    names = _module_names(session)
    primals = _parameter_names(function, names)
    listed = ", ".join(f"{entry}: jax.Array" for entry in primals)
    forward = _forward_body(custom, session, names, primals)
    seed, backward = _backward_body(custom, session)
    lines = [
        "@jax.custom_vjp",
        *definition_lines(chosen, function, session),
        "",
        "",
        f"def {chosen}_fwd({listed}) -> tuple[{kind}, tuple[{arrays}]]:",
        *indented(forward),
        "",
        "",
        f"def {chosen}_bwd(residuals: tuple[{arrays}], {seed}: {kind}) -> {gives}:",
        *indented(backward),
        "",
        "",
        f"{chosen}.defvjp({chosen}_fwd, {chosen}_bwd)",
    ]
    return "\n".join(lines)


def _forward_body(
    custom: _Custom, session: Session, names: Names, primals: Sequence[str]
) -> list[str]:
    """The results as the rule computes them; the arguments are saved.

    A second differentiation goes through these statements, not through the rule: they
    must be the user's own forward part, even where that equals the function itself.
    """
    count = len(custom.function.outputs)
    size = len(custom.function.inputs)
    forward = replace(
        custom.rule,
        inputs=custom.rule.inputs[:size],
        outputs=custom.rule.outputs[:count],
    )
    forward = without_dead_equations(forward)
    saved = f"({primals[0]},)" if size == 1 else f"({', '.join(primals)})"
    *statements, last = _body(forward, session, names, primals, _layout(count))
    results = last.removeprefix("return ")
    grouped = results if count == 1 else f"({results})"
    return [*statements, f"return {grouped}, {saved}"]


def _backward_body(custom: _Custom, session: Session) -> tuple[str, list[str]]:
    """The name of the cotangent parameter, and the statements."""
    function, rule = custom.function, custom.rule
    names = _module_names(session)
    names.allocate(["residuals"])
    primals = _parameter_names(function, names)
    count = len(function.outputs)
    labels = ["cotangent"] if count == 1 else [f"cotangent{n}" for n in range(count)]
    seeds = [names.allocate([label]) for label in labels]
    whole = seeds[0] if count == 1 else names.allocate(["cotangents"])
    moving = [
        seed
        for seed, value in zip(seeds, function.outputs, strict=True)
        if value.type.dtype.is_inexact
    ]
    rule = without_dead_equations(replace(rule, outputs=rule.outputs[count:]))
    inputs = [*primals, *moving]
    prepared = prepare(rule, session.calls)
    scope = Scope(session, names, _width(rule.inputs, inputs))
    for value, entry in zip(prepared.inputs, inputs, strict=True):
        scope.give(value, name(entry))
    scope.run(prepared)
    fitted = scope.fit(prepared, _ROOM)
    written = dict(zip(inputs, prepared.inputs, strict=True))
    read = uses(prepared)
    unpacked = [
        f"{_unpacking(entries, written, read)} = {source}"
        for entries, source in ((primals, "residuals"), (seeds, whole))
        if entries is not seeds or count > 1
        if any(entry in written and read[written[entry]] for entry in entries)
    ]
    given = iter([unparse(entry) for entry in fitted])
    returned = [
        next(given) if value.type.dtype.is_inexact else "None"
        for value in function.inputs
    ]
    text = f"({returned[0]},)" if len(returned) == 1 else f"({', '.join(returned)})"
    return whole, [*unpacked, *scope.statements(fitted), f"return {text}"]
