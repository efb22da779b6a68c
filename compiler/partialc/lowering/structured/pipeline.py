"""The passes that structured programs go through: whole arrays stay whole."""

from __future__ import annotations

from typing import Final

from partialc.lowering.light_cone import LIGHT_CONE
from partialc.lowering.needed_rectangles import NEEDED_RECTANGLES
from partialc.lowering.pipeline import FLAT, Variant
from partialc.lowering.rectangles import RECTANGLES
from partialc.lowering.specialise_loops import SPECIALISE_LOOPS
from partialc.lowering.structured.reads import READS

_APART: Final = frozenset(
    each.name for each in (SPECIALISE_LOOPS, RECTANGLES, NEEDED_RECTANGLES, LIGHT_CONE)
)


def whole_arrays(variant: Variant) -> Variant:
    """A pipeline without the passes that take arrays apart.

    What of an array is needed and not known is what terms already say.
    """
    passes = tuple(each for each in variant.passes if each.name not in _APART)
    return Variant(variant.name, (*FLAT, READS, *passes))
