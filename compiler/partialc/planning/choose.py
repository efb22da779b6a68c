"""Choosing a plan: candidates are written, traced and counted; the cheapest wins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from typing import Final

import jax

from partialc.errors import FrontendError, PartialcError
from partialc.frontends.primal import Primal
from partialc.ir.dtypes import Regime
from partialc.ir.structure import size
from partialc.lowering.pipeline import IN_ORDER
from partialc.lowering.structured.matrix import Matrices
from partialc.ops.cost import weight
from partialc.planning.acceptance import Acceptance
from partialc.planning.facts import facts_of
from partialc.planning.matrices import has_matrices, without_large_matrices
from partialc.planning.merge import merge
from partialc.planning.options import options
from partialc.planning.plan import KernelPlan
from partialc.planning.preference import Preference
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
)
from partialc.planning.tracer import Tracer
from partialc.planning.wish import Wish as Wish
from partialc.planning.written_out import by_series, written_out
from partialc.planning.zeros import zero_warnings
from partialc.realise.chain import Chain, Path
from partialc.request.parts import parts_of
from partialc.request.resolved import Coordinates, Kernel
from partialc.request.signature import Signature
from partialc.sampling.domain import EVERYWHERE, Ranges

LONG_PROGRAM: Final = 2000
"""Of programs with more equations a pass back is not tried where one tangent does."""

OUTDONE: Final = "not tried: it takes more than one tangent does, and long to trace"

NOT_TRIED: Final = "not tried out: a matrix is too large to be held densely beside it"

MOST_TRIED: Final = 1e8
TOO_DEAR: Final = "not tried out: one evaluation of the chain takes too long for that"
"""Where a chain takes more operations, a trial of some hundred evaluations takes longer
than all else."""

_BY_CHAINS: Final = frozenset({"chain:", WrittenOut.form, TAYLOR})
"""How kinds of ways begin that are no structured tangents."""


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
    is_bounded = bool(terms) or (wish.differentiable and wish.form == "auto")
    are_many = is_bounded and has_many_entries(kernel, terms)
    texts: Sequence[WrittenOut] = []
    if not is_large and not are_many and pinned in (None, WrittenOut.form):
        texts = written_out(chains, tracer, wish)
    elif not is_large and not are_many and pinned == TAYLOR:
        texts = by_series(chains, tracer, wish)
    rivals = [] if is_large else chains
    candidates: list[Realisation] = [*rivals, *texts, *terms]
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


def _structured(
    chains: Sequence[Chained], tracer: Tracer, wish: Wish
) -> list[StructuredTangents]:
    """Matrices by structured tangents, unless a chain is asked for."""
    if wish.form == "chain" or wish.differentiable or not has_matrices(tracer.kernel):
        return []
    if wish.pinned is not None:
        return [structured_as(wish.pinned, tracer, chains[0], wish.ladder[0])]
    return list(structured_ways(tracer, chains[0], wish.ladder[0]))


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
