"""What a pass is: a name, a grade, options and the function that does the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Any

from partialc.ir.program import Function


class Grade(Enum):
    """What a pass may change of the numbers that a function returns."""

    BITWISE = "bitwise"
    """Nothing: every bit stays, infinities and nans included."""

    FINITE = "exact for finite values"
    """No finite number: 0 * x may become 0, and a nan or the sign of a zero be lost."""

    REASSOCIATING = "reassociating"
    """Rounding: sums and products may be computed in another order."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A function from programs to programs, with what there is to know about it.

    Passes are equal when they do the same: `LIGHT_CONE.with_options(in_order=True)`
    is not `LIGHT_CONE`.

    Attributes:
        name: What people call it, in case files and after `--after`.
        default_grade: Its grade where no option says otherwise.
        run: Does the work; takes the function, and the options as keywords.
        settings: The options that were set, sorted by name.
        regrades: The grade that it has when an option is set, by option.
    """

    name: str
    default_grade: Grade
    run: Callable[..., Function]
    settings: tuple[tuple[str, Any], ...] = ()
    regrades: tuple[tuple[str, Grade], ...] = ()

    @property
    def grade(self) -> Grade:
        """What it may change of the results."""
        found = (grade for option, grade in self.regrades if self.options.get(option))
        return next(found, self.default_grade)

    @property
    def options(self) -> Mapping[str, Any]:
        """The options that were set, by name."""
        return MappingProxyType(dict(self.settings))

    def with_options(self, **options: Any) -> Pass:
        """The same pass with further options, as a copy.

        Args:
            **options: Keywords of `run`; their values must be hashable.
        """
        settings = sorted({**self.options, **options}.items())
        return replace(self, settings=tuple(settings))

    def __call__(self, function: Function) -> Function:
        """The function after the pass, with the inputs and outputs of the given one."""
        return self.run(function, **self.options)

    def __str__(self) -> str:
        if not self.settings:
            return self.name
        options = ", ".join(f"{name}={value!r}" for name, value in self.settings)
        return f"{self.name}({options})"
