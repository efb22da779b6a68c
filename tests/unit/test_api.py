"""What `partialc.compile` takes, and how it refuses anything else."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import pytest

import partialc
from partialc import arg, gradient, partial
from partialc.errors import SpecError


def product(x: Any) -> Any:
    return jnp.prod(x)


@pytest.mark.parametrize(
    "request_",
    [
        3,
        None,
        {"value"},
        ["value", 3],
        {"a": None},
        gradient,
        (x for x in ["value"]),
        [],
    ],
    ids=lambda given: type(given).__name__,
)
def test_what_is_no_request_is_refused_by_the_kernels_name(request_: Any) -> None:
    with pytest.raises(SpecError, match="kernel `g` must be a request") as told:
        partialc.compile(product, {"x": "float[3]"}, {"g": request_}, "module")
    assert told.value.where == "kernels.g"


@pytest.mark.parametrize("kernels", ["value", ["value"], {3: "value"}, None])
def test_kernels_are_given_by_name(kernels: Any) -> None:
    with pytest.raises(SpecError, match="`kernels`") as told:
        partialc.compile(product, {"x": "float[3]"}, kernels, "module")
    assert str(told.value.fix).startswith("write kernels=")


@pytest.mark.parametrize("args", ["float[3]", ["float[3]"], {3: "float[3]"}])
def test_arguments_are_given_by_name(args: Any) -> None:
    with pytest.raises(SpecError, match="`args`"):
        partialc.compile(product, args, {"g": "value"}, "module")


def test_constructors_and_texts_give_one_module() -> None:
    x = arg("x")
    made = {"g": gradient(x), "both": [partial(x[0], x[1]), "value"]}
    texts = {"g": "gradient(x)", "both": ["partial(x[0], x[1])", "value"]}
    first, second = (
        partialc.compile(product, {"x": "float[3]"}, kernels, "module")
        for kernels in (made, texts)
    )
    assert first.source == second.source


@pytest.mark.parametrize("name", ["jax", "numpy", "random", "partialc"])
def test_a_name_that_would_hide_a_module(name: str) -> None:
    with pytest.raises(partialc.PartialcError) as caught:
        partialc.compile(
            lambda x: x, args={"x": "float"}, kernels={"k": "value"}, name=name
        )
    assert caught.value.what == f"a module's file cannot be called `{name}.py`"
    assert caught.value.where == "name"


def test_a_name_is_free_where_the_path_is_another() -> None:
    module = partialc.compile(
        lambda x: x,
        args={"x": "float"},
        kernels={"k": "value"},
        name="random",
        path="walk.py",
    )
    assert module.name == "random"
