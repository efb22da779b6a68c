"""Names that are still free where a function is printed."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable
from typing import Final, Protocol

RESERVED: Final = (
    frozenset(keyword.kwlist)
    | frozenset(keyword.softkwlist)
    | frozenset(dir(builtins))
    | {"jax", "jnp", "lax", "np", "typing", "Any", "NamedTuple"}
)


class Free(Protocol):
    """Knows which names may still be given."""

    def is_free(self, name: str) -> bool:
        """Whether a name may still be given."""


class Names:
    """The names in use where a function is printed; nested functions see them too."""

    def __init__(self, taken: Iterable[str] = (), parent: Free | None = None) -> None:
        self._taken = set(taken)
        self._parent = parent
        self._numbered: dict[str, int] = {}

    def is_free(self, name: str) -> bool:
        """Whether a name may still be given."""
        if name in RESERVED or name in self._taken:
            return False
        return self._parent is None or self._parent.is_free(name)

    def allocate(self, candidates: Iterable[str]) -> str:
        """Take the first candidate that is free, or number the last one."""
        last = "value"
        for candidate in candidates:
            last = candidate
            if self.is_free(candidate):
                self._taken.add(candidate)
                return candidate
        number = self._numbered.get(last, 2)  # a name once taken stays so
        while not self.is_free(f"{last}_{number}"):
            number += 1
        self._numbered[last] = number + 1
        self._taken.add(f"{last}_{number}")
        return f"{last}_{number}"

    def nested(self) -> Names:
        """Names for a function inside: all of these are taken there."""
        return Names(parent=self)


def identifier(text: str) -> str:
    """Text as (the end of) a lower-case identifier."""
    cleaned = re.sub(r"\W+", "_", text).strip("_")
    if not cleaned:
        return "value"
    return f"v{cleaned}" if cleaned[0].isdigit() else cleaned
