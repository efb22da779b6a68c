"""The ways to deliver a kernel, behind one interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import starmap
from typing import ClassVar, Final, Literal, TypeAlias

import jax

from partialc.ir.dtypes import Regime
from partialc.ir.program import Program
from partialc.lowering.pipeline import FULL, Variant
from partialc.ops.evaluation import evaluate
from partialc.ops.registry import Cost
from partialc.realise.chain import Along, Basis, Chain, OneHot, Path
from partialc.realise.naming import step_name
from partialc.realise.writer import ChainText
from partialc.request.signature import Signature

FlatCall: TypeAlias = Callable[..., Sequence[jax.Array]]
"""A function of a kernel's flat inputs that returns one array for each part."""

_MOST_NESTS: Final = 4


@dataclass(frozen=True, slots=True)
class Realisation(ABC):
    """One complete way to deliver a kernel.

    Attributes:
        title: What kind of way it is, in the field's words.
        cost: Its static cost; None when it was refused.
        length: The characters of its text, or an estimate of them.
        refusal: Why it cannot be had; None when it can.
        training: What the gradient of its results costs, where that has to be cheap.
    """

    form: ClassVar[Literal["chain", "expanded"]]

    title: str
    cost: Cost | None = None
    length: int = 0
    refusal: str | None = None
    training: Cost | None = None

    @property
    @abstractmethod
    def key(self) -> str:
        """Its canonical text, the same on every machine."""

    @property
    @abstractmethod
    def label(self) -> str:
        """Its form, and what is special about it: `expanded (in order)`."""

    @property
    def passes(self) -> str | None:
        """The pipeline it went through, by name; None if it went through none."""
        return None

    @property
    def regrouped(self) -> tuple[str, ...]:
        """The passes that may have changed how it rounds, by name."""
        return ()

    @abstractmethod
    def work(self, signature: Signature) -> str:
        """The passes through the function, in a phrase: `3 nested JVPs`."""

    def summary(self, signature: Signature) -> str:
        """The same, and what was done with it: `3 nested JVPs, written out`."""
        return self.work(signature)

    @abstractmethod
    def nests(self, signature: Signature) -> str:
        """The functions that its nests evaluate last, by name."""

    @abstractmethod
    def call(self, regime: Regime) -> FlatCall:
        """It as a function of the kernel's flat inputs, traceable by JAX."""


@dataclass(frozen=True, slots=True)
class Chained(Realisation):
    """A chain of jvps and vjps, printed as such.

    Attributes:
        chain: The chain.
        text: The chain as statements; None of one that was not even written.
        run: Runs these statements.
    """

    form = "chain"

    chain: Chain = field(kw_only=True)
    text: ChainText | None = field(default=None, kw_only=True)
    run: FlatCall | None = field(default=None, kw_only=True, compare=False)

    @property
    def key(self) -> str:
        """Its form and its chain."""
        return f"{self.form}: {self.chain.key}"

    @property
    def label(self) -> str:
        """Its form."""
        return self.form

    def work(self, signature: Signature) -> str:
        """The passes through the function, counted."""
        phrases = [_path_phrase(path, signature) for path in self.chain.paths]
        counted: dict[str, int] = {}
        for phrase in phrases:
            counted[phrase] = counted.get(phrase, 0) + 1
        return " and ".join(starmap(_times, counted.items()))

    def nests(self, signature: Signature) -> str:
        """One name for each path; of many the first."""
        names = [
            step_name(path.pushes, signature, pulled=path.pull is not None)
            if path.pushes or path.pull
            else "value"
            for path in self.chain.paths
        ]
        more = len(names) - _MOST_NESTS
        shown = ", ".join(names[:_MOST_NESTS])
        return f"{shown}, and {more} more" if more > 0 else shown

    def call(self, regime: Regime) -> FlatCall:
        """Its statements, which follow the caller whatever the regime."""
        assert self.run is not None, f"{self.title!r} was never written"
        return self.run


@dataclass(frozen=True, slots=True)
class WrittenOut(Realisation):
    """A chain differentiated by JAX and simplified, printed as plain jax.numpy.

    Attributes:
        of: The chain.
        variant: The pipeline that it went through.
        program: What is printed, in all regimes; None when it was refused.
        regroupings: The passes that may have changed how it rounds, by name.
    """

    form = "expanded"

    of: Chained = field(kw_only=True)
    variant: Variant = field(kw_only=True)
    program: Program | None = field(default=None, kw_only=True)
    regroupings: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def key(self) -> str:
        """Its form, its pipeline and its chain."""
        return f"{self.form} {self.variant.name}: {self.of.chain.key}"

    @property
    def label(self) -> str:
        """Its form, and its pipeline if that is not the first."""
        if self.variant.name == FULL.name:
            return self.form
        return f"{self.form} ({self.variant.name})"

    @property
    def passes(self) -> str:
        """The name of its pipeline."""
        return self.variant.name

    @property
    def regrouped(self) -> tuple[str, ...]:
        """The passes that may have changed how it rounds, by name."""
        return self.regroupings

    def work(self, signature: Signature) -> str:
        """That of its chain."""
        return self.of.work(signature)

    def summary(self, signature: Signature) -> str:
        """That of its chain, and that it is written out."""
        return f"{self.work(signature)}, written out"

    def nests(self, signature: Signature) -> str:
        """Those of its chain."""
        return self.of.nests(signature)

    def call(self, regime: Regime) -> FlatCall:
        """Its program, operation by operation."""
        assert self.program is not None, f"{self.title!r} was refused"
        function = self.program.variants[regime]
        return lambda *leaves: evaluate(function, leaves, regime)


def _times(phrase: str, count: int) -> str:
    if count == 1:
        return phrase
    inner, nested, kind = phrase.partition(" nested ")
    if nested and not inner.endswith("times"):
        return f"{count} nests of {inner} {kind}"
    if phrase.startswith("1 "):
        first, *rest = phrase.split(" of ")
        return " of ".join([f"{count} {first.removeprefix('1 ')}s", *rest])
    return f"{count} times {phrase}"


def _path_phrase(path: Path, signature: Signature) -> str:
    counts = [_passes(push, signature) for push in path.pushes]
    if path.zipped:
        nested = f"{len(counts)} nested JVPs" if len(counts) > 1 else "a JVP"
        pushed = f"{counts[0]} times {nested}" if counts else ""
    elif len(counts) > 1 and set(counts) == {1}:
        pushed = f"{len(counts)} nested JVPs"
    else:
        texts = ["1 JVP" if count == 1 else f"{count} JVPs" for count in counts]
        pushed = " of ".join(reversed(texts))
    if path.pull is None:
        return pushed or "1 evaluation"
    rows = 1
    if path.pull.seed == "basis":
        for extent in path.outputs[0].shape:
            rows *= extent
    pulled = "1 VJP" if rows == 1 else f"{rows} VJPs"
    return f"{pushed} of {pulled}" if pushed else pulled


def _passes(push: OneHot | Basis | Along, signature: Signature) -> int:
    if not isinstance(push, Basis):
        return 1
    if isinstance(push.selection, tuple):
        return len(push.selection)
    count = 1
    for extent in push.selection.shape:
        count *= extent
    return count
