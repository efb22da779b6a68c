"""Random programs, random requests: kernels give what plain JAX gives."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.property.cases import Case, cases
from tests.property.fuzzing import examples, reproducible
from tests.property.judging import check

NEAR = ("uniform", "uniform", "uniform", "special", "equal")


def _check(case: Case) -> None:
    with reproducible(f"check({case!r})"):
        check(case)


@examples(12, shrink=False)
@given(cases(NEAR))
def test_random_programs(case: Case) -> None:
    _check(case)


@pytest.mark.slow
@examples(300, shrink=False)
@given(cases(NEAR))
def test_many_random_programs(case: Case) -> None:
    _check(case)
