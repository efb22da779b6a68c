"""What trying the references out at build time has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from partialc.reference.expected import Expected
from partialc.verify.hard import Hard

Sample: TypeAlias = tuple[int, float, float]
"""A seed and the range of every real number that has none of its own."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The parts of a test that only running the function can tell.

    Attributes:
        trial: Whether this is a first text, written only to be run at build time.
        expected: The reference of each kernel, in modes that JAX accepts.
        samples: Where the function is sampled.
        remarks: Comment lines on the samples.
        noted: For each sample and leaf of the result, some rounded elements.
        slopes: How the reference of each kernel can be differentiated once more:
            `forward`, `reverse`, or not at all (empty).
        hard: How each kernel is judged at hard points, if it is.
        is_exact: Whether `noted` was computed by SymPy, not by the function.
    """

    trial: bool = False
    expected: Mapping[str, Expected] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    remarks: tuple[str, ...] = ()
    noted: tuple[Any, ...] = ()
    slopes: Mapping[str, str] = field(default_factory=dict)
    hard: Mapping[str, Hard] = field(default_factory=dict)
    is_exact: bool = False
