"""The functions that generated modules carry along."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.realise import support
from partialc.realise.support import (
    _basis,
    _check_rows,
    _check_sizes,
    _checked,
    _checked_floats,
    _not_differentiable,
    _one_hot,
    _shapes,
    _with_leaves,
)

BOTH = pytest.mark.parametrize("check", [_checked, _checked_floats])

TYPES = {"x": "float[3]", "p['b']": "float32[]", "p['w']": "int32[2,1]"}


def tree() -> dict[str, Any]:
    return {"w": jnp.zeros((2, 1), jnp.int32), "b": jnp.zeros((), jnp.float32)}


def test_one_hot_is_one_at_its_index_only() -> None:
    like = jnp.zeros((2, 3), jnp.float16)
    seed = _one_hot(like, 1, 2)
    assert seed.dtype == like.dtype
    np.testing.assert_array_equal(seed, [[0, 0, 0], [0, 0, 1]])
    assert _one_hot(jnp.zeros(())) == 1


def test_basis_runs_over_a_selection_in_order() -> None:
    like = jnp.zeros((2, 3))
    assert _basis(like).shape == (6, 2, 3)
    np.testing.assert_array_equal(_basis(like)[4], _one_hot(like, 1, 1))
    chosen = _basis(like, np.s_[:, 1:])
    assert chosen.shape == (4, 2, 3)
    np.testing.assert_array_equal(chosen[1], _one_hot(like, 0, 2))
    listed = _basis(jnp.zeros(4), [3, 0, 3])
    np.testing.assert_array_equal(jnp.argmax(listed, axis=1), [3, 0, 3])


def test_with_leaves_exchanges_leaves_by_number() -> None:
    changed = _with_leaves({"a": 1, "b": [2, 3]}, {0: "x", 2: "y"})
    assert changed == {"a": "x", "b": [2, "y"]}


def test_checked_takes_what_was_compiled_for() -> None:
    x, p = _checked(TYPES, x=jnp.ones(3), p=tree())
    assert x.dtype == jnp.float32
    assert p["w"].dtype == jnp.int32


@BOTH
def test_checked_gives_python_floats_the_width_of_the_others(check: Any) -> None:
    types = {"x": "float[2]", "t": "float[]"}
    with jax.enable_x64(True):
        x, t = check(types, x=jnp.ones(2, jnp.float32), t=0.5)
        assert t.dtype == jnp.float32
        x, t = check(types, x=jnp.ones(2, jnp.float64), t=0.5)
        assert t.dtype == jnp.float64
        (t,) = check({"t": "float[]"}, t=0.5)
        assert t.dtype == jnp.float64
    del x


@BOTH
def test_checked_works_on_tracers(check: Any) -> None:
    def f(x: jax.Array, t: Any) -> Any:
        (x, t) = check({"x": "float[2]", "t": "float[]"}, x=x, t=t)
        return x * t

    assert jax.jit(f)(jnp.ones(2), 2.0).tolist() == [2.0, 2.0]
    assert jax.vmap(f, (0, None))(jnp.ones((4, 2)), 2.0).shape == (4, 2)
    assert jax.grad(lambda x: f(x, 3.0).sum())(jnp.ones(2)).tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": jnp.ones(4), "p": tree()}, r"x must be float\[3\], not float32\[4\]"),
        ({"x": jnp.ones((3, 1)), "p": tree()}, r"not float32\[3,1\]"),
        ({"x": jnp.arange(3), "p": tree()}, r"not int32\[3\]"),
        ({"x": jnp.ones(3, bool), "p": tree()}, r"not bool\[3\]"),
        ({"x": jnp.ones(3, jnp.float16), "p": tree()}, r"not float16\[3\]"),
        ({"x": jnp.ones(3), "p": tree() | {"c": 1.0}}, "the arguments must be"),
        ({"x": jnp.ones(3), "p": {"w": tree()["w"]}}, "the arguments must be"),
        ({"x": jnp.ones(3), "p": tree() | {"b": 1}}, r"p\['b'\] must be float32\[\]"),
        ({"x": jnp.ones(3), "p": tree() | {"w": jnp.ones((2, 1))}}, r"p\['w'\] must"),
        ({"x": jnp.ones(3), "p": tree() | {"w": tree()["w"][0]}}, r"not int32\[1\]"),
    ],
)
def test_checked_refuses(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        _checked(TYPES, **arguments)


def test_checked_takes_what_python_types_are_to_jax() -> None:
    types = {"n": "default_int[2]", "k": "default_uint[]", "c": "default_float[]"}
    for x64, bits in ((False, 32), (True, 64)):
        with jax.enable_x64(x64):
            n, k = jnp.arange(2), jnp.ones((), f"uint{bits}")
            found = _checked(types, n=n, k=k, c=0.5)
            kinds = [str(each.dtype) for each in found]
            assert kinds == [f"int{bits}", f"uint{bits}", f"float{bits}"]
            other = jnp.arange(2, dtype="int16")
            with pytest.raises(
                TypeError, match=rf"n must be int{bits}\[2\], not int16"
            ):
                _checked(types, n=other, k=k, c=0.5)


def test_checked_gives_complex_numbers_the_width_of_the_floats() -> None:
    types = {"x": "float[]", "z": "complex[]"}
    with jax.enable_x64(True):
        for width, wide in (("float32", "complex64"), ("float64", "complex128")):
            x = jnp.ones((), width)
            assert _checked(types, x=x, z=1j)[1].dtype == wide
            assert _checked(types, x=x, z=jnp.ones((), wide))[1].dtype == wide
        with pytest.raises(TypeError, match="mix the float widths"):
            _checked(types, x=x, z=jnp.ones((), "complex64"))


def test_check_rows_wants_one_batch_size() -> None:
    _check_rows(x=jnp.ones((4, 2)), p={"w": jnp.ones(4)})
    with pytest.raises(TypeError, match="x must have a batch axis"):
        _check_rows(x=1.0)
    with pytest.raises(TypeError, match=r"one batch size, not .*'x': 4, .*: 3"):
        _check_rows(x=jnp.ones((4, 2)), p={"w": jnp.ones(3)})


@BOTH
def test_checked_refuses_two_widths(check: Any) -> None:
    with jax.enable_x64(True), pytest.raises(TypeError, match="mix the float widths"):
        check(
            {"x": "float[]", "y": "float[]"},
            x=jnp.ones((), jnp.float32),
            y=jnp.ones((), jnp.float64),
        )


@BOTH
def test_checked_refuses_an_integer_for_a_float(check: Any) -> None:
    with pytest.raises(TypeError, match=r"t must be float\[\], not int32\[\]"):
        check({"t": "float[]"}, t=2)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1.0, 2.0], r"^x must be float\[2\]: pass an array$"),
        (
            jnp.ones((5, 2)),
            r"^x must be float\[2\], not float32\[5,2\]: jax.vmap takes",
        ),
        (jnp.ones(5), r"^x must be float\[2\], not float32\[5\]$"),
        (jnp.ones((2, 1)), r"^x must be float\[2\], not float32\[2,1\]$"),
        (jnp.ones(2, jnp.float16), r"not float16\[2\]$"),
        (jnp.ones(2, bool), r"not bool\[2\]$"),
        (jnp.ones(2, complex), r"not complex64\[2\]$"),
    ],
)
def test_checked_floats_says_what_to_do(x: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        _checked_floats({"x": "float[2]"}, x=x)


def test_the_text_of_checks_is_as_short_as_the_arguments_allow() -> None:
    short = support.checked_text(only_floats=True)
    assert short.startswith("def _checked(")
    assert "_checked_floats" not in short
    assert support.checked_text(only_floats=False) == support.text("_checked")
    assert len(short.splitlines()) < 20


def test_not_differentiable_gives_values_and_no_derivatives() -> None:
    @_not_differentiable
    def square(x: jax.Array) -> jax.Array:
        return x * x

    assert jax.jit(square)(3.0) == 9.0
    assert jax.vmap(square)(jnp.arange(3.0)).tolist() == [0.0, 1.0, 4.0]
    with pytest.raises(TypeError, match="square cannot be differentiated"):
        jax.grad(square)(3.0)
    with pytest.raises(TypeError, match="square cannot be differentiated"):
        jax.jvp(square, (3.0,), (1.0,))


def test_every_helper_has_a_text_of_its_own() -> None:
    for name in (
        "_one_hot",
        "_basis",
        "_with_leaves",
        "_checked",
        "_check_rows",
        "_arrays",
    ):
        text = support.text(name)
        assert text.startswith(f"def {name}(")
        assert "support" not in text


def test_shapes_are_those_of_the_arrays_with_forms() -> None:
    arguments = {"x": jnp.zeros((3, 2)), "p": {"w": np.zeros(4), "b": 1.0}}
    forms = {"x": "[n, m]", "p['w']": "[n + 1]"}
    assert _shapes(forms, arguments) == {"x": (3, 2), "p['w']": (4,)}


@pytest.mark.parametrize("wrong", [{"x": jnp.zeros(3)}, {"x": (jnp.zeros((3, 2)),)}])
def test_shapes_refuses_other_trees_and_ranks(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"x.*must be \[n, m\]"):
        _shapes({"x": "[n, m]"}, wrong)


def test_sizes_that_contradict_each_other_are_refused() -> None:
    forms = {"x": "[n]", "y": "[n + 1]"}
    told = r"y must be \[n \+ 1\], of shape \(4,\) for n = 3, not of shape \(3,\)"
    with pytest.raises(TypeError, match=told):
        _check_sizes(
            {"n": 3}, {"n": 2}, forms, {"x": (3,), "y": (3,)}, {"x": (3,), "y": (4,)}
        )


def test_sizes_below_the_least_are_refused() -> None:
    shapes = {"x": (1,)}
    with pytest.raises(TypeError, match="n must be at least 2, not 1"):
        _check_sizes({"n": 1}, {"n": 2}, {"x": "[n]"}, shapes, shapes)
