"""Arguments of any pytree class: made, imported, or stood in for."""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.tree_util import (
    GetAttrKey,
    register_dataclass,
    register_pytree_node_class,
    register_pytree_with_keys_class,
)

import partialc
from partialc.frontends.load import load_primal
from partialc.verify.stand_ins import examples_of, unmakeable


@register_pytree_node_class
class Layer:
    """Is made from a size, and holds a function; its children have no names."""

    def __init__(self, size: int, act: Callable[[Any], Any] = jnp.tanh) -> None:
        self.w, self.b, self.act = jnp.ones((size, 3)), jnp.zeros(size), act

    def __call__(self, x: Any) -> Any:
        return jnp.sum(self.act(self.w @ x + self.b) ** 2)

    def tree_flatten(self) -> tuple[Any, Any]:
        return (self.w, self.b), self.act

    @classmethod
    def tree_unflatten(cls, act: Any, children: Any) -> Layer:
        made = object.__new__(cls)
        (made.w, made.b), made.act = children, act
        return made


@register_pytree_with_keys_class
class Slots:
    """Has neither a `__dict__` nor an `__init__` that takes its fields."""

    __slots__ = ("scale", "w")

    def __init__(self, scale: float) -> None:
        self.scale, self.w = scale, scale * jnp.ones(3)

    def __call__(self, x: Any) -> Any:
        return jnp.sum(jnp.sin(self.w * x)) * self.scale

    def tree_flatten_with_keys(self) -> tuple[Any, Any]:
        return ((GetAttrKey("w"), self.w),), self.scale

    @classmethod
    def tree_unflatten(cls, scale: Any, children: Any) -> Slots:
        made = object.__new__(cls)
        (made.w,), made.scale = children, scale
        return made


@functools.partial(register_dataclass, data_fields=["w"], meta_fields=["act"])
@dataclasses.dataclass
class Declared:
    """A dataclass with a function as a static field."""

    w: jax.Array
    act: Callable[[Any], Any] = jnp.tanh

    def __call__(self, x: Any) -> Any:
        return jnp.sum(self.act(self.w * x))


@functools.partial(register_dataclass, data_fields=["w"], meta_fields=["power"])
@dataclasses.dataclass
class Plain:
    """A dataclass that is made from its fields."""

    w: jax.Array
    power: int = 2

    def __call__(self, x: Any) -> Any:
        return jnp.sum((self.w * x) ** self.power)


def local() -> Any:
    """An object of a class that no import finds."""

    @register_pytree_node_class
    class Local(Layer):
        pass

    return Local(2)


KNOWN = Layer(4)
OBJECTS = {
    "an __init__ of its own": lambda: Layer(2),
    "a lambda as a static field": lambda: Layer(2, lambda x: x**3),
    "slots": lambda: Slots(2.0),
    "a dataclass with a function": lambda: Declared(jnp.ones(3)),
    "a class of a function": local,
}


def apply(model: Any, x: Any) -> Any:
    """Calls its argument, as people do."""
    return model(x)


def compiled(model: Any, **options: Any) -> partialc.Module:
    requests = {"both": ["value", "gradient(model)"], "product": "hvp(model)"}
    args = {"model": model, "x": "float[3]"}
    return partialc.compile(apply, args, requests, "m", **options)


@pytest.mark.parametrize(
    ("made", "form"),
    [(local, "chain"), *((made, "auto") for made in OBJECTS.values())],
    ids=["written as a chain", *OBJECTS],
)
def test_objects_of_any_class_are_arguments(made: Any, form: str) -> None:
    model = made()
    module = compiled(model, form=form)
    x = jnp.asarray([0.1, -0.4, 0.7])
    result = module.load().both(model, x)
    wanted = jax.value_and_grad(apply)(model, x)
    assert jax.tree.structure(tuple(result)) == jax.tree.structure(wanted)
    for got, want in zip(*map(jax.tree.leaves, (tuple(result), wanted)), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5)
    assert "class StandIn:" in module.test_source
    said = " ".join(module.test_source.split())
    assert "something with the same leaves stands in" in said


def test_a_test_with_a_stand_in_passes_where_the_class_is_not(tmp_path: Path) -> None:
    tree = {"first": local(), "rest": [Slots(2.0), None], "scale": jnp.ones(())}

    def both(model: Any, x: Any) -> Any:
        return model["first"](x) + model["rest"][0](x) * model["scale"]

    requests = {"both": ["value", "gradient(model)"]}
    args = {"model": tree, "x": "float[3]"}
    partialc.compile(both, args, requests, "m").write(tmp_path / "m.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", str(tmp_path / "test_m.py")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


def test_an_object_of_a_module_is_imported() -> None:
    text = compiled(KNOWN).test_source
    assert f'needed("{__name__}", "KNOWN")' in text
    assert f'found("{__name__}", "apply")' in text
    assert "StandIn" not in text


def test_a_class_made_from_its_fields_is_imported() -> None:
    text = compiled(Plain(jnp.ones(3))).test_source
    assert f'needed("{__name__}", "Plain")(w=draw.real(3), power=2)' in text


def test_a_class_that_is_missing_fails_and_says_so() -> None:
    text = compiled(Plain(jnp.ones(3))).test_source
    assert "pytest.fail(" in text
    assert "cannot be imported: arguments are made of it" in text


def test_what_main_defines_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Plain(jnp.ones(3))
    main = types.ModuleType("__main__")
    vars(main).update(MODEL=model, Plain=Plain)
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(Plain, "__module__", "__main__")
    assert not examples_of({"model": model}, "__main__:apply")
    args = {"model": model, "x": "float[3]"}
    signature = load_primal(apply, args, name="m").signature
    assert unmakeable(signature, {}) == ("model",)
