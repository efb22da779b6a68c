"""What planning is to respect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partialc.accuracy.verdict import Trials
from partialc.lowering.pipeline import Variant, variants
from partialc.spec.model import Form, Rows


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
