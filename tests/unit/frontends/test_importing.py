"""Objects by path: what is found, what is suggested, whose line an error names."""

import re
import sys

import pytest

from partialc.errors import FrontendError
from partialc.frontends.importing import load_object


def write(folder, name, text):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def folder(tmp_path):
    write(
        tmp_path,
        "fx_model.py",
        "def energy(x):\n    return x\n\nclass Box:\n    a = 3\n",
    )
    write(tmp_path, "fx_pkg/deep/pressure.py", "def residual(x):\n    return x\n")
    return tmp_path


def test_object_and_attribute(folder):
    assert load_object("fx_model:energy", folder)(4) == 4
    assert load_object("fx_model:Box.a", folder) == 3
    assert load_object("fx_pkg.deep.pressure:residual", folder)(2) == 2


def test_sys_path_is_left_as_it_was(folder):
    before = list(sys.path)
    load_object("fx_model:energy", folder)
    assert sys.path == before
    assert not (folder / "__pycache__").exists()


def test_an_edited_module_is_imported_afresh(folder):
    write(folder, "fx_helper.py", "VALUE = 1\n")
    write(
        folder,
        "fx_user.py",
        "import fx_helper\n\ndef f():\n    return fx_helper.VALUE\n",
    )
    assert load_object("fx_user:f", folder)() == 1
    write(folder, "fx_helper.py", "VALUE = 2\n")
    assert load_object("fx_user:f", folder)() == 2


def test_equal_names_in_two_folders(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    write(other, "fx_model.py", "def energy(x):\n    return -x\n")
    assert load_object("fx_model:energy", folder)(4) == 4
    assert load_object("fx_model:energy", other)(4) == -4
    assert load_object("fx_model:energy", folder)(4) == 4


def test_a_module_that_prints_keeps_stdout_clean(folder, capsys):
    write(folder, "fx_talk.py", "print('hello')\nx = 1\n")
    assert load_object("fx_talk:x", folder) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", "hello\n")


BAD_PATHS = {
    "no colon": ("fx_model.energy", r"did you mean 'fx_model:energy'"),
    "not a name": ("fx model:energy", r"pkg\.mod:obj"),
    "keyword": ("fx_model:class", r"pkg\.mod:obj"),
    "module": ("fx_modle:energy", r"no module 'fx_modle'(.|\n)*'fx_model'"),
    "package": ("fx_pkg.pressure:residual", r"(.|\n)*'fx_pkg\.deep\.pressure'"),
    "attribute": ("fx_model:enrgy", r"has no 'enrgy'(.|\n)*'fx_model:energy'"),
    "listing": ("fx_model:qqq", r"it defines Box, energy"),
    "nested": ("fx_model:Box.aa", r"the object 'fx_model:Box' has no 'aa'"),
    "not a module": ("fx_model.energy:x", r"no module 'fx_model\.energy'"),
}


@pytest.mark.parametrize(("path", "expected"), BAD_PATHS.values(), ids=BAD_PATHS)
def test_near_misses(folder, path, expected):
    with pytest.raises(FrontendError) as caught:
        load_object(path, folder)
    assert re.search(expected, str(caught.value)), str(caught.value)


BROKEN = {
    "syntax": ("def f(:\n    pass\n", 1, "SyntaxError"),
    "name": ("x = 1\ny = undefined\n", 2, "NameError: name 'undefined'"),
    "dependency": ("import math\nimport fx_not_there\n", 2, "fx_not_there"),
    "exit": ("import sys\n\nsys.exit(3)\n", 3, "sys.exit"),
}


@pytest.mark.parametrize(("text", "line", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_module_is_told_with_its_own_line(folder, text, line, why):
    write(folder, "fx_broken.py", text)
    with pytest.raises(FrontendError) as caught:
        load_object("fx_broken:f", folder)
    assert caught.value.where.file == "fx_broken.py"
    assert caught.value.where.line == line
    assert why in caught.value.why


def test_a_name_taken_by_an_installed_module(folder):
    write(folder, "numpy.py", "def f(x):\n    return x\n")
    with pytest.raises(FrontendError, match="name of an installed module"):
        load_object("numpy:f", folder)
