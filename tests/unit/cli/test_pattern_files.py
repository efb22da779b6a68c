"""Files of patterns are what other tools read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import io, sparse

from partialc.cli.pattern_files import check_ending, encode
from partialc.errors import WriteError
from partialc.ir.patterns import Pattern

DENSE = np.array([[1, 0, 1], [0, 0, 0]])
PATTERN = Pattern.of((2, 3), *np.nonzero(DENSE))


def test_npz_is_read_by_scipy(tmp_path: Path) -> None:
    path = tmp_path / "pattern.npz"
    path.write_bytes(encode(PATTERN, path))
    found = sparse.load_npz(path)
    assert found.format == "csr"
    assert found.dtype == bool
    assert (found.toarray() == DENSE).all()


@pytest.mark.parametrize("name", ["pattern.mtx", "pattern.MTX"])
def test_mtx_is_a_matrix_market_file_of_a_pattern(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    content = encode(PATTERN, path)
    first = content.splitlines()[0]
    assert first == b"%%MatrixMarket matrix coordinate pattern general"
    (tmp_path / "read.mtx").write_bytes(content)
    assert (io.mmread(tmp_path / "read.mtx").toarray() == DENSE).all()


def test_every_entry_of_a_symmetric_matrix_stands_in_the_file() -> None:
    symmetric = Pattern.of((3, 3), *np.nonzero(np.ones((3, 3))))
    assert b"\n3 3 9\n" in encode(symmetric, Path("pattern.mtx"))


@pytest.mark.parametrize("name", ["pattern.csv", "pattern", ".npz", "npz"])
def test_other_endings_are_refused(name: str) -> None:
    with pytest.raises(WriteError, match="is no kind of file") as caught:
        check_ending(Path(name))
    assert ".npz" in str(caught.value.fix)
    assert ".mtx" in str(caught.value.fix)
    with pytest.raises(WriteError):
        encode(PATTERN, Path(name))
