"""Functions that generated modules carry along, as real, tested code.

`text` gives the source of one of them; a module holds only those it uses. They use
nothing but jax, numpy and typing, and each other.
"""

from __future__ import annotations

import inspect
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.sparse import BCOO


def _one_hot(like: jax.Array, *index: int) -> jax.Array:
    """The tangent that is one at `index` and zero elsewhere, as a literal constant."""
    seed = np.zeros(like.shape, like.dtype)
    seed[index] = 1
    return jnp.asarray(seed)


def _basis(like: jax.Array, index: Any = ...) -> jax.Array:
    """One one-hot tangent for each element that `index` selects, along axis 0."""
    selected = np.arange(like.size).reshape(like.shape)[index].ravel()
    seeds = np.zeros((selected.size, like.size), like.dtype)
    seeds[np.arange(selected.size), selected] = 1
    return jnp.asarray(seeds.reshape(-1, *like.shape))


def _arrays(file: str, digest: str) -> dict[str, Any]:
    """The constants beside this module; a ValueError if they are not the ones built."""
    path = Path(__file__).with_name(file)
    if sha256(path.read_bytes()).hexdigest() != digest:
        raise ValueError(f"{path} was changed or belongs to another build: build again")
    with np.load(path) as arrays:
        return dict(arrays)


def _grid(start: int, *axes: tuple[int, int] | list[int]) -> Any:
    """All sums of a start and one offset of each axis: count and step, or a list."""
    total = np.asarray(start)
    for axis in axes:
        steps = axis if isinstance(axis, list) else axis[1] * np.arange(axis[0])
        total = total[..., None] + np.asarray(steps)
    return total.ravel()


def _diagonals(rows: dict[int, Any]) -> tuple[Any, Any]:
    """Rows and columns of all entries, row by row, from the rows of each diagonal."""
    row = np.concatenate(list(rows.values()))
    col = np.concatenate([each + offset for offset, each in rows.items()])
    width = int(col.max()) + 1
    keys = np.sort(row * width + col, kind="stable")
    return keys // width, keys % width


def _with_leaves(tree: Any, leaves: dict[int, Any]) -> Any:
    """The same tree with some of its leaves, by number, exchanged."""
    old, structure = jax.tree.flatten(tree)
    new = [leaves.get(number, leaf) for number, leaf in enumerate(old)]
    return jax.tree.unflatten(structure, new)


def _dense_matrix(
    values: jax.Array, rows: Any, cols: Any, shape: tuple[int, int]
) -> jax.Array:
    """The matrix that is zero but for its values at these rows and columns."""
    zeros = jnp.zeros(shape, values.dtype)
    places = jnp.asarray(rows), jnp.asarray(cols)  # int32 where x64 is off
    return zeros.at[places].set(values, unique_indices=True)


def _bcoo_matrix(
    values: jax.Array, rows: Any, cols: Any, shape: tuple[int, int]
) -> BCOO:
    """The sparse matrix with these values at these rows and columns."""
    places = jnp.asarray(np.stack([rows, cols], axis=1), jnp.int32)
    return BCOO((values, places), shape=shape, indices_sorted=True, unique_indices=True)


def _checked(expected: dict[str, str], **arguments: Any) -> tuple[Any, ...]:
    """The arguments as arrays; a TypeError where one is not what this was built for."""
    flat, structure = jax.tree_util.tree_flatten_with_path(tuple(arguments.values()))
    names = [
        list(arguments)[path[0].idx] + jax.tree_util.keystr(path[1:])
        for path, _ in flat
    ]
    if names != list(expected):
        raise TypeError(f"the arguments must be {list(expected)}, not {names}")
    python = {"int": int, "uint": jnp.uint, "float": float, "complex": complex}
    follow = {f"float{bits}": ("float", f"float{bits}") for bits in (32, 64)}
    follow |= {f"complex{2 * bits}": ("complex", f"float{bits}") for bits in (32, 64)}
    kinds, widths = [], set()
    for name, (_, leaf) in zip(names, flat, strict=True):
        kind, _, shape = expected[name].partition("[")
        if kind.startswith("default_"):  # what JAX takes for Python's own type
            kind = str(jnp.result_type(python[kind.removeprefix("default_")]))
        given = str(jnp.result_type(leaf))
        weak = isinstance(leaf, int | float | complex)
        weak |= getattr(leaf, "weak_type", False)
        callers, width = follow.get(given, ("", ""))
        fits = kind in (given, callers)
        fits |= weak and given.rstrip("0123456789") == kind.rstrip("0123456789")
        extents = ",".join(map(str, jnp.shape(leaf)))
        if not fits or f"{extents}]" != shape:
            raise TypeError(f"{name} must be {kind}[{shape}, not {given}[{extents}]")
        if kind == callers and not weak:
            widths.add(width)
        kinds.append(kind)
    if len(widths) > 1:
        raise TypeError(f"the arguments mix the float widths {sorted(widths)}")
    floats = jnp.result_type(widths.pop() if widths else float)
    widened = {"float": floats, "complex": jnp.result_type(floats, "complex64")}

    def array(leaf: Any, kind: str) -> Any:
        if kind.startswith("key<"):
            return leaf
        return jnp.asarray(leaf, widened.get(kind, kind))

    arrays = [array(leaf, kind) for (_, leaf), kind in zip(flat, kinds, strict=True)]
    return tuple(jax.tree.unflatten(structure, arrays))


def _checked_floats(expected: dict[str, str], **arguments: Any) -> tuple[Any, ...]:
    """The arguments as arrays of one width; a TypeError where one is something else."""
    widths = set()
    for name, value in arguments.items():
        if isinstance(value, list | tuple):
            raise TypeError(f"{name} must be {expected[name]}: pass an array")
        kind, shape = str(jnp.result_type(value)), [*map(str, jnp.shape(value))]
        given = f"{kind}[{','.join(shape)}]"
        if f"{kind.rstrip('3264')}[{','.join(shape)}]" != expected[name]:
            is_many = f"float[{','.join(shape[1:])}]" == expected[name]
            advice = ": jax.vmap takes many" if is_many else ""
            raise TypeError(f"{name} must be {expected[name]}, not {given}{advice}")
        if not isinstance(value, float) and not getattr(value, "weak_type", False):
            widths.add(kind)
    if len(widths) > 1:
        raise TypeError(f"the arguments mix the float widths {sorted(widths)}")
    width = widths.pop() if widths else float
    return tuple(jnp.asarray(value, width) for value in arguments.values())


def _shapes(
    forms: dict[str, str], arguments: dict[str, Any]
) -> dict[str, tuple[int, ...]]:
    """The shapes of the arguments that have a form; a TypeError where one has none."""
    found = {}
    for name, tree in arguments.items():
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
            found[name + jax.tree_util.keystr(path)] = jnp.shape(leaf)
    for name, form in forms.items():
        if name not in found:
            raise TypeError(f"there is no argument {name}, which must be {form}")
        if len(found[name]) != form.count(",") + 1:
            raise TypeError(f"{name} must be {form}, not of shape {found[name]}")
    return {name: found[name] for name in forms}


def _check_sizes(
    sizes: dict[str, int],
    least: dict[str, int],
    forms: dict[str, str],
    shapes: dict[str, tuple[int, ...]],
    expected: dict[str, tuple[int, ...]],
) -> None:
    """A TypeError where shapes contradict each other, or a size is below its least."""
    told = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    for name, shape in shapes.items():
        if shape != expected[name]:
            raise TypeError(
                f"{name} must be {forms[name]}, of shape {expected[name]} for {told}, "
                f"not of shape {shape}"
            )
    for name, size in sizes.items():
        if size < least[name]:
            raise TypeError(f"{name} must be at least {least[name]}, not {size}")


def _check_rows(**arguments: Any) -> None:
    """A TypeError where an argument has no axis 0, or not as long as that of others."""
    extents = {}
    for name, argument in arguments.items():
        for path, leaf in jax.tree_util.tree_leaves_with_path(argument):
            if not jnp.shape(leaf):
                raise TypeError(
                    f"{name}{jax.tree_util.keystr(path)} must have a batch axis"
                )
            extents[name + jax.tree_util.keystr(path)] = jnp.shape(leaf)[0]
    if len(set(extents.values())) > 1:
        raise TypeError(f"the arguments must have one batch size, not {extents}")


def _not_differentiable(function: Any) -> Any:
    """Differentiating it raises: the original's custom rules are not in here."""
    guarded = jax.custom_jvp(function)

    def rule(primals: Any, tangents: Any) -> Any:
        name = function.__name__
        raise TypeError(f"{name} cannot be differentiated: request that derivative")

    guarded.defjvp(rule)
    return guarded


_FUNCTIONS: Final = {
    function.__name__: function
    for function in (
        _one_hot,
        _basis,
        _grid,
        _diagonals,
        _with_leaves,
        _dense_matrix,
        _bcoo_matrix,
        _checked,
        _checked_floats,
        _shapes,
        _check_sizes,
        _check_rows,
        _arrays,
        _not_differentiable,
    )
}

NAMES: Final = frozenset(_FUNCTIONS)
"""The names of all helpers."""


def text(name: str) -> str:
    """The source text of one helper."""
    return inspect.getsource(_FUNCTIONS[name])


def checked_text(*, only_floats: bool) -> str:
    """The source text of `_checked`, as short as the arguments allow.

    Args:
        only_floats: Whether all arguments are single arrays in the caller's width.
    """
    if not only_floats:
        return text("_checked")
    return text("_checked_floats").replace("_checked_floats", "_checked")
