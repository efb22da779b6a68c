"""Proofs of small functions, and their generated tests run in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import jax
import pytest

from partialc.frontends.load import load_primal
from partialc.planning.patterns import pattern_of
from partialc.request.parse import parse
from partialc.request.resolve import resolve_kernel
from partialc.request.resolved import Kernel
from partialc.request.scope import Patterns
from partialc.request.signature import Signature
from partialc.sampling.domain import read_domain
from partialc.spec.model import Domain, Options
from partialc.verify.stand_ins import examples_of
from partialc.verify.test_module import Proof, prove


@contextmanager
def x64() -> Iterator[None]:
    """64-bit types on, as generated tests turn them on."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)


def kernel_for(
    signature: Signature,
    request: str | list[str],
    name: str = "k",
    patterns: Patterns | None = None,
) -> Kernel:
    """One resolved kernel."""
    texts = [request] if isinstance(request, str) else request
    parsed = [parse(text, None) for text in texts]
    return resolve_kernel(
        name,
        parsed[0] if isinstance(request, str) else parsed,
        signature,
        load_object=lambda path: pytest.fail(path),
        patterns=patterns,
    )


def proof_of(
    function: Any,
    args: Mapping[str, Any],
    requests: Mapping[str, str | list[str]],
    *,
    domain: Domain | None = None,
    options: Mapping[str, Options] | None = None,
    folder: Path | None = None,
    hard: bool = False,
) -> Proof:
    """The proof of a module with these kernels."""
    primal = load_primal(function, args, name="module", folder=folder)
    return prove(
        primal,
        [
            kernel_for(primal.signature, text, name, partial(pattern_of, primal))
            for name, text in requests.items()
        ],
        options=options or {},
        ranges=read_domain(
            domain or {}, primal.signature, examples_of(args, primal.origin), folder
        ),
        function_name=primal.signature.name,
        folder=folder,
        hard=hard,
    )


def text_of(proof: Proof) -> str:
    """The text of the test, beside its module, below the spec's folder."""
    return proof.source(
        PurePosixPath("out/module.py"),
        PurePosixPath("out/test_m.py"),
        PurePosixPath(".."),
    )


class Running:
    """A generated test in this process, its module replaced by functions.

    Attributes:
        space: The names the test defines.
    """

    def __init__(self, proof: Proof, **kernels: Callable[..., Any]) -> None:
        """The kernels, by name, stand in for the generated module."""
        self.space: dict[str, Any] = {
            "__name__": "running",
            "__file__": "out/test_m.py",
        }
        exec(compile(text_of(proof), "<test>", "exec"), self.space)
        names = {proof.function_name: proof.primal.call, **kernels}
        module = SimpleNamespace(**names)
        self.space["generated"] = lambda: module
        self.space["found"] = lambda module, path: proof.primal.call

    def passes(self, test: str, *arguments: Any) -> bool:
        """Whether one test function passes."""
        with x64():
            try:
                self.space[test](*arguments)
            except (AssertionError, pytest.fail.Exception):
                return False
        return True

    def expected(self, name: str) -> list[Any]:
        """The reference of a kernel at every sample."""
        with x64():
            found: list[Any] = [answer for answer, _ in self.space["answers"](name)]
        return found
