"""Printing the body of one function: what folds, what gets a name, in which order.

A value that is used once is folded into the expression that uses it, as long as that
stays short; everything else becomes a statement. Operations print themselves by their
`Op.source` rules, to which a `Scope` is the `SourceContext`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from partialc.errors import InternalError
from partialc.ir.dtypes import DType
from partialc.ir.program import Atom, Constant, Equation, Function, Param, Value
from partialc.ir.structure import constant_key, digest
from partialc.ops.helpers import HELPERS
from partialc.ops.registry import Layout
from partialc.ops.slicing import dynamic_index
from partialc.ops.template import is_bare
from partialc.ops.unknown import lookup
from partialc.printing import literals
from partialc.printing.blocks import Blocks
from partialc.printing.build import call, name, number, tuple_of
from partialc.printing.calls import Calls, fill
from partialc.printing.labels import Labels
from partialc.printing.layouts import annotation
from partialc.printing.module import ModuleScope
from partialc.printing.names import Names
from partialc.printing.nesting import nested_function
from partialc.printing.prepare import uses
from partialc.printing.readability import (
    LONGEST_RESULT,
    columns,
    fits,
    handed_to_lax,
    is_open,
    is_repeatable,
    is_untyped,
    listed,
    words,
)
from partialc.printing.tables import is_table, table
from partialc.printing.text import unparse
from partialc.printing.views import index_expression
from partialc.printing.widths import dtype_expression

_LONGEST_ARRAY: Final = 64
"""Columns of an array that is written out within a statement."""

_ROLES: Final = {0: "scalar", 1: "vector", 2: "matrix"}


class Definitions(Protocol):
    """Prints functions that stand apart from the body that calls them."""

    def callee(self, equation: Equation, scope: Scope) -> ast.expr:
        """The name of the function for a call that is not inlined."""

    def custom(self, equation: Equation, scope: Scope) -> ast.expr:
        """The name of the function, with its rule, for a custom call."""


@dataclass(frozen=True, slots=True)
class Session:
    """What all functions printed for one program share.

    Attributes:
        module: Collects what must stand at module level.
        labels: What to call values.
        calls: What to do about calls.
        definitions: Prints functions that stand apart from the body.
    """

    module: ModuleScope
    labels: Labels
    calls: Calls
    definitions: Definitions


@dataclass(slots=True)
class _Binding:
    """How a value is written at present.

    Attributes:
        expression: A name once it is bound, else the expression to fold.
        equation: What defines it; None for inputs.
    """

    expression: ast.expr
    equation: Equation | None

    @property
    def is_name(self) -> bool:
        return isinstance(self.expression, ast.Name)


class Scope:
    """The body of one function while it is printed.

    Attributes:
        equation: The equation that is printed at present.
        width: The expression of the caller's float dtype; None if no array has it.
    """

    def __init__(
        self,
        session: Session,
        names: Names,
        width: str | None,
        parent: Scope | None = None,
    ) -> None:
        self.session = session
        self.names = names
        self.width = width
        self._blocks = Blocks()
        self._parent = parent
        self._bindings: dict[Value, _Binding] = {}
        self._uses = uses(Function("empty", (), (), ()))
        self._constants: dict[bytes, ast.expr] = {}
        self._constant_uses: dict[bytes, int] = {}
        self._functions: dict[object, str] = {}
        self.equation: Equation | None = None

    # --- what the surrounding printer calls

    def give(self, value: Value, expression: ast.expr) -> None:
        """Bind an input to a name or an expression."""
        self._bindings[value] = _Binding(expression, None)
        if isinstance(expression, ast.Name):
            self.session.labels.give(value, expression.id)

    def run(self, function: Function) -> None:
        """Print the statements of a prepared function whose inputs are bound."""
        self._uses = uses(function)
        self.session.labels.define(function)
        for equation in function.equations:
            for atom in equation.inputs:
                if isinstance(atom, Constant) and atom.type.shape:
                    key = constant_key(atom)
                    self._constant_uses[key] = self._constant_uses.get(key, 0) + 1
        for equation in function.equations:
            self.equation = equation
            self._print(equation)
        self.equation = None

    def nested(self) -> Scope:
        """The scope of a function inside."""
        return Scope(self.session, self.names.nested(), self.width, self)

    def fit(self, function: Function, budget: int) -> tuple[ast.expr, ...]:
        """The results as expressions of a common length; longer ones get a name."""
        self._blocks.are_results = True
        results = [self.atom(atom) for atom in function.outputs]
        sizes = [columns(result) for result in results]
        if len(results) == 1 and (is_untyped(results[0]) or is_table(results[0])):
            # Returned as it is, a type checker would take it for anything; a table
            # is a statement of its own.
            return tuple(self.named(atom) for atom in function.outputs)
        if len(results) == 1 or sum(sizes) + 2 * len(sizes) <= budget:
            return tuple(results)
        for place, atom in enumerate(function.outputs):
            if isinstance(atom, Value) and sizes[place] > LONGEST_RESULT:
                results[place] = self.named(atom)
        return tuple(results)

    def statements(
        self, results: Sequence[ast.expr], sections: Sequence[str] = ()
    ) -> list[str]:
        """The statements that the results need: see `Blocks.needed`."""
        return self._blocks.needed(results, sections)

    # --- SourceContext

    def dtype(self, dtype: DType) -> ast.expr:
        """An expression for an element type."""
        return dtype_expression(dtype, self.width)

    def atom(self, atom: Atom) -> ast.expr:
        """An expression of exactly the atom's type."""
        if isinstance(atom, Constant) and not atom.type.shape:
            return literals.typed_scalar(atom.data, self.dtype(atom.type.dtype))
        return self.operand(atom)

    def operand(self, atom: Atom) -> ast.expr:
        """An expression for an operand; a scalar constant is a bare number."""
        if isinstance(atom, Value):
            return self._read(atom)
        if not atom.type.shape:
            return literals.bare_scalar(atom.data)
        return self._array(atom)

    def named(self, atom: Atom) -> ast.expr:
        """The atom as a name, bound above if it was not yet."""
        if isinstance(atom, Value):
            return self._name_of(atom)
        key = b"named " + constant_key(atom)
        if key not in self._constants:
            role = _ROLES.get(atom.type.ndim, "array")
            self._constants[key] = self._assign(
                [role, f"{role}_value"], self.atom(atom)
            )
        return self._constants[key]

    def definition(self, atom: Atom) -> Equation | None:
        """What defines a value that nothing else uses and that has no name yet."""
        if isinstance(atom, Constant) or self._uses[atom] != 1:
            return None
        binding = self._bindings.get(atom)
        return None if binding is None or binding.is_name else binding.equation

    def origin(self, atom: Atom) -> Equation | None:
        """What defines a value, however often it is used."""
        if isinstance(atom, Constant):
            return None
        binding = self._bindings.get(atom)
        if binding is not None:
            return binding.equation
        return None if self._parent is None else self._parent.origin(atom)

    def helper(self, name_: str) -> ast.expr:
        """A module-level helper function by name."""
        self.session.module.helper(name_, HELPERS[name_])
        return name(name_)

    def custom_function(self, equation: Equation) -> ast.expr:
        """The function that a custom call calls."""
        return self.session.definitions.custom(equation, self)

    def function(
        self,
        function: Function,
        name: str,
        *,
        closed: Sequence[Atom] = (),
        arguments: Sequence[int] | None = None,
        results: Sequence[int] | None = None,
    ) -> ast.expr:
        """Print a function as a nested `def` above the present statement."""
        key = (
            digest(function),
            tuple(a if isinstance(a, Value) else constant_key(a) for a in closed),
            None if arguments is None else tuple(arguments),
            None if results is None else tuple(results),
        )
        if key not in self._functions:
            chosen, lines = nested_function(
                self, function, name, closed, arguments, results
            )
            self._functions[key] = chosen
            self._blocks.add([chosen], ["", *lines, ""])
        return ast.Name(self._functions[key], ast.Load())

    # --- statements

    def _print(self, equation: Equation) -> None:
        expression = self._build(equation)
        layout = self._layout(equation)
        if layout is not None:
            self._unpack(equation, expression, layout)
            return
        (value,) = equation.outputs
        self._bindings[value] = _Binding(expression, equation)
        count = self._uses[value]
        if is_open(expression) or (count > 1 and not is_repeatable(expression, count)):
            self._name_of(value)

    def _build(self, equation: Equation) -> ast.expr:
        """The expression of an equation; operands that make it too long get names."""
        if equation.op in ("stack", "concatenate"):
            self._name_long_parts(equation)
        expression = self._source(equation)
        while not fits(expression):
            longest = self._longest_operand(equation)
            if longest is None:
                break
            self._name_of(longest)
            expression = self._source(equation)
        return expression

    def _name_long_parts(self, equation: Equation) -> None:
        """Name the long ones of many parts, in their order, whatever their lengths."""
        if fits(self._source(equation)):
            return
        for atom in equation.inputs:
            binding = self._bindings.get(atom) if isinstance(atom, Value) else None
            if (
                binding is not None
                and listed(binding.expression) is None
                and columns(binding.expression) > LONGEST_RESULT
            ):
                self._name_of(atom)  # type: ignore[arg-type]

    def _source(self, equation: Equation) -> ast.expr:
        match equation.op:
            case "index":
                base = equation.inputs[0]
                index = equation.params["index"]
                picked = self._picked(base, index)
                if picked is not None:
                    return picked
                return index_expression(self.atom(base), base.type, index)
            case "stack":
                parts = [self.operand(atom) for atom in equation.inputs]
                axis = equation.params["axis"]
                assert isinstance(axis, int)
                rows = [] if axis else list(map(listed, parts))
                if rows and None not in rows:
                    nested: list[ast.expr] = [row for row in rows if row is not None]
                    return call("jnp.array", ast.List(nested, ast.Load()))
                keywords = {"axis": number(axis)} if axis else {}
                return call("jnp.stack", ast.List(parts, ast.Load()), **keywords)
        operands = [self.operand(atom) for atom in equation.inputs]
        match equation.op:
            case "public":
                return fill(str(equation.params["template"]), operands)
            case "defined":
                callee = self.session.definitions.callee(equation, self)
                return ast.Call(callee, [self.atom(a) for a in equation.inputs], [])
        if equation.op == "select_n" and all(map(is_bare, operands[1:])):
            # Python numbers alone would make a weakly typed result.
            operands[1] = self.atom(equation.inputs[1])
        rule = lookup(equation).source
        expression = rule(equation, operands, self)
        if any(is_bare(operand) for operand in handed_to_lax(expression, operands)):
            # `lax` functions do not give Python numbers the type of their neighbours.
            typed = [
                self.atom(atom) if is_bare(operand) else operand
                for atom, operand in zip(equation.inputs, operands, strict=True)
            ]
            expression = rule(equation, typed, self)
        return expression

    def _picked(self, base: Atom, index: Param) -> ast.expr | None:
        """`x[i]` for the one element that a dynamic slice takes of some axes."""
        sliced = self.definition(base)
        if sliced is None or sliced.op != "dynamic_slice":
            return None
        entries = index if isinstance(index, tuple) else ()
        axes = [axis for axis, entry in enumerate(entries) if entry == 0]
        whole = tuple((0, size, 1) for size in base.type.shape)
        expected = tuple(0 if a in axes else entry for a, entry in enumerate(whole))
        return dynamic_index(sliced, axes, self) if entries == expected else None

    def _longest_operand(self, equation: Equation) -> Value | None:
        pending = [
            (columns(binding.expression), -place, atom)
            for place, atom in enumerate(equation.inputs)
            if isinstance(atom, Value)
            and (binding := self._bindings.get(atom)) is not None
            and not binding.is_name
        ]
        pending = [entry for entry in pending if entry[0] > 6]
        return max(pending, key=lambda entry: entry[:2])[2] if pending else None

    def _layout(self, equation: Equation) -> Layout:
        """How the results unpack; None for one bare result."""
        count = len(equation.outputs)
        if equation.op in ("public", "defined", "index", "stack"):
            return None if count == 1 else tuple(range(count))
        if count == 1:
            return None
        rule = lookup(equation).layout
        layout = None if rule is None else rule(equation)
        return tuple(range(count)) if layout is None else layout

    def _unpack(self, equation: Equation, expression: ast.expr, layout: Layout) -> None:
        if is_untyped(expression):
            kind = annotation(layout)
            whole = self.names.allocate(["results", *self._first_names(equation)])
            self._blocks.add([whole], [f"{whole}: {kind} = {unparse(expression)}"])
            expression = name(whole)
        target = unparse(self._target(equation, layout))
        if isinstance(layout, tuple):
            target = target.removeprefix("(").removesuffix(")")
        self._blocks.add(words(target), [f"{target} = {unparse(expression)}"])

    def _first_names(self, equation: Equation) -> Iterable[str]:
        first = "_".join(self.session.labels.tokens(equation.outputs[0]))
        return [f"{first}_results"]

    def _target(self, equation: Equation, layout: Layout) -> ast.expr:
        match layout:
            case tuple():
                return tuple_of(self._target(equation, entry) for entry in layout)
            case int() if self._uses[value := equation.outputs[layout]]:
                chosen = name(
                    self.names.allocate(self.session.labels.candidates(value))
                )
                self._bindings[value] = _Binding(chosen, equation)
                return chosen
            case _:
                return name("_")

    def _name_of(self, value: Value) -> ast.expr:
        """Bind a value to a name, here or in the function around that owns it."""
        binding = self._bindings.get(value)
        if binding is None:
            return self._captured(value)
        if not binding.is_name:
            candidates = self.session.labels.candidates(value)
            binding.expression = self._assign(candidates, binding.expression)
        return binding.expression

    def _assign(self, candidates: Iterable[str], expression: ast.expr) -> ast.Name:
        chosen = self.names.allocate(candidates)
        kind = ": jax.Array" if is_untyped(expression) else ""
        lines = [f"{chosen}{kind} = {unparse(expression)}"]
        if is_table(expression):
            lines = table(f"{chosen}{kind}", expression)
        self._blocks.add([chosen], lines)
        return name(chosen)

    def _read(self, value: Value) -> ast.expr:
        binding = self._bindings.get(value)
        return self._captured(value) if binding is None else binding.expression

    def _captured(self, value: Value) -> ast.expr:
        if self._parent is None:
            raise InternalError(
                f"a value of type {value.type} is used before it is defined"
            )
        return self._parent._name_of(value)

    # --- constants

    def _array(self, constant: Constant) -> ast.expr:
        key = constant_key(constant)
        known = self._constants.get(key)
        if known is not None:
            return known
        dtype = self.dtype(constant.type.dtype)
        expression = literals.pattern(constant, dtype)
        role = _ROLES.get(constant.type.ndim, "array")
        if expression is None and constant.data.size <= literals.INLINE_SIZE:
            expression = literals.inline(constant.data, dtype)
            if columns(expression) > _LONGEST_ARRAY:
                expression = None
        if expression is None:
            stored = self.session.module.constant(constant.data, role.upper())
            typed = (
                [] if literals.reads_as(constant.data, constant.type.dtype) else [dtype]
            )
            expression = call("jnp.asarray", stored, *typed)
        if self._constant_uses.get(key, 0) > 1 and columns(expression) > 12:
            expression = self._assign([role, f"{role}_value"], expression)
            self._constants[key] = expression
        return expression
