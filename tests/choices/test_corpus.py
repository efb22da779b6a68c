"""The pairs that choices are calibrated and judged on are many, varied and compile."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from typing import Any

import jax
import numpy as np
import pytest

import partialc
from choices import CALIBRATION, CORPUS, HELD_OUT, PAIRS, Pair
from partialc.request.parse import parse

DIRECTION = "_tangent"
QUICK = ("morse_energy.to_second", "burgers_step_30.row", "robertson.jacobian")


def shape_of(text: str) -> tuple[int, ...]:
    """The shape that an argument of a spec has: (3, 64) of `float[3, 64]`."""
    assert re.fullmatch(r"float(\[\d+(, \d+)*\])?", text), text
    return tuple(map(int, re.findall(r"\d+", text)))


def requests_of(pair: Pair) -> tuple[str, ...]:
    """The requests of a pair, one or many."""
    return (pair.requests,) if isinstance(pair.requests, str) else pair.requests


def drawn(pair: Pair, names: list[str]) -> list[Any]:
    """The arguments of its kernel, which may take a direction besides its own."""
    rng = np.random.default_rng(0)
    shapes = [shape_of(pair.args[name.removesuffix(DIRECTION)]) for name in names]
    return [
        rng.uniform(*pair.range_of(name), shape).astype(np.float32)
        for name, shape in zip(names, shapes, strict=True)
    ]


def check_compiles(pair: Pair) -> None:
    """Its kernel is built, and finite where it is drawn."""
    module = partialc.compile(
        pair.function,
        args=pair.args,
        kernels={"kernel": pair.requests},
        name="m",
        form="chain",
    )
    kernel = module.load().kernel
    names = list(inspect.signature(kernel).parameters)
    found = jax.jit(kernel)(*drawn(pair, names))
    for leaf in jax.tree.leaves(found):
        assert np.all(np.isfinite(leaf)), leaf


def test_there_are_many_pairs_of_every_kind() -> None:
    calibration, held_out = (
        Counter(pair.field for pair in pairs.values())
        for pairs in (CALIBRATION, HELD_OUT)
    )
    assert len(CALIBRATION) >= 66
    assert len(HELD_OUT) >= 32
    assert len(calibration) >= 14
    assert calibration.keys() == held_out.keys()
    assert min(calibration.values()) >= 4


def test_names_are_unique() -> None:
    assert len(PAIRS) == len(CORPUS)


def test_none_is_on_both_sides() -> None:
    sides = [
        {(pair.name.partition(".")[0], requests_of(pair)) for pair in pairs.values()}
        for pairs in (CALIBRATION, HELD_OUT)
    ]
    assert sides[0].isdisjoint(sides[1])
    assert sum(map(len, sides)) == len(CORPUS)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=lambda pair: pair.name)
def test_every_pair_is_well_formed(pair: Pair) -> None:
    stem, _, request = pair.name.partition(".")
    assert stem.isidentifier()
    assert request.isidentifier()
    assert list(pair.args) == list(inspect.signature(pair.function).parameters)
    assert set(pair.sample) <= set(pair.args)
    assert all(low < high for low, high in pair.sample.values())
    for text in requests_of(pair):
        parse(text, None)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=lambda pair: pair.name)
def test_every_function_traces(pair: Pair) -> None:
    leaves = [
        jax.ShapeDtypeStruct(shape_of(text), "float32") for text in pair.args.values()
    ]
    for leaf in jax.tree.leaves(jax.eval_shape(pair.function, *leaves)):
        assert leaf.dtype == "float32"


@pytest.mark.parametrize("name", QUICK)
def test_a_few_compile(name: str) -> None:
    check_compiles(PAIRS[name])


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS.values(), ids=lambda pair: pair.name)
def test_every_pair_compiles(pair: Pair) -> None:
    check_compiles(pair)
