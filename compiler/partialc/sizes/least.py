"""The least size for which a module is right, found by its own test."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, Final

import jax

from partialc.frontends.importing import load_object
from partialc.sizes.forms import Point
from partialc.sizes.proof import OpenProof

HIGHEST: Final = 12
"""Up to here a module may be wrong at some sizes and right at all above."""

TRIED: Final = 6
"""Whether it is right is tried from here downwards."""

_NUMBERS: Final = itertools.count()


class Tried:
    """A module and its test, imported to be run at any size.

    Args:
        source: The module's text, of the least size of all.
        proof: Its test.
        name: The module's file.
        folder: The folder that imports start from.
    """

    def __init__(self, test: ModuleType, sample: object) -> None:
        self._test: Any = test
        self._sample = sample

    def is_right(self, point: Point) -> bool:
        """Whether every kernel equals its reference, and every pattern holds all."""
        test = self._test
        size = test.Sizes(*point)
        test.POINTS[size] = ([self._sample], [])
        try:
            with jax.enable_x64(True):
                test.take(size)
                for name in test.CASES:
                    pairs = zip(test.calls(name, "float64"), test.answers(name))
                    for call, answer in pairs:
                        test.assert_equal(name, test.kernel_of(name)(*call), *answer)
                for name, function in vars(test).items():
                    if name.startswith("test_") and name.endswith(
                        ("_constants", "_pattern")
                    ):
                        function()
        except Exception:  # whatever it is, the module is of no use there
            return False
        return True


@contextmanager
def tried(
    source: str, arrays: bytes | None, proof: OpenProof, name: str, folder: Path | None
) -> Iterator[Tried]:
    """A module and its test in a temporary folder.

    Args:
        source: The module's text, for all sizes.
        arrays: The file beside it.
        proof: Its test.
        name: What the module's file is called, without ending.
        folder: The folder that imports start from.
    """
    with tempfile.TemporaryDirectory(prefix="partialc-") as place:
        (Path(place) / f"{name}.py").write_text(source)
        if arrays is not None:
            (Path(place) / f"{name}.npz").write_bytes(arrays)
        text = proof.source(
            PurePosixPath(f"{name}.py"), PurePosixPath("test.py"), PurePosixPath(".")
        )
        path = Path(place) / "test.py"
        path.write_text(text)
        known = f"partialc_tried_{next(_NUMBERS)}"
        spec = importlib.util.spec_from_file_location(known, path)
        assert spec is not None
        assert spec.loader is not None
        test = importlib.util.module_from_spec(spec)
        sys.modules[known] = test
        try:
            spec.loader.exec_module(test)
            if hasattr(test, "found"):
                test.found = lambda module, path: load_object(
                    f"{module}:{path}", folder
                )
            yield Tried(test, proof.findings.samples[0])
        finally:
            del sys.modules[known]


def least_point(module: Tried, count: int, highest: Point) -> Point | None:
    """The least sizes from which on a module is right; None if it is nowhere.

    Args:
        module: The module.
        count: How many sizes there are.
        highest: What no size may be above: where it is built it is known to be right.
    """
    top = min(HIGHEST, *highest)
    start = min(TRIED, top)
    while not module.is_right((start,) * count):
        start += 1
        if start > top:
            return None
    while start > 1 and module.is_right((start - 1,) * count):
        start -= 1
    found = [start] * count
    if count > 1:
        for place in range(count):
            while found[place] > 1:
                lower = list(found)
                lower[place] -= 1
                wide = [each + 2 for each in found]
                wide[place] = lower[place]
                if not module.is_right(tuple(lower)) or not module.is_right(tuple(wide)):
                    break
                found = lower
    return tuple(found)
