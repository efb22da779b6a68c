"""The imports of a generated test."""

from __future__ import annotations

import re
from typing import Final

_IMPORTS: Final = (
    (r"\bimportlib\.import_module\b", "import importlib"),
    (r"\bimportlib\.util\b", "import importlib.util"),
    (r"\bitertools\.", "import itertools"),
    (r"\bos\.", "import os"),
    (r"\bsubprocess\.", "import subprocess"),
    (r"\bsys\.", "import sys"),
    (r"\bCallable\b", "from collections.abc import Callable"),
    (r"@cache\b", "from functools import cache"),
    (
        r"\bcombinations_with_replacement\b",
        "from itertools import combinations_with_replacement",
    ),
    (r"\bPath\b", "from pathlib import Path"),
    (r"\bNamedTuple\b", "from typing import NamedTuple"),
    (r"\bmock\.", "from unittest import mock"),
    (r"", ""),
    (r"\bjax\.", "import jax"),
    (r"\bjnp\.", "import jax.numpy as jnp"),
    (r"\bnp\.", "import numpy as np"),
    (r"\bpytest\.", "import pytest"),
    (r", BCOO\)", "from jax.experimental.sparse import BCOO"),
)


def imports_of(text: str) -> list[str]:
    """Imports of exactly what a text uses, in the order isort wants."""
    lines = [line for pattern, line in _IMPORTS if re.search(pattern, text)]
    if "import importlib" in lines:
        lines.remove("import importlib.util")
        lines.insert(1, "import importlib.util")
    return lines


def with_imports(text: str) -> str:
    """The text of a test with its imports in their place."""
    return text.replace("# imports\n", "\n".join(imports_of(text)) + "\n", 1)
