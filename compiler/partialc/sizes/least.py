"""The least size for which a module is right, found by its own test."""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jax

from partialc.frontends.importing import load_object
from partialc.sizes.forms import Point
from partialc.verify.findings import Sample

HIGHEST: Final = 12
"""Where it is wrong up to here if all sizes are alike, it is given up."""

TRIED: Final = 6
"""The smallest sizes are all tried, up to here."""

MOST: Final = 16
"""Of the others no more are tried, the smallest."""

_LISTS: Final = re.compile(r"test_\w+_(?:constants|pattern)")
_NUMBERS: Final = itertools.count()


@dataclass(frozen=True, slots=True)
class Tried:
    """A module that can be tried at any size.

    Attributes:
        test: Its test, imported.
        sample: Where the function is sampled.
    """

    test: Any
    sample: Sample

    def is_right(self, point: Point) -> bool:
        """Whether every kernel equals its reference, and every pattern holds all."""
        test = self.test
        size = test.Sizes(*point)
        test.POINTS[size] = ([self.sample], [])
        try:
            with jax.enable_x64(True):
                test.take(size)
                for name in test.CASES:
                    pairs = zip(
                        test.calls(name, "float64"), test.answers(name), strict=True
                    )
                    for call, answer in pairs:
                        test.assert_equal(name, test.kernel_of(name)(*call), *answer)
                for name, function in [*vars(test).items()]:
                    if _LISTS.fullmatch(name):
                        function()
        except Exception:  # whatever it is, the module is of no use there
            return False
        return True


@contextmanager
def tried(
    source: str, arrays: bytes | None, test: str, name: str, folder: Path | None
) -> Iterator[Any]:
    """A module and its test, imported from a temporary folder.

    Args:
        source: The module's text, for all sizes.
        arrays: The file beside it.
        test: The text of its test.
        name: What the module's file is called, without ending.
        folder: The folder that imports of the function start from.
    """
    with tempfile.TemporaryDirectory(prefix="partialc-") as place:
        module_file, test_file = Path(place) / f"{name}.py", Path(place) / "test.py"
        module_file.write_text(source)
        test_file.write_text(test)
        if arrays is not None:
            module_file.with_suffix(".npz").write_bytes(arrays)
        module, space = _imported(module_file), _imported(test_file)
        space.generated = lambda: module
        if hasattr(space, "found"):
            space.found = lambda owner, path: load_object(f"{owner}:{path}", folder)
        for each in [key for key in vars(space) if key.startswith("matrices_")]:
            setattr(space, each, jax.jit(getattr(space, each)))
        yield space


def _imported(path: Path) -> Any:
    """A file as a module of a name of its own."""
    spec = importlib.util.spec_from_file_location(
        f"partialc_tried_{next(_NUMBERS)}", path
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # NamedTuple looks its module up
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[module.__name__]
    return module


def least_point(
    module: Tried, critical: Sequence[Sequence[int]], points: Sequence[Point]
) -> Point | None:
    """The least sizes from which on a module is right; None if it is nowhere.

    Tried are small sizes, and those at which numbers meet; one size after the other,
    the rest of them as where the module is built, and at last all of them alike.

    Args:
        module: The module.
        critical: For each size the values at which it may be wrong.
        points: Where it is built.
    """
    lowest = [min(values) for values in zip(*points, strict=True)]
    found = []
    for place, values in enumerate(critical):
        few = range(1, (TRIED if len(critical) == 1 else TRIED // 2) + 1)
        tried = sorted({*few, *values}, reverse=True)[-MOST:]
        wrong = 0
        for value in tried:
            point = [*lowest]
            point[place] = value
            if not module.is_right(tuple(point)):
                wrong = value
                break
        found.append(wrong + 1)
    if len(found) > 1:
        while not module.is_right(tuple(found)) or not module.is_right(
            (max(found),) * len(found)
        ):
            found = [each + 1 for each in found]
            if max(found) > HIGHEST:
                return None
    is_small = all(each <= low for each, low in zip(found, lowest, strict=True))
    return tuple(found) if is_small else None


def wrong_above(
    module: Tried, least: Point, critical: Sequence[Sequence[int]]
) -> Point | None:
    """Sizes, not below some least ones, at which a module is wrong; None if nowhere.

    Args:
        module: The module.
        least: The least sizes that somebody asks for.
        critical: For each size the values at which it may be wrong.
    """
    if not module.is_right(least):
        return least
    for place, values in enumerate(critical):
        for value in sorted({least[place] + 1, *values})[:MOST]:
            point = [*least]
            point[place] = value
            if value > least[place] and not module.is_right(tuple(point)):
                return tuple(point)
    return None
