"""The ways to deliver a kernel, behind one interface."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import starmap
from typing import ClassVar, Final, Literal, TypeAlias

import jax

from partialc.ir.dtypes import Regime
from partialc.ir.program import Function, Program
from partialc.lowering.pipeline import FULL, Variant
from partialc.ops.evaluation import evaluate
from partialc.ops.registry import Cost
from partialc.planning.body import Body, printed_body
from partialc.planning.cost import Burden
from partialc.printing import ModuleScope
from partialc.realise.chain import Chain, Path
from partialc.realise.naming import step_name
from partialc.realise.writer import ChainText
from partialc.request.resolved import Kernel
from partialc.request.signature import Signature

FlatCall: TypeAlias = Callable[..., Sequence[jax.Array]]
"""A function of a kernel's flat inputs that returns one array for each part."""

_MOST_NESTS: Final = 4
_NUMBERS: Final = re.compile(r"\d+(?:[,:; ]+\d+)*")


@dataclass(frozen=True, slots=True)
class Realisation(ABC):
    """One complete way to deliver a kernel.

    Attributes:
        title: What kind of way it is, in the field's words.
        burden: What it takes of its callers and readers; None when it was refused.
        refusal: Why it cannot be had, or is not taken; None when it can.
        training: What the gradient of its results takes, where that has to be cheap.
        is_broken: Whether it was tried out and breaks the accuracy contract.
    """

    form: ClassVar[Literal["chain", "expanded"]]

    title: str
    burden: Burden | None = None
    refusal: str | None = None
    training: Burden | None = None
    is_broken: bool = False

    @property
    def weighed(self) -> Burden | None:
        """What it is chosen by: its gradient's burden where that has to be cheap."""
        return self.training or self.burden

    @property
    def cost(self) -> Cost | None:
        """The work of one call; None when it was refused."""
        return None if self.burden is None else self.burden.cost

    @property
    @abstractmethod
    def key(self) -> str:
        """Its canonical text, the same on every machine."""

    @property
    def short_key(self) -> str:
        """Its key as the lock keeps it: `chain, forward over reverse: 1f0a...`."""
        number = hashlib.sha256(self.key.encode()).hexdigest()[:16]
        return f"{self.label}, {self.title}: {number}"

    @property
    def kind(self) -> str:
        """Its key without numbers: what it is at every size of the arguments."""
        return _NUMBERS.sub("#", self.key)

    @property
    @abstractmethod
    def label(self) -> str:
        """Its form, and what is special about it: `expanded (in order)`."""

    @property
    @abstractmethod
    def origin(self) -> Chained:
        """The chain that it was made from; of a chain, itself."""

    @property
    def variant(self) -> Variant | None:
        """The pipeline it went through; None if it went through none."""
        return None

    @property
    def program(self) -> Program | None:
        """What is printed, in all regimes; None of what follows its caller."""
        return None

    @property
    def regrouped(self) -> tuple[str, ...]:
        """The passes that may have changed how it rounds, by name."""
        return ()

    @property
    @abstractmethod
    def widest(self) -> Function:
        """Its program in the widest regime."""

    @abstractmethod
    def work(self) -> str:
        """The passes through the function, in a phrase: `3 nested JVPs`."""

    def summary(self) -> str:
        """The same, and what was done with it: `3 nested JVPs, written out`."""
        return self.work()

    @abstractmethod
    def nests(self, signature: Signature) -> str:
        """The functions that its nests evaluate last, by name."""

    @abstractmethod
    def call(self, regime: Regime) -> FlatCall:
        """It as a function of the kernel's flat inputs, traceable by JAX."""

    @abstractmethod
    def body(
        self,
        kernel: Kernel,
        signature: Signature,
        scope: ModuleScope,
        *,
        guarded: bool = False,
    ) -> Body:
        """Its text.

        Args:
            kernel: What it delivers.
            signature: The function's signature.
            scope: Collects what the text needs at module level.
            guarded: Whether differentiating a text without derivative rules must raise.
        """


@dataclass(frozen=True, slots=True)
class Chained(Realisation):
    """A chain of jvps and vjps, printed as such.

    Attributes:
        chain: The chain.
        text: The chain as statements; None of one that was not even written.
        run: Runs these statements.
        trace: Traces them in a regime.
    """

    form = "chain"

    chain: Chain = field(kw_only=True)
    text: ChainText | None = field(default=None, kw_only=True)
    run: FlatCall | None = field(default=None, kw_only=True, compare=False)
    trace: Callable[[Regime], Function] | None = field(
        default=None, kw_only=True, compare=False
    )

    @property
    def key(self) -> str:
        """Its form and its chain."""
        return f"{self.form}: {self.chain.key}"

    @property
    def label(self) -> str:
        """Its form."""
        return self.form

    @property
    def origin(self) -> Chained:
        """Itself."""
        return self

    @property
    def widest(self) -> Function:
        """Its trace in the widest regime."""
        return self.traced(Regime.WIDE)

    def traced(self, regime: Regime) -> Function:
        """Its trace in a regime.

        Raises:
            Exception: Whatever JAX raises.
        """
        assert self.trace is not None, f"{self.title!r} was never written"
        return self.trace(regime)

    def work(self) -> str:
        """The passes through the function, counted."""
        phrases = [_path_phrase(path) for path in self.chain.paths]
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

    def body(
        self,
        kernel: Kernel,
        signature: Signature,
        scope: ModuleScope,
        *,
        guarded: bool = False,
    ) -> Body:
        """Its statements; they differentiate as the function does."""
        assert self.text is not None, f"{self.title!r} was never written"
        return Body(
            lines=self.text.lines,
            parts=self.text.results,
            whole=self.text.whole,
            support=self.text.helpers,
            constants=self.text.constants,
            is_typed=False,
        )


@dataclass(frozen=True, slots=True)
class WrittenOut(Realisation):
    """A chain differentiated by JAX and simplified, printed as plain jax.numpy.

    Attributes:
        of: The chain.
        variant: The pipeline it went through.
        program: What is printed, in all regimes; None when it was refused.
        regrouped: The passes that may have changed how it rounds, by name.
        alone: What it takes in the widest regime, if that was enough to refuse it.
    """

    form = "expanded"

    of: Chained = field(kw_only=True)
    variant: Variant = field(kw_only=True)
    program: Program | None = field(default=None, kw_only=True)
    regrouped: tuple[str, ...] = field(default=(), kw_only=True)
    alone: Burden | None = field(default=None, kw_only=True)

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
    def origin(self) -> Chained:
        """The chain that is written out."""
        return self.of

    @property
    def widest(self) -> Function:
        """Its program in the widest regime."""
        return self._had.widest

    def work(self) -> str:
        """That of its chain."""
        return self.of.work()

    def summary(self) -> str:
        """That of its chain, and that it is written out."""
        return f"{self.work()}, written out"

    def nests(self, signature: Signature) -> str:
        """Those of its chain."""
        return self.of.nests(signature)

    def call(self, regime: Regime) -> FlatCall:
        """Its program, operation by operation."""
        function = self._had.variants[regime]
        return lambda *leaves: evaluate(function, leaves, regime)

    def body(
        self,
        kernel: Kernel,
        signature: Signature,
        scope: ModuleScope,
        *,
        guarded: bool = False,
    ) -> Body:
        """Its program, printed."""
        return printed_body(self._had, kernel, signature, scope, guarded=guarded)

    @property
    def _had(self) -> Program:
        assert self.program is not None, f"{self.title!r} was refused"
        return self.program


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


def _path_phrase(path: Path) -> str:
    counts = [push.count for push in path.pushes]
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
