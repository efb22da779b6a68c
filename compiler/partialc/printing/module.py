"""What bodies need at module level: constants, functions, helpers, imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from textwrap import fill, indent
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partialc.printing.authored import UNNAMED, Authored
from partialc.printing.formatting import LINE_LENGTH
from partialc.printing.literals import LARGE_SIZE, module_array, storage
from partialc.printing.names import RESERVED
from partialc.printing.text import unparse

IMPORTS: Final = {
    "jax": "import jax",
    "jnp": "import jax.numpy as jnp",
    "np": "import numpy as np",
    "lax": "from jax import lax",
    "Any": "from typing import Any",
}
"""Import statements by the name they bind."""


MOST_APART: Final = 16
"""Of tables of no more numbers each row has lines of its own."""

_MANY: Final = re.compile(r"np\.array\((\[.*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ModuleParts:
    """What stands at module level for the bodies that refer to it.

    Attributes:
        constants: Arrays by name. `constant_source` prints one; a large one
            (`is_large`) belongs into a file beside the module.
        functions: Definitions by name, each after those it refers to; some entries are
            several definitions (a function, its rules and their registration).
        helpers: Sources of helper functions by name.
        imports: The names among `IMPORTS` that everything together refers to.
    """

    constants: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    helpers: Mapping[str, str] = field(default_factory=dict)
    imports: frozenset[str] = frozenset()


def is_large(array: NDArray[Any]) -> bool:
    """Whether a constant is too large to be read in a source file."""
    return array.size > LARGE_SIZE


def constant_source(name: str, array: NDArray[Any]) -> str:
    """The statement that defines a module-level array.

    Numbers stand side by side: black would give each a line of its own.
    """
    text = unparse(module_array(array))
    found = _MANY.fullmatch(text)
    is_short = len(f"{name} = {text}") <= LINE_LENGTH
    is_row = array.size == max(array.shape, default=1)
    if found is None or is_short or (array.size <= MOST_APART and not is_row):
        return f"{name} = {text}"
    if len(found[1]) <= LINE_LENGTH - 4:
        return f"{name} = {text}"
    lines = indent(fill(found[1], LINE_LENGTH - 4, break_long_words=False), "    ")
    return f"# fmt: off\n{name} = np.array(\n{lines}\n)\n# fmt: on"


def imported_names(*texts: str) -> frozenset[str]:
    """The names among `IMPORTS` that occur in source texts."""
    words = {word for text in texts for word in re.findall(r"\b[A-Za-z]\w*\b", text)}
    return frozenset(words & IMPORTS.keys())


class ModuleScope:
    """Collects module-level parts; bodies that share one share their definitions.

    Attributes:
        authored: What the author of the module's function calls its values.
    """

    def __init__(
        self, taken: Collection[str] = (), authored: Authored = UNNAMED
    ) -> None:
        self.authored = authored
        self._taken = set(taken)
        self._constants: dict[str, NDArray[Any]] = {}
        self._functions: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._helpers: dict[str, str] = {}

    @property
    def taken(self) -> frozenset[str]:
        """The names that local variables may not have."""
        return frozenset(self._taken)

    def keep(self, names: Iterable[str]) -> None:
        """Have some names never given to anything."""
        self._taken.update(names)

    def is_free(self, name: str) -> bool:
        """Whether nothing at module level has the name yet."""
        return name not in self._taken and name not in RESERVED

    def constant(self, data: NDArray[Any], role: str) -> ast.expr:
        """The name of a constant array; equal arrays are stored once."""
        stored = storage(data)
        for name, known in self._constants.items():
            same = known.dtype == stored.dtype and known.shape == stored.shape
            if same and known.tobytes() == stored.tobytes():
                return ast.Name(name, ast.Load())
        name = self.allocate([f"_{role}", f"_{role}_{_extent(data)}"])
        self._constants[name] = stored
        return ast.Name(name, ast.Load())

    def allocate(self, candidates: list[str]) -> str:
        """Take the first free name; the last one is numbered if need be."""
        names = [*candidates, *(f"{candidates[-1]}_{n}" for n in range(2, 10_000))]
        name = next(name for name in names if self.is_free(name))
        self._taken.add(name)
        return name

    def known(self, key: str) -> str | None:
        """The name of the function that was defined under a key."""
        return self._keys.get(key)

    def reserve(self, key: str, candidates: list[str]) -> str:
        """A name for a function that is about to be printed."""
        self._keys[key] = self.allocate(candidates)
        return self._keys[key]

    def define(self, name: str, source: str) -> None:
        """Add the definition of a reserved name."""
        self._functions[name] = source

    def helper(self, name: str, source: str) -> None:
        """Add a helper function."""
        self._taken.add(name)
        self._helpers[name] = source

    def parts(self, *texts: str) -> ModuleParts:
        """Everything collected, with the imports that it and `texts` need."""
        sources = [*self._functions.values(), *self._helpers.values()]
        imports = imported_names(*texts, *sources)
        return ModuleParts(
            dict(self._constants),
            dict(self._functions),
            dict(self._helpers),
            imports | {"np"} if self._constants else imports,
        )


def _extent(data: NDArray[np.generic]) -> str:
    return "x".join(map(str, data.shape))
