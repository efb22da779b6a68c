"""The lightest candidate that keeps the accuracy contract.

A chain does: its own error is part of what the contract allows. A written-out kernel is
tried out beside it before it is taken. Where it fails, what vanishes is computed more
precisely, if something does; then passes that dare less are used, first for the results
that fail, then for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from partialc.accuracy.running import Reference
from partialc.accuracy.trial import Subject, try_out
from partialc.accuracy.verdict import Trials, Verdict
from partialc.lowering.near_zero import NEAR_ZERO
from partialc.lowering.pipeline import FULL, FULL_PRECISE, Variant, full_except
from partialc.planning.realisation import Chained, Realisation
from partialc.planning.structured import StructuredTangents, structured
from partialc.planning.taylor import TaylorPropagation, taylor_propagation
from partialc.planning.tracer import Tracer
from partialc.realise.chain import Chain
from partialc.realise.execute import direction_types, input_names, kernel_types
from partialc.request.combination import results_of
from partialc.request.parts import parts_of, values_of
from partialc.request.resolved import Block, Kernel, Product
from partialc.request.signature import Signature
from partialc.sampling.domain import Ranges, Region

DIRECTIONS: Final = Region(limits=(0.5, 1.5))
"""What the caller's tangents and cotangents are drawn from: results are linear in
them."""

_KEPT: Final = "tried out at hard points: it keeps the accuracy contract"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is taken, and what trying out has shown.

    Attributes:
        chosen: The candidate that is taken.
        rejected: The others, in their order; those that failed lead.
        facts: What was found out, as sentences.
    """

    chosen: Realisation
    rejected: tuple[Realisation, ...]
    facts: tuple[str, ...]


class Acceptance:
    """Tries candidates out, the best first.

    Args:
        tracer: Finishes and runs the chains.
        chains: All chains; others than a candidate's own are references of it.
        ladder: The pipelines a chain may be written out by, from daring to safe.
        ranges: Where the function may be evaluated.
        trials: Keeps the verdicts; None when nothing is tried out.
    """

    def __init__(
        self,
        tracer: Tracer,
        chains: Sequence[Chained],
        ladder: Sequence[Variant],
        ranges: Ranges,
        trials: Trials | None,
    ) -> None:
        self._tracer = tracer
        self._chains = [chain for chain in chains if chain.burden is not None]
        self._ladder = tuple(ladder)
        self._ranges = ranges
        self._trials = trials
        self._plain: dict[str, frozenset[int]] = {}
        self._known: dict[str, Reference] = {}

    def best(
        self,
        candidates: Sequence[Realisation],
        rank: Callable[[Realisation], Any],
    ) -> Accepted:
        """The best candidate that keeps the contract.

        One that fails is written out again, less daringly, for as long as no chain is
        better; only then comes the next.

        Args:
            candidates: All of them.
            rank: What they are sorted by, the best first.
        """
        chosen, *others = sorted(candidates, key=rank)
        failed: list[Realisation] = []
        verdict = self._verdict(chosen)
        while verdict is not None and not verdict.keeps:
            refusal = f"it breaks the accuracy contract: {verdict.reason}"
            failed.append(replace(chosen, refusal=refusal, is_broken=True))
            safer = self._safer(chosen, verdict)
            chains = [rank(each) for each in others if each.program is None]
            if safer is not None and rank(safer) < min(chains):
                chosen = safer
            else:
                chosen, *others = others
            verdict = self._verdict(chosen)
        facts = () if verdict is None else (verdict.reason or _KEPT,)
        return Accepted(chosen, (*failed, *others), facts)

    def _verdict(self, candidate: Realisation) -> Verdict | None:
        """What trying a candidate out shows; None where nothing is tried."""
        subject = None if self._trials is None else self._subject(candidate)
        if self._trials is None or subject is None:
            return None
        return self._trials.verdict(subject.key, lambda: try_out(subject))

    def _subject(self, candidate: Realisation) -> Subject | None:
        """A candidate beside its chain; None of what is a chain."""
        if candidate.program is None:
            return None
        tracer, signature = self._tracer, self._tracer.primal.signature
        types = kernel_types(tracer.kernel, signature)
        regions = self._ranges.by_leaf(signature)
        others = self._references(candidate.origin)
        return Subject(
            kernel=tracer.kernel.name,
            program=candidate.program,
            chain=self._reference(candidate.origin),
            others=tuple(map(self._reference, others)),
            types=types,
            names=input_names(tracer.kernel, signature),
            regions=(*regions, *_of_directions(tracer.kernel, signature)),
            values=values_of(tracer.kernel),
        )

    def _reference(self, chained: Chained) -> Reference:
        """A chain as a reference: the same for all trials, so that it compiles once."""
        if chained.key not in self._known:
            self._known[chained.key] = Reference(chained.traced)
        return self._known[chained.key]

    def _references(self, own: Chained) -> list[Chained]:
        """A chain with a pass back and one without, if its own is not that already.

        Of the chains with a pass back that which is nearest to forward over reverse as
        a person takes it: back first, then along the others in their order.
        """
        others = [each for each in self._chains if each.chain is not own.chain]
        pulled = [each for each in (own, *others) if each.chain.pulls]
        pushed = [each for each in (own, *others) if not each.chain.pulls]
        parts = parts_of(self._tracer.kernel)
        pulled.sort(key=lambda each: -_as_written(each.chain, parts))
        return [each for each in (*pushed[:1], *pulled[:1]) if each is not own]

    def _safer(self, candidate: Realisation, verdict: Verdict) -> Realisation | None:
        """A candidate written out by the next pipeline; None after the last."""
        variant = self._next(candidate, frozenset(verdict.failing))
        if variant is None:
            return None
        safer = self._finished(candidate, variant)
        return None if safer.burden is None else safer

    def _finished(self, candidate: Realisation, variant: Variant) -> Realisation:
        """A candidate by another pipeline."""
        if isinstance(candidate, StructuredTangents):
            return structured(
                self._tracer,
                candidate.origin,
                candidate.direction,
                variant,
                is_coloured=candidate.is_coloured,
            )
        if isinstance(candidate, TaylorPropagation):
            return taylor_propagation(
                self._tracer, candidate.origin, candidate.partials, variant
            )
        return self._tracer.finish(candidate.origin, variant)

    def _next(self, candidate: Realisation, failing: frozenset[int]) -> Variant | None:
        """The pipeline after a candidate's.

        Before nothing is multiplied out, nothing is where it failed.

        Args:
            candidate: What failed.
            failing: The numbers of the results that did.
        """
        ladder = self._ladder
        rung = ladder.index(FULL_PRECISE) if FULL_PRECISE in ladder else 0
        if candidate.variant in ladder:
            rung = ladder.index(candidate.variant)
        if ladder[rung] is FULL and not _vanishes(candidate):
            rung += 1
        if ladder[rung] is FULL_PRECISE:
            key = f"{candidate.title}: {candidate.origin.key}"
            known = self._plain.get(key, frozenset())
            plain = known | failing
            if known < plain and len(plain) < len(results_of(self._tracer.kernel)):
                self._plain[key] = plain
                return full_except(plain)
        return ladder[rung + 1] if rung + 1 < len(ladder) else None


def _of_directions(kernel: Kernel, signature: Signature) -> Iterator[Region]:
    """What each leaf of a kernel's further arguments is drawn from."""
    for direction in kernel.directions:
        is_parameter = direction.type is not None
        for _ in direction_types(direction, signature):
            yield Region() if is_parameter else DIRECTIONS


def _as_written(chain: Chain, parts: Sequence[Block | Product]) -> int:
    """For how many parts a gradient is pushed along all but their first coordinate."""
    count = 0
    for part, read in zip(parts, chain.reads, strict=True):
        axes = part.axes[1:] if isinstance(part, Block) else ()
        wanted = [(c.leaf, c.index) for axis in axes for c in axis]
        pushes = [
            [push.element for push in path.pushes if push.element is not None]
            for path in read.paths
        ]
        count += bool(axes) and all(each == wanted for each in pushes)
    return count


def _vanishes(candidate: Realisation) -> bool:
    """Whether something can be computed more precisely where it is near zero."""
    assert candidate.program is not None
    functions = candidate.program.variants.values()
    return any(NEAR_ZERO(function) is not function for function in functions)
