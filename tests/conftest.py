"""Options of the whole test suite, and the seed of its random programs.

Tests that draw programs draw other ones for every state of the compiler: the seed is
the name that git gives its committed tree, so that a run in another clone repeats this
one, and the next change of the compiler draws anew. It is Hypothesis's own seed: it
stands in the header of every run and beside every failure, all workers share it, and
`pytest --hypothesis-seed N` draws the programs of N.
"""

import os
import secrets
import subprocess
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

settings.register_profile(
    "partialc",
    deadline=None,
    derandomize=False,  # Hypothesis's own profile for CI draws the same every time.
    print_blob=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)
settings.load_profile("partialc")

# Trials are the subject of some tests and would be the better part of most others.
os.environ["PARTIALC_TRIAL"] = "off"


def seed_of_sources() -> int:
    """32 bits of the name of the compiler's tree; drawn where there is no git."""
    try:
        tree = subprocess.run(
            ["git", "rev-parse", "HEAD:compiler"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return secrets.randbelow(2**32)
    return int(tree[:8], 16)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` rewrites the expected output of end-to-end cases."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/cases/*/expected and stderr.txt from what comes out now",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed of this run, before Hypothesis asks for it and workers start.

    Workers get it by their environment: pytest-xdist hands down arguments only.
    """
    seed = config.option.hypothesis_seed
    if seed is None:
        seed = os.environ.get("PARTIALC_SEED") or str(seed_of_sources())
        config.option.hypothesis_seed = seed
    os.environ["PARTIALC_SEED"] = str(seed)


def pytest_report_header(config: pytest.Config) -> str:
    """How to draw the same programs again."""
    return f"random programs: --hypothesis-seed={config.option.hypothesis_seed}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Of a test marked `drawn(n)` every n-th case stays, from a drawn one on.

    The others are `slow`; within some runs all had their turn. A second number is added
    to the first, so that tests of one table take different cases of it.
    """
    seed = int(config.option.hypothesis_seed)
    seen: Counter[str] = Counter()
    for item in items:
        mark = item.get_closest_marker("drawn")
        if mark is None:
            continue
        test = item.nodeid.partition("[")[0]
        every, *offset = mark.args
        if (seen[test] + seed + sum(offset)) % every:
            item.add_marker(pytest.mark.slow)
        seen[test] += 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The command that repeats a failure, below it."""
    report = yield
    if report.failed and is_hypothesis_test(getattr(item, "obj", None)):
        seed = item.config.option.hypothesis_seed
        command = f"pytest '{item.nodeid}' --hypothesis-seed={seed}"
        report.sections.append(("the same programs again", command))
    return report
