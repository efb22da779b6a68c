"""Verdicts are read as they were written, and tried out once."""

from __future__ import annotations

import pytest

from partialc.accuracy.verdict import Trials, Verdict

VERDICTS = [
    Verdict(),
    Verdict((), "not tried: no argument is real"),
    Verdict((0,), "at x = -30 in float32 it gives nan instead of 9.36e-14"),
    Verdict((2, 11), "at x = 0, y = [1, 2]: it gives 1: nan"),
]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_what_is_written_is_read(verdict: Verdict) -> None:
    assert Verdict.parse(str(verdict)) == verdict


@pytest.mark.parametrize("text", ["", "keeps", "breaks it in x: y", "right"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no verdict|invalid literal"):
        Verdict.parse(text)


def _unexpected() -> Verdict:
    raise AssertionError("tried again")


def test_what_is_known_is_not_tried() -> None:
    trials = Trials({"k 1": str(VERDICTS[2])}, tries=True)
    assert trials.verdict("k 1", _unexpected) == VERDICTS[2]
    assert trials.verdict("k 2", lambda: VERDICTS[0]) == VERDICTS[0]
    assert trials.used == {"k 1": str(VERDICTS[2]), "k 2": str(VERDICTS[0])}


def test_without_trying_only_what_is_known_is_told() -> None:
    trials = Trials({"k 1": str(VERDICTS[2])}, tries=False)
    assert trials.verdict("k 1", _unexpected) == VERDICTS[2]
    assert trials.verdict("k 2", _unexpected) is None
    assert list(trials.used) == ["k 1"]
