"""Wrong versions of a generated module: one small, plausible mistake each.

A mutation looks at one node and yields wrong versions of it. Every mutant of a kernel
is made by exchanging one node within the kernel's own function, or within what all
kernels share (the embedded function, the seeds, the constants).
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

Mutation: TypeAlias = Callable[[Any], Iterator[tuple[str, ast.AST]]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one mistake.

    Attributes:
        kernel: The kernel or shared function it is in.
        name: Where, what was done, and to what.
        source: The module's text.
    """

    kernel: str
    name: str
    source: str


_SWAPPED_OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
_NON_COMMUTATIVE = (ast.Sub, ast.Div, ast.Pow, ast.MatMult)
_SWAPPED_FUNCTIONS = {
    "sin": "cos",
    "cos": "sin",
    "tanh": "sinh",
    "exp": "expm1",
    "log": "log1p",
    "sqrt": "square",
    "sum": "mean",
    "prod": "sum",
    "max": "min",
    "zeros": "ones",
}


def operators(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    """`a + b` becomes `a - b`, `b - a`, `a`, `b`."""
    other = _SWAPPED_OPERATORS.get(type(node.op))
    if other is not None:
        yield "other operator", ast.BinOp(node.left, other(), node.right)
    if isinstance(node.op, _NON_COMMUTATIVE):
        yield "operands swapped", ast.BinOp(node.right, node.op, node.left)
    yield "right operand dropped", node.left
    yield "left operand dropped", node.right


def signs(node: ast.UnaryOp) -> Iterator[tuple[str, ast.AST]]:
    """`-a` becomes `a`."""
    if isinstance(node.op, ast.USub):
        yield "sign dropped", node.operand


def numbers(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    """Indices and axes are off by one, factors wrong by a thousandth."""
    match node.value:
        case bool() | str() | None:
            return
        case int(value):
            # One more than the last index would be clamped to the last: no mistake.
            yield "off by one", ast.Constant(value - 1 if value > 0 else 1)
            if value == 0:
                yield "the last", ast.UnaryOp(ast.USub(), ast.Constant(1))
        case float(value):
            yield "a thousandth more", ast.Constant(value * 1.001 or 1e-3)
            if value:
                yield "other sign", ast.UnaryOp(ast.USub(), ast.Constant(value))


def calls(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    """Other functions, exchanged arguments, lost keywords."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in _SWAPPED_FUNCTIONS:
        other = ast.Attribute(
            node.func.value, _SWAPPED_FUNCTIONS[node.func.attr], ast.Load()
        )
        yield f"{node.func.attr} replaced", ast.Call(other, node.args, node.keywords)
    plain = [arg for arg in node.args if not isinstance(arg, ast.Starred)]
    if len(plain) == len(node.args) >= 2:
        swapped = [node.args[1], node.args[0], *node.args[2:]]
        yield "arguments swapped", ast.Call(node.func, swapped, node.keywords)
    for number, keyword in enumerate(node.keywords):
        if keyword.arg in ("axis", "out_axes", "in_axes", "argnums", "axes"):
            rest = [*node.keywords[:number], *node.keywords[number + 1 :]]
            yield f"{keyword.arg} dropped", ast.Call(node.func, node.args, rest)


def displays(node: ast.List | ast.Tuple) -> Iterator[tuple[str, ast.AST]]:
    """Neighbours exchanged, an element repeated."""
    if isinstance(node.ctx, ast.Store) or not 2 <= len(node.elts) <= 40:
        return
    kind = type(node)
    first, second, *rest = node.elts
    yield "first two swapped", kind([second, first, *rest], ast.Load())
    yield "first repeated", kind([first, first, *rest], ast.Load())
    *rest, before, last = node.elts
    if rest:
        yield "last two swapped", kind([*rest, last, before], ast.Load())


def subscripts(node: ast.Subscript) -> Iterator[tuple[str, ast.AST]]:
    """Off-by-one slices, exchanged indices."""
    if isinstance(node.ctx, ast.Store) or (
        isinstance(node.value, ast.Name)
        and (node.value.id in ("dict", "tuple", "list", "_ARGUMENTS"))
    ):
        return
    match node.slice:
        case ast.Tuple(elts=[first, second, *rest]):
            index = ast.Tuple([second, first, *rest], ast.Load())
            yield "indices swapped", ast.Subscript(node.value, index, ast.Load())
        case ast.Slice(lower=lower, upper=upper, step=step) if upper is not None:
            shifted = ast.Slice(_plus(lower or ast.Constant(0)), _plus(upper), step)
            yield "slice moved", ast.Subscript(node.value, shifted, ast.Load())


def _plus(node: ast.expr) -> ast.expr:
    return ast.BinOp(node, ast.Add(), ast.Constant(1))


_RESULTS = {
    "negated": "-leaf",
    "a thousandth too large": "leaf * 1.001",
    "a millionth off": "leaf + 1e-6",
    "doubled": "leaf * 2",
    "reversed": "leaf.ravel()[::-1].reshape(leaf.shape)",
    "transposed": "leaf.T",
    "shifted": "jnp.roll(leaf, 1)",
    "zero": "jnp.zeros_like(leaf)",
    "nan": "leaf * jnp.nan",
    "rounded": "leaf.astype('float32').astype(leaf.dtype)",
    "narrowed": "leaf.astype('float32')",
    "without its last element": "leaf.at[(-1,) * leaf.ndim].set(0)",
    "without its sign": "jnp.abs(leaf)",
    "with another axis": "leaf[None]",
    "in a list": "[leaf]",
    "constant": "jax.lax.stop_gradient(leaf)",
    "squared": "leaf * leaf",
    "its first element only": "jnp.full_like(leaf, leaf.ravel()[0])",
}
"""What becomes of every leaf of a result."""


def results(node: ast.Return) -> Iterator[tuple[str, ast.AST]]:
    """The returned value is wrong as a whole."""
    if node.value is None:
        return
    for name, text in _RESULTS.items():
        wrapped = f"jax.tree.map(lambda leaf: {text}, _value)"
        template = ast.parse(wrapped, mode="eval").body
        yield f"result {name}", ast.Return(_filled(template, node.value))


def _filled(template: ast.AST, value: ast.expr) -> Any:
    class Filler(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return copy.deepcopy(value) if node.id == "_value" else node

    return Filler().visit(template)


def guards(node: ast.Assign) -> Iterator[tuple[str, ast.AST]]:
    """The check of the arguments is lost."""
    match node.value:
        case ast.Call(func=ast.Name(id="_checked"), keywords=keywords):
            values = ast.Tuple([entry.value for entry in keywords], ast.Load())
            yield "guard dropped", ast.Assign(node.targets, values)


_MUTATIONS: dict[type[ast.AST], tuple[Mutation, ...]] = {
    ast.BinOp: (operators,),
    ast.UnaryOp: (signs,),
    ast.Constant: (numbers,),
    ast.Call: (calls,),
    ast.List: (displays,),
    ast.Tuple: (displays,),
    ast.Subscript: (subscripts,),
    ast.Return: (results,),
    ast.Assign: (guards,),
}


def mutants(source: str, function: str) -> Iterator[Mutant]:
    """All mutants of one module-level function.

    Args:
        source: The module.
        function: The function to be changed.
    """
    tree = ast.parse(source)
    (number,) = (
        number
        for number, node in enumerate(tree.body)
        if isinstance(node, ast.FunctionDef) and node.name == function
    )
    original = tree.body[number]
    assert isinstance(original, ast.FunctionDef)
    seen: set[str] = set()
    for place, node in enumerate(_nodes(original)):
        for mutation in _MUTATIONS.get(type(node), ()):
            for what, replacement in mutation(node):
                changed = _exchanged(original, place, replacement)
                text = ast.unparse(ast.fix_missing_locations(changed))
                if text in seen or text == ast.unparse(original):
                    continue
                seen.add(text)
                body = [*tree.body]
                body[number] = changed
                shown = ast.unparse(node).partition("\n")[0][:60]
                yield Mutant(
                    function,
                    f"{function}: {what}: {shown}",
                    ast.unparse(ast.Module(body, [])),
                )


def _nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Everything a mistake can be in: not annotations, defaults and docstrings.

    The outermost `return` comes first: it alone gives a score of mutants.
    """
    last = [node for node in function.body if isinstance(node, ast.Return)]
    yield from last
    pending: list[ast.AST] = [*function.body]
    while pending:
        node = pending.pop(0)
        if node not in last:
            yield node
        match node:
            case ast.FunctionDef():
                pending += node.body
            case ast.AnnAssign(value=ast.expr() as value):
                pending.append(value)
            case ast.Expr(value=ast.Constant()):
                continue
            case _:
                pending += list(ast.iter_child_nodes(node))


def _exchanged(
    function: ast.FunctionDef, place: int, replacement: ast.AST
) -> ast.FunctionDef:
    changed = copy.deepcopy(function)
    target = next(
        node for number, node in enumerate(_nodes(changed)) if number == place
    )

    class Exchange(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            if node is target:
                return copy.deepcopy(replacement)
            return self.generic_visit(node)

    found: ast.FunctionDef = Exchange().visit(changed)
    return found


def chosen(found: list[Mutant], count: int) -> list[Mutant]:
    """So many mutants, spread evenly over all that there are."""
    if len(found) <= count:
        return found
    return [found[number * len(found) // count] for number in range(count)]
