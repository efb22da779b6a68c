"""What is one thing written in several ways gives one result.

Random programs again, at the level of plans: no module is printed here, and plain JAX
is not asked. A chain is held against what the passes make of it, merged paths against
paths of their own, planned costs against those of what ships.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from numpy.typing import NDArray

from partialc.emit.kernel import constants_of
from partialc.frontends.load import load_primal
from partialc.frontends.primal import Primal
from partialc.ir.check import check as check_program
from partialc.ir.dtypes import Regime
from partialc.ir.program import Function
from partialc.lowering.pipeline import FINAL, FULL, IN_ORDER, Variant, run
from partialc.ops.evaluation import run_function
from partialc.planning.acceptance import parts_of
from partialc.planning.choose import Wish, plan_kernel
from partialc.planning.merge import merge
from partialc.planning.options import options
from partialc.planning.tracer import Tracer
from partialc.realise.chain import Chain
from partialc.realise.execute import kernel_types
from partialc.request.resolve import resolve_kernel
from partialc.request.resolved import Coordinates, Kernel
from tests.property.cases import LARGE, NEAR, Points, drawn
from tests.property.fuzzing import drawn_by, examples, reproducible
from tests.property.judging import STEPS, Rounding
from tests.property.programs import RandomProgram, draw_program
from tests.property.requests import draw_request

COUNT = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """Requests of a program, and where results are looked at: its `repr` repeats it."""

    program: RandomProgram
    requests: tuple[str, ...]
    points: Points
    seed: int

    def resolved(self) -> tuple[Primal, Kernel]:
        """The function and the kernel."""
        shape = ",".join(map(str, self.program.shape))
        args = {"x": f"float[{shape}]", "t": "float"}
        primal = load_primal(lambda x, t: self.program(x, t), args, name="f")
        table = {f"field{n}": text for n, text in enumerate(self.requests)}
        kernel = resolve_kernel(
            "k", table, primal.signature, load_object=lambda path: None
        )
        return primal, kernel

    def near(self, kernel: Kernel, primal: Primal) -> list[NDArray[Any]]:
        """Points and their neighbours, one after the other, for each flat input."""
        random = np.random.RandomState(self.seed)
        eps = float(np.finfo("float64").eps)
        found = []
        for number, kind in enumerate(kernel_types(kernel, primal.signature)):
            points = self.points if number < 2 else "uniform"
            rows = np.stack([drawn(random, points, kind.shape) for _ in range(COUNT)])
            steps = STEPS.reshape(-1, *[1] * len(kind.shape))
            found.append((rows[:, None] * (1 + steps * eps)).reshape(-1, *kind.shape))
        return found


def draw_asked(random: Random, points: Sequence[Points], fewest: int = 1) -> Asked:
    """Some requests of a random program."""
    program = draw_program(random)
    count = random.randint(fewest, fewest + 2)
    texts = tuple(draw_request(random, program) for _ in range(count))
    return Asked(program, texts, random.choice(points), random.randint(0, 99))


def results(call: Callable[..., Any], near: Sequence[Any]) -> list[NDArray[Any]]:
    """What a function gives: points, neighbours, then the axes of each part."""
    with jax.enable_x64(True):
        leaves = jax.jit(jax.vmap(call))(*map(jnp.asarray, near))
    return [np.asarray(a).reshape(COUNT, len(STEPS), *a.shape[1:]) for a in leaves]


def evaluated(program: Function, near: Sequence[Any]) -> list[NDArray[Any]]:
    """The results of a program."""
    return results(lambda *leaves: run_function(program, leaves), near)


def assert_agree(
    name: str,
    found: Sequence[NDArray[Any]],
    wanted: Sequence[NDArray[Any]],
    rounding: Rounding,
) -> None:
    """Every entry is as near to the wanted one as rounding lets one say."""
    for number, (one, other) in enumerate(zip(found, wanted, strict=True)):
        wrong = rounding.wrong(one[:, 0], other[:, 0], [other])
        if wrong.any():
            place = tuple(np.argwhere(wrong)[0])
            raise AssertionError(
                f"{name}: part {number}, entry {place}: {one[:, 0][place]!r}, but "
                f"{other[:, 0][place]!r} by the chain"
            )


def finished(case: Asked) -> tuple[Primal, Kernel, Tracer, Any]:
    """The lightest chain of a kernel, planned."""
    primal, kernel = case.resolved()
    constants = constants_of(kernel)
    plan = plan_kernel(
        kernel, primal, "f", Wish("chain", False, frozenset(), constants)
    )
    tracer = Tracer(kernel, primal, "f", constants=constants)
    return primal, kernel, tracer, plan.chosen


def check_forms(case: Asked, variants: Mapping[Variant, Rounding]) -> None:
    """A chain, and its program after the passes of each variant."""
    primal, kernel, _, chain = finished(case)
    near = case.near(kernel, primal)
    traced = chain.widest
    plain = evaluated(run(traced, FINAL), near)
    for variant, rounding in variants.items():
        written = run(traced, variant.passes)
        check_program(written)
        assert_agree(variant.name, evaluated(written, near), plain, rounding)


STRICT = Rounding(multiple=4, ulps=4, of_largest=1)
"""What order-keeping passes may differ by: XLA contracts and reorders of its own."""

LOOSE = Rounding()
BOTH = {IN_ORDER: STRICT, FULL: LOOSE}


@examples(4, shrink=False)
@given(drawn_by(lambda random: draw_asked(random, NEAR)))
def test_forms_agree(case: Asked) -> None:
    with reproducible(f"check_forms({case!r}, BOTH)"):
        check_forms(case, BOTH)


@examples(3, shrink=False)
@given(drawn_by(lambda random: draw_asked(random, LARGE)))
def test_order_is_kept_at_large_points(case: Asked) -> None:
    with reproducible(f"check_forms({case!r}, {{IN_ORDER: STRICT}})"):
        check_forms(case, {IN_ORDER: STRICT})


@pytest.mark.slow
@examples(200, shrink=False)
@given(drawn_by(lambda random: draw_asked(random, (*NEAR, *LARGE))))
def test_many_forms_agree(case: Asked) -> None:
    variants = BOTH if case.points in NEAR else {IN_ORDER: STRICT}
    with reproducible(f"check_forms({case!r}, ...)"):
        check_forms(case, variants)


def check_merge(case: Asked) -> None:
    """Any options of the parts, each part in a chain of its own and all merged.

    Operators and expressions are taken before their parts are combined.
    """
    random = Random(case.seed)
    primal, kernel = case.resolved()
    commute = not primal.has_custom_rules
    cotangent = [
        output
        for direction in kernel.directions
        if direction.is_cotangent
        for output in jax.tree.leaves(
            direction.outputs, is_leaf=lambda node: isinstance(node, Coordinates)
        )
    ]
    reads = tuple(
        random.choice(
            options(part, primal.signature, commute=commute, cotangent=cotangent)
        ).read
        for part in parts_of(kernel)
    )
    tracer = Tracer(kernel, primal, "f", constants=constants_of(kernel))
    together = tracer.candidate("all", Chain(kernel, merge(reads, commute=commute)))
    single = replace(kernel, fields=())
    alone = [tracer.candidate("one", Chain(single, (read,))) for read in reads]
    assume(all(each.cost is not None for each in alone))
    assert together.refusal is None
    assert len(together.chain.paths) <= sum(len(each.chain.paths) for each in alone)
    near = case.near(kernel, primal)
    apart = [part for each in alone for part in results(each.call(Regime.WIDE), near)]
    merged = evaluated(tracer.derivatives(together).widest, near)
    assert_agree("merged", merged, apart, LOOSE)


@examples(6, shrink=False)
@given(drawn_by(lambda random: draw_asked(random, NEAR, fewest=2)))
def test_merged_paths_deliver_what_single_ones_do(case: Asked) -> None:
    with reproducible(f"check_merge({case!r})"):
        check_merge(case)


@pytest.mark.slow
@examples(300, shrink=False)
@given(drawn_by(lambda random: draw_asked(random, NEAR, fewest=2)))
def test_many_merged_paths(case: Asked) -> None:
    with reproducible(f"check_merge({case!r})"):
        check_merge(case)
