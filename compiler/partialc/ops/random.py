"""Random numbers with typed PRNG keys."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
from jax import lax

from partialc.ir.program import Equation
from partialc.ops import params
from partialc.ops.cost import SPECIAL_FUNCTION, moved, per_result
from partialc.ops.registry import Arrays, Op, SourceContext, register
from partialc.ops.template import arrays, as_expr, call, fill, is_bare

_IMPLEMENTATIONS: Final = {"fry": "threefry2x32", "rbg": "rbg", "urbg": "unsafe_rbg"}
_HASH_OPERATIONS: Final = 100
"""Integer operations of a threefry block: 20 rounds of five."""


def _implementation(equation: Equation) -> str:
    """The public name of a PRNG; JAX shows a short tag in some places."""
    name = params.text(equation, "impl")
    return _IMPLEMENTATIONS.get(name, name)


def _mapped(run: Callable[..., Any], times: int) -> Callable[..., Any]:
    """`run` over the leading axes of all its arguments."""
    for _ in range(times):
        run = jax.vmap(run)
    return run


def _mapped_source(function: ast.expr, times: int) -> ast.expr:
    for _ in range(times):
        function = call("jax.vmap", function)
    return function


def _evaluate_seed(equation: Equation, operands: Arrays) -> Arrays:
    name = _implementation(equation)
    (seed,) = operands
    return [_mapped(lambda s: jax.random.key(s, impl=name), seed.ndim)(seed)]


def _source_seed(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (seed,) = operands
    name = _implementation(equation)
    ndim = equation.inputs[0].type.ndim
    if not ndim:
        if is_bare(seed) and not isinstance(seed, ast.Constant):
            seed = context.atom(equation.inputs[0])
        return call("jax.random.key", seed, impl=name)
    one = fill("lambda s: jax.random.key(s, impl=name)", name=name)
    return call(_mapped_source(one, ndim), *arrays(equation, operands, context))


def _evaluate_split(equation: Equation, operands: Arrays) -> Arrays:
    shape = params.integers(equation, "shape")
    (key,) = operands
    return [_mapped(lambda k: jax.random.split(k, shape), key.ndim)(key)]


def _source_split(
    equation: Equation, operands: Sequence[ast.expr], _: SourceContext
) -> ast.expr:
    (key,) = operands
    shape = params.integers(equation, "shape")
    count: ast.expr = as_expr(shape[0] if len(shape) == 1 else shape)
    ndim = equation.inputs[0].type.ndim
    if not ndim:
        return call("jax.random.split", key, count)
    one = fill("lambda k: jax.random.split(k, count)", count=count)
    return call(_mapped_source(one, ndim), key)


def _evaluate_fold_in(_: Equation, operands: Arrays) -> Arrays:
    keys, data = operands
    return [_mapped(jax.random.fold_in, keys.ndim)(keys, data)]


def _source_fold_in(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    ndim = equation.inputs[0].type.ndim
    if not ndim:
        return call("jax.random.fold_in", *operands)
    fold = _mapped_source(fill("jax.random.fold_in"), ndim)
    return call(fold, *arrays(equation, operands, context))


def _evaluate_bits(equation: Equation, operands: Arrays) -> Arrays:
    shape = params.integers(equation, "shape")
    dtype: Any = f"uint{params.integer(equation, 'bit_width')}"
    (keys,) = operands
    return [_mapped(lambda k: jax.random.bits(k, shape, dtype), keys.ndim)(keys)]


def _source_bits(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (key,) = operands
    shape = params.integers(equation, "shape")
    ndim = equation.inputs[0].type.ndim
    dtype = context.dtype(equation.outputs[0].type.dtype)
    if not ndim:
        return call("jax.random.bits", key, shape, dtype)
    one = fill("lambda k: jax.random.bits(k, shape, dtype)", shape=shape, dtype=dtype)
    return call(_mapped_source(one, ndim), key)


def _evaluate_wrap(equation: Equation, operands: Arrays) -> Arrays:
    return [jax.random.wrap_key_data(operands[0], impl=_implementation(equation))]


def _source_wrap(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (data,) = arrays(equation, operands, context)
    return call("jax.random.wrap_key_data", data, impl=_implementation(equation))


def _evaluate_unwrap(_: Equation, operands: Arrays) -> Arrays:
    return [jax.random.key_data(operands[0])]


def _source_unwrap(
    _: Equation, operands: Sequence[ast.expr], __: SourceContext
) -> ast.expr:
    return call("jax.random.key_data", *operands)


def _evaluate_gamma(equation: Equation, operands: Arrays) -> Arrays:
    keys, shape = operands
    log_space = params.flag(equation, "log_space")
    run = jax.random.loggamma if log_space else jax.random.gamma

    def sample(key: jax.Array, a: jax.Array) -> jax.Array:
        return run(key, a, dtype=a.dtype)

    return [_mapped(sample, keys.ndim)(keys, shape)]


def _source_gamma(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    keys, shape = arrays(equation, operands, context)
    name = "loggamma" if params.flag(equation, "log_space") else "gamma"
    dtype = context.dtype(equation.outputs[0].type.dtype)
    ndim = equation.inputs[0].type.ndim
    if not ndim:
        return call(f"jax.random.{name}", keys, shape, dtype=dtype)
    one = fill(f"lambda k, a: jax.random.{name}(k, a, dtype=d)", d=dtype)
    return call(_mapped_source(one, ndim), keys, shape)


_hashing = per_result(flops=_HASH_OPERATIONS)

for _op in (
    Op("random_seed", _evaluate_seed, _source_seed, moved, summary="a key from a seed"),
    Op("random_split", _evaluate_split, _source_split, _hashing, summary="more keys"),
    Op(
        "random_fold_in",
        _evaluate_fold_in,
        _source_fold_in,
        _hashing,
        summary="a key from a key and a number",
    ),
    Op("random_bits", _evaluate_bits, _source_bits, _hashing, summary="random bits"),
    Op(
        "random_wrap",
        _evaluate_wrap,
        _source_wrap,
        moved,
        summary="a key from its bits",
    ),
    Op(
        "random_unwrap",
        _evaluate_unwrap,
        _source_unwrap,
        moved,
        summary="the bits of a key",
    ),
    Op(
        "random_gamma",
        _evaluate_gamma,
        _source_gamma,
        per_result(transcendentals=SPECIAL_FUNCTION),
        summary="samples of the gamma distribution",
    ),
):
    register(_op)


def _algorithm(equation: Equation) -> str:
    return params.text(equation, "algorithm")


def _evaluate_generator(equation: Equation, operands: Arrays) -> Arrays:
    kind = equation.outputs[1].type
    dtype: Any = jnp.dtype(kind.dtype.wide)
    algorithm = lax.RandomAlgorithm[_algorithm(equation)]
    generate: Callable[..., Any] = lax.rng_bit_generator
    return list(generate(operands[0], kind.shape, dtype, algorithm))


def _source_generator(
    equation: Equation, operands: Sequence[ast.expr], context: SourceContext
) -> ast.expr:
    (key,) = arrays(equation, operands, context)
    kind = equation.outputs[1].type
    keywords: dict[str, ast.expr] = {}
    if kind.dtype.wide != "uint32":
        keywords["dtype"] = context.dtype(kind.dtype)
    if _algorithm(equation) != "RNG_DEFAULT":
        keywords["algorithm"] = fill(f"lax.RandomAlgorithm.{_algorithm(equation)}")
    return call("lax.rng_bit_generator", key, kind.shape, **keywords)


register(
    Op(
        "rng_bit_generator",
        _evaluate_generator,
        _source_generator,
        _hashing,
        summary="random bits from a raw state",
    )
)
