"""The names under which values are assigned."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from partialc.ir.jaxprs.authors import authors_names


def named(function: Callable[..., Any], *arguments: Any) -> list[tuple[str, str]]:
    """The primitives whose results have names, and the names."""
    jaxpr = jax.make_jaxpr(function)(*arguments).jaxpr
    names = authors_names(jaxpr)
    return [
        (eqn.primitive.name, names[variable])
        for eqn in jaxpr.eqns
        for variable in eqn.outvars
        if variable in names
    ]


def test_the_last_equation_of_a_statement_is_what_it_assigns() -> None:
    def f(x: Any) -> Any:
        root = jnp.sqrt(
            x + 1.0,
        )
        twice: Any = 2.0 * root * root
        twice += jnp.sin(x)
        return twice - root

    assert named(f, 1.0) == [("sqrt", "root"), ("mul", "twice"), ("add", "twice")]


def test_what_else_is_used_later_leaves_a_statement_without_a_name() -> None:
    def f(x: Any) -> Any:
        pair = jnp.stack([jnp.sin(x), jnp.cos(x)]) * (kept := x * x)
        return pair * kept

    assert named(f, 1.0) == []


def test_names_in_a_row_are_those_of_what_is_used_in_a_row() -> None:
    def f(x: Any) -> Any:
        low, high = x[:2] * 2.0, jnp.exp(x[2:])
        u, v = x.reshape(2, 2)
        return low * high + u * v

    assert named(f, jnp.ones(4)) == [
        *(("mul", "low"), ("exp", "high")),
        *(("squeeze", "u"), ("squeeze", "v")),
    ]


def test_a_row_of_which_one_is_not_used_has_no_names() -> None:
    def f(x: Any) -> Any:
        low, _high = jnp.sin(x), jnp.cos(x)
        return low

    assert named(f, 1.0) == []


def double(x: Any) -> Any:
    scaled = 2.0 * x
    return scaled + 1.0


def parts(x: Any) -> Any:
    return jnp.cos(x), jnp.sin(x)


def test_a_call_is_named_by_the_statement_around_it() -> None:
    def f(x: Any) -> Any:
        moved = double(jnp.sin(x))
        return jnp.exp(moved)

    assert named(f, 1.0) == [("mul", "scaled"), ("add", "moved")]


def test_what_runs_again_and_again_has_no_name() -> None:
    def f(x: Any) -> Any:
        one = double(x)
        other = double(one * x)
        return one * other

    assert named(f, 1.0) == [("add", "one"), ("add", "other")]


def test_names_of_several_results_of_a_call_are_not_guessed() -> None:
    def f(x: Any) -> Any:
        sin, cos = parts(x)[::-1]
        both = [jnp.tanh(x + i) for i in range(2)]
        later = lambda y: jnp.exp(y)  # noqa: E731
        return sin * cos + both[0] * later(x)

    assert named(f, 1.0) == []


def test_derivatives_that_a_function_takes_itself_have_no_names() -> None:
    def energy(x: Any) -> Any:
        square = x * x
        return square * x

    def f(x: Any) -> Any:
        slope = jax.grad(energy)(x)
        return slope + x

    assert all(name == "slope" for _, name in named(f, 1.0))
