"""The Python API: `partialc.compile` and the module it returns."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from partialc.driver import Compiled, compile_module
from partialc.planning.plan import ModulePlan
from partialc.spec.module import module_spec


@dataclass(frozen=True, slots=True)
class Module:
    """A compiled module, in memory.

    Attributes:
        compiled: Everything the driver found out.
    """

    compiled: Compiled

    @property
    def name(self) -> str:
        """The module's name."""
        return self.compiled.name

    @property
    def source(self) -> str:
        """The module's text, exactly what `partialc build` writes."""
        return self.compiled.source

    @property
    def test_source(self) -> str:
        """The text of its test, exactly what `partialc build` writes."""
        return self.compiled.test_source

    @property
    def plan(self) -> ModulePlan:
        """What was decided and why; `str` gives what `partialc explain` prints."""
        return self.compiled.plan

    def load(self) -> Any:
        """Import the module from a temporary folder; its kernels are jitted.

        Returns:
            The module object: `module.load().d3(x)`.
        """
        folder = Path(tempfile.mkdtemp(prefix="partialc-"))
        path = self.write(folder / self.compiled.spec.path.name)
        return _import(self.name, path)

    def write(self, path: str | Path, tests: str | Path | None = None) -> Path:
        """Write the module, its test and its `.npz`.

        Args:
            path: The module's file.
            tests: The folder of the test; the module's own by default.

        Returns:
            The path of the module.

        Raises:
            WriteError: A file cannot be written.
        """
