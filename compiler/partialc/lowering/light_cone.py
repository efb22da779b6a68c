"""Compute only the elements that are needed and not known."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import numpy as np

from partialc.analysis.demand import Demand, find_demand
from partialc.analysis.facts import find_facts
from partialc.analysis.sensitive import NOTHING, Decided, in_context
from partialc.ir.program import Function
from partialc.ir.structure import all_equations
from partialc.lowering.dead_code import dead_code
from partialc.lowering.fold_constants import computed
from partialc.lowering.passes import Grade, Pass
from partialc.lowering.scalar.algebra import Algebra
from partialc.lowering.scalar.emit import emit
from partialc.lowering.scalar.extract import extract
from partialc.lowering.scalar.growth import Limits
from partialc.lowering.scalar.simplify import simplified
from partialc.lowering.scalar.terms import Terms
from partialc.ops.cost import cost_of, cost_of_equation, weight
from partialc.ops.registry import is_view

LARGEST_CONE: Final = 200_000
"""More elements than this are not taken apart one by one."""

MOST_SUMMANDS: Final = 16
"""Sums of more products that are not known do not get shorter."""

HOPELESS: Final = 0.7
"""Where such sums are so large a part of the work, all stays as it is."""

OPERATION: Final = 2.0
"""An operation, however small, in additions: it is a line to read and to compile."""


def light_cone(
    function: Function,
    *,
    in_order: bool = False,
    normal_forms: bool = True,
    plain: tuple[int, ...] = (),
    values: tuple[int, ...] = (),
    limits: tuple[Limits, ...] = (),
) -> Function:
    """The results, element by element, from the elements that they depend on.

    Forward: which elements are structurally zero, or known? Backward: which are needed?
    Those that are needed and not known are computed as scalars (`scalar`), put together
    again as slices and vectors where they run alike. Operations without a rule for
    elements are carried whole.

    Sums and products are regrouped (`scalar.regroup`), and multiplied out where that is
    much shorter (`scalar.normal_forms`). `0 * x` is 0 and `x + 0` is x, exact for
    finite values, for zeros of one-hot seeds and for those that the function itself
    holds alike, save where a decision depends on them (`analysis.sensitive`).

    A function stays as it is where its cone is too large, or no less work. Bodies of
    loops and branches are taken apart each on its own.

    Args:
        function: A function without plain calls.
        in_order: Whether sums and products stay as the function has them; the result is
            then exact for finite values.
        normal_forms: Whether sums may be multiplied out.
        plain: Results, by number, for which they may not. Any loop or branch may be
            part of such a result, so that in their bodies nothing is multiplied out.
        values: Results, by number, that are the function's value. They stay nan where
            it is: there `x / x` is no 1, and `sqrt(x) ** 2` no x. Any loop or branch
            may be part of them.
        limits: Between which numbers the elements of the inputs are, by number; None
            where nothing is known.
    """
    lighter = partial(_lighter, in_order=in_order)

    def lighter_body(held: Function, decided: Decided) -> Function:
        every = tuple(range(len(held.outputs))) if values else ()
        free = normal_forms and not plain
        return lighter(held, decided, normal_forms=free, values=every)

    lighter_here = partial(
        lighter, normal_forms=normal_forms, plain=plain, values=values, limits=limits
    )
    return in_context(function, lighter_here, change_held=lighter_body)


LIGHT_CONE: Final = Pass(
    "light_cone",
    Grade.REASSOCIATING,
    light_cone,
    regrades=(("in_order", Grade.FINITE),),
)


def _lighter(function: Function, decided: Decided, **options: Any) -> Function:
    cone = taken_apart(function, decided=decided, **options)
    if cone is None or _work(cone) >= _work(function):
        return function
    return cone


def taken_apart(
    function: Function,
    limit: int = LARGEST_CONE,
    decided: Decided = NOTHING,
    *,
    in_order: bool = False,
    normal_forms: bool = True,
    plain: tuple[int, ...] = (),
    values: tuple[int, ...] = (),
    limits: tuple[Limits, ...] = (),
) -> Function | None:
    """The light cone, whether or not that is less work.

    Args:
        function: A function without plain calls.
        limit: How many elements to take apart at most.
        decided: The results that something outside the function is decided by.
        in_order: Whether sums and products stay as they are.
        normal_forms: Whether sums may be multiplied out.
        plain: Results, by number, for which they may not.
        values: Results, by number, that are nan where the function is.
        limits: Between which numbers the inputs are.

    Returns:
        The cone; None if it exceeds the limit, or if most of the work is contractions
        that stay as they are.
    """
    facts = find_facts(function, computed, decided)
    demand = find_demand(function, facts, limit)
    if demand is None or _lasting(function, demand) > HOPELESS * _work(function):
        return None
    algebra = Algebra(Terms(), in_order=in_order)
    program = extract(function, facts, demand, algebra, values)
    if not in_order:
        program = simplified(
            program,
            algebra,
            normal_forms=normal_forms,
            plain=plain,
            values=values,
            given=function.inputs,
            bounded=dict(zip(function.inputs, limits, strict=False)),
        )
    return dead_code(emit(program, function))


def _lasting(function: Function, demand: Demand) -> float:
    """The work of contractions over so many unknown products that they stay."""
    total = 0.0
    for equation in function.equations:
        if equation.op != "dot_general":
            continue
        reads = demand.reads.get(equation.outputs[0])
        if equation in demand.whole:
            total += weight(cost_of_equation(equation))
        elif reads is not None and reads.rows is not None:
            summands = np.bincount(reads.rows)
            total += 2 * float(summands[summands > MOST_SUMMANDS].sum())
    return total


def _work(function: Function) -> float:
    """Work as the cost model sees it, and what each operation costs to read and run."""
    cost = cost_of(function)
    operations = sum(not is_view(e) for e in all_equations(function))
    return weight(cost) + OPERATION * operations
