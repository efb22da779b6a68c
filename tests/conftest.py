"""Options of the whole test suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` rewrites the expected output of end-to-end cases."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/cases/*/expected and stderr.txt from what comes out now",
    )
