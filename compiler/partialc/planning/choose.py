"""Choosing a plan: candidates are written, traced and counted; the cheapest wins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import Final

import jax
import numpy as np
from numpy.typing import NDArray

from partialc.accuracy.verdict import Trials
from partialc.analysis.depth import nonlinear_depth
from partialc.errors import FrontendError, PartialcError
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.ir.structure import hides_derivatives, size
from partialc.lowering.pipeline import FLAT, IN_ORDER, Variant, run, variants
from partialc.lowering.structured.matrix import Matrices
from partialc.ops.cost import weight
from partialc.planning.acceptance import Acceptance
from partialc.planning.facts import facts_of
from partialc.planning.matrices import has_matrices, without_large_matrices
from partialc.planning.merge import merge
from partialc.planning.options import options
from partialc.planning.plan import KernelPlan
from partialc.planning.preference import LONGEST, Preference
from partialc.planning.proposals import proposals
from partialc.planning.realisation import Chained, Realisation, WrittenOut
from partialc.planning.reference import References
from partialc.planning.structured import (
    StructuredTangents,
    has_many_entries,
    structured_as,
    structured_ways,
)
from partialc.planning.symmetry import Symmetry
from partialc.planning.taylor import (
    TAYLOR,
    TaylorPropagation,
    may_propagate,
    taylor_propagation,
)
from partialc.planning.tracer import LONG_TRACE, Tracer
from partialc.planning.zeros import zero_warnings
from partialc.realise.chain import Chain, Path
from partialc.request.parts import parts_of
from partialc.request.resolved import Coordinates, Kernel
from partialc.request.signature import Signature
from partialc.sampling.domain import EVERYWHERE, Ranges
from partialc.spec.model import Form, Rows

SHORT: Final = 30
"""Where the lightest chain written out has no more statements, no other is tried."""

HOPELESS: Final = 2 * LONGEST
"""Nor where it has so many: no other chain makes a text that would be taken."""

LONG_PROGRAM: Final = 2000
"""Of programs with more equations a pass back is not tried where one tangent does."""

OUTDONE: Final = "not tried: it takes more than one tangent does, and long to trace"

DEEP: Final = 3 * LONGEST
"""More levels of what is not linear do not fit into the longest text that is taken: a
statement holds some three of them."""

TOO_DEEP: Final = (
    f"not tried: it nests more operations than {LONGEST} statements can hold;"
    ' `form = "expanded"` writes it out'
)

NOT_TRIED: Final = "not tried out: a matrix is too large to be held densely beside it"

MOST_TRIED: Final = 1e8
TOO_DEAR: Final = "not tried out: one evaluation of the chain takes too long for that"
"""Where a chain takes more operations, a trial of some hundred evaluations takes longer
than all else."""

_BY_CHAINS: Final = frozenset({"chain:", WrittenOut.form, TAYLOR})
"""How kinds of ways begin that are no structured tangents."""

MAX_EXPANDED: Final = 3
"""So many of the lightest chains are written out."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What planning is to respect.

    Attributes:
        form: The form asked for; `auto` leaves the choice.
        differentiable: Whether the kernel's own gradient is what has to be cheap.
        rows: Whether it is called for one row, for many, or for both.
        taken: Names that local variables may not have.
        constants: The position arrays the module defines for the kernel, by name.
        ladder: The pipelines a chain may be written out by, from daring to safe.
        trials: Keeps what trying kernels out has shown; None to try nothing.
        kept: The short key of what an earlier build has chosen.
        pinned: The kind of way that has to be taken; None to take the best.
    """

    form: Form
    differentiable: bool
    taken: frozenset[str]
    constants: Mapping[str, NDArray[np.int64]]
    rows: Rows = "both"
    ladder: Sequence[Variant] = variants()
    trials: Trials | None = None
    kept: str | None = None
    pinned: str | None = None


def plan_kernel(
    kernel: Kernel,
    primal: Primal,
    function: str,
    wish: Wish,
    references: References | None = None,
    ranges: Ranges = EVERYWHERE,
    matrices: Matrices | None = None,
) -> KernelPlan:
    """Choose how to deliver a kernel.

    Args:
        kernel: What is wanted.
        primal: The function.
        function: The name the generated module calls it by.
        wish: What to respect.
        references: The function's full references, when several kernels share them.
        ranges: Where the function may be evaluated.
        matrices: Matrices of the function, when several kernels share them.

    Raises:
        FrontendError: JAX cannot differentiate the function in any way that would do.
    """
    if wish.differentiable:
        wish = replace(wish, ladder=(IN_ORDER,))
    commute = not primal.has_custom_rules
    cotangent = _cotangent(kernel)
    alike = partial(_alike, Symmetry(primal.program.widest), primal.signature)
    chained = kernel if wish.form == "chain" else without_large_matrices(kernel)
    is_large = chained is not kernel
    choices = [
        options(
            part, primal.signature, commute=commute, cotangent=cotangent, alike=alike
        )
        for part in parts_of(chained)
    ]
    tracer = Tracer(
        kernel,
        primal,
        function,
        taken=wish.taken,
        constants=wish.constants,
        differentiable=wish.differentiable,
        ranges=ranges,
        matrices=matrices,
    )
    written: dict[tuple[Path, ...], tuple[str, Chain]] = {}
    for title, reads in proposals(choices, tracer.single):
        chain = Chain(chained, merge(reads, commute=commute))
        written.setdefault(chain.paths, (title, chain))
    chains = sorted(_tried(written, tracer, wish), key=_lightness)
    if chains[0].burden is None:
        raise _refused(kernel, primal, chains)
    pinned = None if wish.pinned is None else wish.pinned.split(" ")[0]
    terms = _structured(chains, tracer, wish) if pinned not in _BY_CHAINS else []
    are_many = bool(terms) and has_many_entries(kernel, terms)
    are_shorter = pinned in (None, WrittenOut.form)
    written_out = (
        _written_out(chains, tracer, wish)
        if are_shorter and not is_large and not are_many
        else []
    )
    rivals = [] if is_large else chains
    series = (
        _by_series(chains, written_out, tracer, wish)
        if pinned in (None, TAYLOR) and not is_large and not are_many
        else []
    )
    candidates: list[Realisation] = [*rivals, *written_out, *terms, *series]
    preference = Preference(wish.form, wish.rows, candidates, wish.kept, wish.pinned)
    not_tried = NOT_TRIED if is_large else TOO_DEAR if _are_dear(chains) else None
    trials = None if not_tried else wish.trials
    accepted = Acceptance(tracer, chains, wish.ladder, ranges, trials).best(
        candidates, rank=preference.rank
    )
    chosen = accepted.chosen
    if chosen.burden is None:
        raise _refused(kernel, primal, [chosen, *accepted.rejected])
    regions = ranges.by_leaf(primal.signature)
    zeros = zero_warnings(
        chosen.widest,
        chosen.call(Regime.WIDE),
        kernel,
        primal.signature,
        regions,
    )
    return KernelPlan(
        kernel=kernel,
        chosen=chosen,
        rejected=tuple(
            replace(each, refusal=each.refusal or preference.reason(each, chosen))
            for each in accepted.rejected
        ),
        rows=wish.rows,
        reference=(references or References(primal)).cost(kernel),
        facts=(
            *_found(chosen),
            *facts_of(chosen, primal),
            *accepted.facts,
            *([not_tried] if not_tried else []),
        ),
        warnings=(*_not_written_out(chosen, wish), *zeros),
    )


def _are_dear(chains: Sequence[Chained]) -> bool:
    """Whether one evaluation of what a kernel is held against takes too long."""
    costs = [each.burden.cost for each in chains if each.burden is not None]
    return max(cost.flops + 20 * cost.transcendentals for cost in costs) > MOST_TRIED


def _found(chosen: Realisation) -> tuple[str, ...]:
    """What structured tangents and Taylor propagation tell of a kernel."""
    if isinstance(chosen, StructuredTangents | TaylorPropagation):
        return chosen.facts
    return ()


def _alike(
    symmetry: Symmetry, signature: Signature, one: Coordinates, other: Coordinates
) -> bool:
    """Whether a function does not tell two of its elements apart."""
    places = [
        (each.leaf, int(each.flat(signature.leaves[each.leaf][1].type.shape)))
        for each in (one, other)
    ]
    return symmetry.allows(*places)


def _tried(
    written: Mapping[tuple[Path, ...], tuple[str, Chain]],
    tracer: Tracer,
    wish: Wish,
) -> list[Chained]:
    """The candidates, counted; of a long program not those that cannot win.

    A pass back takes the function forward too, and keeps what it computes.
    """
    found: dict[tuple[Path, ...], Chained] = {}
    singles = [paths for paths in written if _is_one_tangent(paths)]
    for paths in singles:
        found[paths] = tracer.candidate(*written[paths])
    is_outdone = (
        any(found[paths].cost for paths in singles)
        and not wish.differentiable
        and _is_long(tracer.primal)
    )
    for paths, (title, chain) in written.items():
        if is_outdone and any(path.pull for path in paths):
            found[paths] = Chained(title, chain=chain, refusal=OUTDONE)
        elif paths not in found:
            found[paths] = tracer.candidate(title, chain)
    return [found[paths] for paths in written]


def _is_one_tangent(paths: Sequence[Path]) -> bool:
    """Whether a chain is one tangent, pushed through the function."""
    if len(paths) != 1 or paths[0].pull is not None:
        return False
    pushes = paths[0].pushes
    return len(pushes) == 1 and not pushes[0].has_axis


def _is_long(primal: Primal) -> bool:
    """Whether tracing a derivative takes seconds."""
    variants = primal.program.variants.values()
    return max(map(size, variants)) > LONG_PROGRAM


def _cotangent(kernel: Kernel) -> tuple[Coordinates, ...]:
    for direction in kernel.directions:
        if direction.is_cotangent:
            return tuple(
                jax.tree.leaves(
                    direction.outputs, is_leaf=lambda x: isinstance(x, Coordinates)
                )
            )
    return ()


def _lightness(candidate: Chained) -> tuple[float, int]:
    """The least work first; refused ones last."""
    burden = candidate.weighed
    if burden is None:
        return (inf, 0)
    return (weight(burden.cost), burden.statements)


def _written_out(
    chains: Sequence[Chained], tracer: Tracer, wish: Wish
) -> list[WrittenOut]:
    """The lightest chains written out, unless a chain is asked for.

    Only the first of them where that makes a short text, or a hopelessly long one.
    Custom rules are gone from a written-out kernel, so it could not be differentiated
    again: that has to be asked for.
    """
    if wish.form == "chain":
        return []
    daring = wish.ladder[0]
    tried = [chain for chain in chains[:MAX_EXPANDED] if chain.burden is not None]
    if wish.form == "expanded":
        return [tracer.finish(chain, daring) for chain in tried]
    if tracer.primal.has_custom_rules or _is_final(tracer, wish):
        return []
    if _is_deep(tried[0]):
        return [
            WrittenOut(chain.title, of=chain, variant=daring, refusal=TOO_DEEP)
            for chain in tried
        ]
    first = tracer.finish(tried[0], daring, LONGEST)
    others = [] if _speaks_for_all(first) else tried[1:]
    return [first, *(tracer.finish(chain, daring, LONGEST) for chain in others)]


def _structured(
    chains: Sequence[Chained], tracer: Tracer, wish: Wish
) -> list[StructuredTangents]:
    """Matrices by structured tangents, unless a chain is asked for."""
    if wish.form == "chain" or wish.differentiable or not has_matrices(tracer.kernel):
        return []
    if wish.pinned is not None:
        return [structured_as(wish.pinned, tracer, chains[0], wish.ladder[0])]
    return list(structured_ways(tracer, chains[0], wish.ladder[0]))


def _by_series(
    chains: Sequence[Chained],
    written_out: Sequence[WrittenOut],
    tracer: Tracer,
    wish: Wish,
) -> list[TaylorPropagation]:
    """A kernel by Taylor propagation, where that may be better than what there is."""
    if wish.form == "chain" or any(map(_is_short, written_out)):
        return []
    if wish.form == "auto" and _is_final(tracer, wish):
        return []
    partials = may_propagate(tracer)
    if partials is None:
        return []
    had = [chain for chain in chains if chain.burden is not None]
    forward = [chain for chain in had if not chain.chain.pulls]  # as series go
    return [taylor_propagation(tracer, [*forward, *had][0], partials, wish.ladder[0])]


def _is_final(tracer: Tracer, wish: Wish) -> bool:
    """Whether no text without rules may be taken: it is differentiated again."""
    variants = tracer.primal.program.variants.values()
    return wish.differentiable and any(map(hides_derivatives, variants))


def _is_short(way: WrittenOut) -> bool:
    """Whether a text is so short that no other way is tried."""
    return way.burden is not None and way.burden.statements <= SHORT


def _speaks_for_all(first: WrittenOut) -> bool:
    """Whether other chains need not be written out: it is short, or hopelessly long."""
    if first.burden is None:
        return size(first.origin.widest) > LONG_TRACE
    return not SHORT < first.burden.statements <= HOPELESS


def _is_deep(chained: Chained) -> bool:
    """Whether a chain cannot be written out in a text that would be taken."""
    if size(chained.widest) <= DEEP:
        return False
    return nonlinear_depth(run(chained.widest, FLAT)) > DEEP


def _not_written_out(chosen: Realisation, wish: Wish) -> Iterator[str]:
    """What a person is told who asked for a written-out kernel and gets a chain."""
    if wish.form == "expanded" and chosen.form == "chain":
        yield (
            "no way of writing it out keeps the accuracy contract, so the chain is"
            " taken; `partialc explain` tells where each fails"
        )


def _refused(
    kernel: Kernel, primal: Primal, candidates: Sequence[Realisation]
) -> PartialcError:
    reasons = "; ".join(
        f"{candidate.title}: {candidate.refusal}"
        for candidate in candidates
        if candidate.refusal is not None
    )
    return FrontendError(
        f"no plan for the kernel {kernel.name!r}: JAX refuses every candidate",
        where=primal.origin,
        why=reasons,
        fix="ask for derivatives that the function's own rules allow, or change it: "
        "lax.scan instead of lax.while_loop, custom_jvp instead of custom_vjp",
    )
