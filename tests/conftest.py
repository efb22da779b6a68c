"""Options of the whole test suite."""

import os

import pytest

# Trials are the subject of some tests and would be the better part of most others.
os.environ["PARTIALC_TRIAL"] = "off"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` rewrites the expected output of end-to-end cases."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/cases/*/expected and stderr.txt from what comes out now",
    )
