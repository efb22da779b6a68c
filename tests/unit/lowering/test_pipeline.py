from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from partialc.errors import InternalError
from partialc.ir.check import check
from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace
from partialc.ir.program import ArrayType
from partialc.ir.structure import all_equations, has_custom_rules, same
from partialc.ir.text import parse
from partialc.lowering.passes import Grade, Pass
from partialc.lowering.pipeline import FINAL, INLINED, READABLE, run, run_program
from partialc.ops.evaluation import evaluate

TEXT = """
def g(a: float):
    b: float = sin(a)
    return b

def f(x: float):
    dead: float = exp(x)
    y: float = call(x, function=g)
    return y
"""


def test_the_callback_sees_every_pass_in_order():
    seen = []
    function = parse(TEXT)
    result = run(function, INLINED, lambda *args: seen.append(args))
    assert [step for step, _, _ in seen] == list(INLINED)
    assert [before for _, before, _ in seen] == [function, *(s[2] for s in seen[:-1])]
    assert seen[-1][2] is result
    assert [equation.op for equation in result.equations] == ["sin"]


def test_readable_keeps_calls():
    result = run(parse(TEXT), READABLE)
    assert [equation.op for equation in result.equations] == ["call"]


def test_a_broken_pass_is_named_with_the_program_it_was_given():
    def breaks(function):
        raise InternalError("no such thing")

    with pytest.raises(InternalError, match="no such thing") as caught:
        run(parse(TEXT), [*READABLE, Pass("breaks", Grade.BITWISE, breaks)])
    notes = "\n".join(caught.value.__notes__)
    assert "in pass breaks" in notes
    assert "call(x, function=g)" in notes


def traced(call, *shapes):
    types = [ArrayType(FLOAT, shape) for shape in shapes]
    names = [f"x{number}" for number in range(len(shapes))]
    return trace(call, types, name="f", input_names=names)


def test_shared_variants_stay_shared():
    program = traced(lambda x: [jnp.sin(x) + jnp.finfo(x.dtype).eps], (3,))
    result = run_program(program, FINAL)
    assert result.variants[Regime.NARROW] is result.variants[Regime.MIXED]
    assert result.variants[Regime.WIDE] is not result.variants[Regime.MIXED]
    assert run_program(traced(lambda x: [jnp.sin(x)], (3,)), FINAL).generic is not None


def checked(step, before, after):
    check(after)


def energy(x):
    return jnp.sum(jax.nn.softplus(x) * jnp.tanh(x @ jnp.outer(x, x)))


@pytest.mark.parametrize(
    "call",
    [
        energy,
        jax.grad(energy),
        jax.hessian(energy),
        lambda x: jnp.linalg.solve(jnp.eye(4) + jnp.outer(x, x), x),
        lambda x: jax.lax.scan(lambda c, t: (c * t, (c, t)), x[0], x)[1][0],
        lambda x: jax.jacfwd(lambda t: jax.lax.fori_loop(0, 3, lambda i, c: c * t, t))(
            x
        ),
        lambda x: jnp.sort(x)[::-1] + jax.nn.logsumexp(x),
    ],
    ids=["value", "gradient", "hessian", "solve", "scan", "loop", "sort"],
)
@pytest.mark.parametrize("regime", Regime)
def test_simplified_derivatives_give_what_jax_gives(call, regime):
    program = traced(lambda x: [call(x)], (4,))
    x = np.linspace(-0.7, 0.9, 4).astype(regime.caller_float)
    with jax.enable_x64(regime.x64):
        expected = np.asarray(jax.jit(call)(x))
    for passes in (READABLE, FINAL):
        function = run_program(program, passes, checked).variants[regime]
        with jax.enable_x64(regime.x64):
            (actual,) = jax.jit(partial(evaluate, function, regime=regime))([x])
        assert actual.dtype == expected.dtype
        tolerance = 1e-5 if expected.dtype == np.float32 else 1e-13
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def test_the_last_word_has_no_custom_rules_and_no_calls():
    program = traced(lambda x: [jax.hessian(energy)(x)], (4,))
    assert has_custom_rules(program.generic)
    final = run_program(program, FINAL).generic
    assert not has_custom_rules(final)
    assert "call" not in {equation.op for equation in all_equations(final)}
    assert same(run(final, FINAL), final)
