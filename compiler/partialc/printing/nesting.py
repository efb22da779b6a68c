"""Functions inside functions: bodies of loops, branches, what is rematerialised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from partialc.ir.program import Atom, Equation, Function, Value
from partialc.ops.registry import Layout
from partialc.printing.build import name
from partialc.printing.layouts import annotation, grouped, indented, laid_out
from partialc.printing.prepare import prepare, uses
from partialc.printing.text import unparse

if TYPE_CHECKING:
    from partialc.printing.scope import Scope

_ROOM: Final = 72
_WHOLE: Final = (("carry", "state", "carried"), ("entries", "inputs", "rows"))


def nested_function(
    scope: Scope,
    function: Function,
    suggestion: str,
    closed: Sequence[Atom],
    arguments: Sequence[int] | None,
    results: Sequence[int] | None,
) -> tuple[str, list[str]]:
    """Print a function as a `def` inside another; see `SourceContext.function`.

    Args:
        scope: The body it stands in; values it closes over get names there.
        function: What to print.
        suggestion: A name for it.
        closed: What its leading inputs are in `scope`.
        arguments: The sizes of the groups its parameters come in.
        results: The sizes of the groups it returns.

    Returns:
        Its name, and the lines of the `def`.
    """
    outside = scope.equation
    for atom in closed:
        if isinstance(atom, Value):
            scope.named(atom)
    prepared = prepare(function, scope.session.calls, closed)
    chosen = scope.names.allocate([suggestion, *_telling(scope, suggestion)])
    inner = scope.nested()
    scope.session.labels.define(prepared)
    sizes = [1] * len(prepared.inputs) if arguments is None else list(arguments)
    # A type checker takes the state of `while_loop` for what its start is, exactly.
    loose = "Any" if outside is not None and outside.op == "while" else None
    parameters, unpacked = _parameters(inner, prepared, sizes, outside)
    inner.run(prepared)
    outputs = inner.fit(prepared, _ROOM)
    count = len(outputs)
    layout: Layout = 0 if count == 1 else tuple(range(count))
    if results is not None:
        layout = grouped(results)
    returned = unparse(laid_out(outputs, layout))
    if isinstance(layout, tuple) and len(layout) > 1:
        returned = returned.removeprefix("(").removesuffix(")")
    statements = [*unpacked, *inner.statements(outputs), f"return {returned}"]
    gives = annotation(layout, loose)
    head = f"def {chosen}({', '.join(parameters)}) -> {gives}:"
    return chosen, [head, *indented(statements)]


def _telling(scope: Scope, suggestion: str) -> list[str]:
    """Names for a second function of one kind."""
    equation = scope.equation
    if equation is None:
        return []
    label = "_".join(scope.session.labels.tokens(equation.outputs[0], 2))
    return [f"{equation.op}_{suggestion}", f"{label}_{suggestion}"]


def _parameters(
    inner: Scope,
    function: Function,
    sizes: Sequence[int],
    outside: Equation | None,
) -> tuple[list[str], list[str]]:
    """Bind the inputs to parameters; groups are unpacked by the first statements."""
    read = uses(function)
    roles = _outer_atoms(outside, len(function.inputs))
    listed: list[str] = []
    unpacked: list[str] = []
    start = 0
    for group, size in enumerate(sizes):
        chosen: list[str] = []
        for place in range(start, start + size):
            value = function.inputs[place]
            if size > 1 and not read[value]:
                chosen.append("_")
                continue
            candidates = _candidates(inner, value, roles[place], group, place - start)
            chosen.append(inner.names.allocate(candidates))
            inner.give(value, name(chosen[-1]))
        start += size
        if size == 1:
            listed.append(f"{chosen[0]}: jax.Array")
        elif not size:
            ignored = "_" * (1 + sum(entry.endswith("None") for entry in listed))
            listed.append(f"{ignored}: None")
        else:
            whole = inner.names.allocate(_WHOLE[group > 0])
            listed.append(f"{whole}: {annotation(tuple(range(size)))}")
            if any(entry != "_" for entry in chosen):
                unpacked.append(f"{', '.join(chosen)} = {whole}")
    return listed, unpacked


def _candidates(
    inner: Scope, value: Value, role: Atom | None, group: int, place: int
) -> list[str]:
    """Names for a parameter: the source's, else that of what is handed to it."""
    tokens = () if role is None else inner.session.labels.tokens(role)
    label = "_".join(tokens)
    hint = [value.hint] if value.hint else []
    if not label:
        return [*hint, f"{'carry' if group == 0 else 'entry'}_{place}"]
    return [*hint, label, f"{label}_i", f"{label}_{place}"]


def _outer_atoms(equation: Equation | None, count: int) -> list[Atom | None]:
    """What is handed to the inputs of a nested function, as far as it is known."""
    if equation is None or len(equation.inputs) < count:
        return [None] * count
    return list(equation.inputs[len(equation.inputs) - count :])
