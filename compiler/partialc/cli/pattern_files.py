"""Patterns as the files that other tools read."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from scipy import io, sparse

from partialc.errors import WriteError
from partialc.ir.patterns import Pattern


def check_ending(path: Path) -> None:
    """Refuse a file of a kind that is not offered.

    Raises:
        WriteError: It ends neither in `.npz` nor in `.mtx`.
    """
    if path.suffix.lower() not in (".npz", ".mtx"):
        raise WriteError(
            f"{path.name} is no kind of file that a pattern can be written to",
            where="--out",
            fix="write FILE.npz (scipy.sparse.load_npz reads it) or FILE.mtx "
            "(Matrix Market)",
        )


def encode(pattern: Pattern, path: Path) -> bytes:
    """The content of the file at a path, by its ending.

    `.npz` is what `scipy.sparse.save_npz` writes of a `csr_array` of booleans. `.mtx`
    is a Matrix Market file of the field `pattern` (Boisvert, Pozo, Remington, "The
    Matrix Market Exchange Formats", NISTIR 5935, 1996); each entry stands in it, also
    of a symmetric matrix.

    Raises:
        WriteError: The path has another ending.
    """
    check_ending(path)
    stream = BytesIO()
    if path.suffix.lower() == ".npz":
        sparse.save_npz(stream, _matrix(pattern, np.bool_))
    else:
        matrix = _matrix(pattern, np.int8).tocoo()
        io.mmwrite(stream, matrix, field="pattern", symmetry="general")
    return stream.getvalue()


def _matrix(pattern: Pattern, dtype: type[np.generic]) -> Any:
    """A `scipy.sparse.csr_array` of ones."""
    ones = np.ones(pattern.nonzeros, dtype)
    return sparse.csr_array((ones, pattern.cols, pattern.indptr), shape=pattern.shape)
