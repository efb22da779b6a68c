"""The function within its module: what cannot stand there is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import pytest

import partialc
from partialc.errors import UnsupportedError


class Pair(NamedTuple):
    """A result of the user's."""

    left: Any
    right: Any


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class State:
    """Another one."""

    inner: Any


def of_pair(x: Any) -> Any:
    return Pair(jnp.sum(x), x)


def of_state(x: Any) -> Any:
    return {"a": [State(jnp.sum(x))]}


@pytest.mark.parametrize(
    ("function", "kind", "fix"),
    [(of_pair, "Pair", "_asdict()"), (of_state, "State", "vars(...)")],
)
def test_a_result_of_a_class_of_the_users_says_why_it_cannot_stand(
    function: Callable[..., Any], kind: str, fix: str
) -> None:
    with pytest.raises(UnsupportedError) as raised:
        partialc.compile(function, {"x": "float[3]"}, {"v": "value"}, "module")
    error = raised.value
    assert f"the result of {function.__name__} holds a {kind}" in error.what
    assert f"it uses the class {kind}" in str(error.why)
    assert fix in str(error.fix)


def test_what_the_fix_says_works() -> None:
    module = partialc.compile(
        lambda x: of_pair(x)._asdict(), {"x": "float[3]"}, {"v": "value"}, "module"
    ).load()
    x = jnp.arange(3.0)
    found = module.v(x)
    assert found["left"] == 3.0
    assert found["right"].tolist() == x.tolist()
