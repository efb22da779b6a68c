"""The formulas that the accuracy of kernels is measured on.

Physics, statistics, chemistry, finance, machine learning, engineering and biology, as
text books and programs have them. What is hard about each is left in: exponentials that
overflow, differences that cancel, removable singularities, constants in SI units.
"""

from __future__ import annotations

from typing import Final

from formulas import (
    atoms,
    biology,
    chemistry,
    elementary,
    engineering,
    finance,
    learning,
    mechanics,
    probability,
    thermal,
    waves,
)
from formulas.formula import Formula

FORMULAS: Final[tuple[Formula, ...]] = tuple(
    formula
    for module in (
        *(elementary, thermal, atoms, mechanics, waves, engineering),
        *(chemistry, probability, finance, learning, biology),
    )
    for formula in module.FORMULAS
)
CORPUS: Final[dict[str, Formula]] = {formula.name: formula for formula in FORMULAS}

__all__ = ["CORPUS", "FORMULAS", "Formula"]
