"""The body of a program over given input expressions."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

from partialc.errors import InternalError
from partialc.ir.dtypes import DType, Regime
from partialc.ir.program import Function, Program, Value
from partialc.ir.structure import same
from partialc.printing.build import name, parse
from partialc.printing.calls import Calls
from partialc.printing.definitions import ModuleDefinitions, definition_lines
from partialc.printing.labels import Labels
from partialc.printing.module import ModuleParts, ModuleScope
from partialc.printing.names import Names, identifier
from partialc.printing.prepare import prepare
from partialc.printing.scope import Scope, Session
from partialc.printing.specialise import specialise
from partialc.printing.text import unparse
from partialc.printing.widths import UnprintableWidthError, chosen_width

_ROOM: Final = 72
_X64: Final = "jnp.result_type(float) == jnp.float64"


@dataclass(frozen=True, slots=True)
class Body:
    """Statements and results, and what they need at module level.

    Attributes:
        lines: Statements, one per entry, nested ones indented by four spaces a level;
            an empty entry is a blank line.
        outputs: One expression per flat output of the program.
        module: Constants, functions, helpers and imports they refer to.
    """

    lines: tuple[str, ...]
    outputs: tuple[str, ...]
    module: ModuleParts

    @property
    def constants(self) -> Mapping[str, NDArray[Any]]:
        """Module-level arrays by name."""
        return self.module.constants

    @property
    def functions(self) -> Mapping[str, str]:
        """Module-level function definitions by name."""
        return self.module.functions

    @property
    def helpers(self) -> Mapping[str, str]:
        """Sources of helper functions by name."""
        return self.module.helpers

    @property
    def imports(self) -> frozenset[str]:
        """The names among `module.IMPORTS` that everything together refers to."""
        return self.module.imports


def print_body(
    program: Program,
    inputs: Sequence[str],
    *,
    taken: Collection[str] = (),
    width_from: str | None = None,
    output_names: Sequence[str | None] = (),
    sections: Sequence[str] = (),
    module: ModuleScope | None = None,
) -> Body:
    """Print a program as statements over given inputs.

    Where the structures of the regimes differ, each becomes a function of the module,
    and the statements choose between them by the caller's element type and JAX's x64
    mode: both are known when the code is traced.

    Args:
        program: What to print. It must hold no custom rule that cannot be printed.
        inputs: A Python expression per flat input: a name, `params["w"]`.
        taken: Names that must not be used for anything new.
        width_from: The expression of an array with the caller's float type; by default
            the first input that has it.
        output_names: What to call the outputs, where they need a name at all.
        sections: What comments call the statements that each output is the first to
            need; by default there are none.
        module: Collects what stands at module level. Bodies that go into one module
            share one, so that equal functions and constants are defined once.

    Returns:
        The statements; `Body.module` holds everything collected so far.

    Raises:
        UnsupportedError: An operation or a custom rule cannot be printed.
        InternalError: The number of inputs is wrong.
    """
    collected = ModuleScope(taken) if module is None else module
    names = Names([*taken, *_words(*inputs, width_from or "")], collected)
    types = _input_types(program)
    if len(inputs) != len(types):
        raise InternalError(
            f"{program.name} takes {len(types)} inputs, got {len(inputs)}"
        )
    given = None if width_from is None else f"{width_from}.dtype"
    width = given or chosen_width(types, inputs)
    variants = dict(program.variants)
    if program.generic is not None:
        try:
            lines, outputs = _straight(
                program.generic,
                inputs,
                names,
                width,
                collected,
                tuple(variants),
                output_names,
                sections,
            )
        except UnprintableWidthError:
            variants = {
                regime: specialise(program.generic, regime) for regime in variants
            }
        else:
            return Body(lines, outputs, collected.parts(*lines, *outputs))
    lines, outputs = _chosen(program.name, variants, inputs, names, width, collected)
    return Body(lines, outputs, collected.parts(*lines, *outputs))


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in re.findall(r"[A-Za-z_]\w*", text)}


def _input_types(program: Program) -> list[DType]:
    """The inputs' element types across the regimes, even where structures differ."""
    first = program.widest
    types = []
    for place in range(len(first.inputs)):
        at = {
            regime: function.inputs[place].type.dtype.at(regime)
            for regime, function in program.variants.items()
        }
        wide = at.get(Regime.WIDE) or next(reversed(at.values()))
        mixed = at.get(Regime.MIXED, wide)
        types.append(DType(at.get(Regime.NARROW, mixed), mixed, wide))
    return types


def _straight(
    function: Function,
    inputs: Sequence[str],
    names: Names,
    width: str | None,
    module: ModuleScope,
    regimes: tuple[Regime, ...],
    output_names: Sequence[str | None],
    sections: Sequence[str],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    session = _session(function, module, regimes)
    for value, known in module.authored.names(function).items():
        session.labels.know(value, known)
    prepared = prepare(function, session.calls)
    for atom, wanted in zip(prepared.outputs, output_names, strict=False):
        if wanted is not None and isinstance(atom, Value):
            session.labels.prefer(atom, wanted)
    scope = Scope(session, names, width)
    for value, text in zip(prepared.inputs, inputs, strict=True):
        scope.give(value, name(text) if text.isidentifier() else parse(text))
    scope.run(prepared)
    outputs = scope.fit(prepared, _ROOM)
    lines = tuple(scope.statements(outputs, sections))
    return lines, tuple(unparse(output) for output in outputs)


def _session(
    function: Function, module: ModuleScope, regimes: tuple[Regime, ...]
) -> Session:
    return Session(module, Labels(), Calls([function], regimes), ModuleDefinitions())


def _chosen(
    stem: str,
    variants: Mapping[Regime, Function],
    inputs: Sequence[str],
    names: Names,
    width: str | None,
    module: ModuleScope,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One function per structure, and the choice between them."""
    groups = _groups(variants)
    texts: list[tuple[str | None, str]] = []
    for regimes, function in groups:
        suffix = _SUFFIXES[regimes[0]] if len(regimes) == 1 else "default"
        chosen = module.allocate([f"_{identifier(stem).strip('_')}_{suffix}"])
        session = _session(function, module, regimes)
        module.define(chosen, "\n".join(definition_lines(chosen, function, session)))
        texts.append((_condition(regimes, width), f"{chosen}({', '.join(inputs)})"))
    texts[-1] = None, texts[-1][1]
    count = len(groups[0][1].outputs)
    results = names.allocate(["result" if count == 1 else "results", f"{stem}_results"])
    lines: list[str] = []
    for place, (condition, text) in enumerate(texts):
        word = "if" if place == 0 else "elif"
        lines.append("else:" if condition is None else f"{word} {condition}:")
        lines.append(f"    {results} = {text}")
    if len(texts) == 1:
        lines = [lines[1].strip()]
    if count == 1:
        return tuple(lines), (results,)
    return tuple(lines), tuple(f"{results}[{place}]" for place in range(count))


_SUFFIXES: Final = {
    Regime.NARROW: "float32",
    Regime.MIXED: "float32_x64",
    Regime.WIDE: "float64",
}


def _groups(
    variants: Mapping[Regime, Function],
) -> list[tuple[tuple[Regime, ...], Function]]:
    """The regimes of each distinct structure, those of a single regime first."""
    groups: list[tuple[list[Regime], Function]] = []
    for regime in (Regime.WIDE, Regime.MIXED, Regime.NARROW):
        if regime not in variants:
            continue
        function = variants[regime]
        for regimes, known in groups:
            if same(known, function):
                regimes.append(regime)
                break
        else:
            groups.append(([regime], function))
    groups.sort(key=lambda group: len(group[0]))
    return [(tuple(regimes), function) for regimes, function in groups]


def _condition(regimes: tuple[Regime, ...], width: str | None) -> str:
    """When a group applies; the last one needs none."""
    wide = _X64 if width is None else f"{width} == jnp.float64"
    match regimes[0]:
        case Regime.WIDE:
            return wide
        case Regime.MIXED if width is not None and len(regimes) == 1:
            return f"{_X64} and {width} != jnp.float64"
        case _:
            return f"not {_X64}" if len(regimes) == 1 else _X64
