"""Texts without derivatives: chains that are written out, and Taylor series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from partialc.analysis.depth import nonlinear_depth
from partialc.ir.structure import hides_derivatives, size
from partialc.lowering.pipeline import FLAT, run
from partialc.ops.cost import weight
from partialc.planning.preference import LONG, LONGEST, Preference
from partialc.planning.realisation import Chained, WrittenOut
from partialc.planning.taylor import (
    TaylorPropagation,
    may_propagate,
    taylor_propagation,
)
from partialc.planning.tracer import LONG_TRACE, Tracer
from partialc.planning.wish import Wish

SHORT: Final = 30
"""Where the lightest chain written out has no more statements, no other is tried."""

HOPELESS: Final = 2 * LONGEST
"""Nor where it has so many: no other chain makes a text that would be taken."""

DEEP: Final = 3 * LONGEST
"""More levels of what is not linear do not fit into the longest text that is taken: a
statement holds some three of them."""

TOO_DEEP: Final = (
    f"not tried: it nests more operations than {LONGEST} statements can hold;"
    ' `form = "expanded"` writes it out'
)

LEAST_SAVED: Final = 0.1
"""What a series has to save of the costs of a text that is not long: estimates are no
better than that, and what people have reviewed need not change for less."""

MAX_EXPANDED: Final = 3
"""So many of the lightest chains are written out."""


def written_out(
    chains: Sequence[Chained], tracer: Tracer, wish: Wish
) -> list[WrittenOut]:
    """The lightest chains written out, and a series, unless a chain is asked for.

    Only the first of the chains where that makes a short text, or a hopelessly long
    one, or where a series takes less. Custom rules are gone from a written-out kernel,
    so it could not be differentiated again: that has to be asked for.

    Args:
        chains: The lightest first.
        tracer: Of the kernel.
        wish: What to respect.
    """
    if wish.form == "chain":
        return []
    daring = wish.ladder[0]
    tried = [chain for chain in chains[:MAX_EXPANDED] if chain.burden is not None]
    if wish.form == "expanded":
        found = [tracer.finish(chain, daring) for chain in tried]
        return [*found, *_series(chains, found, tracer, wish)]
    if tracer.primal.has_custom_rules or _is_final(tracer, wish):
        return []
    if _is_deep(tried[0]):
        return [
            WrittenOut(chain.title, of=chain, variant=daring, refusal=TOO_DEEP)
            for chain in tried
        ]
    # More rivals only make a text too long that these do: it is not traced again.
    rivals = None
    if wish.pinned is None:
        rivals = Preference(wish.form, wish.rows, chains)
    first = tracer.finish(tried[0], daring, rivals)
    series = [
        _worthwhile(each, first, wish)
        for each in _series(chains, [first], tracer, wish)
    ]
    if _speaks_for_all(first) or any(_is_lighter(each, first) for each in series):
        return [first, *series]
    others = (tracer.finish(chain, daring, rivals) for chain in tried[1:])
    return [first, *others, *series]


def by_series(
    chains: Sequence[Chained], tracer: Tracer, wish: Wish
) -> list[TaylorPropagation]:
    """The series alone, where there is one.

    Args:
        chains: The lightest first.
        tracer: Of the kernel.
        wish: What to respect.
    """
    return _series(chains, [], tracer, wish)


def _series(
    chains: Sequence[Chained],
    others: Sequence[WrittenOut],
    tracer: Tracer,
    wish: Wish,
) -> list[TaylorPropagation]:
    """A kernel by Taylor propagation, where that may be better than what there is."""
    partials = None if any(map(_is_short, others)) else may_propagate(tracer)
    if partials is None:
        return []
    had = [chain for chain in chains if chain.burden is not None]
    forward = [chain for chain in had if not chain.chain.pulls]  # as series go
    return [taylor_propagation(tracer, [*forward, *had][0], partials, wish.ladder[0])]


def _worthwhile(
    series: TaylorPropagation, first: WrittenOut, wish: Wish
) -> TaylorPropagation:
    """A series, refused where what a chain is written out to does about as well."""
    own, other = series.weighed, first.weighed
    if own is None or other is None or other.statements > LONG:
        return series
    saved = 1 - own.total(wish.rows) / other.total(wish.rows)
    if saved >= LEAST_SAVED:
        return series
    refusal = f"saves no more than {max(saved, 0):.0%} beside {first.summary()}"
    return replace(series, burden=None, training=None, refusal=refusal)


def _is_lighter(series: TaylorPropagation, first: WrittenOut) -> bool:
    """Whether a series takes less than a chain, and there is less to read."""
    own, other = series.weighed, first.weighed
    if own is None:
        return False
    if other is None:
        return True
    is_less = weight(own.cost) <= weight(other.cost)
    return is_less and own.statements <= other.statements


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
        is_short = first.alone is not None and first.alone.statements <= LONGEST
        return size(first.origin.widest) > LONG_TRACE and not is_short
    return not SHORT < first.burden.statements <= HOPELESS


def _is_deep(chained: Chained) -> bool:
    """Whether a chain cannot be written out in a text that would be taken."""
    if size(chained.widest) <= DEEP:
        return False
    return nonlinear_depth(run(chained.widest, FLAT)) > DEEP
