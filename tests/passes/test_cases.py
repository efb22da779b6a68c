"""Each case is a program, the passes to run, and the program they must give.

    # passes: fold_constants, light_cone(in_order=True)
    def f(...): ...
    # output
    def f(...): ...

Names do not count, order and everything else does.
"""

import ast
from pathlib import Path

import pytest

from partialc.ir.check import check
from partialc.ir.structure import same
from partialc.ir.text import parse, to_text
from partialc.lowering.pipeline import PASSES, run

CASES = sorted((Path(__file__).parent / "cases").glob("*.ir"))
FLAG = "# passes:"
SEPARATOR = "# output\n"


def read(path):
    given, expected = path.read_text().split(SEPARATOR)
    (flags,) = [line for line in given.splitlines() if line.startswith(FLAG)]
    steps = ast.parse(f"[{flags.removeprefix(FLAG)}]", mode="eval").body.elts
    return [pass_of(step) for step in steps], parse(given), parse(expected)


def pass_of(step):
    """`light_cone`, or `light_cone(in_order=True)`."""
    if isinstance(step, ast.Name):
        return PASSES[step.id]
    options = {each.arg: ast.literal_eval(each.value) for each in step.keywords}
    return PASSES[step.func.id].with_options(**options)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_passes_give_the_program_expected(path):
    passes, given, expected = read(path)
    check(given)
    check(expected)
    result = run(given, passes, after=lambda _, before, after: check(after))
    assert same(result, expected), (
        f"expected\n\n{to_text(expected)}\nbut got\n\n{to_text(result)}"
    )


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_second_run_changes_nothing(path):
    passes, given, _ = read(path)
    once = run(given, passes)
    assert same(run(once, passes), once)


def test_every_pass_has_a_case_and_every_case_a_known_pass():
    used = {simplify.name for path in CASES for simplify in read(path)[0]}
    assert used == set(PASSES)
