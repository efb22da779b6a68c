"""Sound specs, and the model they become."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import jax
import numpy as np
import pytest

from partialc.errors import Location, SpecError
from partialc.ir.dtypes import DEFAULT_INT, FLOAT, DType
from partialc.spec.arguments import ArrayText, ObjectText, parse_argument
from partialc.spec.load import find_spec, load_spec
from partialc.spec.model import ModuleSpec, Options, RequestText
from partialc.spec.module import read_module
from partialc.spec.names import class_name
from partialc.spec.near import alternatives, did_you_mean
from partialc.spec.tables import Table

WHOLE = """\
[partialc]
tests = "checks"

[[module]]
path = "generated/gas.py"
function = "examples.gas.model:energy"
form = "chain"
batch = ["T"]
rtol = 1e-7
args.T = "float"
args.x = "f32[3, 4]"
args.params = "examples.gas.model:PARAMS"
args.order = 3

[module.kernels]
pressure = "partial(T)"
every = ["value", "gradient(x)"]
[module.kernels.greeks]
delta = "partial(T, T)"
gamma = "hessian(x)"

[module.options.every]
form = "expanded"
rows = "one"
differentiable = true
reassociate = false
batch = []

[module.domain]
T = [50, 150]
x = "examples.gas.model:points"

[[module]]
name = "second"
path = "b/two.py"
tests = "own"
function = "m:f.g"
args = { x = "float[]" }
domain = "m:points"
kernels = { d = "value" }
"""


def load(folder: Path, text: str, name: str = "partialc.toml") -> list[ModuleSpec]:
    (folder / name).write_text(text)
    return list(load_spec(folder / name).modules)


def test_everything_a_spec_can_say(tmp_path: Path) -> None:
    first, second = load(tmp_path, WHOLE)
    file = (tmp_path / "partialc.toml").as_posix()
    assert (first.name, first.path) == ("gas", PurePosixPath("generated/gas.py"))
    assert first.test_path == PurePosixPath("checks/test_gas.py")
    assert first.arrays_path == PurePosixPath("generated/gas.npz")
    assert list(first.args) == ["T", "x", "params", "order"]
    assert first.args["order"] == 3
    assert first.options == Options("chain", ("T",), rtol=1e-7)
    assert first.kernels["pressure"].options == first.options
    assert first.kernels["every"].options == Options(
        "expanded",
        (),
        rows="one",
        differentiable=True,
        reassociate=False,
        rtol=1e-7,
    )
    assert not first.kernels["pressure"].bundled
    assert first.kernels["every"].bundled
    assert list(first.kernels["every"].texts()) == [
        RequestText("value", None, Location(file, 17, 11)),
        RequestText("gradient(x)", None, Location(file, 17, 20)),
    ]
    assert list(first.kernels["greeks"].texts()) == [
        RequestText("partial(T, T)", "delta", Location(file, 19, 10)),
        RequestText("hessian(x)", "gamma", Location(file, 20, 10)),
    ]
    assert first.domain == {
        "T": (50.0, 150.0),
        "x": ObjectText("examples.gas.model:points"),
    }
    assert first.place("args.x") == Location(file, 11, 1)
    assert first.place("kernels.pressure") == Location(file, 16, 1)
    assert first.place("kernels.nothing.here") == Location(file, 15, 1)
    assert first.place("nothing") == Location(file, 4, 1)
    assert (second.name, second.function) == ("second", "m:f.g")
    assert second.test_path == PurePosixPath("own/test_second.py")
    assert second.domain == ObjectText("m:points")


def test_the_test_goes_beside_the_module_by_default(tmp_path: Path) -> None:
    (module,) = load(
        tmp_path,
        '[[module]]\npath = "a/b.py"\nfunction = "m:f"\nargs = { x = "float" }\n'
        'kernels = { d = "value" }\n',
    )
    assert module.test_path == PurePosixPath("a/test_b.py")


def test_a_project_file_holds_a_spec_too(tmp_path: Path) -> None:
    project = """\
[project]
name = "mine"
[tool.partialc]
tests = "tests"
[[tool.partialc.module]]
path = "b.py"
function = "m:f"
args = { x = "float" }
kernels = { d = "value" }
"""
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(SpecError, match="no spec"):
        find_spec(tmp_path)
    (module,) = load(tmp_path, project, "pyproject.toml")
    assert module.test_path == PurePosixPath("tests/test_b.py")
    assert module.place("function") == Location(
        (tmp_path / "pyproject.toml").as_posix(), 7, 1
    )
    assert find_spec(tmp_path) == tmp_path / "pyproject.toml"
    load(tmp_path, WHOLE)
    assert find_spec(tmp_path) == tmp_path / "partialc.toml"


def test_errors_in_a_project_file_name_its_tables(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load(
            tmp_path,
            "[[tool.partialc.module]]\nfunction = 'm:f'\nkernel = 1",
            "pyproject.toml",
        )
    assert caught.value.what == "unknown key `kernel` in [[tool.partialc.module]]"
    assert caught.value.fix == "did you mean `kernels`?"


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    text = "\ufeff" + WHOLE.replace("\n", "\r\n")
    (tmp_path / "partialc.toml").write_bytes(text.encode())
    first, _ = load_spec(tmp_path / "partialc.toml").modules
    assert first.place("kernels.pressure") == Location(
        (tmp_path / "partialc.toml").as_posix(), 16, 1
    )


@pytest.mark.parametrize(
    ("text", "dtype", "shape"),
    [
        ("float", FLOAT, ()),
        ("float[]", FLOAT, ()),
        (" float[5] ", FLOAT, (5,)),
        ("f32[3,4]", DType.fixed("float32"), (3, 4)),
        ("f64[ 0 , 2 ]", DType.fixed("float64"), (0, 2)),
        ("bf16", DType.fixed("bfloat16"), ()),
        ("int", DEFAULT_INT, ()),
        ("int32[7]", DType.fixed("int32"), (7,)),
        ("u8[1]", DType.fixed("uint8"), (1,)),
        ("bool[2]", DType.fixed("bool"), (2,)),
        ("complex[2]", DType.parse("complex"), (2,)),
        ("key[]", DType.fixed("key<fry>"), ()),
        ("key<rbg>[3]", DType.fixed("key<rbg>"), (3,)),
    ],
)
def test_array_texts(text: str, dtype: DType, shape: tuple[int, ...]) -> None:
    parsed = parse_argument(text)
    assert isinstance(parsed, ArrayText)
    assert (parsed.type.dtype, parsed.type.shape) == (dtype, shape)


def test_the_key_types_are_those_of_jax() -> None:
    for text, kind in {
        "key": None,
        "key<rbg>": "rbg",
        "key<urbg>": "unsafe_rbg",
    }.items():
        parsed = parse_argument(text)
        key = jax.eval_shape(lambda kind=kind: jax.random.key(0, impl=kind))
        assert isinstance(parsed, ArrayText)
        assert parsed.type.dtype.wide == str(key.dtype)


@pytest.mark.parametrize("text", ["m:f", "pkg.mod:obj.attr", " m:f "])
def test_object_texts(text: str) -> None:
    assert parse_argument(text) == ObjectText(text.strip())


@pytest.mark.parametrize(
    "text",
    [
        *("", "float[", "float[5", "float[5,]", "float[-1]", "float[5.0]", "float[²]"),
        *("m:", ":f", "m.:f", "m:f.", "m:1", "a b", "3", "Float", "string"),
    ],
)
def test_what_is_no_argument_text(text: str) -> None:
    where = Location("partialc.toml", 3, 4)
    with pytest.raises(SpecError) as caught:
        parse_argument(text, where)
    assert caught.value.where == where
    assert caught.value.fix


def compiled(**changes: object) -> ModuleSpec:
    """What `partialc.compile` would make of these keywords."""
    keywords: dict[str, object] = {
        "function": abs,
        "args": {"x": "float[5]"},
        "kernels": {"d": "value"},
        "name": "p",
    }
    return read_module(Table({**keywords, **changes}, "partialc.compile"))


def test_keywords_become_the_same_model() -> None:
    module = compiled(rtol=1e-3, kernels={"d": ("value", "gradient(x)")})
    assert module.function is abs
    assert module.path == PurePosixPath("p.py")
    assert module.options.rtol == 1e-3
    assert module.place("args.x") is None
    assert [text.text for text in module.kernels["d"].texts()] == [
        "value",
        "gradient(x)",
    ]


def test_examples_and_trees_of_texts_vary_and_numbers_do_not() -> None:
    args = {
        "array": np.zeros(3),
        "struct": jax.ShapeDtypeStruct((2,), np.float32),
        "tree": {"w": "float[3]", "b": "float"},
        "number": 3.0,
        "numbers": [1.0, 2.0],
    }
    module = compiled(args=args, batch=["array", "struct", "tree"])
    assert module.args["numbers"] == [1.0, 2.0]
    with pytest.raises(SpecError, match="no argument that varies"):
        compiled(args=args, batch=["number"])


@pytest.mark.parametrize(
    ("changes", "what", "where"),
    [
        ({"kernel": {}}, "unknown key `kernel` in partialc.compile", "kernel"),
        ({"args": {"x": "flaot"}}, "unknown element type 'flaot' in 'flaot'", "args.x"),
        ({"name": "in"}, "a module cannot be called `in`", "name"),
        ({"kernels": {}}, "`kernels` asks for nothing", "kernels"),
        ({"form": "fast"}, "`form` must be ...", "form"),
    ],
)
def test_errors_outside_a_file_name_the_keyword(
    changes: dict[str, object], what: str, where: str
) -> None:
    with pytest.raises(SpecError) as caught:
        compiled(**changes)
    assert caught.value.what.startswith(what.removesuffix("..."))
    assert str(caught.value.where) == where


@pytest.mark.parametrize(
    ("kernel", "name"),
    [
        ("value_and_gradient", "ValueAndGradient"),
        ("d3", "D3"),
        ("dXdY", "DXdY"),
        ("_hidden", "Hidden"),
        ("a__b", "AB"),
        ("ünit_x", "ÜnitX"),
    ],
)
def test_class_names(kernel: str, name: str) -> None:
    assert class_name(kernel) == name


def test_near_misses() -> None:
    assert did_you_mean("Fuction", ["function", "args"]) == "did you mean `function`?"
    assert did_you_mean("zzz", ["function"]) is None
    assert alternatives(["a"]) == "`a`"
    assert alternatives(["a", "b", "c"]) == "`a`, `b` or `c`"
