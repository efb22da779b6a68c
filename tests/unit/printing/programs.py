"""Printing programs, loading what was printed, and comparing the two."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from partialc.ir.dtypes import FLOAT, DType, Regime
from partialc.ir.jaxprs import trace, trace_one
from partialc.ir.program import ArrayType, Equation, Function, Program
from partialc.ir.structure import same
from partialc.printing import (
    decompile,
    format_source,
    module_source,
    print_body,
)
from partialc.printing.prepare import prepare
from partialc.printing.specialise import dtype_at, specialise
from partialc.request.signature import Leaf, Signature, Tree

VECTOR = ArrayType(FLOAT, (5,))
SCALAR = ArrayType(FLOAT, ())


def array(dtype: str, *shape: int) -> ArrayType:
    """An array type from its text."""
    return ArrayType(DType.parse(dtype), shape)


def traced(
    function: Callable[..., Any], *types: ArrayType, names: str = "xyzw"
) -> Program:
    """The program of a function of up to four arrays."""
    return trace(
        lambda *leaves: jax.tree.leaves(function(*leaves)),
        types,
        name="function",
        input_names=list("xyzw"[: len(types)]),
    )


def body_lines(function: Callable[..., Any], *types: ArrayType) -> list[str]:
    """The statements of a printed function, `return` included."""
    program = traced(function, *types)
    body = print_body(program, list("xyzw"[: len(types)]))
    return [*body.lines, f"return {', '.join(body.outputs)}"]


def flat_source(program: Program, names: Sequence[str]) -> str:
    """A module with `function(*names)`, which returns a list."""
    body = print_body(program, names)
    statements = [*body.lines, f"return [{', '.join(body.outputs)}]"]
    head = f"def function({', '.join(names)}):"
    text = "\n".join([head, *(f"    {line}" for line in statements)])
    return module_source(text, body.module)


def decompiled(function: Callable[..., Any], **arguments: Any) -> str:
    """The standalone module of a function of trees; float64 follows the caller."""
    trees = {name: _tree(value) for name, value in arguments.items()}
    structure = jax.tree.structure(list(arguments.values()))
    with jax.enable_x64(True):
        shapes = jax.eval_shape(function, *arguments.values())
    result = _tree(jax.tree.map(lambda s: np.zeros(s.shape, s.dtype), shapes))
    signature = Signature("function", trees, result)

    def call(*leaves: Any) -> list[Any]:
        return jax.tree.leaves(function(*jax.tree.unflatten(structure, leaves)))

    program = trace(
        call,
        [leaf.type for _, leaf in signature.leaves],
        name="function",
        input_names=[name for name, _ in signature.leaves],
    )
    return decompile(program, signature, "function", "What it computes.")


def _tree(value: Any) -> Tree:
    leaves, structure = jax.tree_util.tree_flatten_with_path(value)
    return Tree(
        structure,
        tuple(Leaf(path, _type(np.asarray(leaf))) for path, leaf in leaves),
    )


def _type(example: np.ndarray) -> ArrayType:
    name = {"float64": "float", "complex128": "complex"}.get(
        example.dtype.name, example.dtype.name
    )
    return ArrayType(DType.parse(name), example.shape)


def load(text: str, name: str = "function") -> Callable[..., Any]:
    """Execute a module and take one function out of it."""
    namespace: dict[str, Any] = {}
    exec(compile(text, "<printed>", "exec"), namespace)
    return namespace[name]


@contextlib.contextmanager
def strict(regime: Regime) -> Iterator[None]:
    """One regime, no implicit promotion of types or ranks, and no warnings."""
    with (
        jax.enable_x64(regime.x64),
        jax.numpy_rank_promotion("raise"),
        jax.numpy_dtype_promotion("strict"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error")
        yield


class _InlineAll:
    """Calls do not count when two programs are compared."""

    def rewrite(self, equation: Equation) -> Equation | None:
        return None if equation.op == "call" else equation


def same_steps(
    function: Function,
    printed: Callable[..., Any],
    types: Sequence[ArrayType],
    regime: Regime,
) -> bool:
    """Whether tracing the printed function gives the very same operations."""
    fixed = [ArrayType(dtype_at(kind.dtype, regime), kind.shape) for kind in types]
    with strict(regime):
        again = trace_one(
            lambda *leaves: jax.tree.leaves(printed(*leaves)),
            fixed,
            regime,
            name="again",
            input_names=["x"] * len(types),
        )
    wanted = prepare(specialise(function, regime), _InlineAll())
    return same(wanted, prepare(again, _InlineAll()))


def assert_strong(
    printed: Callable[..., Any], arguments: Sequence[Any], regime: Regime
) -> None:
    """No result is weakly typed, and printing relies on no implicit promotion."""
    with strict(regime):
        results = jax.eval_shape(printed, *map(jnp.asarray, arguments))
    assert not any(result.weak_type for result in jax.tree.leaves(results))


def formatted(text: str) -> bool:
    """Whether black leaves a text as it is."""
    return format_source(text) == text
