"""The test of a module for every size: at those where it was built, and at others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from partialc.printing.formatting import format_source
from partialc.sampling.domain import Ranges
from partialc.sizes.builds import Builds
from partialc.sizes.constants import OpenConstants
from partialc.sizes.forms import Point
from partialc.sizes.unify import unified
from partialc.verify.findings import Findings
from partialc.verify.test_module import Proof, SizedPoints

_TABLE: Final = "_points_of_all_sizes_"
"""What stands in the place of the table while texts are unified."""


@dataclass(frozen=True, slots=True)
class OpenProof:
    """One test for the tests of all builds.

    Attributes:
        proofs: Those, in the order of the builds.
        builds: Their sizes, which the test spells `SIZE.n`.
        sizes: What the sizes are called.
        constants: The constants of the module that are functions.
        sharing: The numbers of the arguments that share a size with another one.
        others: The tests of further sizes, of which only the points are taken.
    """

    proofs: tuple[Proof, ...]
    builds: Builds
    sizes: tuple[str, ...]
    constants: OpenConstants
    sharing: tuple[int, ...]
    others: Mapping[Point, Proof]

    @property
    def ranges(self) -> Ranges:
        """Those of the last build."""
        return self.proofs[-1].ranges

    @property
    def findings(self) -> Findings:
        """Those of the last build."""
        return self.proofs[-1].findings

    def source(
        self,
        module_path: PurePosixPath,
        test_path: PurePosixPath,
        origin_folder: PurePosixPath,
    ) -> str:
        """The formatted text of the test.

        Args:
            module_path: The module, relative to the spec's folder.
            test_path: The test, relative to the spec's folder.
            origin_folder: The spec's folder, relative to the folder of the test.

        Raises:
            PartingError: The tests of two builds say different things.
        """
        sized = SizedPoints(self.sizes, _TABLE, self.sharing)
        texts = [
            replace(proof, sized=sized).text(module_path, test_path, origin_folder)
            for proof in self.proofs
        ]
        text = self._exchanged(unified(texts, self.builds))
        return format_source(text.replace(_TABLE, self._points()))

    def _points(self) -> str:
        """The table of samples, and of what was noted there, by sizes."""
        pairs = [
            *zip(self.builds.points, self.proofs, strict=True),
            *self.others.items(),
        ]
        lines = []
        for point, proof in sorted(pairs, key=lambda pair: pair[0]):
            key = ", ".join(f"{n}={v}" for n, v in zip(self.sizes, point, strict=True))
            samples, noted = proof.findings.samples, proof.findings.noted
            lines.append(f"Sizes({key}): ({[*samples]!r}, {[*noted]!r}),")
        return f"{{{' '.join(lines)}}}"

    def _exchanged(self, text: str) -> str:
        """The constants of the module by their functions."""
        for group in self.constants.groups:
            for name in group.fields:
                text = re.sub(
                    rf"generated\(\)\.{name}\b",
                    f"generated().{group.reference(name, '*SIZE')}",
                    text,
                )
        return text
