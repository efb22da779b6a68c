"""The passes that structured programs go through: whole arrays stay whole."""

from __future__ import annotations

from typing import Final

from partialc.lowering.array_algebra import ARRAY_ALGEBRA
from partialc.lowering.common_subexpressions import COMMON_SUBEXPRESSIONS
from partialc.lowering.light_cone import LIGHT_CONE
from partialc.lowering.needed_rectangles import NEEDED_RECTANGLES
from partialc.lowering.passes import Pass
from partialc.lowering.pipeline import FLAT, Variant
from partialc.lowering.rectangles import RECTANGLES
from partialc.lowering.specialise_loops import SPECIALISE_LOOPS
from partialc.lowering.structured.reads import READS
from partialc.lowering.structured.slots import SLOTS

_APART: Final = frozenset(
    each.name for each in (SPECIALISE_LOOPS, RECTANGLES, NEEDED_RECTANGLES, LIGHT_CONE)
)


def whole_arrays(variant: Variant) -> Variant:
    """A pipeline without the passes that take arrays apart.

    What of an array is needed and not known is what terms already say.
    """
    passes: list[Pass] = [*FLAT, READS]
    for each in variant.passes:
        if each.name not in _APART:
            passes.append(each)
        if each.name == ARRAY_ALGEBRA.name:
            passes.append(READS)  # of what has become one number everywhere
    passes += [SLOTS, COMMON_SUBEXPRESSIONS]
    return Variant(variant.name, tuple(passes))
