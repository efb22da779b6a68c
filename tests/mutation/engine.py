"""Runs a generated test, in this process, against wrong versions of its module.

The float32 tests are left out: they start a process each. What is counted here is
therefore a lower bound of what the generated test finds.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import pytest

from tests.mutation.mutants import Mutant

_LOCATIONS = re.compile(r", metadata=\{[^}]*\}")
_NUMBERS = re.compile(r"(?<=[\w-])\.\d+\b")

_SHARED = ("test_function", "test_original")
_BY_KERNEL = (
    "test_values",
    "test_refuses_wrong_arguments",
    "test_jit_and_vmap",
    "test_differentiated_again",
)


class Proof:
    """A generated test, loaded once, that judges modules given as text.

    Attributes:
        kernels: The names of the kernels it proves.
        source: The text of the right module.
    """

    def __init__(self, module: Path, test: Path) -> None:
        self._path = module
        self.source = module.read_text()
        spec = importlib.util.spec_from_file_location(f"mutated_{test.stem}", test)
        assert spec is not None
        assert spec.loader is not None
        self._test = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._test)
        self.kernels: tuple[str, ...] = tuple(self._test.CASES)
        self._right = self._test.generated()
        with x64():
            for kernel in self.kernels:
                self._test.answers(kernel)  # of the right module; kept by the test

    def killer(self, mutant: Mutant) -> str | None:
        """The test that finds the mistake; None if none does."""
        try:
            wrong = self._load(mutant.source)
        except Exception as error:
            return f"import: {type(error).__name__}"
        concerned = (mutant.kernel,) if mutant.kernel in self.kernels else self.kernels
        self._test.generated = lambda: wrong
        try:
            with x64():
                for name, test in self._tests(concerned):
                    if not _passes(test):
                        return name
        finally:
            self._test.generated = lambda: self._right
        return None

    def is_equivalent(self, mutant: Mutant) -> bool:
        """Whether XLA compiles the mutant to what it compiles the right module to.

        This is "trivial compiler equivalence" (Papadakis et al., ICSE 2015): such a
        mutant is no mistake, and no test can find it.
        """
        wrong = self._load(mutant.source)
        concerned = (mutant.kernel,) if mutant.kernel in self.kernels else self.kernels
        with x64():
            return all(
                self._compiled(wrong, kernel) == self._compiled(self._right, kernel)
                for kernel in concerned
            )

    def _compiled(self, module: ModuleType, kernel: str) -> str:
        call = self._test.calls(kernel, "float64")[0]
        text = jax.jit(getattr(module, kernel)).lower(*call).compile().as_text()
        program = re.search(r"^(%|ENTRY).*", text, re.DOTALL | re.MULTILINE)
        assert program is not None
        return _NUMBERS.sub("", _LOCATIONS.sub("", program[0]))

    def _tests(
        self, kernels: tuple[str, ...]
    ) -> Iterator[tuple[str, Callable[[], Any]]]:
        for name in _BY_KERNEL:
            test = getattr(self._test, name, None)
            for kernel in kernels if test is not None else ():
                yield f"{name}[{kernel}]", lambda test=test, kernel=kernel: test(kernel)
        own = {f"test_{kernel}_constants" for kernel in self.kernels}
        own |= {f"test_{kernel}_is_symmetric" for kernel in self.kernels}
        for name in (*sorted(own), *_SHARED):
            if hasattr(self._test, name):
                yield name, getattr(self._test, name)

    def _load(self, source: str) -> ModuleType:
        module = ModuleType(self._path.stem)
        module.__file__ = str(self._path)
        sys.modules.pop(module.__name__, None)
        exec(compile(source, str(self._path), "exec"), module.__dict__)
        return module


def _passes(test: Callable[[], Any]) -> bool:
    try:
        test()
    except pytest.skip.Exception:
        return True
    except (Exception, pytest.fail.Exception):
        return False
    return True


@contextmanager
def x64() -> Iterator[None]:
    """64-bit types, as the generated test's own fixture turns them on."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)
