"""Arguments to time a kernel with: drawn where its generated test samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from partialc.driver import Compiled
from partialc.frontends.importing import load_object
from partialc.ir.dtypes import DType, Regime
from partialc.ir.program import ArrayType
from partialc.realise.execute import direction_structure, direction_types
from partialc.request.resolved import Direction, Kernel
from partialc.request.signature import Tree
from partialc.sampling.domain import INTEGERS, RANGES

_DIRECTIONS = (0.5, 1.5)
_SEED = 0


@dataclass(frozen=True, slots=True)
class Arguments:
    """Draws the arguments of one kernel.

    Attributes:
        compiled: The kernel's module.
        kernel: The kernel.
        batched: The function's arguments that gain a batch axis.
        folder: The spec's folder, to import example objects from.
    """

    compiled: Compiled
    kernel: Kernel
    batched: frozenset[str]
    folder: Path | None

    @classmethod
    def of(cls, compiled: Compiled, name: str, folder: Path | None) -> Arguments:
        """The arguments of a kernel, batched as its spec says.

        Where the spec says nothing, arrays are batched and containers (parameters of a
        model) are shared by all rows; if there are containers only, these are.
        """
        trees = compiled.primal.signature.arguments
        batch = compiled.spec.kernels[name].options.batch
        arrays = [each for each, tree in trees.items() if tree.is_array]
        return cls(
            compiled,
            compiled.kernels[name],
            frozenset(batch or arrays or trees),
            folder,
        )

    @property
    def in_axes(self) -> tuple[int | None, ...]:
        """The batch axis of every argument, for `jax.vmap`."""
        trees = self.compiled.primal.signature.arguments
        axes = [0 if name in self.batched else None for name in trees]
        axes += [0 if self._follows(each) else None for each in self.kernel.directions]
        return tuple(axes)

    @property
    def row_elements(self) -> int:
        """How many numbers of the arguments belong to one row."""
        trees = self.compiled.primal.signature.arguments
        count = sum(
            leaf.type.size for name in self.batched for leaf in trees[name].leaves
        )
        for direction in self.kernel.directions:
            if self._follows(direction):
                types = direction_types(direction, self.compiled.primal.signature)
                count += sum(type_.size for type_ in types)
        return count

    def draw(self, rows: int | None) -> tuple[Any, ...]:
        """Arguments for so many rows; for one, without a batch axis, if it is None."""
        rng = np.random.default_rng(_SEED)
        signature = self.compiled.primal.signature
        drawn = [
            self._argument(name, tree, rows if name in self.batched else None, rng)
            for name, tree in signature.arguments.items()
        ]
        for direction in self.kernel.directions:
            lead = rows if self._follows(direction) else None
            types = direction_types(direction, signature)
            arrays = [_array(type_, lead, _DIRECTIONS, rng) for type_ in types]
            structure = direction_structure(direction, signature)
            drawn.append(jax.tree.unflatten(structure, arrays))
        return tuple(drawn)

    def _follows(self, direction: Direction) -> bool:
        """Whether a direction is batched: cotangents, and tangents as arguments are."""
        return direction.is_cotangent or direction.argument in self.batched

    def _argument(
        self, name: str, tree: Tree, rows: int | None, rng: np.random.Generator
    ) -> Any:
        ranges = self.compiled.proof.ranges
        if name in ranges.given:
            values = [jax.tree.leaves(v) for v in ranges.given[name].values]
            leaves = [
                _listed(leaf.type, [np.asarray(value[k]) for value in values], rows)
                for k, leaf in enumerate(tree.leaves)
            ]
        elif rows is None and name not in ranges.ranges and self._example(name, tree):
            leaves = [
                jnp.asarray(value, _dtype(leaf.type.dtype))
                for value, leaf in zip(
                    self._example(name, tree), tree.leaves, strict=True
                )
            ]
        else:
            limits = ranges.ranges.get(name)
            leaves = [
                _array(leaf.type, rows, limits or self._base(leaf.type), rng)
                for leaf in tree.leaves
            ]
        return jax.tree.unflatten(tree.structure, leaves)

    def _base(self, type_: ArrayType) -> tuple[float, float]:
        """Where the function and its derivatives were found finite."""
        if not type_.dtype.is_inexact:
            return INTEGERS
        samples = self.compiled.proof.findings.samples
        return samples[0][1:] if samples else RANGES[0]

    def _example(self, name: str, tree: Tree) -> list[Any]:
        """The elements of the object that describes an argument, if it holds arrays."""
        example = self.compiled.spec.args.get(name)
        if isinstance(example, str):
            if ":" not in example:
                return []
            example = load_object(example.strip(), self.folder)
        leaves = jax.tree.leaves(example)
        fits = len(leaves) == len(tree.leaves) and all(
            isinstance(value, np.ndarray | jax.Array) and value.shape == leaf.type.shape
            for value, leaf in zip(leaves, tree.leaves, strict=False)
        )
        return leaves if fits else []


def _dtype(dtype: DType) -> str:
    """The element type that is in force where an array is made."""
    x64 = jnp.result_type(float) == "float64"
    return dtype.at(Regime.WIDE if x64 else Regime.NARROW)


def _array(
    type_: ArrayType,
    rows: int | None,
    limits: tuple[float, float],
    rng: np.random.Generator,
) -> jax.Array:
    shape = (*(() if rows is None else (rows,)), *type_.shape)
    dtype = type_.dtype
    if dtype.is_key:
        keys = jax.random.split(jax.random.key(_SEED), prod(shape))
        return keys.reshape(shape)
    if dtype.is_bool:
        return jnp.asarray(rng.integers(0, 2, shape), "bool")
    if dtype.is_integer:
        low, high = map(int, limits)
        return jnp.asarray(rng.integers(low, high + 1, shape), _dtype(dtype))
    values: NDArray[Any] = rng.uniform(*limits, shape)
    if dtype.is_complex:
        values = values + 1j * rng.uniform(*limits, shape)
    return jnp.asarray(values, _dtype(dtype))


def _listed(
    type_: ArrayType, values: Sequence[NDArray[Any]], rows: int | None
) -> jax.Array:
    """Listed values, over and over."""
    dtype = _dtype(type_.dtype)
    if rows is None:
        return jnp.asarray(values[0], dtype)
    places = np.arange(rows) % len(values)
    return jnp.asarray(np.stack(values)[places], dtype)
