"""Values recognised by their numbers."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from partialc.ir.dtypes import FLOAT
from partialc.ir.jaxprs import trace
from partialc.ir.program import ArrayType, Function
from partialc.printing.authored import UNNAMED, Authored


def program(function: Callable[..., Any], *shapes: tuple[int, ...]) -> Function:
    """A function of arrays in the caller's width, traced."""
    types = [ArrayType(FLOAT, shape) for shape in shapes]
    names = [f"x{place}" for place in range(len(types))]
    call = lambda *leaves: jax.tree.leaves(function(*leaves))  # noqa: E731
    generic = trace(call, types, name="f", input_names=names).generic
    assert generic is not None
    return generic


def names(
    written: Callable[..., Any], restated: Callable[..., Any], *shapes: tuple[int, ...]
) -> list[str]:
    """What values of one function are called by the names of another."""
    authored = Authored.of(program(written, *shapes))
    return list(authored.names(program(restated, *shapes)).values())


def written(x: Any, y: Any) -> Any:
    root = jnp.sqrt(x * y)
    share = x / (x + y)
    return root * share


def test_what_is_computed_in_another_way_keeps_its_name() -> None:
    def restated(x: Any, y: Any) -> Any:
        return jnp.sqrt(x) * jnp.sqrt(y) * (1.0 / (1.0 + y / x))

    found = names(written, restated, (), ())
    assert sorted(found) == ["inverse_share", "root", "share"]


def test_negatives_and_reciprocals_say_so() -> None:
    def restated(x: Any, y: Any) -> Any:
        return (-jnp.sqrt(x * y)) / (1.0 + y / x)

    assert names(written, restated, (), ()) == [
        "root",
        "minus_root",
        "inverse_share",
    ]


def test_what_differs_a_little_has_no_name() -> None:
    def restated(x: Any, y: Any) -> Any:
        return jnp.sqrt(x * y + 1e-6), x / (x + y * 1.0001)

    assert names(written, restated, (), ()) == []


def test_the_elements_of_small_arrays_are_numbered() -> None:
    def of_array(x: Any) -> Any:
        table = jnp.sin(x) * 2.0
        return jnp.sum(table**2)

    def restated(x: Any) -> Any:
        return jnp.sin(x[1, 0]) * 2.0, 2.0 * jnp.sin(x)

    assert names(of_array, restated, (2, 2)) == ["table_1_0", "table"]


def test_axes_of_size_one_do_not_count() -> None:
    def of_vector(x: Any) -> Any:
        bent = jnp.exp(x) - 1.0
        return bent * x

    def restated(x: Any) -> Any:
        return jnp.exp(x[None]) - 1.0

    assert names(of_vector, restated, (3,)) == ["bent"]


def test_constants_and_what_is_not_finite_have_no_names() -> None:
    def f(x: Any) -> Any:
        zero = x - x
        nothing = jnp.log(-x)
        return zero + nothing

    assert Authored.of(program(f, ())).named == {}


def test_more_inputs_may_follow() -> None:
    authored = Authored.of(program(written, (), ()))
    longer = program(lambda x, y, t: t * jnp.sqrt(x * y), (), (), (3,))
    assert list(authored.names(longer).values()) == ["root"]
    other = program(lambda x, y: jnp.sum(jnp.sqrt(x * y)), (2,), ())
    assert authored.names(other) == {}


def test_without_names_nothing_is_run() -> None:
    assert UNNAMED.names(program(written, (), ())) == {}


def test_loops_that_may_never_end_are_not_run() -> None:
    def halved(x: Any) -> Any:
        half = 0.5 * x
        return jax.lax.while_loop(lambda y: y != 0.125, lambda y: y + half, x)

    assert Authored.of(program(halved, ())).named == {}


def test_other_branches_are_looked_at() -> None:
    def bent(x: Any) -> Any:
        grown = jnp.maximum(x**3, 0.0)
        return grown * x

    assert names(bent, lambda x: x**3 * 2.0, ()) == []
    assert names(bent, lambda x: jnp.maximum(x**3, 0.0) * 2.0, ()) == ["grown"]


def test_large_arrays_are_known_by_some_of_their_numbers() -> None:
    count = 200_000

    def of_vector(x: Any) -> Any:
        bent = jnp.exp(x) - 1.0
        root = jnp.sqrt(x[: count // 2])
        return jnp.sum(bent * x) + jnp.sum(root)

    def restated(x: Any) -> Any:
        wide = jnp.stack([x] * 4) * 2.0  # of another size: nobody asks what it is
        return jnp.expm1(x), jnp.sqrt(x)[: count // 2], wide, jnp.exp(x) - 1.001

    assert sorted(names(of_vector, restated, (count,))) == ["bent", "root"]
