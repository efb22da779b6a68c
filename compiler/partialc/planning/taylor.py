"""Kernels by Taylor propagation: all their partials in one pass, everything shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from partialc.errors import REFUSALS, UnsupportedError
from partialc.ir.dtypes import Regime
from partialc.ir.merge import merge
from partialc.ir.program import Function, Program, Value
from partialc.ir.rewrite import splice
from partialc.ir.structure import size
from partialc.lowering.pipeline import FINAL, Variant, run
from partialc.lowering.taylor.naming import called_by_index
from partialc.lowering.taylor.nested import NoSeriesError, RegimesDifferError
from partialc.lowering.taylor.partials import PartialSet, partial_set
from partialc.lowering.taylor.propagate import propagated
from partialc.lowering.taylor.results import assembled
from partialc.planning.preference import LONGEST
from partialc.planning.realisation import Chained, WrittenOut
from partialc.planning.tracer import Tracer
from partialc.realise.combine import has_combinations
from partialc.realise.execute import input_names, kernel_types
from partialc.request.parts import highest_order

TAYLOR: Final = "taylor"
"""How the key begins, and the kind."""

LEAST_ORDER: Final = 2
"""Of lower orders one jvp, or one vjp, is the same."""

MOST_COEFFICIENTS: Final = 3 * LONGEST
"""Programs of more do not fit into the longest text that is taken."""


@dataclass(frozen=True, slots=True)
class TaylorPropagation(WrittenOut):
    """Partials as the coefficients of one truncated Taylor series.

    Attributes:
        partials: What is computed: with all parts of each multi-index.
        carried: The operations that JAX differentiated, each by nested jvps.
    """

    partials: PartialSet = field(kw_only=True)
    carried: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def key(self) -> str:
        """Its pipeline, and the multi-indices along what elements."""
        return f"{TAYLOR} {self.variant.name}: {self.partials.key}"

    @property
    def label(self) -> str:
        """Its form."""
        return f"{TAYLOR} ({self.variant.name})"

    def work(self) -> str:
        """How many coefficients each value has."""
        return f"{len(self.partials.downset.indices)} Taylor coefficients"

    def summary(self) -> str:
        """The same: nothing else is done with it."""
        return self.work()

    @property
    def facts(self) -> tuple[str, ...]:
        """What was found out, as sentences."""
        if not self.carried:
            return ()
        names = ", ".join(sorted(set(self.carried)))
        return (f"nested JVPs carry the Taylor series through {names}",)


def may_propagate(tracer: Tracer) -> PartialSet | None:
    """The partials of a kernel, where one series may be the way to deliver them.

    That is told by sizes alone.

    Args:
        tracer: Of the kernel.
    """
    primal = tracer.primal
    if primal.has_custom_rules or highest_order(tracer.kernel) < LEAST_ORDER:
        return None
    partials = partial_set(tracer.kernel, primal.signature)
    if partials is None:
        return None
    coefficients = len(partials.downset.indices) * size(primal.program.widest)
    return None if coefficients > MOST_COEFFICIENTS else partials


def taylor_propagation(
    tracer: Tracer, chained: Chained, partials: PartialSet, variant: Variant
) -> TaylorPropagation:
    """A kernel by Taylor propagation, or with the reason why it cannot be had so.

    Args:
        tracer: Of the kernel.
        chained: A chain that delivers the same.
        partials: What the kernel is made of.
        variant: The pipeline.
    """
    found = TaylorPropagation(
        "Taylor propagation", of=chained, variant=variant, partials=partials
    )
    try:
        traced, carried = _program(tracer, partials)
    except RegimesDifferError:
        return replace(found, refusal="float32 and float64 take different programs")
    except NoSeriesError as error:
        return replace(found, refusal=str(error))
    except UnsupportedError as error:
        return replace(found, refusal=error.what)
    except REFUSALS as error:
        reason = str(error).strip().split("\n")[0]
        return replace(found, refusal=f"JAX refuses it: {reason}")
    return tracer.lowered(replace(found, carried=carried), traced)


def _program(tracer: Tracer, partials: PartialSet) -> tuple[Program, tuple[str, ...]]:
    """The program before its passes, and what JAX differentiated in it."""
    variants = tracer.primal.program.variants
    groups: dict[Function, list[Regime]] = {}
    for regime, function in variants.items():
        groups.setdefault(function, []).append(regime)
    carried: dict[str, None] = {}
    found: dict[Regime, Function] = {}
    for function, regimes in groups.items():
        derivatives, names = _derivatives(tracer, function, partials, regimes)
        carried.update(dict.fromkeys(names))
        found |= _combined(tracer, derivatives, regimes)
    ordered = {regime: found[regime] for regime in variants}
    are_one = len(dict.fromkeys(ordered.values())) == 1
    name = tracer.kernel.name
    return Program(name, ordered if are_one else merge(ordered)), tuple(carried)


def _combined(
    tracer: Tracer, derivatives: Function, regimes: Sequence[Regime]
) -> dict[Regime, Function]:
    """A program that goes on to combine the derivatives it returned."""
    if not has_combinations(tracer.kernel):
        return dict.fromkeys(regimes, derivatives)
    done: dict[Function, Function] = {}
    following = tracer.combination(derivatives).variants
    for regime in regimes:
        each = following[regime]
        if each not in done:
            equations = list(derivatives.equations)
            operands = (*derivatives.inputs, *derivatives.outputs)
            outputs = splice(each, operands, equations)
            done[each] = replace(
                derivatives, equations=tuple(equations), outputs=tuple(outputs)
            )
    return {regime: done[following[regime]] for regime in regimes}


def _derivatives(
    tracer: Tracer,
    function: Function,
    partials: PartialSet,
    regimes: Sequence[Regime],
) -> tuple[Function, tuple[str, ...]]:
    """All derivatives of a kernel as one program of its flat inputs."""
    kernel, signature = tracer.kernel, tracer.primal.signature
    leaves = sorted({part.output.leaf for part in partials.parts})
    outputs = tuple(function.outputs[leaf] for leaf in leaves)
    flat = run(replace(function, outputs=outputs), FINAL)
    whole = propagated(flat, partials.directions, partials.downset, regimes)
    results = tuple(
        assembled(part, whole.outputs[leaves.index(part.output.leaf)], whole.arithmetic)
        for part in partials.parts
    )
    types, names = kernel_types(kernel, signature), input_names(kernel, signature)
    own = len(flat.inputs)
    further = tuple(
        Value(kind, name) for kind, name in zip(types[own:], names[own:], strict=True)
    )
    equations = tuple(whole.arithmetic.arrays.equations)
    made = Function(kernel.name, (*flat.inputs, *further), equations, results)
    along = [
        _direction_name(tracer, leaf, place) for leaf, place in partials.directions
    ]
    return called_by_index(made, whole.series, along), whole.carried


def _direction_name(tracer: Tracer, leaf: int, place: int) -> str:
    """What a direction is called in names of coefficients: `x`, or `x2`."""
    argument, found = tracer.primal.signature.leaves[leaf]
    return argument if found.type.size == 1 else f"{argument}{place}"
