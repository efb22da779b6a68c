"""One kernel of a generated module, from its plan to its text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from textwrap import fill, indent

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.emit.mathematics import phrase, shape_phrase
from partialc.emit.result import Results
from partialc.ops.registry import Cost
from partialc.planning.body import Body
from partialc.planning.plan import KernelPlan, cost_text
from partialc.realise.execute import direction_paths, direction_types
from partialc.realise.places import tuple_text
from partialc.request.annotations import ARRAY, annotation, tree_annotation
from partialc.request.names import constant_name
from partialc.request.resolved import Constant, Field, Kernel, Matrix
from partialc.request.shapes import result_shapes
from partialc.request.signature import Signature
from partialc.request.syntax import Expression

_WIDTH = 84


@dataclass(frozen=True, slots=True)
class KernelText:
    """A kernel as text.

    Attributes:
        definitions: What stands before it: its NamedTuple, if it returns one.
        text: The function with its decorator.
        names: What a user may import, in order of definition.
        takes_floats: Whether all it takes are single arrays in the caller's width.
    """

    definitions: str
    text: str
    names: tuple[str, ...]
    takes_floats: bool


def kernel_text(
    plan: KernelPlan,
    body: Body,
    signature: Signature,
    function: str,
    bundle: str | None,
    *,
    batch: Collection[str],
) -> KernelText:
    """Write a kernel.

    Args:
        plan: What was decided for it.
        body: The statements, and an expression for each part of the result.
        signature: The function's signature.
        function: The name the module calls the function by.
        bundle: The class of its results, when it has several.
        batch: The arguments that carry a batch axis.
    """
    kernel = plan.kernel
    result = Results(signature, function, body.parts, body.whole).kernel(kernel, bundle)
    names = [*signature.arguments, *(each.name for each in kernel.directions)]
    checked = ", ".join(f"{name}={name}" for name in names)
    own = directions_table(kernel, signature)
    expected = f"_ARGUMENTS | {own!r}" if own else "_ARGUMENTS"
    lines = [f"{tuple_text(names)} = _checked({expected}, {checked})", *body.lines]
    returns = bundle or annotation(kernel.fields[0].parts)
    is_any = returns == "Any" or bundle is not None
    annotated = None if body.is_typed or is_any else returns
    lines = _returning(lines, result, annotated)
    head = f"def {kernel.name}({_parameters(kernel, signature)}) -> {returns}:"
    document = _docstring(plan, signature, function, batch)
    if batch:
        lines = _batched(lines, kernel, signature, returns, batch)
    decorators = ["@jax.jit"] + ["@_not_differentiable"] * body.guarded
    text = "\n".join(
        [*decorators, head, indent(document, "    "), *_indented(lines), ""]
    )
    definitions = ""
    if bundle:
        definitions = _named_tuple(
            kernel, signature, function, bundle, batched=bool(batch)
        )
    exported = (*([bundle] if bundle else []), kernel.name)
    everything = arguments_table(signature) | own
    takes_floats = [*everything] == names and all(
        each.startswith("float[") for each in everything.values()
    )
    return KernelText(definitions, text, exported, takes_floats)


def _indented(lines: list[str]) -> list[str]:
    return [indent(line, "    ") for line in lines]


def _returning(lines: list[str], result: str, annotated: str | None) -> list[str]:
    """Add the return.

    JAX's transforms are typed as returning `Any`: a result that comes out of one passes
    through an annotated name, so that strict type checkers know what a kernel returns.
    """
    if annotated is None:
        return [*lines, f"return {result}"]
    last = lines[-1]
    prefix = f"{result} = "
    if result.isidentifier() and last.startswith(prefix):
        value = last.removeprefix(prefix)
        return [*lines[:-1], f"{result}: {annotated} = {value}", f"return {result}"]
    return [*lines, f"result: {annotated} = {result}", "return result"]


def _batched(
    lines: list[str],
    kernel: Kernel,
    signature: Signature,
    returns: str,
    batch: Collection[str],
) -> list[str]:
    """One row's work under a vmap over the batch axis."""
    axes = ["0" if name in batch else "None" for name in signature.arguments]
    for direction in kernel.directions:
        given = direction.is_cotangent or direction.argument in batch
        axes.append("0" if given else "None")
    names = [*signature.arguments, *(each.name for each in kernel.directions)]
    mapped = (name for name, axis in zip(names, axes, strict=True) if axis == "0")
    return [
        f"def row({_parameters(kernel, signature)}) -> {returns}:",
        *_indented(lines),
        "",
        f"_check_rows({', '.join(f'{name}={name}' for name in mapped)})",
        f"return jax.vmap(row, in_axes={tuple_text(axes)})({', '.join(names)})",
    ]


def directions_table(kernel: Kernel, signature: Signature) -> dict[str, str]:
    """The types of all leaves of a kernel's directions, as `_checked` reads them."""
    table: dict[str, str] = {}
    for direction in kernel.directions:
        types = direction_types(direction, signature)
        for path, type_ in zip(
            direction_paths(direction, signature), types, strict=True
        ):
            table[direction.name + jax.tree_util.keystr(tuple(path))] = str(type_)
    return table


def arguments_table(signature: Signature) -> dict[str, str]:
    """The types of all leaves of the function's arguments, as `_checked` reads them."""
    return {name + leaf.keystr: str(leaf.type) for name, leaf in signature.leaves}


def _parameters(kernel: Kernel, signature: Signature) -> str:
    texts = [
        f"{name}: {tree_annotation(tree)}" for name, tree in signature.arguments.items()
    ]
    for direction in kernel.directions:
        if direction.argument is not None:
            kind = tree_annotation(signature.arguments[direction.argument])
        elif direction.type is not None:
            kind = ARRAY
        else:
            kind = annotation(jax.tree.map(lambda _: jax.Array, direction.outputs))
        texts.append(f"{direction.name}: {kind}")
    return ", ".join(texts)


def _docstring(
    plan: KernelPlan, signature: Signature, function: str, batch: Collection[str]
) -> str:
    kernel = plan.kernel
    if kernel.bundled:
        listed = ", ".join(f"`{_named(field)}`" for field in kernel.fields)
        summary = f"{listed} of `{function}`"
    else:
        summary = phrase(kernel.fields[0].request, function)
    paragraphs = [_first_line(summary)]
    details = []
    if not kernel.bundled:
        shape = _shape(kernel.fields[0], signature, batched=bool(batch))
        details.append(f"Result: {shape}.")
        details += _places(kernel)
    if batch:
        listed = ", ".join(f"`{name}`" for name in batch)
        details.append(f"Batch: axis 0 of {listed}, of length `rows`.")
    details.append(f"Plan: {plan.summary()}{_cost(plan)}.")
    paragraphs.append(
        "\n".join(fill(each, _WIDTH, break_long_words=False) for each in details)
    )
    return '"""' + "\n\n".join(paragraphs) + '\n"""'


def _named(field: Field) -> str:
    """A request in a list of such; of an expression, which may be long, its name."""
    if isinstance(field.request, Expression):
        return field.name
    return str(field.request)


def _places(kernel: Kernel) -> list[str]:
    """Where the values of a sparse matrix stand in it."""
    (field,) = kernel.fields
    if not isinstance(field.parts, Matrix) or field.parts.needs_places:
        return []
    rows, cols, shape = (
        constant_name(kernel, field, suffix) for suffix in ("ROWS", "COLS", "SHAPE")
    )
    return [
        f"Entry `i` stands in row `{rows}[i]` and column `{cols}[i]` of a matrix of "
        f"shape `{shape}`."
    ]


def _first_line(summary: str) -> str:
    if len(summary) + 8 <= _WIDTH:
        return f"{summary}."
    return fill(f"{summary}.", _WIDTH - 3, break_long_words=False)


def _shape(field: Field, signature: Signature, *, batched: bool) -> str:
    return shape_phrase(result_shapes(field, signature), batched=batched)


def _cost(plan: KernelPlan) -> str:
    cost, reference = plan.chosen.cost, plan.reference
    if cost is None:
        return ""
    text = f": {cost_text(cost)}"
    if reference is None or _total(reference) <= _total(cost):
        return text
    return f"{text} (full reference: {cost_text(reference)})"


def _total(cost: Cost) -> float:
    return cost.flops + cost.transcendentals


def _named_tuple(
    kernel: Kernel, signature: Signature, function: str, name: str, *, batched: bool
) -> str:
    lines = [
        f"class {name}(NamedTuple):",
        f'    """What `{kernel.name}` returns."""',
        "",
    ]
    for field in kernel.fields:
        shape = _shape(field, signature, batched=batched)
        text = f"{phrase(field.request, function)}; {shape}."
        lines.append(f"    {field.name}: {annotation(field.parts)}")
        filled = fill(text, _WIDTH - 10, break_long_words=False)
        lines.append(indent(f'"""{filled}"""', "    "))
    return "\n".join([*lines, ""])


def constants_of(kernel: Kernel) -> Mapping[str, Constant]:
    """The module constants that describe a kernel's layouts, by name."""
    return {
        constant_name(kernel, field, suffix): constant
        for field in kernel.fields
        for suffix, constant in field.constants.items()
    }


def positions_of(kernel: Kernel) -> Mapping[str, NDArray[np.int64]]:
    """Those of them that are arrays of positions, by name."""
    return {
        name: constant
        for name, constant in constants_of(kernel).items()
        if not isinstance(constant, tuple)
    }
