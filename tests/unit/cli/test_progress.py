"""Progress where nobody has a terminal: lines, and more of them where it takes long."""

from __future__ import annotations

from time import sleep

import pytest

from partialc.cli import console


def test_a_line_for_each_module(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress(2) as tell:
        tell("one: tracing", 0)
        tell("one: writing", 0)
        tell("two: tracing", 1)
    assert capsys.readouterr().err.splitlines() == ["[1/2] one", "[2/2] two"]


def test_what_takes_long_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "PATIENCE", 0.02)
    with console.progress(1) as tell:
        tell("one: planning k", 0)
        sleep(0.2)
    first, *others = capsys.readouterr().err.splitlines()
    assert first == "[1/1] one"
    assert others[0] == "  one: planning k (0 s)"
