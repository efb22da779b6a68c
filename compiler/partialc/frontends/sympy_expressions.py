"""The frontend for SymPy: expressions become the source of a JAX function."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import sympy
from sympy.core.function import AppliedUndef

from partialc.errors import FrontendError
from partialc.frontends.arguments import Bound, describe
from partialc.frontends.binding import Binding
from partialc.frontends.carrying.collect import Collector
from partialc.frontends.carrying.edits import Text
from partialc.frontends.carrying.library import MODULE_NAMES
from partialc.frontends.carrying.modules import Module
from partialc.frontends.primal import CarriedSource, Primal
from partialc.frontends.source import execute
from partialc.frontends.symbolic.leaves import match_leaves
from partialc.frontends.symbolic.lets import bind_repeated
from partialc.frontends.symbolic.printer import Printer, no_counterpart
from partialc.frontends.tracing import FlatCall, trace_flat
from partialc.ir.structure import has_custom_rules
from partialc.request.annotations import tree_annotation
from partialc.request.signature import Signature, Tree

_IMPORTS: Final = "import jax\nimport jax.numpy as jnp\n\n\n"


def from_sympy(
    value: Any,
    args: Mapping[str, Any],
    *,
    name: str,
    origin: str,
    folder: Path | None = None,
    named: Mapping[str, Any] | None = None,
    doc: str | None = None,
) -> Primal:
    """Print expressions as a JAX function, and trace it.

    Args:
        value: An expression, matrix or array, or a tuple, list or dict of them. A
            matrix gives an array of two axes, a SymPy array one of its own shape.
        args: A description for each symbol; a plain number binds it.
        name: What the function is called.
        origin: How the spec names the expression.
        folder: Where paths of example objects are imported from.
        named: Values by the names the user's own code gives them.
        doc: A line that describes the function.

    Raises:
        FrontendError: Symbols and arguments do not match, or JAX has no counterpart of
            something in the expression.
    """
    described = {key: describe(item, key, folder) for key, item in args.items()}
    trees = {key: item for key, item in described.items() if isinstance(item, Tree)}
    static = {
        key: item.value for key, item in described.items() if isinstance(item, Bound)
    }
    _check_static(static)
    source = _source(value, trees, static, name, named or {})
    function = execute(source, name)
    binding = Binding(
        function, inspect.signature(function).parameters, trees, static, frozenset()
    )
    call = FlatCall(binding, name)
    traced = trace_flat(call, folder, name=name)
    numbers = call.returns_numbers
    return Primal(
        origin=origin,
        importable=False,
        call=call.call,
        signature=Signature(name, trees, traced.result),
        program=traced.program,
        source=None if numbers else source,
        source_refusal="some of the expressions are plain numbers" if numbers else None,
        has_custom_rules=any(map(has_custom_rules, traced.program.variants.values())),
        static=static,
        doc=doc,
    )


def _check_static(static: Mapping[str, Any]) -> None:
    for key, value in static.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise FrontendError(
                f"the symbol '{key}' is bound to a {type(value).__name__}",
                where=f"args.{key}",
                fix="bind symbols to numbers",
            )


def _source(
    value: Any,
    trees: Mapping[str, Tree],
    static: Mapping[str, Any],
    name: str,
    named: Mapping[str, Any],
) -> CarriedSource:
    results = [_explicit(each) for each in _expressions(value)]
    taken = {name, *trees, *static, *MODULE_NAMES}
    leaves = match_leaves(results, trees, static, taken)
    known = {
        key: each.doit().xreplace(leaves.symbols)
        for key, each in sorted(named.items())
        if isinstance(each, sympy.Expr) and not each.is_Atom and key.isidentifier()
    }
    plain = [each.xreplace(leaves.symbols) for each in results]
    lets = bind_repeated(plain, known, taken)
    printer = Printer(
        {**leaves.texts, **{symbol: symbol.name for symbol, _ in lets.bound}}
    )
    lines = [f"{key} = {float(number)!r}" for key, number in static.items()]
    lines += [f"{symbol.name} = {printer.text(body)}" for symbol, body in lets.bound]
    parts = iter(lets.results)
    lines.append(f"return {_display(value, parts, printer)}")
    body = "".join(f"    {line}\n" for line in lines)
    text = f"{_IMPORTS}def {name}({', '.join(trees)}):\n{body}"
    # The collector annotates and spells this text as it does the user's own.
    family: dict[str, Module] = {}
    module = Module(name, Text(text), family)
    collector = Collector(family)
    node = module.text.tree.body[-1]
    annotations = {key: tree_annotation(tree) for key, tree in trees.items()}
    collector.function(module, node, parameters=annotations)  # type: ignore[arg-type]
    (item,) = collector.items
    return CarriedSource(item.text + "\n", (name,), tuple(sorted(collector.imports)))


def _expressions(value: Any) -> list[Any]:
    """The scalar expressions within a value, in order."""
    match value:
        case tuple() | list():
            return [leaf for each in value for leaf in _expressions(each)]
        case dict():
            return [leaf for each in value.values() for leaf in _expressions(each)]
        case sympy.MatrixBase():
            return [value[i, j] for i in range(value.rows) for j in range(value.cols)]
        case sympy.MatrixExpr():
            return _expressions(value.as_explicit())
        case sympy.NDimArray():
            return list(value._args[0]) if value.rank() else [value[()]]
        case _:
            return [value]


def _explicit(node: Any) -> Any:
    """An expression with all that SymPy can carry out done."""
    node = node.doit()
    for part in sympy.preorder_traversal(node):
        if isinstance(part, AppliedUndef):
            raise FrontendError(
                f"the SymPy expression holds the undefined function {part}",
                fix="put an expression in its place (expr.subs)",
            )
        if isinstance(
            part,
            sympy.Derivative | sympy.Integral | sympy.Sum | sympy.Product | sympy.Limit,
        ):
            raise no_counterpart(part)
    return node


def _display(value: Any, parts: Any, printer: Printer) -> str:
    """The text of a value, its expressions taken from `parts` in order."""
    match value:
        case tuple():
            inner = ", ".join(_display(each, parts, printer) for each in value)
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case list():
            return f"[{', '.join(_display(each, parts, printer) for each in value)}]"
        case dict():
            inner = ", ".join(
                f"{key!r}: {_display(each, parts, printer)}"
                for key, each in value.items()
            )
            return f"{{{inner}}}"
        case sympy.MatrixExpr() | sympy.MatrixBase():
            return f"jnp.array({_nested(tuple(value.shape), parts, printer)})"
        case sympy.NDimArray():
            return f"jnp.array({_nested(tuple(value.shape), parts, printer)})"
        case _:
            return printer.text(next(parts))


def _nested(shape: tuple[Any, ...], parts: Any, printer: Printer) -> str:
    if not shape:
        entry = next(parts)
        return repr(float(entry)) if entry.is_Integer else printer.text(entry)
    inner = ", ".join(_nested(shape[1:], parts, printer) for _ in range(int(shape[0])))
    return f"[{inner}]"
