"""The Python API: `partialc.compile` and the module it returns."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, Final, get_args

from partialc.driver import Compiled, compile_module
from partialc.errors import SpecError, WriteError
from partialc.planning.plan import ModulePlan
from partialc.request.syntax import Request
from partialc.spec.module import read_module
from partialc.spec.tables import Table
from partialc.store.writing import write_all

_LOADED: Final = count()


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

    def load(self) -> ModuleType:
        """Import the module from a temporary folder.

        Returns:
            The module: `module.load().d3(x)`. Its kernels are jitted, and nest in jit,
            vmap and grad.
        """
        folder = Path(tempfile.mkdtemp(prefix="partialc-"))
        path = self.write(folder / self.compiled.spec.path.name)
        name = f"partialc_loaded_{next(_LOADED)}_{self.name}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise WriteError(f"{path} cannot be imported")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    def write(self, path: str | Path, tests: str | Path | None = None) -> Path:
        """Write the module, its test and its `.npz`, each atomically; no lock.

        The test finds the module where both are written: it is made for these places.

        Args:
            path: The module's file.
            tests: The folder of the test; the module's own by default.

        Returns:
            The path of the module.

        Raises:
            WriteError: A file cannot be written.
        """
        target = Path(path)
        folder = target.parent if tests is None else Path(tests)
        test = folder / self.compiled.spec.test_path.name
        files = {
            target: self.source.encode(),
            test: self._test_source(target, test).encode(),
        }
        if self.compiled.arrays is not None:
            beside = target.with_name(self.compiled.spec.arrays_path.name)
            files = {beside: self.compiled.arrays} | files
        write_all(files)
        return target

    def _test_source(self, module: Path, test: Path) -> str:
        base = module.parent.resolve()
        relative = os.path.relpath(test.resolve(), base)
        return self.compiled.test_source_at(
            PurePosixPath(module.name), PurePosixPath(Path(relative).as_posix())
        )


def compile(
    function: Any,
    args: Mapping[str, Any],
    kernels: Mapping[str, Any],
    name: str,
    **options: Any,
) -> Module:
    """Compile the derivatives of a function.

    Args:
        function: A JAX-traceable callable, SymPy expressions (or a callable that
            returns them), or the path of one: `"package.module:object"`.
        args: A description of each argument, in order: a text such as `"float[5]"`, an
            array, a `jax.ShapeDtypeStruct`, a pytree of these, or a static value.
        kernels: For each kernel its request, or a list or mapping of requests: texts,
            or what the constructors (`partialc.partial`, ...) give.
        name: The module's name.
        **options: What a `[[module]]` may set: `form`, `batch`, `rows`,
            `differentiable`, `reassociate`, `rtol`, `atol`, `domain`, `options`,
            `sizes`, `path`, `tests`.

    Returns:
        The compiled module, in memory.

    Raises:
        SpecError: A keyword is unknown or wrong.
        RequestError: A request is wrong.
        FrontendError: The function cannot be found, traced or differentiated.
    """
    values = {
        "function": function,
        "args": _named(args, "args", 'args={"x": "float[5]"}'),
        "kernels": {
            key: _texts(value)
            for key, value in _named(
                kernels, "kernels", 'kernels={"d": "gradient(x)"}'
            ).items()
        },
        "name": name,
        "path": f"{name}.py",
        **options,
    }
    spec = read_module(Table(values, "partialc.compile"))
    return Module(compile_module(spec, None))


def _named(values: Any, keyword: str, example: str) -> Mapping[str, Any]:
    """A keyword that must be a mapping by name.

    Raises:
        SpecError: It is not.
    """
    if isinstance(values, Mapping) and all(isinstance(key, str) for key in values):
        return values
    raise SpecError(
        f"`{keyword}` has keys that are no texts"
        if isinstance(values, Mapping)
        else f"`{keyword}` must be a mapping by name, not {values!r}",
        where=keyword,
        fix=f"write {example}",
    )


def _texts(requests: Any) -> Any:
    """Requests as texts: what the constructors give has one that parses back.

    What is no request stays what it is: reading the spec refuses it by name.
    """
    if isinstance(requests, Mapping):
        return {key: _texts(request) for key, request in requests.items()}
    if isinstance(requests, list | tuple):
        return [_texts(request) for request in requests]
    return str(requests) if isinstance(requests, get_args(Request)) else requests
