"""What `partialc ir` prints."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from partialc.cli import verb_ir
from partialc.cli.compiling import compile_one, open_spec, select
from partialc.ir.text import parse

MODEL = '''\
def cubed(x, y):
    """Its second derivative is one product."""
    return x * x * x * y
'''
SPEC = """\
[[module]]
path = "generated/cubed.py"
function = "cubed:cubed"
args = { x = "float", y = "float" }

[module.kernels]
full = "partial(x, x)"
in_order = "partial(x, x)"
chain = "partial(x, x)"

[module.options.full]
form = "expanded"

[module.options.in_order]
form = "expanded"
reassociate = false

[module.options.chain]
form = "chain"
"""


def test_each_form_is_shown_as_it_ships_and_on_its_way(
    folder: Path, partialc: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "cubed.py").write_text(MODEL)
    (folder / "partialc.toml").write_text(SPEC)
    spec = open_spec(None)
    once = cache(lambda: compile_one(spec, *select(spec, ["cubed"])))
    monkeypatch.setattr(verb_ir, "compile_one", lambda *_: once())

    def operations(kernel: str, *arguments: str) -> list[str]:
        outcome = partialc("ir", "cubed", kernel, *arguments)
        return [equation.op for equation in parse(outcome.out).equations]

    shipped, in_order = operations("full"), operations("in_order")
    assert len(shipped) < len(in_order) < len(operations("chain"))
    assert sorted(shipped) == sorted(operations("full", "--after", "array_algebra"))
    # A chain is simplified for reading; any pass shows what would be written out.
    assert sorted(operations("chain", "--after", "light_cone")) != sorted(
        operations("chain")
    )
    assert operations("full", "--after", "trace") != shipped
    refused = partialc("ir", "cubed", "in_order", "--after", "array_algebra")
    assert refused.code == 2
    assert "`array_algebra` is not run for this kernel" in refused.err
    assert "`in order`" in refused.err
