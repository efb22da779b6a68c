"""Functions with requests, on which the choice of plans is calibrated and judged.

Each is small enough to be measured in every form, and of a kind that people ask for.
The constants of the cost model are fitted to `CALIBRATION` alone; `HELD_OUT` tells how
well they carry over to functions, sizes and requests that they have not seen.
"""

from __future__ import annotations

from typing import Final

from choices import (
    copulas,
    elements,
    filters,
    fits,
    fluxes,
    gaussian_processes,
    kinetics,
    loops,
    matrix_functions,
    networks,
    power_flow,
    robots,
    scalar_formulas,
    stencils,
)
from choices.pair import Pair

CORPUS: Final[tuple[Pair, ...]] = tuple(
    pair
    for module in (
        *(scalar_formulas, networks, stencils, elements, kinetics, robots, power_flow),
        *(gaussian_processes, filters, fits, fluxes, loops, matrix_functions, copulas),
    )
    for pair in module.PAIRS
)
PAIRS: Final[dict[str, Pair]] = {pair.name: pair for pair in CORPUS}
CALIBRATION: Final = {
    name: pair for name, pair in PAIRS.items() if not pair.is_held_out
}
HELD_OUT: Final = {name: pair for name, pair in PAIRS.items() if pair.is_held_out}

__all__ = ["CALIBRATION", "CORPUS", "HELD_OUT", "PAIRS", "Pair"]
