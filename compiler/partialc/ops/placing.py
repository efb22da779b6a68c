"""Where gathers read and scatters write, as flat positions, by known indices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partialc.ir.boxes import Flat
from partialc.ir.element_sets import ravel, unravel


@dataclass(frozen=True, slots=True)
class Placing:
    """How windows stand in an array, in terms common to gathers and scatters.

    Attributes:
        operand: The shape of the array that is indexed.
        windows: The shape of the gather's result, or of the scatter's updates.
        offset: The axes of that which run along windows.
        removed: The axes of the operand that windows do not have.
        mapped: The axis of the operand that each component of an index vector indexes.
        batch: Axes of the operand, and the axes of the indices they are paired with.
        sizes: The size of the window along each axis of the operand.
        clip: Whether windows that stand out are moved in; else they are left out.
    """

    operand: tuple[int, ...]
    windows: tuple[int, ...]
    offset: tuple[int, ...]
    removed: tuple[int, ...]
    mapped: tuple[int, ...]
    batch: Mapping[int, int]
    sizes: tuple[int, ...]
    clip: bool

    def places(self, wanted: Flat, indices: NDArray[Any]) -> Flat:
        """The operand's positions for positions in the windows; -1 where left out.

        Args:
            wanted: Flat positions in the gather's result or the scatter's updates.
            indices: The index vectors, along the last axis.
        """
        axes = unravel(wanted, self.windows)
        outer = [axis for n, axis in enumerate(axes) if n not in self.offset]
        vectors = indices.astype(np.int64)[tuple(outer)]
        vectors = np.broadcast_to(vectors, (wanted.size, indices.shape[-1]))
        places = [np.zeros_like(wanted) for _ in self.operand]
        inside = np.ones(wanted.shape, bool)
        for component, axis in enumerate(self.mapped):
            last = self.operand[axis] - self.sizes[axis]
            start = vectors[:, component]
            if self.clip:
                start = np.clip(start, 0, last)
            inside &= (start >= 0) & (start <= last)
            places[axis] = start
        for axis, paired in self.batch.items():
            places[axis] = outer[paired]
        kept = [
            axis
            for axis in range(len(self.operand))
            if axis not in self.removed and axis not in self.batch
        ]
        for axis, along in zip(kept, self.offset, strict=True):
            places[axis] = places[axis] + axes[along]
        return np.where(inside, ravel(places, self.operand, [wanted]), -1)
