"""Python's collector of cyclic garbage, held back while a module is built."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

YOUNG: Final = 200_000
"""So many objects are made before the collector looks at them, instead of hundreds.

Traced programs are millions of small objects that live on. Each full collection goes
through all of them, a quarter of a second where nothing is found, and with Python's own
threshold there are dozens in one build.
"""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collect garbage less often, and as before afterwards.

    A collector that is off, or set to be called less often still, stays as it is.
    """
    before = gc.get_threshold()
    if before[0]:
        gc.set_threshold(max(YOUNG, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
