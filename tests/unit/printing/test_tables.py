"""Arrays of many entries: several stand in a line, and the text says the same."""

from __future__ import annotations

import ast

import jax.numpy as jnp
import pytest

from partialc.printing.build import parse
from partialc.printing.formatting import LINE_LENGTH, format_source
from partialc.printing.tables import MANY, WIDTH, is_table, table
from tests.unit.printing.programs import VECTOR, array, body_lines

NAMES = [f"a_rather_long_name_{number}" for number in range(12)]
LISTS = {
    "flat": NAMES,
    "rows": [NAMES[:6], NAMES[6:]],
    "rows of rows": [[NAMES[:5], NAMES[5:10]], [NAMES[2:7], NAMES[7:]]],
}


def written(entries: object) -> ast.expr:
    text = repr(entries).replace("'", "")
    return parse(f"jnp.array({text})")


@pytest.mark.parametrize("kind", LISTS)
def test_a_table_says_the_same_in_fewer_lines(kind: str) -> None:
    expression = written(LISTS[kind])
    assert is_table(expression)
    lines = table("found", expression)
    text = "\n".join(lines)
    (statement,) = ast.parse(text).body
    assert isinstance(statement, ast.Assign)
    assert ast.dump(statement.value) == ast.dump(expression)
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) < format_source(f"found = {ast.unparse(expression)}").count("\n")


def test_black_leaves_a_table_as_it_is() -> None:
    lines = table("found", written(NAMES))
    body = "\n".join(f"    {line}" for line in lines)
    source = f"def f() -> None:\n{body}\n    return found\n"
    assert format_source(source) == source


def test_what_fits_and_what_is_short_is_left_to_black() -> None:
    assert not is_table(written(NAMES[: MANY - 1]))
    assert not is_table(written([["a", "b", "c"]] * 5))
    assert not is_table(parse("jnp.sin(x)"))


def test_a_result_of_many_entries_is_a_statement_of_its_own() -> None:
    def entries(x, y):
        return jnp.stack([x[n % 5] * y[n] - x[0] * y[1] for n in range(12)])

    *_, last = lines = body_lines(entries, VECTOR, array("float", 12))
    assert last == "return entries"
    assert "# fmt: off" in lines
    assert max(map(len, lines)) <= LINE_LENGTH
