"""Exit codes, and how errors that nobody foresaw are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from partialc.cli import verb_ops
from partialc.errors import RequestError


def failing(error: BaseException) -> Callable[[], Any]:
    def fail(*_: object) -> Any:
        raise error

    return fail


def test_help_and_version_are_results(partialc: Callable[..., Any]) -> None:
    for option in ("--help", "-h", "--version"):
        outcome = partialc(option)
        assert (outcome.code, outcome.err) == (0, "")
        assert "partialc" in outcome.out


@pytest.mark.parametrize(
    "verb",
    [
        "build",
        "check",
        "explain",
        "verify",
        "bench",
        "ir",
        "decompile",
        "pattern",
        "ops",
        "init",
    ],
)
def test_every_verb_has_help(verb: str, partialc: Callable[..., Any]) -> None:
    outcome = partialc(verb, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: partialc {verb}")
    assert f"  {verb}" in partialc("--help").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["bild"], "did you mean `build`"),
        (["build", "--jbos", "2"], "--jobs"),
        (["build", "--jobs", "0"], "x>=1"),
        (["explain"], "NAME"),
    ],
)
def test_wrong_usage_is_exit_2(
    arguments: list[str], told: str, partialc: Callable[..., Any]
) -> None:
    outcome = partialc(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert told in outcome.err


def test_an_unforeseen_error_asks_for_a_report(
    partialc: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verb_ops, "all_ops", failing(ZeroDivisionError("oops")))
    outcome = partialc("ops")
    assert outcome.code == 2
    assert "ZeroDivisionError: oops" in outcome.err
    assert "please report it" in outcome.err
    assert "Traceback" not in outcome.err
    assert "Traceback" in partialc("--debug", "ops").err
    assert "Traceback" in partialc("ops", "--debug").err
    monkeypatch.setenv("PARTIALC_DEBUG", "1")
    assert "Traceback" in partialc("ops").err


def test_an_interrupt_is_exit_130(
    partialc: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verb_ops, "all_ops", failing(KeyboardInterrupt()))
    outcome = partialc("ops")
    assert (outcome.code, outcome.out, outcome.err) == (130, "", "\ninterrupted\n")


def test_the_four_parts_of_an_error(
    partialc: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = RequestError(
        "x has 5 elements",
        where="partialc.toml:7:7",
        why="[5] is out of range",
        fix="write x[0] to x[4]",
        snippet="partial(x[5])",
        span=(10, 11),
    )
    monkeypatch.setattr(verb_ops, "all_ops", failing(error))
    assert partialc("ops").err == (
        "error: x has 5 elements\n"
        "  where: partialc.toml:7:7\n"
        "    partial(x[5])\n"
        "              ^\n"
        "  why: [5] is out of range\n"
        "  fix: write x[0] to x[4]\n"
    )


def test_a_spec_elsewhere_is_named(partialc: Callable[..., Any], folder: Path) -> None:
    (folder / "partialc.toml").rename(folder / "other.toml")
    outcome = partialc("build")
    assert outcome.code == 2
    assert "there is no spec in this folder" in outcome.err
    assert "partialc init" in outcome.err
    outcome = partialc("build", "--spec", "missing.toml")
    assert outcome.code == 2
    assert "missing.toml does not exist" in outcome.err


def test_unknown_modules_and_kernels_are_told_with_near_misses(
    partialc: Callable[..., Any],
) -> None:
    for arguments in (["build", "prodct"], ["explain", "prodct"], ["verify", "prodct"]):
        outcome = partialc(*arguments)
        assert outcome.code == 2
        assert "did you mean `product`?" in outcome.err
    outcome = partialc("explain", "product", "d4")
    assert outcome.code == 2
    assert "its kernels are `d3`" in outcome.err


def test_ops_lists_every_primitive_with_its_precision(
    partialc: Callable[..., Any],
) -> None:
    outcome = partialc("ops")
    assert outcome.code == 0
    lines = {line.split()[0]: line for line in outcome.out.splitlines() if line.strip()}
    precise = {name for name, line in lines.items() if " precise " in line}
    assert {"sin", "dot_general", "gather", "custom_jvp_call"} <= precise
    assert " conservative " in lines["scan"]
    assert " conservative " in lines["cholesky"]
    assert " opaque " in lines["random_bits"]


def test_init_starts_and_never_overwrites(
    partialc: Callable[..., Any], folder: Path
) -> None:
    outcome = partialc("init", "new/project")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "new/project/partialc.toml",
        "new/project/model.py",
    ]
    spec = folder / "partialc.toml"
    before = spec.read_text()
    outcome = partialc("init")
    assert outcome.code == 2
    assert "`init` overwrites nothing" in outcome.err
    assert spec.read_text() == before


def test_explain_json_is_json(partialc: Callable[..., Any]) -> None:
    outcome = partialc("explain", "product", "d3", "--json")
    assert outcome.code == 0
    assert list(json.loads(outcome.out)["kernels"]) == ["d3"]
