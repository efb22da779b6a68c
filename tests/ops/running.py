"""Cases as programs of partialc, and what JAX itself computes for them.

Compiling many small programs takes longer than compiling a few large ones: `bundles`
joins cases into programs of about a dozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from partialc.ir.dtypes import FLOAT, DType, Regime
from partialc.ir.jaxprs import regimes_of, trace, trace_one
from partialc.ir.program import ArrayType, Function, Program
from partialc.ops.evaluation import evaluate
from tests.ops.case import Case

_FOLLOWING = {"float64": FLOAT, "complex128": DType.parse("complex")}


@dataclass(frozen=True, slots=True)
class Bundle:
    """Cases that are traced as one program, one after the other."""

    cases: tuple[Case, ...]

    @property
    def name(self) -> str:
        """The first and the last case."""
        names = [case.name for case in self.cases]
        return names[0] if len(names) == 1 else f"{names[0]}--{names[-1]}"

    @property
    def types(self) -> list[ArrayType]:
        """The input types of all cases."""
        return [kind for case in self.cases for kind in input_types(case)]

    def program(self) -> Program:
        """All cases, imported for every regime their arguments allow."""
        types = self.types
        return trace(
            self._call,
            types,
            name="bundle",
            input_names=[f"x{place}" for place in range(len(types))],
        )

    def wide(self) -> Function:
        """All cases, imported for float64 alone."""
        types = self.types
        names = [f"x{place}" for place in range(len(types))]
        return trace_one(
            self._call, types, Regime.WIDE, name="bundle", input_names=names
        )

    def arguments(self, regime: Regime) -> list[Any]:
        """The example arrays in the element types of a regime."""
        given = [array for case in self.cases for array in case.args]
        return [
            np.asarray(array).astype(kind.dtype.at(regime))
            for array, kind in zip(given, self.types, strict=True)
        ]

    def expected(self, regime: Regime) -> list[Any]:
        """What JAX computes under a regime."""
        with jax.enable_x64(regime.x64):
            results = jax.jit(self._call)(*map(jnp.asarray, self.arguments(regime)))
            return [np.asarray(result) for result in results]

    def evaluated(self, function: Function, regime: Regime) -> list[Any]:
        """What the reference evaluator computes under a regime, compiled as one."""

        def run(*arrays: jax.Array) -> list[jax.Array]:
            return evaluate(function, arrays, regime)

        with jax.enable_x64(regime.x64):
            return jax.jit(run)(*map(jnp.asarray, self.arguments(regime)))

    def assert_close(self, actual: Iterable[Any], wanted: Sequence[Any]) -> None:
        """Compare the results of each case in its own tolerance."""
        actual = list(actual)
        assert len(actual) == len(wanted)
        place = 0
        for case in self.cases:
            for _ in range(_result_count(case)):
                _assert_close(actual[place], wanted[place], case)
                place += 1
        assert place == len(wanted)

    def _call(self, *leaves: Any) -> list[Any]:
        results: list[Any] = []
        rest = list(leaves)
        for case in self.cases:
            given, rest = rest[: len(case.args)], rest[len(case.args) :]
            results += jax.tree.leaves(case.function(*given))
        return results


def bundles(cases: Iterable[Case], size: int = 12) -> list[Bundle]:
    """Consecutive cases that run under the same regimes, so many at a time."""
    found: list[Bundle] = []
    pending: dict[tuple[Regime, ...], list[Case]] = {}
    for case in cases:
        group = pending.setdefault(regimes_of(input_types(case)), [])
        group.append(case)
        if len(group) == size:
            found.append(Bundle(tuple(group)))
            group.clear()
    return found + [Bundle(tuple(group)) for group in pending.values() if group]


def input_types(case: Case) -> list[ArrayType]:
    """float64 examples follow the caller, complex128 ones too; others are fixed."""
    arrays = [np.asarray(array) for array in case.args]
    return [
        ArrayType(_FOLLOWING.get(a.dtype.name, DType.fixed(a.dtype.name)), a.shape)
        for a in arrays
    ]


def _result_count(case: Case) -> int:
    shapes = jax.eval_shape(case.function, *map(np.asarray, case.args))
    return len(jax.tree.leaves(shapes))


def _assert_close(actual: Any, wanted: Any, case: Case) -> None:
    """Equal types and shapes, equal numbers to some units in the last place.

    nan is where nan is wanted and nowhere else.
    """
    actual, wanted = np.asarray(actual), np.asarray(wanted)
    assert actual.dtype == wanted.dtype, case.name
    assert actual.shape == wanted.shape, case.name
    if not jnp.issubdtype(wanted.dtype, jnp.inexact):
        np.testing.assert_array_equal(actual, wanted, err_msg=case.name)
        return
    tolerance = case.ulps * float(jnp.finfo(wanted.dtype).eps)
    wide = np.complex128 if np.iscomplexobj(wanted) else np.float64
    actual, wanted = actual.astype(wide), wanted.astype(wide)
    scale = float(np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0.0))
    np.testing.assert_allclose(
        actual,
        wanted,
        rtol=tolerance,
        atol=tolerance * min(scale, 1e3),
        err_msg=case.name,
    )
