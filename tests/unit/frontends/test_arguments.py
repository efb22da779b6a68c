"""Descriptions of arguments: what varies, with which types, and what is bound."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from partialc.errors import FrontendError, PartialcError, PartialcWarning
from partialc.frontends.arguments import Bound, describe


class Pair(NamedTuple):
    left: object
    right: object


@jax.tree_util.register_dataclass
@dataclass
class State:
    position: object
    mass: object


@jax.tree_util.register_pytree_node_class
class Opaque:
    def __init__(self, value):
        self.value = value

    def tree_flatten(self):
        return (self.value,), None

    @classmethod
    def tree_unflatten(cls, _, children):
        return cls(*children)


@dataclass
class Unregistered:
    weights: object


def types(value):
    tree = describe(value, "x", None)
    return {leaf.keystr: str(leaf.type) for leaf in tree.leaves}


VARYING = {
    "text": ("float[5]", {"": "float[5]"}),
    "text without brackets": ("float", {"": "float[]"}),
    "fixed text": ("f32[3,4]", {"": "float32[3,4]"}),
    "key": ("key[]", {"": "key<fry>[]"}),
    "numpy array": (np.zeros((2, 3)), {"": "float[2,3]"}),
    "jax array": (jnp.zeros(2), {"": "float[2]"}),
    "half array": (np.zeros(2, np.float16), {"": "float16[2]"}),
    "bfloat16 array": (np.zeros(2, ml_dtypes.bfloat16), {"": "bfloat16[2]"}),
    "complex array": (np.zeros(2, complex), {"": "complex[2]"}),
    "int32 array": (np.zeros(2, np.int32), {"": "int32[2]"}),
    "int64 array": (np.zeros(2, np.int64), {"": "default_int[2]"}),
    "bool array": (np.zeros(2, bool), {"": "bool[2]"}),
    "numpy scalar": (np.float64(3.0), {"": "float[]"}),
    "key array": (jax.random.key(0), {"": "key<fry>[]"}),
    "struct": (jax.ShapeDtypeStruct((4,), np.float64), {"": "float64[4]"}),
    "narrow struct": (jax.ShapeDtypeStruct((4,), np.float32), {"": "float32[4]"}),
    "dict of texts": (
        {"w": "float[3]", "b": "float"},
        {"['b']": "float[]", "['w']": "float[3]"},
    ),
    "tuple": (("f32[2]", np.zeros(3)), {"[0]": "float32[2]", "[1]": "float[3]"}),
    "number beside an array": (
        [np.ones(2), 1.5],
        {"[0]": "float[2]", "[1]": "float[]"},
    ),
    "named tuple": (
        Pair("float[2]", "int32"),
        {".left": "float[2]", ".right": "int32[]"},
    ),
    "dataclass": (
        State(np.zeros(3), "float"),
        {".position": "float[3]", ".mass": "float[]"},
    ),
    "class without keys": (Opaque(np.zeros(1)), {"[<flat index 0>]": "float[1]"}),
    "None inside": ({"a": None, "b": "float"}, {"['b']": "float[]"}),
    "empty array": (np.zeros((0, 3)), {"": "float[0,3]"}),
}


@pytest.mark.parametrize(("value", "expected"), VARYING.values(), ids=VARYING)
def test_varying(value, expected):
    assert types(value) == expected


def test_structure_is_the_callers_own():
    tree = describe(State(np.zeros(3), "float"), "x", None)
    rebuilt = jax.tree_util.tree_unflatten(tree.structure, ["p", "m"])
    assert isinstance(rebuilt, State)
    assert (rebuilt.position, rebuilt.mass) == ("p", "m")


@pytest.mark.parametrize("value", [3, 2.5, True, (2, 3), None, {"n": 4}, np.sin, []])
def test_static(value):
    assert describe(value, "x", None) == Bound(value)


def test_path_of_an_example(tmp_path):
    (tmp_path / "fa_example.py").write_text(
        "import numpy as np\nP = {'w': np.zeros(3)}\nN = 3\nMODE = 'fast'\n"
    )
    tree = describe("fa_example:P", "x", tmp_path)
    assert [str(leaf.type) for leaf in tree.leaves] == ["float[3]"]
    assert describe("fa_example:N", "x", tmp_path) == Bound(3)
    assert describe("fa_example:MODE", "x", tmp_path) == Bound("fast")


WRONG = {
    "unknown type": ("flot[3]", "unknown element type", "args.x"),
    "length": ("float[n]", "no axis length", "args.x"),
    "nested text": ({"a": "float", "b": "flot"}, "unknown element type", "args.x['b']"),
    "nested path": ({"a": "float", "b": "p:q"}, "names an object", "args.x['b']"),
    "object leaf": ({"a": np.ones(2), "b": object()}, "is no array", "args.x['b']"),
    "strings": (np.array(["a"]), "elements of type <U1", "args.x"),
    "objects": (np.array([{}]), "elements of type object", "args.x"),
    "unregistered": (Unregistered(np.ones(2)), "no container that JAX knows", "args.x"),
    "no module": ("fa_nowhere:P", "no module", "args.x"),
}


@pytest.mark.parametrize(("value", "what", "where"), WRONG.values(), ids=WRONG)
def test_wrong(value, what, where):
    with pytest.raises(PartialcError) as caught:
        describe(value, "x", None)
    assert what in caught.value.what
    assert str(caught.value.where) == where


def test_wrong_example_is_a_frontend_error():
    with pytest.raises(FrontendError):
        describe(Unregistered(np.ones(2)), "x", None)


@pytest.mark.parametrize("value", [{"a": 1.0}, (0.5, 2), [1j]])
def test_a_tree_of_plain_numbers_is_bound_with_a_warning(value: object) -> None:
    with pytest.warns(PartialcWarning, match="the argument p is a tree of plain"):
        assert describe(value, "p", None) == Bound(value)


@pytest.mark.parametrize("value", [1.0, (2, 3), {"flag": True}, None])
def test_other_static_values_are_bound_silently(value: object) -> None:
    assert describe(value, "p", None) == Bound(value)
