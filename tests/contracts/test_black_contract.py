"""What `printing/formatting.py` relies on; black promises none of it."""

import black
import pytest
from black.mode import TargetVersion
from black.parsing import InvalidInput

from partialc.errors import InternalError
from partialc.printing import format_source

LONG = f"value = first_function({', '.join(f'argument_{n}=1' for n in range(9))})\n"


def test_black_is_of_the_pinned_year():
    assert black.__version__.startswith("26.")


def test_format_str_takes_text_and_a_mode():
    mode = black.Mode(target_versions={TargetVersion.PY311}, line_length=40)
    assert black.format_str("x = ( 1 )", mode=mode) == "x = 1\n"


def test_text_that_does_not_parse_is_our_own_error():
    with pytest.raises(InvalidInput):
        black.format_str("x = (", mode=black.Mode())
    with pytest.raises(InternalError, match="does not parse"):
        format_source("x = (")


def test_the_style_is_fixed_whatever_the_folder_configures(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 20\n")
    monkeypatch.chdir(tmp_path)
    assert max(map(len, format_source(LONG).splitlines())) <= 88
    assert format_source("call(alpha, beta, gamma)\n") == "call(alpha, beta, gamma)\n"


def test_formatting_twice_changes_nothing():
    assert format_source(format_source(LONG)) == format_source(LONG)


def test_empty_text_stays_empty():
    assert format_source("") == ""


def test_the_style_that_the_writer_of_expressions_follows():
    text = "x[a + 1 :] = y**2 + f(x) ** 2 - (-z) ** 2 * -(w**2)\n"
    assert format_source(text) == text
