"""Signatures from plain descriptions of arguments and result."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import pytest
from jax.tree_util import tree_flatten_with_path

from partialc.ir.dtypes import DType
from partialc.ir.program import ArrayType
from partialc.request.resolve import resolve_kernel
from partialc.request.resolved import Kernel
from partialc.request.signature import Leaf, Signature, Tree

State = namedtuple("State", "position velocity")


class Array:
    """Shape and dtype of a leaf, as `array("float", 2, 3)` describes it."""

    def __init__(self, dtype: str, *shape: int) -> None:
        self.type = ArrayType(DType.parse(dtype), shape)


def tree_of(described: Any) -> Tree:
    flat, structure = tree_flatten_with_path(described)
    return Tree(structure, tuple(Leaf(path, leaf.type) for path, leaf in flat))


def make_signature(result: Any, **arguments: Any) -> Signature:
    trees = {name: tree_of(each) for name, each in arguments.items()}
    return Signature("f", trees, tree_of(result))


@pytest.fixture(scope="session")
def array() -> type[Array]:
    return Array


@pytest.fixture(scope="session")
def signature() -> Callable[..., Signature]:
    return make_signature


@pytest.fixture(scope="session")
def rich() -> Signature:
    """A scalar function of every kind of argument."""
    return make_signature(
        Array("float"),
        x=Array("float", 5),
        t=Array("float"),
        n=Array("int32", 3),
        a=Array("float", 2, 3),
        params={"w": Array("float", 2, 3), "b": Array("float", 3), "k": Array("int32")},
        state=State(Array("float", 3), Array("float", 3)),
        z=Array("complex64", 2),
        key=Array("key<fry>"),
        flag=Array("bool", 2),
        single=Array("float32", 1),
    )


@pytest.fixture(scope="session")
def tree_result() -> Signature:
    """A function of two arrays that returns a tree with an integer leaf."""
    return make_signature(
        {
            "energy": Array("float"),
            "forces": [Array("float", 3), Array("float", 2, 2)],
            "steps": Array("int32"),
        },
        x=Array("float", 5),
        y=Array("float", 2, 3),
    )


@pytest.fixture(scope="session")
def resolve() -> Callable[..., Kernel]:
    def run(
        requests: Any, signature: Signature, name: str = "k", **objects: Any
    ) -> Kernel:
        return resolve_kernel(
            name, requests, signature, load_object=objects.__getitem__
        )

    return run
