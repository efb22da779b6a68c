"""What compiling a module gives, and how it may be asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Protocol, TypeAlias

from partialc.frontends.primal import Primal
from partialc.lowering.pipeline import Variant
from partialc.planning.plan import ModulePlan
from partialc.request.resolved import Kernel
from partialc.sampling.domain import Ranges
from partialc.spec.model import ModuleSpec
from partialc.verify.findings import Findings

Progress: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Known:
    """What builds find out of a module and the lock keeps.

    Attributes:
        trials: What trying written-out kernels out has shown, by what was tried.
        choices: How each kernel is delivered, by its name.
    """

    trials: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)


class Proving(Protocol):
    """The test of a module, wherever its files stand."""

    @property
    def ranges(self) -> Ranges:
        """Where arguments are drawn from."""

    @property
    def findings(self) -> Findings:
        """What trying the references out has found."""

    def source(
        self,
        module_path: PurePosixPath,
        test_path: PurePosixPath,
        origin_folder: PurePosixPath,
    ) -> str:
        """The formatted text of the test."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything that `build` writes for one module, and why it looks as it does.

    Of a module whose sizes are open plan, function and kernels are those of the build
    that says how it is planned.

    Attributes:
        name: The module's name.
        spec: What was asked for.
        source: The module's text.
        test_source: The text of its test.
        arrays: The bytes of the `.npz` beside it; None when it needs none.
        plan: What was decided.
        primal: The function.
        kernels: The resolved kernels, by name.
        warnings: What a person should know of.
        function_name: What the embedded function is called.
        proof: The test, wherever its files stand.
        found: What the lock keeps of it.
    """

    name: str
    spec: ModuleSpec
    source: str
    test_source: str
    arrays: bytes | None
    plan: ModulePlan
    primal: Primal
    kernels: Mapping[str, Kernel]
    warnings: tuple[str, ...]
    function_name: str
    proof: Proving
    found: Known

    def test_source_at(self, module: PurePosixPath, test: PurePosixPath) -> str:
        """The text of the test when module and test stand elsewhere.

        Args:
            module: The module's file, relative to the spec's folder.
            test: The test's file, likewise.
        """
        return test_text(self.proof, module, test)


def test_text(proof: Proving, module: PurePosixPath, test: PurePosixPath) -> str:
    """The text of a test, for where module and test stand in the spec's folder."""
    folder = PurePosixPath(*[".."] * len(test.parent.parts))
    return proof.source(module, test, folder)


@dataclass(frozen=True, slots=True)
class Pin:
    """How a kernel has to be delivered.

    Attributes:
        kind: The kind of realisation.
        variant: The pipeline it is written out by; None for what goes through none.
    """

    kind: str
    variant: Variant | None


@dataclass(frozen=True, slots=True)
class Manner:
    """How one of several builds of a module is made, so that their texts agree.

    Attributes:
        sizes: What is open: no local variable has such a name.
        reserved: Names that the module defines besides: a function that is carried over
            must have none of them.
        pins: How each kernel has to be delivered; empty to choose.
        tries: Whether kernels are tried out.
    """

    sizes: tuple[str, ...] = ()
    reserved: Collection[str] = ()
    pins: Mapping[str, Pin] = field(default_factory=dict)
    tries: bool = True
