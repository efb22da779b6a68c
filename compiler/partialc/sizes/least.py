"""The least size for which a module is right, found by its own test."""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jax

from partialc.frontends.importing import load_object
from partialc.sizes.forms import Point
from partialc.verify.findings import Sample

HIGHEST: Final = 12
"""Up to here a module may be wrong at some sizes and right at all above."""

TRIED: Final = 6
"""Whether it is right is tried from here downwards."""

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
                if not module.is_right(tuple(lower)) or not module.is_right(
                    tuple(wide)
                ):
                    break
                found = lower
    return tuple(found)
