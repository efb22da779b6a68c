"""A bound function as a program: traced for every regime, its result described."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from partialc.errors import FrontendError, PartialcError
from partialc.frontends.binding import Binding, is_jitted
from partialc.frontends.faults import failed_call
from partialc.frontends.x64 import is_x64
from partialc.ir.dtypes import DType, Regime
from partialc.ir.jaxprs import regimes_of, trace_one
from partialc.ir.merge import merge
from partialc.ir.program import ArrayType, Constant, Function, Program
from partialc.ir.structure import all_equations
from partialc.request.signature import Leaf, Tree


class FlatCall:
    """A function over the flat list of its varying leaves.

    A module that makes arrays when it is imported makes other ones with 64-bit types
    on: its function then comes twice, and which of the two is called depends on whether
    they are on at the time.

    Attributes:
        binding: The function and what it is given.
        name: How errors call it.
        paths: Where each leaf of the result sits, once it was called.
        structure: The structure of the result, once it was called.
        returns_numbers: Whether plain numbers of Python are among its results, once it
            was called. `jax.jacrev` takes none, so everybody is given arrays instead.
    """

    def __init__(
        self, binding: Binding, name: str, twins: Mapping[bool, Binding] | None = None
    ) -> None:
        self.binding = binding
        self.name = name
        self._twins = dict(twins or {})
        self.paths: tuple[tuple[Any, ...], ...] | None = None
        self.structure: Any = None
        self.returns_numbers = False
        self._structures: dict[bool, Any] = {}

    def without_jit(self) -> FlatCall:
        """The same for the function that an outermost `jax.jit` wraps."""
        twins = {x64: twin.without_jit() for x64, twin in self._twins.items()}
        return FlatCall(self.binding.without_jit(), self.name, twins)

    def call(self, *variables: Any) -> Any:
        """Call the function with the varying arguments by position, for its result."""
        if not self._twins:
            return jax.tree.map(_as_array, self.binding.call(*variables))
        leaves = [
            leaf
            for tree, value in zip(self.binding.trees.values(), variables, strict=True)
            for leaf in tree.structure.flatten_up_to(value)
        ]
        # The twins' classes are not the caller's: trees are taken apart and rebuilt.
        return jax.tree_util.tree_unflatten(self.structure, self(*leaves))

    @property
    def types(self) -> tuple[ArrayType, ...]:
        """The types of the leaves."""
        trees = self.binding.trees.values()
        return tuple(leaf.type for tree in trees for leaf in tree.leaves)

    @property
    def hints(self) -> tuple[str, ...]:
        """A readable name for each leaf: `x`, `params_w`."""
        return tuple(
            _identifier(name + leaf.keystr)
            for name, tree in self.binding.trees.items()
            for leaf in tree.leaves
        )

    def __call__(self, *leaves: Any) -> list[Any]:
        """Call the function with leaves, and flatten what it returns."""
        x64 = is_x64()
        binding = self._twins.get(x64, self.binding)
        variables = []
        start = 0
        for tree in binding.trees.values():
            stop = start + len(tree.leaves)
            variables.append(
                jax.tree_util.tree_unflatten(tree.structure, leaves[start:stop])
            )
            start = stop
        if is_jitted(binding.function):
            self._refuse_donation(binding, variables)
        own = x64 if self._twins else False
        return self._flat_result(binding.call(*variables), own)

    def _refuse_donation(self, binding: Binding, variables: list[Any]) -> None:
        positional, keywords = binding.arguments(variables)
        info = binding.function.trace(*positional, **keywords).args_info
        if any(entry.donated for entry in jax.tree_util.tree_leaves(info)):
            raise FrontendError(
                f"'{self.name}' donates its arguments",
                why="a call deletes the arrays it is given, the caller's own included",
                fix=f"name the function within: '...:{self.name}.__wrapped__'",
            )

    def _flat_result(self, result: Any, x64: bool) -> list[Any]:
        flat, structure = jax.tree_util.tree_flatten_with_path(result)
        paths = tuple(tuple(path) for path, _ in flat)
        if not flat:
            raise FrontendError(
                f"'{self.name}' returns no array",
                why="its result is None or an empty container",
                fix="return the value to be differentiated",
            )
        for path, leaf in flat:
            if not isinstance(
                leaf, jax.Array | np.ndarray | np.generic | complex | float | int
            ):
                raise FrontendError(
                    f"'{self.name}' returns a value of type {type(leaf).__name__}",
                    where=f"out{jax.tree_util.keystr(path)}",
                    why="results are arrays, numbers, and containers of them",
                    fix="leave it out, or register its class as a pytree",
                )
        known = self._structures.setdefault(x64, structure)
        if known != structure or self.paths not in (None, paths):
            raise FrontendError(
                f"'{self.name}' returns trees of different structure",
                why="the structure depends on the float width or on global state",
                fix="return the same containers on every call",
            )
        self.paths = paths
        if self.structure is None or self._twins.get(x64) in (None, self.binding):
            self.structure = structure
        self.returns_numbers |= any(_is_number(leaf) for _, leaf in flat)
        return [_as_array(leaf) for _, leaf in flat]


@dataclass(frozen=True, slots=True)
class Traced:
    """The program of a function, and the tree it returns.

    Attributes:
        program: The function for every regime.
        widest: The trace under the widest regime, all its types fixed.
        result: The tree of the result.
    """

    program: Program
    widest: Function
    result: Tree


def trace_flat(call: FlatCall, folder: Path | None, *, name: str) -> Traced:
    """Trace a function for every regime.

    Args:
        call: The function over its leaves.
        folder: Files below it are named relative to it in errors.
        name: The identifier of the program.

    Raises:
        FrontendError: The function raises, or returns what is no array.
        UnsupportedError: It has side effects, or uses what cannot be imported.
    """
    try:
        traces = {
            regime: trace_one(
                call, call.types, regime, name=name, input_names=call.hints
            )
            for regime in regimes_of(call.types)
        }
    except PartialcError:
        raise
    except (Exception, SystemExit) as error:
        raise failed_call(call.name, error, folder) from None
    program = Program(name, merge(traces))
    paths = call.paths or ()
    leaves = tuple(
        Leaf(path, _result_type(call.name, program, number))
        for number, path in enumerate(paths)
    )
    widest = list(traces.values())[-1]
    return Traced(program, widest, Tree(call.structure, leaves))


def _result_type(name: str, program: Program, number: int) -> ArrayType:
    types = {
        regime: function.outputs[number].type
        for regime, function in program.variants.items()
    }
    shapes = {entry.shape for entry in types.values()}
    if len(shapes) > 1:
        raise FrontendError(
            f"the shape of what '{name}' returns depends on the float width",
            fix="return the same shape for float32 and float64",
        )
    at = {regime: entry.dtype.at(regime) for regime, entry in types.items()}
    wide = at[list(at)[-1]]
    mixed = at.get(Regime.MIXED, wide)
    # A regime that does not occur takes what goes with the others.
    dtype = DType(at.get(Regime.NARROW, mixed), mixed, wide)
    return ArrayType(dtype, shapes.pop())


def _is_number(leaf: Any) -> bool:
    return isinstance(leaf, complex | float | int) and not isinstance(leaf, np.generic)


def _as_array(leaf: Any) -> Any:
    return jnp.asarray(leaf) if _is_number(leaf) else leaf


def _identifier(text: str) -> str:
    parts = "".join(char if char.isalnum() else " " for char in text).split()
    return "_".join(parts)


def holds_narrow_arrays(function: Function) -> bool:
    """Whether a trace with 64-bit types on has constants of 32-bit floats.

    Args:
        function: The trace as it came: in programs such constants may be widened.
    """
    atoms = [atom for each in all_equations(function) for atom in each.inputs]
    return any(
        isinstance(atom, Constant)
        and atom.type.dtype.at(Regime.WIDE) in ("float32", "complex64")
        for atom in [*atoms, *function.outputs]
    )
