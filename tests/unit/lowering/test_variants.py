"""The pipelines that a chain may be written out by, from daring to safe."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp

from partialc.ir.dtypes import FLOAT, Regime
from partialc.ir.jaxprs import trace_one
from partialc.ir.program import ArrayType, Function
from partialc.ir.structure import all_equations, same
from partialc.lowering.array_algebra import ARRAY_ALGEBRA
from partialc.lowering.dead_code import dead_code
from partialc.lowering.ordering import ordering
from partialc.lowering.passes import Grade
from partialc.lowering.pipeline import (
    FINAL,
    FULL,
    IN_ORDER,
    WITHOUT_NORMAL_FORMS,
    Variant,
    full_except,
    run,
    variants,
)
from partialc.ops.evaluation import evaluate


def traced(*shapes: tuple[int, ...]) -> Function:
    """The third derivative of a quotient, in each argument."""

    def quotient(x: jax.Array) -> jax.Array:
        return jnp.sum(jnp.log(x) * x / (1 + x * x))

    def third(x: jax.Array) -> jax.Array:
        along = jnp.ones_like(x)
        f = quotient
        for _ in range(3):
            f = lambda y, f=f: jax.jvp(f, (y,), (along,))[1]  # noqa: E731
        return f(x)

    types = [ArrayType(FLOAT, shape) for shape in shapes]
    names = [f"x{place}" for place in range(len(types))]
    return trace_one(
        lambda *xs: [third(x) for x in xs],
        types,
        Regime.WIDE,
        name="f",
        input_names=names,
    )


def alone(function: Function, number: int) -> Function:
    """What one result of a function takes."""
    return ordering(dead_code(replace(function, outputs=(function.outputs[number],))))


def size(function: Function) -> int:
    return len(list(all_equations(function)))


def test_the_ladder_has_names_and_grades() -> None:
    assert [each.name for each in variants()] == [
        *("full", "full with expm1 and log1p", "without normal forms", "in order"),
    ]
    assert variants(reassociate=False) == (IN_ORDER,)
    assert all(step.grade is not Grade.REASSOCIATING for step in IN_ORDER.passes)
    assert Grade.REASSOCIATING in {step.grade for step in FULL.passes}
    assert full_except([2, 0]).name == "full except results (0, 2)"
    assert full_except([2, 0]) == full_except([0, 2])


def test_each_step_down_the_ladder_takes_more_work() -> None:
    program = traced(())
    sizes = [size(run(program, variant.passes)) for variant in variants()]
    assert sizes[0] == sizes[1], "there is no exponential in it"
    assert sizes[1:] == sorted(set(sizes))


def changed(variant: Variant, program: Function) -> list[Function]:
    finished = run(program, variant.passes)
    return [alone(finished, number) for number in range(len(finished.outputs))]


def test_results_are_excepted_from_normal_forms_one_by_one() -> None:
    program = traced((), (), ())
    full, safe = changed(FULL, program), changed(WITHOUT_NORMAL_FORMS, program)
    assert not any(map(same, full, safe))
    for excepted in (1, 2):
        found = changed(full_except([excepted]), program)
        for number in range(3):
            wanted = safe if number == excepted else full
            assert same(found[number], wanted[number])


def test_bodies_are_excepted_too() -> None:
    """A loop may be part of any result."""
    body = traced(())

    def looped(x: jax.Array) -> list[jax.Array]:
        def step(state: jax.Array, _: None) -> tuple[jax.Array, None]:
            return evaluate(body, [state])[0], None

        return [jax.lax.scan(step, x, None, length=3)[0], x]

    program = trace_one(
        looped, [ArrayType(FLOAT, ())], Regime.WIDE, name="f", input_names=["x"]
    )
    full, safe = run(program, FULL.passes), run(program, WITHOUT_NORMAL_FORMS.passes)
    assert size(full) < size(safe)
    assert same(run(program, full_except([1]).passes), safe)


def test_arrays_have_normal_forms_unless_they_are_to_have_none() -> None:
    program = run(traced((5,)), FINAL)
    never = ARRAY_ALGEBRA.with_options(normal_forms=False)
    plain = ARRAY_ALGEBRA.with_options(plain=(0,))
    assert size(ARRAY_ALGEBRA(program)) < size(never(program))
    assert same(plain(program), never(program))
    assert never in WITHOUT_NORMAL_FORMS.passes
    assert plain in full_except([0]).passes
