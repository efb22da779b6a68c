"""One table of small programs that together reach every operation partialc knows.

Reused wherever programs are run in two ways: evaluator against JAX, printed source
against JAX, decompiled modules, both float widths, and, through `derived`, the programs
of their first and second derivatives.
"""

from __future__ import annotations

from typing import Final

from tests.ops.case import Case, derived
from tests.ops.cases_arrays import ARRAYS
from tests.ops.cases_control import CONTROL
from tests.ops.cases_elementwise import ELEMENTWISE
from tests.ops.cases_indexing import INDEXING
from tests.ops.cases_integers import INTEGERS
from tests.ops.cases_solvers import SOLVERS

CASES: Final[tuple[Case, ...]] = (
    *ELEMENTWISE,
    *INTEGERS,
    *ARRAYS,
    *INDEXING,
    *SOLVERS,
    *CONTROL,
)

__all__ = ["CASES", "Case", "derived"]
