"""The kernels of the examples, as the root `partialc.toml` has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from partialc.api import Module
from partialc.benching.case import Case
from partialc.benching.kernels import kernel_cases
from partialc.driver import compile_module
from partialc.spec.load import load_spec

ROOT = Path(__file__).resolve().parent.parent


def cases() -> Iterator[Case]:
    """Every kernel on one point, and on a batch."""
    spec = load_spec(ROOT / "partialc.toml")
    for module in spec.modules:
        compiled = compile_module(module, spec.folder)
        loaded = Module(compiled).load()
        for kernel in compiled.kernels:
            yield from kernel_cases(compiled, loaded, kernel, folder=spec.folder)
