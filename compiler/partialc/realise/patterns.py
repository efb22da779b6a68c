"""The shape of what a path's outermost call returns, and which of it is read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

from partialc.realise.chain import Path, Pull
from partialc.realise.units import Unit
from partialc.request.resolved import Output

Key: TypeAlias = tuple[Path, str | None, tuple[int, ...], Output]
"""What a name in a pattern stands for: path, pulled unit, pushes, output."""

Pattern: TypeAlias = "Key | list[Pattern]"
"""A value with a name, or several in a tuple."""


class Patterns:
    """Knows, for the paths of one chain, which primals have to be kept.

    `jax.jvp` returns primal and tangent; a step whose primal nobody reads keeps only
    the tangent.
    """

    def __init__(
        self, paths: Sequence[Path], units: Sequence[Unit], wanted: Collection[Key]
    ) -> None:
        self.paths = paths
        self.units = units
        self.wanted = wanted

    def reads_value(self, paths: Sequence[Path]) -> bool:
        """Whether some output itself, not its cotangent, is read from these paths."""
        return any(pulled is None and path in paths for path, pulled, *_ in self.wanted)

    def keeps(self, paths: Sequence[Path], level: int) -> bool:
        """Whether anything is read that is no tangent of the push at `level`."""
        return any(
            path in paths and level not in pushed for path, _, pushed, _ in self.wanted
        )

    def returned(self, path: Path, *, both: bool) -> Pattern:
        """The nested tuples that a path's outermost call returns.

        Args:
            path: The path.
            both: Whether its base function returns values beside their cotangents.
        """

        def at(level: int, pushed: tuple[int, ...]) -> Pattern:
            if level == 0:
                return self.base(path, pushed, both=both)
            tangent = at(level - 1, (level - 1, *pushed))
            if not self.keeps(self._alike(path, level), level - 1):
                return tangent
            return [at(level - 1, pushed), tangent]

        return at(len(path.pushes), ())

    def base(self, path: Path, pushed: tuple[int, ...], *, both: bool) -> Pattern:
        """What the base function returns, each array with its pushes."""
        value = _single([(path, None, pushed, output) for output in path.outputs])
        if path.pull is None:
            return value
        cotangents = _single(self.cotangents(path, path.pull, pushed))
        if not both:
            return cotangents
        if path.pull.seed == "basis":  # jacrev gives its auxiliary value last
            return [cotangents, value]
        return [value, cotangents]

    def cotangents(
        self, path: Path, pull: Pull, pushed: tuple[int, ...]
    ) -> list[Pattern]:
        """The cotangents of every unit that a path pulls to."""
        return [
            (path, unit.name, pushed, path.outputs[0])
            for unit in self.units
            if set(unit.leaves) & set(pull.leaves)
        ]

    def _alike(self, path: Path, length: int) -> list[Path]:
        """The paths that share a path's first pushes, and with them its functions."""
        return [
            other
            for other in self.paths
            if (other.outputs, other.pull, other.zipped)
            == (path.outputs, path.pull, False)
            and other.pushes[:length] == path.pushes[:length]
        ]


def _single(patterns: list[Pattern]) -> Pattern:
    """One value bare, several as a tuple."""
    return patterns[0] if len(patterns) == 1 else patterns
