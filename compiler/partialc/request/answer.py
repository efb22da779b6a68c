"""One request resolved, before it has a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from partialc.request.resolved import Constant, Direction
from partialc.request.selection import Selection


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request delivers.

    Attributes:
        parts: As in `Field.parts`.
        wrt: The selections it is differentiated along, in the order of its name.
        output: What `of=` selects.
        constants: As in `Field.constants`.
        directions: The arguments it adds to the kernel.
    """

    parts: Any
    wrt: tuple[Selection, ...]
    output: Selection
    constants: Mapping[str, Constant] = field(default_factory=dict)
    directions: tuple[Direction, ...] = ()
