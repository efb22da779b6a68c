"""The sizes that a module leaves open: those in its arguments, and `[module.sizes]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax

from partialc.errors import SpecError
from partialc.spec.arguments import open_text
from partialc.spec.lengths import Length
from partialc.spec.model import ModuleSpec, Size
from partialc.spec.names import refuse_argument_name
from partialc.spec.near import alternatives, did_you_mean
from partialc.spec.tables import Table, require_identifier

FEWEST_BUILDS = 3
"""Two fit any two numbers: a form has to hold at one size more."""

_EXAMPLE = "[module.sizes] with n = { min = 3, build = [23, 31, 50] }"


@dataclass(frozen=True, slots=True)
class OpenAxis:
    """One axis whose length is not a number.

    Attributes:
        argument: The argument.
        keys: Where the array stands within it, as `jax.tree_util.keystr` has it.
        axis: The axis.
        length: How long it is.
    """

    argument: str
    keys: str
    axis: int
    length: Length

    @property
    def name(self) -> str:
        """The array it belongs to: `params['w']`."""
        return self.argument + self.keys


@dataclass(frozen=True, slots=True)
class Reading:
    """How a size is read off an axis.

    Attributes:
        size: The size.
        axis: The axis that tells it, once the sizes before it are known.
    """

    size: str
    axis: OpenAxis


def open_axes(args: Mapping[str, Any]) -> tuple[OpenAxis, ...]:
    """Every axis whose length is not a number, in order."""
    found = []
    for name, value in args.items():
        for path, leaf in jax.tree_util.tree_flatten_with_path(value)[0]:
            lengths = open_text(leaf).lengths if isinstance(leaf, str) else ()
            found += [
                OpenAxis(name, jax.tree_util.keystr(path), axis, length)
                for axis, length in enumerate(lengths)
                if length.factors
            ]
    return tuple(found)


def open_shapes(args: Mapping[str, Any]) -> dict[str, tuple[Length, ...]]:
    """The shapes of all arrays with an open axis, by name."""
    names = {axis.name for axis in open_axes(args)}
    return {
        name + jax.tree_util.keystr(path): open_text(leaf).lengths
        for name, value in args.items()
        for path, leaf in jax.tree_util.tree_flatten_with_path(value)[0]
        if name + jax.tree_util.keystr(path) in names
    }


def readings(args: Mapping[str, Any]) -> tuple[Reading, ...]:
    """How all sizes are read off the shapes, one after the other.

    An axis tells a size where all other sizes in its length are known.

    Raises:
        SpecError: Nothing fixes a size.
    """
    axes = open_axes(args)
    names = list(dict.fromkeys(n for axis in axes for n, _ in axis.length.factors))
    found: dict[str, Reading] = {}
    while len(found) < len(names):
        fixed = _next(axes, found)
        if fixed is None:
            missing = next(name for name in names if name not in found)
            where = next(
                axis
                for axis in axes
                if any(name == missing for name, _ in axis.length.factors)
            )
            raise SpecError(
                f"nothing fixes the size `{missing}`",
                where=f"args.{where.argument}",
                why=f"it stands only in sums such as `{where.length}`, which other "
                "sizes may make just as long",
                fix=f"give it an axis of its own, `float[{missing}]`, or replace it by "
                "a number",
            )
        found[fixed.size] = fixed
    return tuple(found.values())


def _next(axes: tuple[OpenAxis, ...], known: Mapping[str, Reading]) -> Reading | None:
    """The plainest axis that tells a further size."""
    told: list[tuple[int, Reading]] = []
    for axis in axes:
        unknown = [pair for pair in axis.length.factors if pair[0] not in known]
        if len(unknown) == 1:
            others = len(axis.length.factors) > 1 or axis.length.constant != 0
            told.append((abs(unknown[0][1]) * 2 + others, Reading(unknown[0][0], axis)))
    return min(told, key=lambda pair: pair[0])[1] if told else None


def read_sizes(table: Table, args: Mapping[str, Any]) -> dict[str, Size]:
    """The sizes of a module, in the order in which its arguments name them.

    Args:
        table: The module's table.
        args: Its arguments.

    Raises:
        SpecError: `[module.sizes]` names other sizes than the arguments, has a key that
            it does not know, or numbers that contradict each other.
    """
    axes = open_axes(args)
    names = list(dict.fromkeys(n for axis in axes for n, _ in axis.length.factors))
    given = table.table("sizes", _EXAMPLE)
    for name in given:
        if name not in names:
            raise SpecError(
                f"no argument has the size `{name}`",
                where=given.where(name),
                why="a size is read off the shapes of the arguments",
                fix=did_you_mean(name, names)
                or f'leave it out, or write args = {{ x = "float[{name}]" }}',
            )
    argument_of = {
        name: axis.argument for axis in axes for name, _ in axis.length.factors
    }
    for name in names:
        where = table.table("args", "").where(argument_of[name])
        require_identifier(name, "a size", where)
        refuse_argument_name(name, where)
        if name in args:
            raise SpecError(
                f"`{name}` is a size and an argument",
                where=where,
                fix="give the size another name",
            )
    sizes = {name: _size(given, name) for name in names}
    if names:
        _check_builds(given, sizes)
        try:
            readings(args)
        except SpecError as error:
            error.where = table.table("args", "").where(
                str(error.where).removeprefix("args.")
            )
            raise
    return sizes


def _size(table: Table, name: str) -> Size:
    own = table.table(name, f"{name} = {{ min = 3, build = [23, 31, 50] }}")
    own.refuse_unknown(("min", "build"))
    least, build = None, ()
    if "min" in own:
        least = int(
            own.check(
                "min",
                lambda value: _is_count(value) and value >= 1,
                "a whole number >= 1",
                "write min = 3",
            )
        )
    if "build" in own:
        build = tuple(
            own.check(
                "build",
                lambda value: (
                    isinstance(value, list | tuple)
                    and all(map(_is_count, value))
                    and len(set(value)) == len(value) >= FEWEST_BUILDS
                ),
                f"{FEWEST_BUILDS} different whole numbers, or more",
                "write build = [23, 31, 50]",
            )
        )
    if build and min(build) < (least or 1):
        raise SpecError(
            f"`{name}` is built at {min(build)}, below its least, {least or 1}",
            where=own.where("build"),
            fix=f"leave {min(build)} out, or write min = {min(build)}",
        )
    return Size(name, least, build)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _check_builds(table: Table, sizes: Mapping[str, Size]) -> None:
    """Sizes are built together: one number of each."""
    counts = {name: len(size.build) for name, size in sizes.items()}
    if len(set(counts.values())) == 1:
        return
    name = next(name for name in counts if counts[name])
    raise SpecError(
        "the sizes are built at different numbers of points: "
        + ", ".join(f"`{each}` at {count or 'none'}" for each, count in counts.items()),
        where=table.where(name),
        why="the first numbers of all `build` are built together, then the second, ...",
        fix="write as many numbers for each, or leave all of them out",
    )


def at_sizes(spec: ModuleSpec, sizes: Mapping[str, int]) -> ModuleSpec:
    """The module with a number in the place of every size.

    Args:
        spec: A module with open sizes.
        sizes: A number for each of them.

    Raises:
        SpecError: A length becomes negative.
    """

    def closed(name: str, leaf: Any) -> Any:
        if not isinstance(leaf, str):
            return leaf
        text = open_text(leaf)
        if not any(length.factors for length in text.lengths):
            return leaf
        shape = [length.at(sizes) for length in text.lengths]
        if min(shape) < 0:
            raise SpecError(
                f"{leaf} has a negative length at {_phrase(sizes)}",
                where=f"args.{name}",
                fix=f"raise `min` in {alternatives([*sizes])} of [module.sizes]",
            )
        return f"{text.dtype}[{','.join(map(str, shape))}]"

    args = {
        name: jax.tree.map(lambda leaf, name=name: closed(name, leaf), value)
        for name, value in spec.args.items()
    }
    return replace(spec, args=args, sizes={})


def _phrase(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in sizes.items())
