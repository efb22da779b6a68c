from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialc.spec.positions import Path, Place, positions

DOCUMENT = """\
# a comment with [[module]] = "x"
[partialc]
tests = 'tests'

[[module]]
path = "a.py"   # = nothing
args = { x = "float[5]", "odd key" = [1.5, 2_000] }
[module.kernels]
one = "partial(x[0])"
many = [
  "value", # ]
  "gradient(x)",
]
table = { delta = "partial(S)", 'gamma' = "partial(S, S)" }
dotted.key = \"\"\"
jacobian(x)\"\"\"
[module.options."one"]
rtol = 1.5e-3

[[module]]
path = "b.py"
when = 2020-01-01T00:00:00.5Z
[module.kernels]
two = '''value'''
"""


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every path of a parsed document but the root."""
    children: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    for key, child in children:
        yield (*path, key)
        yield from paths(child, (*path, key))


def at(text: str, place: Place) -> str:
    return text.splitlines(keepends=True)[place.line - 1][place.column - 1 :]


def value_at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def check(text: str) -> None:
    document = tomllib.loads(text)
    found = positions(text)
    assert set(found) == set(paths(document))
    for path, position in found.items():
        value = value_at(document, path)
        if isinstance(value, str) and value and "\\" not in text:
            assert at(text, position.value).startswith(value.splitlines()[0])


def test_every_path_is_found_and_strings_start_where_it_says() -> None:
    check(DOCUMENT)


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("partialc", "tests"), (3, 1), (3, 10)),
        (("module", 0), (5, 1), (5, 1)),
        (("module", 0, "args", "x"), (7, 10), (7, 15)),
        (("module", 0, "args", "odd key", 1), (7, 44), (7, 44)),
        (("module", 0, "kernels", "many", 1), (12, 3), (12, 4)),
        (("module", 0, "kernels", "table", "gamma"), (14, 33), (14, 44)),
        (("module", 0, "kernels", "dotted", "key"), (15, 1), (16, 1)),
        (("module", 0, "options", "one", "rtol"), (18, 1), (18, 8)),
        (("module", 1, "path"), (21, 1), (21, 9)),
        (("module", 1, "kernels", "two"), (24, 1), (24, 10)),
    ],
)
def test_places(path: Path, key: tuple[int, int], value: tuple[int, int]) -> None:
    found = positions(DOCUMENT)[path]
    assert (found.key, found.value) == (Place(*key), Place(*value))


def test_windows_line_ends_count_once() -> None:
    text = '[[module]]\r\nargs = [\r\n  "a",\r\n  "b"]\r\n'
    assert positions(text)["module", 0, "args", 1].value == Place(4, 4)


keys = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1, max_size=4)
scalars = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(["1.5", "-0.5e3", "true", "2020-01-01", "07:32:00.999"]),
    st.text(st.sampled_from("ab [],={}#'.")).map(lambda text: f'"{text}"'),
    st.text(st.sampled_from('ab [],={}#".')).map(lambda text: f"'{text}'"),
)


@st.composite
def values(draw: st.DrawFn, depth: int = 2) -> str:
    kind = draw(st.sampled_from(["scalar", "array", "table"] if depth else ["scalar"]))
    if kind == "scalar":
        return draw(scalars)
    parts = draw(st.lists(values(depth - 1), max_size=3))
    if kind == "array":
        newline = draw(st.sampled_from(["", "\n", " # note ]\n"]))
        return "[" + "".join(f"{newline} {part} ," for part in parts) + newline + "]"
    names = draw(st.lists(keys, min_size=len(parts), max_size=len(parts), unique=True))
    pairs = (f'"{name}" = {part}' for name, part in zip(names, parts, strict=True))
    return "{ " + ", ".join(pairs) + " }"


@given(st.lists(st.tuples(keys, values()), max_size=4, unique_by=lambda pair: pair[0]))
def test_random_documents(pairs: list[tuple[str, str]]) -> None:
    body = "".join(f"{key} = {value}\n" for key, value in pairs)
    check(f"{body}[[module]]\n{body}[module.subtable]\n{body}[[module]]\n{body}")
