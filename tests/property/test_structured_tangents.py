"""Matrices of random array programs against plain JAX: as terms, and as modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray

import partialc
from partialc.errors import PartialcError
from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Function
from partialc.lowering.structured.matrix import LinearMatrix, linear_matrix
from partialc.ops.evaluation import evaluate
from tests.property.array_programs import ArrayProgram, draw_program
from tests.property.fuzzing import drawn_by, examples, reproducible

TOLERANCE = 1e-11
"""Of the largest entry, or of one."""

NARROW_TOLERANCE = 1e-3

POINTS = 4
"""At which the nonzeros are compared with the pattern."""

VANISHING = (
    *("where", "max", "min", "cond", "select_n", "clip", "relu", "abs", "> 1)", ">"),
    *("hypot", "prod", "softmax", "logsumexp", "var", "stop_gradient", "**", "solve"),
    *("= -v", "- 2 *", "= v0 - ", "0."),
)
"""What can make a derivative zero that no index says is zero: other branches, sums of
which parts cancel."""


@dataclass(frozen=True)
class Asked:
    """A matrix of a program: its `repr` repeats it.

    Attributes:
        program: The function; of its Hessian, the sum of the sines of its result.
        order: 1 for the Jacobian, 2 for the Hessian.
        direction: What is pushed or pulled through.
        seed: Draws the points.
    """

    program: ArrayProgram
    order: Literal[1, 2]
    direction: Literal["forward", "reverse"]
    seed: int

    def differentiated(self) -> Callable[[Any], Any]:
        """The function whose Jacobian is the matrix."""
        function = self.program.function()
        if self.order == 1:
            return function
        return jax.grad(lambda x: jnp.sum(jnp.sin(function(x))))

    def has_reverse(self) -> bool:
        """Whether JAX can pull cotangents back through the function."""
        return not any("lax.while_loop" in line for line in self.program.lines)

    def is_sharp(self) -> bool:
        """Whether every entry of the pattern is nonzero somewhere near."""
        text = "\n".join(self.program.lines)
        return self.order == 1 and not any(each in text for each in VANISHING)


def linear_of(asked: Asked) -> LinearMatrix:
    """A matrix as terms."""
    kind = ArrayType(FLOAT, asked.program.shape)
    run, is_reverse = asked.differentiated(), asked.direction == "reverse"
    out = jax.eval_shape(run, jax.ShapeDtypeStruct(kind.shape, jnp.float64))
    seed = ArrayType(FLOAT, out.shape) if is_reverse else kind

    def call(x: jax.Array, seeds: jax.Array) -> tuple[jax.Array]:
        if is_reverse:
            (pulled,) = jax.vjp(run, x)[1](seeds)
            return (pulled,)
        return (jax.linearize(run, x)[1](seeds),)

    traced = trace_one(
        call,
        [kind, seed],
        Regime.WIDE,
        name="linear",
        input_names=["x", "seed"],
        rules=False,
    )
    return linear_matrix(traced, [seed.size], [Regime.WIDE], is_reverse=is_reverse)


def draw(random: Random) -> Asked:
    """A program, and one of the ways to its matrices."""
    return Asked(
        draw_program(random),
        random.choice([1, 1, 2]),
        random.choice(["forward", "reverse"]),
        random.randrange(2**32),
    )


def agree(actual: Any, expected: NDArray[Any], tolerance: float) -> None:
    """Equal to the reference wherever that is finite."""
    actual = np.asarray(actual)
    assert actual.shape == expected.shape
    where = np.isfinite(expected)
    worst = np.max(np.abs(expected[where]), initial=1.0)
    np.testing.assert_allclose(
        actual[where], expected[where], rtol=0, atol=tolerance * worst
    )


def plain(
    function: Callable[[Any], Any], x: Any, *, has_reverse: bool = True
) -> NDArray[Any]:
    """A Jacobian by plain JAX, as a matrix, NaN where either direction is not finite.

    A value that is NaN makes rows of it NaN forward and columns of it in reverse.

    Args:
        function: What is differentiated.
        x: Where.
        has_reverse: Whether JAX has a reverse direction of it: not of a loop whose
            length it does not know.
    """
    ways = [jax.jacfwd(function), *([jax.jacrev(function)] if has_reverse else [])]
    pushed, *pulled = (
        np.asarray(jax.jit(way)(x)).reshape(-1, np.size(x)) for way in ways
    )
    is_finite = np.all([np.isfinite(each) for each in (pushed, *pulled)], axis=0)
    return np.where(is_finite, pushed, np.nan)


def check(asked: Asked) -> None:
    """The values are right, and the pattern has all of them and not many more."""
    with jax.enable_x64(True), reproducible(f"check({asked})"):
        found = linear_of(asked)
        pattern = found.matrix.pattern()
        wanted = pattern.rows * max(pattern.shape[1], 1) + pattern.cols
        values = found.matrix.values(wanted, FLOAT, found.arrays)
        function = Function(
            "values",
            found.function.inputs[:1],
            tuple(found.arrays.equations),
            (values,),
        )
        run = jax.jit(lambda x: evaluate(function, [x]))
        random, constants = np.random.default_rng(asked.seed), []
        nonzeros = np.zeros(pattern.shape, bool)
        for _ in range(POINTS):
            x = random.uniform(0.3, 1.7, asked.program.shape)
            expected = plain(asked.differentiated(), x, has_reverse=asked.has_reverse())
            (given,) = run(x)
            dense = np.zeros(pattern.shape)
            dense[pattern.rows, pattern.cols] = given
            agree(dense, expected, TOLERANCE)
            constants.append(np.asarray(given)[pattern.is_constant])
            nonzeros |= expected != 0
        for each in constants:
            np.testing.assert_array_equal(each, constants[0])
        listed = np.zeros(pattern.shape, bool)
        listed[pattern.rows, pattern.cols] = True
        if asked.is_sharp() and not found.opaque:
            np.testing.assert_array_equal(nonzeros, listed)


@examples(24, shrink=False)
@given(drawn_by(draw))
def test_matrices_of_random_programs(asked: Asked) -> None:
    check(asked)


@pytest.mark.slow
@examples(600, shrink=False)
@given(drawn_by(draw))
def test_matrices_of_many_random_programs(asked: Asked) -> None:
    check(asked)


@dataclass(frozen=True)
class Requested:
    """A request for a sparse matrix: its `repr` repeats it.

    Attributes:
        program: What happens to the first argument.
        kind: Whether there is one argument, are two, or is a tree of them.
        wrt: What is differentiated by, as it stands in the request.
        of: What is differentiated; None for everything.
        matrix: `jacobian`, `hessian` or `lower`.
        format: What is returned.
        is_batched: Whether the first argument has rows.
        seed: Draws the points.
    """

    program: ArrayProgram
    kind: Literal["one", "two", "tree"]
    wrt: tuple[str, ...]
    of: str | None
    matrix: Literal["jacobian", "hessian", "lower"]
    format: Literal["values", "csr", "bcoo", "dense"]
    is_batched: bool
    seed: int

    def function(self) -> Callable[..., Any]:
        """The function itself."""
        program = self.program.function()
        if self.kind == "one":
            return lambda x: program(x)
        if self.kind == "two":
            return lambda x, y: (program(x) * y[0], jnp.sum(y) * jnp.sin(x))
        return lambda x: {"a": program(x["w"]), "b": x["w"] * x["b"] ** 2}

    def args(self) -> dict[str, Any]:
        """Descriptions of the arguments."""
        x = f"float[{','.join(map(str, self.program.shape))}]"
        return {
            "one": {"x": x},
            "two": {"x": x, "y": "float[2]"},
            "tree": {"x": {"w": x, "b": "float"}},
        }[self.kind]

    def request(self) -> str:
        """The request as text."""
        of = f", of={self.of}" if self.of else ""
        word = "jacobian" if self.matrix == "jacobian" else "hessian"
        text = f"{word}({', '.join(self.wrt)}{of})"
        text = f"lower({text})" if self.matrix == "lower" else text
        return f'sparse({text}, format="{self.format}")'


def draw_request(random: Random) -> Requested:
    """A program that can be printed, and a request for one of its matrices."""
    program = draw_program(random, length=4)
    kind = random.choice(["one", "two", "tree"])
    options = {
        "one": [("x",), ("x[1:2]",), ("x[0]", "x[-1]")],
        "two": [("x",), ("y",), ("x", "y"), ("y", "x[0:2]"), ("x[1]", "y[1]")],
        "tree": [("x",), ('x["w"]',), ('x["w"][1:]', 'x["b"]')],
    }[kind]
    result = {"one": "out", "two": "out[0]", "tree": 'out["a"]'}[kind]
    shape = jax.eval_shape(
        program.function(), jax.ShapeDtypeStruct(program.shape, jnp.float32)
    ).shape
    last = result + (f"[{', '.join(str(n - 1) for n in shape)}]" if shape else "")
    part = result + ("[0:1]" if shape else "")
    matrix = random.choice(["jacobian", "jacobian", "hessian", "lower"])
    return Requested(
        program,
        kind,
        random.choice(options),
        random.choice([None, part, last]) if matrix == "jacobian" else last,
        matrix,
        random.choice(["values", "values", "csr", "bcoo", "dense"]),
        random.random() < 0.25 and kind != "tree",
        random.randrange(2**32),
    )


def full(asked: Requested, point: dict[str, Any]) -> NDArray[Any]:
    """The whole matrix by plain JAX, NaN where either of its directions is."""
    flat, restore = ravel_pytree(point)
    numbers = restore(jnp.arange(flat.size, dtype=flat.dtype))
    columns = [
        ravel_pytree(eval(text, {}, numbers))[0].astype(int) for text in asked.wrt
    ]
    function = asked.function()

    def run(moved: Any) -> Any:
        out = function(**restore(moved))
        out = eval(asked.of, {}, {"out": out}) if asked.of else out
        return ravel_pytree(out)[0]

    which = np.concatenate(columns)
    if asked.matrix == "jacobian":
        return plain(run, flat)[:, which]
    dense = plain(jax.grad(lambda z: run(z)[0]), flat)[np.ix_(which, which)]
    return np.tril(dense) if asked.matrix == "lower" else dense


def point_of(asked: Requested, dtype: Any) -> dict[str, Any]:
    """The arguments at a random point."""
    random = np.random.default_rng(asked.seed)
    x = random.uniform(0.3, 1.7, asked.program.shape).astype(dtype)
    y, b = random.uniform(0.3, 1.7, 2).astype(dtype), dtype(0.7)
    return {"one": {"x": x}, "two": {"x": x, "y": y}, "tree": {"x": {"w": x, "b": b}}}[
        asked.kind
    ]


def check_module(asked: Requested) -> None:
    """What the module gives is what plain JAX gives."""
    with reproducible(f"check_module({asked})"):
        try:
            compiled = partialc.compile(
                asked.function(),
                asked.args(),
                {"j": asked.request()},
                "m",
                batch=["x"] if asked.is_batched else [],
            )
        except PartialcError as error:
            if "is no matrix" in error.what or "a number" in error.what:
                return
            raise
        for dtype in (np.float64, np.float32):
            module = compiled.load()  # JAX caches index arrays of the other width
            with jax.enable_x64(dtype is np.float64):
                point = point_of(asked, dtype)
                expected = full(asked, point)
                given = dict(point)
                if asked.is_batched:
                    given["x"] = point["x"][None]
                result = module.j(**given)
                if asked.format == "bcoo":
                    result = result.todense()
                if asked.is_batched:
                    result = result[0]
                if asked.format in ("values", "csr"):
                    dense = np.zeros(expected.shape)
                    dense[module.J_ROWS, module.J_COLS] = result
                    result = dense
                assert expected.shape == module.J_SHAPE
                is_wide = dtype is np.float64
                agree(result, expected, TOLERANCE if is_wide else NARROW_TOLERANCE)


@examples(4, shrink=False)
@given(drawn_by(draw_request))
def test_modules_of_random_requests(asked: Requested) -> None:
    check_module(asked)


@pytest.mark.slow
@examples(150, shrink=False)
@given(drawn_by(draw_request))
def test_modules_of_many_random_requests(asked: Requested) -> None:
    check_module(asked)
