"""`partialc bench`, and the files of `benchmarks/`."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from partialc.benching.case import Case
from partialc.benching.contest import Limits, contest
from partialc.benching.timing import Pace
from partialc.cli.main import run

MODEL = """\
import jax.numpy as jnp


def product(x):
    return jnp.prod(x)
"""
SPEC = """\
[[module]]
path = "generated/product.py"
function = "bench_model:product"
args = { x = "float[4]" }

[module.kernels]
d2 = "partial(x[0], x[2])"
"""
BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
FAST = ("--rounds", "1", "--builds", "1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bench_model.py").write_text(MODEL)
    (tmp_path / "partialc.toml").write_text(SPEC)
    yield tmp_path
    sys.modules.pop("bench_model", None)


def test_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", *FAST, "--batch", "20"]) == 0
    out = capsys.readouterr().out
    for title in ("Run time", "Trace + compile time", "Operations"):
        assert title in out
    rows = [line.split() for line in out.splitlines() if line.startswith("product.d2")]
    assert [row[1] for row in rows] == ["one", "20"] * 3
    assert sorted(folder.rglob("generated")) == []  # it writes nothing


def test_regret(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--regret"]) == 0
    out = capsys.readouterr().out
    assert "product.d2, called for one row and for many alike: the choice costs" in out
    assert out.count("(chosen)") == 1
    assert "plain JAX" in out
    assert sorted(folder.rglob("generated")) == []


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del folder
    assert run(["bench", "product", *FAST, "--json", "--x64"]) == 0
    single, batch = json.loads(capsys.readouterr().out)
    assert (single["rows"], batch["rows"]) == (None, 10_000)
    assert single["precision"] == "float64"
    assert [each["refusal"] for each in batch["contenders"]] == [None] * 5


@pytest.mark.parametrize("arguments", [["prodct"], ["--rounds", "0"], ["--batch", "x"]])
def test_wrong_usage(folder: Path, arguments: list[str]) -> None:
    del folder
    assert run(["bench", *arguments]) == 2


# --- the folder of benchmarks --------------------------------------------------------


def benchmark(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(
        f"tested_{name}", BENCHMARKS / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", benchmark("run").names())
def test_every_benchmark_can_be_imported(name: str) -> None:
    module: ModuleType = benchmark(name)
    assert hasattr(module, "cases") or hasattr(module, "measurements")
    assert benchmark("run").title(module).endswith(".")


def test_the_founding_example_is_contested_by_right_rivals() -> None:
    case: Case = benchmark("founding").case(5, rows=40)
    result = contest(case, pace=Pace(1, 0.0), limits=Limits(1))
    assert [rival.name for rival in result.rivals if rival.refusal is None] == [
        "full, then index",
        "nested jvp",
        "jvp of grad",
        "nested grad",
        "closed form",
    ]
    assert [verdict.bar.measure for verdict in result.verdicts] == ["flops", "run"]


def test_figures_beside_the_contests_are_printed_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = benchmark("run")
    monkeypatch.setattr(runner, "FOLDER", tmp_path)
    monkeypatch.setattr(runner, "RESULTS", tmp_path / "RESULTS.md")
    (tmp_path / "one.py").write_text(
        '"""One thing."""\n'
        "from partialc.benching.measurement import Measurement\n"
        "def measurements():\n"
        '    yield Measurement("a build", 21.5, "s", 20)\n'
        '    yield Measurement("its memory", 1.25, "GB", 2)\n'
    )
    assert runner.main(["--write", "--json", str(tmp_path / "all.json")]) == 0
    lines = [
        "a build: at most 20 s: 21.5 s MISSED",
        "its memory: at most 2 GB: 1.25 GB met",
    ]
    assert "\n".join(lines) in capsys.readouterr().out
    text = (tmp_path / "RESULTS.md").read_text()
    assert all(f"- {line}\n" in text for line in lines)
    found = json.loads((tmp_path / "all.json").read_text())
    assert [(each["value"], each["met"]) for each in found] == [
        (21.5, False),
        (1.25, True),
    ]


def test_results_are_written_for_all_benchmarks_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = benchmark("run")
    monkeypatch.setattr(runner, "FOLDER", tmp_path)
    monkeypatch.setattr(runner, "RESULTS", tmp_path / "RESULTS.md")
    (tmp_path / "one.py").write_text('"""One thing."""\ndef cases(): return iter(())\n')
    (tmp_path / "example_kernels.py").write_text(
        '"""First."""\ncases = lambda: iter(())\n'
    )
    assert runner.main(["two"]) == 2
    assert "there are example_kernels, one" in capsys.readouterr().err
    assert runner.main(["one", "--write"]) == 2
    assert runner.main(["--write", "--json", str(tmp_path / "all.json")]) == 0
    text = (tmp_path / "RESULTS.md").read_text()
    assert text.index("## First.") < text.index("## One thing.")
    assert "over 9 turns" in text
    assert json.loads((tmp_path / "all.json").read_text()) == []
