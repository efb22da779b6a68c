"""Looking coordinates up in all kinds of pytrees."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import pytest

from partialc.errors import RequestError
from partialc.request.names import coordinate_text
from partialc.request.parse import parse
from partialc.request.selection import Selection, select, text_of
from partialc.request.signature import Signature, Tree

Point = namedtuple("Point", "first second")


@jax.tree_util.register_pytree_node_class
class Plain:
    """A container registered without names."""

    def __init__(self, *children: Any) -> None:
        self.children = children

    def tree_flatten(self) -> tuple[tuple[Any, ...], None]:
        return self.children, None

    @classmethod
    def tree_unflatten(cls, _: None, children: tuple[Any, ...]) -> Plain:
        return cls(*children)


@jax.tree_util.register_dataclass
@dataclass
class Layer:
    weight: Any
    bias: Any


@pytest.fixture
def tree(signature: Callable[..., Signature], array: Any) -> Tree:
    a = array("float", 2, 3)
    described = {
        "list": [None, a, {}, [a, a]],
        "point": Point(a, Point(None, a)),
        "plain": Plain(a, a),
        "layer": Layer(a, a),
        "numbers": {0: a, 10: a, -1: a},
        "tuples": {("enc", "w"): a, ("dec", 1): a},
        "flags": {True: a},
        "ordered": OrderedDict(z=a, b=a),
        "empty": [],
        "sp ace": a,
    }
    return signature(a, p=described).arguments["p"]


def look_up(text: str, tree: Tree, first_leaf: int = 0) -> Selection:
    (node,) = parse(f"jacobian({text})").wrt
    return select(node, tree, first_leaf)


@pytest.mark.parametrize(
    ("text", "keystr", "name"),
    [
        ('p["list"][1]', "['list'][1]", "p_list_1"),
        ('p["list"][-1][0]', "['list'][3][0]", "p_list_3_0"),
        ('p["point"].first', "['point'].first", "p_point_first"),
        ('p["point"][0]', "['point'].first", "p_point_first"),
        (
            'p["point"].second.second',
            "['point'].second.second",
            "p_point_second_second",
        ),
        ('p["point"][-1][1]', "['point'].second.second", "p_point_second_second"),
        ('p["plain"][1]', "['plain'][<flat index 1>]", "p_plain_1"),
        ('p["layer"].bias', "['layer'].bias", "p_layer_bias"),
        ('p["numbers"][0]', "['numbers'][0]", "p_numbers_0"),
        ('p["numbers"][-1]', "['numbers'][-1]", "p_numbers__1"),
        ('p["numbers"][10]', "['numbers'][10]", "p_numbers_10"),
        ('p["tuples"]["enc", "w"]', "['tuples'][('enc', 'w')]", "p_tuples_enc_w"),
        ('p["tuples"]["dec", 1]', "['tuples'][('dec', 1)]", "p_tuples_dec_1"),
        ('p["ordered"]["z"]', "['ordered']['z']", "p_ordered_z"),
        ('p["sp ace"]', "['sp ace']", "p_sp_ace"),
    ],
)
def test_leaves(text: str, keystr: str, name: str, tree: Tree) -> None:
    found = look_up(text, tree, first_leaf=100)
    assert found.is_array
    assert found.is_whole
    assert found.shape == (2, 3)
    assert tree.leaves[found.coordinates[0].leaf - 100].keystr == keystr
    assert coordinate_text(found) == name
    element = look_up(f"{text}[1, -1]", tree)
    assert element.is_scalar
    assert element.coordinates[0].index == (1, 2)
    assert coordinate_text(element) == f"{name}_1_2"


@pytest.mark.parametrize(
    ("text", "leaves"),
    [('p["list"]', 3), ('p["list"][3]', 2), ('p["point"]', 2), ("p", 18)],
)
def test_subtrees(text: str, leaves: int, tree: Tree) -> None:
    found = look_up(text, tree)
    assert not found.is_array
    assert len(found.coordinates) == len(found.types) == leaves
    numbers = [each.leaf for each in found.coordinates]
    assert numbers == list(range(numbers[0], numbers[0] + leaves))
    built = found.map(lambda coordinates: coordinates.leaf)
    assert jax.tree.structure(built) == found.structure
    assert jax.tree.leaves(built) == numbers


@pytest.mark.parametrize(
    ("text", "fault", "message"),
    [
        ('p["list"][0]', "0", "its arrays are in [1], [3]"),
        ('p["list"][4]', "4", "has no [4]"),
        ('p["list"][-5]', "-5", "has no [-5]"),
        ('p["list"]["1"]', '"1"', "has no"),
        ('p["empty"][0]', '"empty"', "has no"),
        ('p["flags"][True]', None, "neither an index nor a key"),
        ('p["flags"][1]', "1", "holds no arrays"),
        ('p["point"].third', "third", ".first, .second"),
        ('p["point"].frist', "frist", 'did you mean p["point"].first?'),
        ('p["point"][2]', "2", ".first, .second"),
        ('p["layer"][0]', "0", ".weight, .bias"),
        ('p["layer"]["bias"]', '"bias"', 'did you mean p["layer"].bias?'),
        ('p["lst"]', '"lst"', 'did you mean p["list"]?'),
        ("p.list", "list", 'did you mean p["list"]?'),
        ('p["tuples"]["enc"]', '"enc"', '["dec", 1], ["enc", "w"]'),
        ('p["list", 1]', '"list", 1', "one key in brackets of its own"),
        ('p["list"][0:2]', "0:2", "is a container"),
        ('p["list"][...]', "...", "is a container"),
    ],
)
def test_what_is_not_there(
    text: str, fault: str | None, message: str, tree: Tree
) -> None:
    with pytest.raises(RequestError) as caught:
        look_up(text, tree)
    assert message in str(caught.value)
    if fault is not None:
        assert caught.value.snippet[slice(*caught.value.span)] == fault


def test_paths_as_requests_write_them(tree: Tree) -> None:
    for number, leaf in enumerate(tree.leaves):
        text = f"p{text_of(leaf)}"
        if "True" not in text:
            assert look_up(text, tree).coordinates[0].leaf == number
